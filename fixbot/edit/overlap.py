"""Whether git could merge two changes of one text, told from their edits: no program is run, none is needed.

git compares whole lines and merges hunks with at least one unchanged line between them
(https://git-scm.com/docs/git-merge-file; xdiff's xdl_do_merge). Where lines repeat, several hunks say the
same, and which of them git takes differs by its algorithm; so a hunk counts with the lines beside it that
it repeats.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import TextEdit


@dataclass(frozen=True, slots=True, order=True)
class TouchedHunk:
    """The lines `first:last` of a text, counted from 0, that a change may be shown to touch."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class LinedText:
    """A text in lines as git counts them: each ends with its line feed, the last one perhaps without."""

    text: str = field(repr=False)
    lines: tuple[str, ...] = field(init=False, repr=False)
    starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        *whole, rest = self.text.split("\n")
        lines = (*(f"{row}\n" for row in whole), *([rest] if rest else ()))
        object.__setattr__(self, "lines", lines)
        object.__setattr__(self, "starts", (0, *accumulate(map(len, lines))))

    def find_hunks(self, edits: Iterable[TextEdit]) -> tuple[TouchedHunk, ...]:
        """The lines that edits of this text touch, in order; edits that share a line make one hunk."""
        groups: list[tuple[int, int, list[TextEdit]]] = []
        for edit in sorted(edits):
            first = min(self._line_of(edit.start), len(self.lines))
            last = min(self._line_of(edit.end) + 1, len(self.lines))
            if groups and first <= groups[-1][1]:
                before = groups[-1]
                groups[-1] = before[0], max(before[1], last), [*before[2], edit]
            else:
                groups.append((first, last, [edit]))
        return tuple(hunk for group in groups if (hunk := self._find_widest(*group)) is not None)

    def _find_widest(self, first: int, last: int, edits: Sequence[TextEdit]) -> TouchedHunk | None:
        """One hunk for edits that share lines: as they are together, and as each is by itself."""
        ways = [edits, *([edit] for edit in edits if len(edits) > 1)]
        found = [hunk for way in ways if (hunk := self._build_hunk(first, last, way)) is not None]
        found += [
            TouchedHunk(self._line_of(e.start), self._line_of(e.end - 1) + 1)
            for e in edits
            if e.start < e.end
        ]
        return TouchedHunk(min(h.first for h in found), max(h.last for h in found)) if found else None

    def _line_of(self, offset: int) -> int:
        """The line in which an offset lies; the end of a last line without a line feed lies in that line."""
        found = bisect_right(self.starts, offset) - 1
        ended = self.text.endswith("\n") or not self.text
        return found if ended else min(found, len(self.lines) - 1)

    def _build_hunk(self, first: int, last: int, edits: Sequence[TextEdit]) -> TouchedHunk | None:
        start = self.starts[first]
        inside = [TextEdit(edit.start - start, edit.end - start, edit.text) for edit in edits]
        old = list(self.lines[first:last])
        new = list(LinedText(splice_edits("".join(old), inside)).lines)
        while old and new and old[0] == new[0]:
            del old[0], new[0]
            first += 1
        while old and new and old[-1] == new[-1]:
            del old[-1], new[-1]
        if not old and not new:
            return None
        last = first + len(old)
        kinds = frozenset((*old, *new))
        while first and self.lines[first - 1] in kinds:
            first -= 1
        while last < len(self.lines) and self.lines[last] in kinds:
            last += 1
        return TouchedHunk(first, last)


def do_touch(one: Iterable[TouchedHunk], two: Iterable[TouchedHunk]) -> bool:
    """Whether git may refuse to merge the two: some of their lines are the same, or next to each other."""
    ends = [-1, -1]
    for hunk, side in sorted([*((each, 0) for each in one), *((each, 1) for each in two)]):
        if hunk.first <= ends[1 - side]:
            return True
        ends[side] = max(ends[side], hunk.last)
    return False


def find_touching(all_hunks: Iterable[tuple[TouchedHunk, int]]) -> Iterable[tuple[int, int]]:
    """Pairs of numbers whose hunks touch, enough of them to link all that touch, directly or in a chain."""
    reach, holder = -1, -1
    for hunk, number in sorted(all_hunks):
        if hunk.first <= reach:
            yield holder, number
        if hunk.last > reach or hunk.first > reach:
            reach, holder = max(reach, hunk.last), number
