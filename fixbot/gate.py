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
from fixbot.checkout import Content, blob_id
from fixbot.checkout.commit import CommitFiles, attributes
from fixbot.checkout.reading import LARGEST, decoded
from fixbot.checkout.touched import LINK, SUBMODULE, WHOLE, list_renames
from fixbot.discover import candidate, relevant, relevant_text
from fixbot.document import parse_sections
from fixbot.model import Unread
from fixbot.project import Project, Reading
from fixbot.tree import SyntaxProblem

if TYPE_CHECKING:
    from fixbot.checkout import Checkout
    from fixbot.checkout.touched import Blob, Change
    from fixbot.model import Report

_LFS: Final = b"version https://git-lfs.github.com/spec/"
_SMALL: Final = 1_000
_ATTRIBUTES: Final = ("filter", "working-tree-encoding")


@dataclass(slots=True)
class Hidden:
    """What a look at the changes came to, by paths from the repository's top.

    `damaged` are the touched files that can't be judged, `named` those that fixbot only names; the lines of
    what is in `whole` count as touched, all of them.
    """

    damaged: list[Unread] = field(default_factory=list)
    named: list[Unread] = field(default_factory=list)
    whole: dict[str, tuple[range, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Places:
    """What could be judged in a text: resources by their addresses; and how many places could not."""

    addresses: frozenset[tuple[str, str]] = frozenset()
    unread: int = 0


def find_hidden(checkout: Checkout, base: CommitFiles, changes: Sequence[Change], report: Report) -> Hidden:
    """Everything touched that the report can't have judged. Raises GitFailed."""
    search = _Search(checkout, base, report)
    for change in changes:
        search.look_at(change)
    search.look_at_names(changes)
    return search.found


class _Search:
    def __init__(self, checkout: Checkout, base: CommitFiles, report: Report) -> None:
        self.checkout, self.base = checkout, base
        self.prefix = checkout.prefix
        self.found = Hidden()
        self.listed = {f"{self.prefix}{entry.path}" for entry in checkout.entries}
        self.unread: Mapping[str, list[Unread]] = defaultdict(list)
        for each in report.unread:
            self.unread[self.prefix + each.path].append(replace(each, path=self.prefix + each.path))

    def look_at(self, change: Change) -> None:
        """Take down what speaks against a change, where it is inside of what was looked through."""
        path, after = change.path, change.after
        if after is None:
            return
        if f"{self.prefix}/".startswith(f"{path}/"):
            self.hide(path, "the folder to look through is a link or a submodule here")
        elif not path.startswith(self.prefix):
            return
        elif after.mode == SUBMODULE:
            self.look_at_module(path)
        elif after.mode == LINK:
            self.look_at_link(path)
        elif path in self.listed:
            self.look_at_file(change, after)

    def hide(self, path: str, reason: str, line: int | None = None) -> None:
        self.found.damaged.append(Unread(path, line, reason))

    def look_at_module(self, path: str) -> None:
        if self.held(path):
            self.hide(path, "it is a submodule here, and in the base what stood there was read")
        else:
            self.found.named.append(Unread(path, None, "a submodule, which is not looked into", "unserved"))

    def look_at_link(self, path: str) -> None:
        """Where a link leads to what was read, all of that is touched."""
        target = self.checkout.target(path[len(self.prefix) :])
        there = None if target is None else self.prefix + target
        inside = [each for each in self.listed if there in {each, "."} or each.startswith(f"{there}/")]
        self.found.whole.update(dict.fromkeys(inside, WHOLE))
        read = [each for each in inside if not any(u.cause == "damaged" for u in self.unread[each])]
        if not read and (candidate(path) or self.held(path)):
            self.hide(path, "it is a symbolic link here, and what it leads to is not read")

    def look_at_file(self, change: Change, after: Blob) -> None:
        said = self.unread[change.path]
        self.found.damaged += [each for each in said if each.cause == "damaged"]
        unserved = [each for each in said if each.cause != "damaged"]
        content = self.checkout.read(change.path[len(self.prefix) :])
        if isinstance(content, Content):
            self.compare(change.path, content.data, after)
        if unserved and change.before is not None and isinstance(content, Content):
            before = self.places_in_base(change.path, change.before)
            here = places_in(change.path, content.text)
            if before.addresses - here.addresses and here.unread > before.unread:
                self.found.damaged += [
                    replace(each, reason=f"{each.reason}; in the base it could be read", cause="damaged")
                    for each in unserved
                ]
                return
        self.found.named += unserved

    def compare(self, path: str, data: bytes, blob: Blob) -> None:
        """Whether what is here is what Git holds, but for line ends; if not, all of it is touched."""
        names = (blob_id(each, len(blob.name)) for each in (data, data.replace(b"\r\n", b"\n")))
        if blob.name in names:
            return
        self.found.whole[path] = WHOLE
        kept = self.base.data(blob, _SMALL) or b""
        if kept.startswith(_LFS) and hashlib.sha256(data).hexdigest().encode() in kept:
            return
        if found := attributes(self.base.git, path, *_ATTRIBUTES):
            named = ", ".join(found)
            self.hide(path, f"what Git holds is another text than what is here, by an attribute ({named})")

    def look_at_names(self, changes: Sequence[Change]) -> None:
        """Files that were judged in the base and go on under a name that isn't read."""
        odd = [each for each in changes if self.is_odd(each)]
        if not odd:
            return
        gone = {
            each.path: self.places_in_base(each.path, each.before)
            for each in changes
            if each.before is not None and candidate(each.path) and (each.after is None or each in odd)
        }
        renamed = {each.path: each.before_path for each in list_renames(self.base.git, self.base.commit)}
        for each in odd:
            old = renamed.get(each.path)
            if old is None or not gone.get(old, Places()).addresses:
                old = next((path for path in gone if self.goes_on(gone[path], path, each)), None)
            if old is not None:
                self.hide(each.path, f"it was read as {old} in the base; under this name it isn't")

    def is_odd(self, change: Change) -> bool:
        """Whether a path is new, a file, below what was looked through, and of no name that is read."""
        after, path = change.after, change.path
        inside = after is not None and after.is_file and path.startswith(self.prefix)
        return inside and change.before is None and not candidate(path)

    def goes_on(self, before: Places, path: str, change: Change) -> bool:
        """Whether a file holds, read as the one at `path` was, something that was judged there."""
        if not before.addresses or change.after is None:
            return False
        data = self.base.data(change.after, LARGEST)
        content = decoded(path, data, 0) if data is not None else None
        if not isinstance(content, Content):
            return False
        return not before.addresses.isdisjoint(places_in(path, content.text).addresses)

    def held(self, path: str) -> bool:
        """Whether something stood at or below a path in the base that was read there."""
        return any(
            candidate(found) and self.places_in_base(found, blob).addresses
            for found, blob in self.base.below(path)
        )

    def places_in_base(self, path: str, blob: Blob) -> Places:
        """What could be judged of a file of the base."""
        data = self.base.data(blob, LARGEST) if blob.is_file else None
        content = decoded(path, data, 0) if data is not None else None
        return places_in(path, content.text) if isinstance(content, Content) else Places()


def places_in(path: str, text: str) -> Places:
    """What could be judged of a text if it were alone."""
    if not relevant(text.encode()):
        return Places()
    try:
        document = parse_sections(path, text, relevant_text)
    except SyntaxProblem:
        return Places(unread=1)
    reading = dialects.read(Project({path: document}))
    return Places(frozenset(_addresses(reading)), len(reading.unread) + len(document.problems))


def _addresses(reading: Reading) -> Iterator[tuple[str, str]]:
    for task in reading.tasks:
        yield from ((task.address, container.name) for container in task.containers)
    yield from ((policy.address, "") for policy in reading.policies)
    yield from ((resource.address, "") for resource in reading.resources)
