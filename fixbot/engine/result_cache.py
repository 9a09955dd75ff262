"""What a run remembers for the next one: results without the texts of files, so without their secrets.

One entry a checkout, in which each part of the repository is found by the content of its files. What
is kept is what `--format json` prints: masked diffs, and words that are promised to hold no secret.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from typing import TYPE_CHECKING, Any

from fixbot.checkout import Content, FileEntry, RepositoryFiles, hash_blob
from fixbot.edit.tree import TextEdit
from fixbot.engine.partition_result import PartitionResult
from fixbot.model.findings import (
    FileEdits,
    Finding,
    Patch,
    Proposal,
    ProposedCommit,
    Safety,
    Severity,
    Status,
    Unread,
)
from fixbot.model.layer import Layer
from fixbot.model.proposal_facts import pack_facts, unpack_facts

if TYPE_CHECKING:
    from fixbot.engine.partition_result import AnalysisRequest
    from fixbot.engine.user_cache import Cache

_ODD = (LookupError, TypeError, ValueError, AttributeError)
"""What an entry of another shape than ours may raise: it counts as absent."""


@dataclass(slots=True)
class InputDigests:
    """What was read: a key for each file's content or for why it isn't read; files that others name.

    Only such as are there: what may be a file's name in a list may be a secret too, and is kept nowhere.
    `missing` says that there were others.
    """

    keys: dict[str, str] = field(default_factory=dict)
    named: Sequence[str] = ()
    missing: bool = False

    def add_entry(self, entry: FileEntry, found: Content | Unread) -> None:
        """Remember what was found at an entry."""
        self.keys[entry.path] = key_of_content(entry, found)


def key_of_content(entry: FileEntry, found: Content | Unread) -> str:
    """The same as `Checkout.content_key` gives for the unread file, if git has just these bytes."""
    if isinstance(found, Unread):
        return f"!{found.line}:{found.reason}"
    return f"{hash_blob(found.data, len(entry.blob or ''))}.{len(found.data)}"


@dataclass(slots=True)
class ResultCache:
    """What the last run in this checkout left.

    With `contents` the texts of patched files are asked for, which are never kept: then only parts
    in which nothing is patched can be remembered.
    """

    cache: Cache
    checkout: RepositoryFiles
    today: str
    contents: bool
    old: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = self.cache.read_value(self._entry_name)
        if isinstance(found, dict) and isinstance(found.get("parts"), dict):
            self.old = found

    @property
    def _entry_name(self) -> str:
        """The checkout; a single file of a folder has an entry of its own."""
        entries = self.checkout.entries
        return json.dumps([self.checkout.root, entries[0].path if len(entries) == 1 else ""])

    def load_all(self) -> tuple[list[PartitionResult], list[Unread]] | None:
        """The results and the unread files of the last run, if no file has changed since."""
        try:
            parts = list(self.old["parts"].values())
            if self.contents and any(part["patches"] for part in parts):
                return None
            seen = self._digest_inputs(frozenset(self.old["unreadable"]), self.old["named"])
            if self.old["whole"] != self._digest_whole(seen):
                return None
            return [_unpack_result(part) for part in parts], [Unread(*row) for row in self.old["unread"]]
        except _ODD:
            return None

    def _digest_inputs(self, unreadable: frozenset[str], named: Sequence[str]) -> InputDigests:
        """What is there now. Only what git doesn't know, or what could not be read, is read."""
        seen = InputDigests(named=named)
        entries = [*self.checkout.entries, *(self.checkout.find_named(named) if named else ())]
        for entry in entries:
            key = self.checkout.content_key(entry) if entry.path not in unreadable else None
            seen.keys[entry.path] = key or key_of_content(entry, self.checkout.read_file(entry))
        return seen

    def _digest_whole(self, seen: InputDigests) -> str:
        # A file that comes may be one that others have named.
        checkout = self.checkout
        unread = list(map(astuple, checkout.unread))
        return _compute_digest([self.today, unread, checkout.others, seen.named, seen.keys])

    def load_part(self, key: str) -> PartitionResult | None:
        """The results of the part with that key, if they are known."""
        try:
            part = self.old["parts"][key]
            # of a part with secrets the values must be known, and they are never kept
            return None if not part["alone"] or (self.contents and part["patches"]) else _unpack_result(part)
        except _ODD:
            return None

    def store_results(
        self, seen: InputDigests, unread: Iterable[Unread], parts: Mapping[str, PartitionResult]
    ) -> None:
        """Write down what the next run may ask for. What failed is not remembered."""
        failed = any(each.failures for each in parts.values()) or (seen.missing and not self.checkout.others)
        self.cache.write_value(
            self._entry_name,
            {
                "whole": "" if failed else self._digest_whole(seen),
                "unreadable": [path for path, key in seen.keys.items() if key.startswith("!")],
                "named": list(seen.named),
                "unread": [list(astuple(each)) for each in unread],
                "parts": {key: _pack_result(each) for key, each in parts.items() if not each.failures},
            },
        )


def compute_part_keys(
    grouped: Iterable[Sequence[str]], seen: InputDigests, order: AnalysisRequest, today: str
) -> list[str]:
    """A key for each part: its files' contents, and all that is known of the rest of the repository."""
    facts = order.surroundings
    known = {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in asdict(facts).items()
    }
    around = _compute_digest([today, sorted(order.charts), known])
    built = {root.path: [(path, seen.keys.get(path)) for path in root.files] for root in order.inputs.roots}
    return [
        _compute_digest(
            [
                around,
                _digest_chart(order, part),
                [(path, seen.keys[path]) for path in part],
                [built[path] for path in part if path in built],
            ]
        )
        for part in grouped
    ]


def _digest_chart(order: AnalysisRequest, part: Sequence[str]) -> list[Any]:
    """What goes into the rendering of a part that is a chart, beside the texts that every part has."""
    chart = next((order.rendered[path] for path in part if path in order.rendered), None)
    if chart is None:
        return []
    files = [(path, hash_blob(data)) for path, data in sorted(chart.files.items())]
    return [files, repr(chart.uses), [each.text for use in chart.uses for each in use.texts]]


def _compute_digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _pack_result(examined: PartitionResult) -> dict[str, Any]:
    return {
        "findings": [_pack_finding(each) for each in examined.findings],
        "patches": [[p.path, p.before is None, p.diff, p.fixed, p.introduced] for p in examined.patches],
        "proposals": [_pack_proposal(each) for each in examined.proposals],
        "unread": [list(astuple(each)) for each in examined.unread],
        "alone": examined.alone,
        "counts": [examined.parsed, dict(examined.counts), examined.hidden],
    }


def _pack_finding(each: Finding) -> list[Any]:
    return [
        each.id, each.rule, each.severity.value, each.safety.value, each.path, each.line, each.column,
        each.resource, each.message, each.controls, each.status.value, each.reason,
        each.lapse, each.topic, None if each.layer is None else astuple(each.layer),
    ]  # fmt: skip


def _pack_proposal(each: Proposal) -> list[Any]:
    return [
        each.key, each.rule, each.branch, each.paths, each.findings, pack_facts(each.story), each.diff,
        each.severity.value, each.safety.value, each.topic,
        [[commit.rules, commit.findings, commit.order] for commit in each.commits], each.shares,
        [[file.path, list(map(astuple, file.edits))] for file in each.edits], each.risk, each.example,
        each.discloses,
    ]  # fmt: skip


def _unpack_result(part: Mapping[str, Any]) -> PartitionResult:
    parsed, counts, hidden = part["counts"]
    return PartitionResult(
        findings=[_unpack_finding(*row) for row in part["findings"]],
        patches=[_unpack_patch(*row) for row in part["patches"]],
        proposals=[_unpack_proposal(*row) for row in part["proposals"]],
        unread=[Unread(*row) for row in part["unread"]],
        parsed=parsed,
        counts=counts,
        hidden=hidden,
    )


def _unpack_finding(*row: Any) -> Finding:
    name, rule, severity, safety, path, line, column, resource, *rest = row
    message, controls, status, reason, lapse, topic, layer = rest
    return Finding(
        name, rule, Severity(severity), Safety(safety), path, line, column, resource, message,
        tuple(controls), Status(status), reason, lapse, topic,
        layer=None if layer is None else Layer(*layer),
    )  # fmt: skip


def _unpack_patch(path: str, new: bool, diff: str, fixed: list[str], introduced: list[str]) -> Patch:
    return Patch(path, None if new else "", "", diff, tuple(fixed), tuple(introduced))


def _unpack_proposal(*row: Any) -> Proposal:
    key, rule, branch, paths, findings, story, diff, severity, safety, topic, *rest = row
    commits, shares, edits, risk, example, discloses = rest
    return Proposal(
        key, rule, branch, tuple(paths), tuple(findings), unpack_facts(story), {}, diff, Severity(severity),
        Safety(safety), topic, tuple(_as_commit(*each) for each in commits), shares,
        tuple(FileEdits(path, tuple(TextEdit(*each) for each in some)) for path, some in edits),
        risk=risk, example=example, discloses=discloses,
    )  # fmt: skip


def _as_commit(rules: list[str], findings: list[str], order: list[int]) -> ProposedCommit:
    return ProposedCommit(tuple(rules), tuple(findings), {}, (bool(order[0]), int(order[1])))
