"""What a pull request could hide from a gate: files that were judged in its base and can't be any more.

A file that can't be read where it is touched is no clean file. Here is what counts as such: what a report
says itself; links, submodules and attributes that stand between a reader and the text; another name; and
a template or a variable where the base had what could be judged.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from fixbot import dialects
from fixbot.checkout import Content, hash_blob
from fixbot.checkout.changed_lines import LINK, SUBMODULE, WHOLE, list_renames
from fixbot.checkout.commit_files import CommitFiles, read_attributes
from fixbot.checkout.file_content import LARGEST, decode_content
from fixbot.edit.tree import SyntaxProblem
from fixbot.model.findings import Unread
from fixbot.source.discover import is_candidate, is_relevant, is_relevant_text
from fixbot.source.document import parse_document_sections
from fixbot.source.project import Inventory, Project

if TYPE_CHECKING:
    from fixbot.checkout import Checkout
    from fixbot.checkout.changed_lines import CommitChange, GitBlob
    from fixbot.model.findings import Report

_LFS: Final = b"version https://git-lfs.github.com/spec/"
_SMALL: Final = 1_000
_ATTRIBUTES: Final = ("filter", "working-tree-encoding")


@dataclass(slots=True)
class HiddenChanges:
    """What a look at the changes came to, by paths from the repository's top.

    `damaged` are the touched files that can't be judged, `named` those that fixbot only names; the lines of
    what is in `whole` count as touched, all of them.
    """

    damaged: list[Unread] = field(default_factory=list)
    named: list[Unread] = field(default_factory=list)
    whole: dict[str, tuple[range, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JudgedPlaces:
    """What could be judged in a text: resources by their addresses; and how many places could not."""

    addresses: frozenset[tuple[str, str]] = frozenset()
    unread: int = 0


def find_hidden(
    checkout: Checkout, base: CommitFiles, changes: Sequence[CommitChange], report: Report
) -> HiddenChanges:
    """Everything touched that the report can't have judged. Raises GitFailed."""
    search = _GateSearch(checkout, base, report)
    for change in changes:
        search.look_at(change)
    search.look_at_names(changes)
    return search.found


class _GateSearch:
    def __init__(self, checkout: Checkout, base: CommitFiles, report: Report) -> None:
        self.checkout, self.base = checkout, base
        self.prefix = checkout.prefix
        self.found = HiddenChanges()
        self.listed = {f"{self.prefix}{entry.path}" for entry in checkout.entries}
        self.unread: Mapping[str, list[Unread]] = defaultdict(list)
        for each in report.unread:
            self.unread[self.prefix + each.path].append(replace(each, path=self.prefix + each.path))

    def look_at(self, change: CommitChange) -> None:
        """Take down what speaks against a change, where it is inside of what was looked through."""
        path, after = change.path, change.after
        if after is None:
            return
        if f"{self.prefix}/".startswith(f"{path}/"):
            self.report_hidden(path, "the folder to look through is a link or a submodule here")
        elif not path.startswith(self.prefix):
            return
        elif after.mode == SUBMODULE:
            self.look_at_module(path)
        elif after.mode == LINK:
            self.look_at_link(path)
        elif path in self.listed:
            self.look_at_file(change, after)

    def report_hidden(self, path: str, reason: str, line: int | None = None) -> None:
        self.found.damaged.append(Unread(path, line, reason))

    def look_at_module(self, path: str) -> None:
        if self.held_anything(path):
            self.report_hidden(path, "it is a submodule here, and in the base what stood there was read")
        else:
            self.found.named.append(Unread(path, None, "a submodule, which is not looked into", "unserved"))

    def look_at_link(self, path: str) -> None:
        """Where a link leads to what was read, all of that is touched."""
        target = self.checkout.resolve_link(path[len(self.prefix) :])
        there = None if target is None else self.prefix + target
        inside = [each for each in self.listed if there in {each, "."} or each.startswith(f"{there}/")]
        self.found.whole.update(dict.fromkeys(inside, WHOLE))
        read = [each for each in inside if not any(u.cause == "damaged" for u in self.unread[each])]
        if not read and (is_candidate(path) or self.held_anything(path)):
            self.report_hidden(path, "it is a symbolic link here, and what it leads to is not read")

    def look_at_file(self, change: CommitChange, after: GitBlob) -> None:
        said = self.unread[change.path]
        self.found.damaged += [each for each in said if each.cause == "damaged"]
        unserved = [each for each in said if each.cause != "damaged"]
        content = self.checkout.read_file(change.path[len(self.prefix) :])
        if isinstance(content, Content):
            self.compare_with_git(change.path, content.data, after)
        if unserved and change.before is not None and isinstance(content, Content):
            before = self.read_places_in_base(change.path, change.before)
            here = find_places(change.path, content.text)
            if before.addresses - here.addresses and here.unread > before.unread:
                self.found.damaged += [
                    replace(each, reason=f"{each.reason}; in the base it could be read", cause="damaged")
                    for each in unserved
                ]
                return
        self.found.named += unserved

    def compare_with_git(self, path: str, data: bytes, blob: GitBlob) -> None:
        """Whether what is here is what Git holds, but for line ends; if not, all of it is touched."""
        names = (hash_blob(each, len(blob.name)) for each in (data, data.replace(b"\r\n", b"\n")))
        if blob.name in names:
            return
        self.found.whole[path] = WHOLE
        kept = self.base.read_blob(blob, _SMALL) or b""
        if kept.startswith(_LFS) and hashlib.sha256(data).hexdigest().encode() in kept:
            return
        if found := read_attributes(self.base.git, path, *_ATTRIBUTES):
            named = ", ".join(found)
            self.report_hidden(
                path, f"what Git holds is another text than what is here, by an attribute ({named})"
            )

    def look_at_names(self, changes: Sequence[CommitChange]) -> None:
        """Files that were judged in the base and go on under a name that isn't read."""
        odd = [each for each in changes if self.is_odd(each)]
        if not odd:
            return
        gone = {
            each.path: self.read_places_in_base(each.path, each.before)
            for each in changes
            if each.before is not None and is_candidate(each.path) and (each.after is None or each in odd)
        }
        renamed = {each.path: each.before_path for each in list_renames(self.base.git, self.base.commit)}
        for each in odd:
            old = renamed.get(each.path)
            if old is None or not gone.get(old, JudgedPlaces()).addresses:
                old = next((path for path in gone if self.continues_as(gone[path], path, each)), None)
            if old is not None:
                self.report_hidden(each.path, f"it was read as {old} in the base; under this name it isn't")

    def is_odd(self, change: CommitChange) -> bool:
        """Whether a path is new, a file, below what was looked through, and of no name that is read."""
        after, path = change.after, change.path
        inside = after is not None and after.is_file and path.startswith(self.prefix)
        return inside and change.before is None and not is_candidate(path)

    def continues_as(self, before: JudgedPlaces, path: str, change: CommitChange) -> bool:
        """Whether a file holds, read as the one at `path` was, something that was judged there."""
        if not before.addresses or change.after is None:
            return False
        data = self.base.read_blob(change.after, LARGEST)
        content = decode_content(path, data, 0) if data is not None else None
        if not isinstance(content, Content):
            return False
        return not before.addresses.isdisjoint(find_places(path, content.text).addresses)

    def held_anything(self, path: str) -> bool:
        """Whether something stood at or below a path in the base that was read there."""
        return any(
            is_candidate(found) and self.read_places_in_base(found, blob).addresses
            for found, blob in self.base.list_below(path)
        )

    def read_places_in_base(self, path: str, blob: GitBlob) -> JudgedPlaces:
        """What could be judged of a file of the base."""
        data = self.base.read_blob(blob, LARGEST) if blob.is_file else None
        content = decode_content(path, data, 0) if data is not None else None
        return find_places(path, content.text) if isinstance(content, Content) else JudgedPlaces()


def find_places(path: str, text: str) -> JudgedPlaces:
    """What could be judged of a text if it were alone."""
    if not is_relevant(text.encode()):
        return JudgedPlaces()
    try:
        document = parse_document_sections(path, text, is_relevant_text)
    except SyntaxProblem:
        return JudgedPlaces(unread=1)
    reading = dialects.survey_dialects(Project({path: document}))
    return JudgedPlaces(frozenset(_list_addresses(reading)), len(reading.unread) + len(document.problems))


def _list_addresses(reading: Inventory) -> Iterator[tuple[str, str]]:
    for task in reading.tasks:
        yield from ((task.address, container.name) for container in task.containers)
    yield from ((policy.address, "") for policy in reading.policies)
    yield from ((resource.address, "") for resource in reading.resources)
