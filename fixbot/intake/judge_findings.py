"""What becomes of each finding from outside: matched with findings of fixbot's own, or why not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fixbot.model.findings import Finding, Status, Unread
from fixbot.model.foreign_findings import (
    CitedSource,
    ForeignFinding,
    ResourcePlace,
    SourceRow,
    UnreadFinding,
    grade_severity,
)
from fixbot.rules.frameworks import FRAMEWORKS
from fixbot.text.kinds import normalize_check

if TYPE_CHECKING:
    from fixbot.intake.map_findings import FindingMapper, FindingMatch
    from fixbot.rules.rule import Rule

Parsed = ForeignFinding | UnreadFinding


class ControlIndex:
    """The rules by what others call their concern: controls, checks of other tools, their own names."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._controls: dict[str, dict[str, None]] = {}
        self._checks: dict[str, dict[str, None]] = {}
        self.rules = {rule.name: rule for rule in rules}
        for rule in self.rules.values():
            own = rule.controls.get("fsbp", ())
            full = (FRAMEWORKS[name].prefix + each for name, ids in rule.controls.items() for each in ids)
            for control in (*own, *full, rule.name):
                self._controls.setdefault(control.casefold(), {})[rule.name] = None
            for check in (each for checks in rule.peers.values() for each in checks):
                self._checks.setdefault(normalize_check(check), {})[rule.name] = None

    def find_rules(self, control: str) -> tuple[str, ...]:
        """The rules that a control or a check is about."""
        found = self._controls.get(control.casefold()) or self._checks.get(normalize_check(control))
        return tuple(found or ())


@dataclass(frozen=True, slots=True)
class FindingJudge:
    """Judges findings by what a run has found.

    `running` are the rules that run, `idle` those that find nothing for lack of a setting, by that setting's
    name. `mask` hides secrets in a sentence.
    """

    index: ControlIndex
    mapper: FindingMapper
    found: Mapping[str, Finding]
    unread: Sequence[Unread]
    running: Collection[str]
    idle: Mapping[str, str] = field(default_factory=dict)
    mask: Callable[[str], str] = str

    def judge_all(self, findings: Iterable[Parsed]) -> list[SourceRow]:
        """A row for each, in their order."""
        return [self._judge_entry(each, number) for number, each in enumerate(findings, 1)]

    def _judge_entry(self, entry: Parsed, number: int) -> SourceRow:
        if isinstance(entry, UnreadFinding):
            return SourceRow(
                entry.id or f"#{number}", entry.format, "unread", reason=self._word(entry.reason)
            )
        row = SourceRow(
            entry.id, entry.format, "unread", entry.control or None, entry.severity or None,
            entry.account or None, entry.region or None, entry.resource or None, entry.first_seen or None,
        )  # fmt: skip
        if entry.state:
            return replace(row, outcome=entry.state, reason=self._word(entry.state_reason))
        rules = self.index.find_rules(entry.control)
        match = self.mapper.map_finding(entry)
        if not rules:
            return replace(_with_match(row, match), outcome="no-rule", reason=self._word(_advise(entry)))
        if match.place is None:
            why = f"{match.reason}{self._name_unread()}" if not match.is_ambiguous else match.reason
            row = replace(row, by=match.by, candidates=match.rest, reason=self._word(why))
            return replace(row, outcome="ambiguous" if match.is_ambiguous else "no-file")
        return self._judge_match(_with_match(row, match), entry, match.place, rules)

    def _judge_match(
        self, row: SourceRow, entry: ForeignFinding, place: ResourcePlace, rules: Sequence[str]
    ) -> SourceRow:
        ours = [self.found[name] for rule, name in place.problems if rule in rules and name in self.found]
        if any(each.status is not Status.SUPPRESSED for each in ours):
            kept = sorted(
                (each for each in ours if each.status is not Status.SUPPRESSED),
                key=lambda each: each.status is not Status.FIXED,
            )
            why = None if kept[0].status is Status.FIXED else self._word(kept[0].reason or "")
            names = tuple(each.id for each in kept)
            return replace(
                row, outcome="matched", finding=names[0], findings=names, path=kept[0].path, reason=why
            )
        if ours:
            why = f"the repository ignores it: {ours[0].reason or 'nobody gave a reason'}"
            return replace(
                row, outcome="suppressed", reason=self._word(why), finding=ours[0].id, path=ours[0].path
            )
        if any(rule in rules for rule, _ in place.problems):
            return replace(row, outcome="suppressed", reason="the repository's settings leave it out")
        return self._judge_nothing(row, entry, place, rules)

    def _judge_nothing(
        self, row: SourceRow, entry: ForeignFinding, place: ResourcePlace, rules: Sequence[str]
    ) -> SourceRow:
        """Nothing was found there: for which of all the reasons that there are."""
        looking = [rule for rule in rules if rule in place.rules]
        if not looking:
            why = f"{rules[0]} does not look at such a resource. {_advise(entry)}"
            return replace(row, outcome="no-rule", reason=self._word(why))
        on = [rule for rule in looking if rule in self.running]
        if not on:
            why = f"the repository's settings leave the rule {looking[0]} out"
            return replace(row, outcome="suppressed", reason=why)
        if all(rule in self.idle for rule in on):
            why = f"{on[0]} finds nothing without the setting {self.idle[on[0]]}"
            return replace(row, outcome="no-rule", reason=why)
        if unjudged := [rule for rule in on if rule in place.unjudged]:
            why = f"a variable or a condition sets it, so {unjudged[0]} can't judge it"
            return replace(row, outcome="unread", reason=why)
        if damaged := next(
            (each for each in self.unread if each.path == place.path and each.cause == "damaged"), None
        ):
            return replace(row, outcome="unread", reason=self._word(damaged.reason))
        why = "the file is right already: what runs was made from something else, or is not deployed yet"
        return replace(row, outcome="clean", reason=why)

    def _name_unread(self) -> str:
        """How much there is that could hold what was not found."""
        count = len({each.path for each in self.unread if each.cause == "damaged"})
        return f"; {count:,} file{'s' if count > 1 else ''} here can't be read" if count else ""

    def _word(self, text: str) -> str:
        return self.mask(text)


def _with_match(row: SourceRow, match: FindingMatch) -> SourceRow:
    path = match.place.path if match.place is not None else None
    return replace(row, path=path, by=match.by, confidence=match.confidence, candidates=match.rest)


def _advise(entry: ForeignFinding) -> str:
    """What a person can do about a finding that no rule repairs."""
    what = f"no rule of fixbot is about {entry.control}" if entry.control else "it names no control"
    return f"{what}; {entry.advice}" if entry.advice else f"{what}; look at it where it was found"


def cite_sources(rows: Iterable[SourceRow], findings: Collection[str]) -> tuple[CitedSource, ...]:
    """What a proposal for these findings says of the rows that it resolves, the gravest first."""
    held = [row for row in rows if row.outcome == "matched" and not set(row.findings).isdisjoint(findings)]
    held.sort(key=lambda row: (-grade_severity(row.severity), row.id))
    return tuple(
        CitedSource(
            row.id, row.control or "", row.severity or "", row.account or "", row.region or "",
            row.resource or "", row.first_seen or "",
        )
        for row in held
    )  # fmt: skip


def list_asked(rows: Iterable[SourceRow]) -> frozenset[str]:
    """The findings of fixbot's own that are asked about."""
    return frozenset(name for row in rows if row.outcome == "matched" for name in row.findings)


def keep_filtered(findings: Iterable[Parsed], filters: Mapping[str, Collection[str]]) -> list[Parsed]:
    """Those that every filter lets through, by one of its values; what can't be read where there is none."""
    return [
        each
        for each in findings
        if not filters or (isinstance(each, ForeignFinding) and _passes(each, filters))
    ]


def _passes(finding: ForeignFinding, filters: Mapping[str, Collection[str]]) -> bool:
    for key, wanted in filters.items():
        said = getattr(finding, key, "") if key != "standard" else ""
        values = {each.casefold() for each in wanted}
        if key == "standard":
            fits = any(value in each.casefold() for each in finding.standards for value in values)
        else:
            fits = str(said).casefold() in values
        if not fits:
            return False
    return True
