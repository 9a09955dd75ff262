"""The columns of `terraform fmt`: which lines it lines up, and what an edit does to them.

fmt works on lines, not on entries: a line with a `=` whose brackets balance behind it joins the `=`
of the lines above and below; a line that ends in a comment joins theirs (hclwrite, formatCells).
A heredoc counts as one line.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r'"|#|//|/\*|<<-?([^\W\d][\w-]*)\r?\n|==|=>|<=|>=|!=|[={}()\[\]\n]')
_IN_STRING = re.compile(r'\\.|\$\$\{|%%\{|[$%]\{|"', re.DOTALL)
_IN_TEMPLATE = re.compile(r'["{}]')
_CHANGE = {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}


@dataclass(frozen=True, slots=True)
class AlignedLine:
    """A line as fmt sees it: the offsets of its first `=` and its closing comment, -1 without.

    `column` says whether its brackets balance behind the `=`; `lead` and `body` are where the
    blanks before `=` and comment begin.
    """

    start: int
    end: int
    equals: int
    column: bool
    lead: int
    comment: int
    body: int


def gap_before_equals(line: AlignedLine) -> tuple[int, int]:
    """The blanks before the `=` of a column; the second is -1 without one."""
    return line.lead, line.equals if line.column else -1


def gap_before_comment(line: AlignedLine) -> tuple[int, int]:
    """The blanks before the closing comment; the second is -1 without one."""
    return line.body, line.comment


def scan_lines(text: str, start: int = 0, end: int | None = None) -> list[AlignedLine]:
    """The lines of `text[start:end]`, which begins and ends at line ends outside any string."""
    end = len(text) if end is None else end
    lines = []
    at = begin = start
    equals, comment, net = -1, -1, 0
    while at < end:
        found = _TOKEN.search(text, at, end)
        token = found[0] if found else "\n"
        here, at = (found.start(), found.end()) if found else (end, end)
        match token:
            case "\n":
                lines.append(_build_line(text, (begin, here), equals, comment, net))
                begin, equals, comment, net = at, -1, -1, 0
            case '"':
                at = _skip_string(text, at, end)
            case "#" | "//":
                comment = here if text[begin:here].strip() else -1
                at = text.find("\n", here, end)
                at = end if at < 0 else at
            case "/*":
                closed = text.find("*/", at, end)
                at = end if closed < 0 else closed + 2
            case "=" if equals < 0:
                equals = here
            case _ if found and found[1]:
                at = _skip_heredoc(text, at, end, found[1])
            case _ if equals >= 0:
                net += _CHANGE.get(token, 0)
    if begin < end:
        lines.append(_build_line(text, (begin, end), equals, comment, net))
    return lines


def _build_line(text: str, edges: tuple[int, int], equals: int, comment: int, net: int) -> AlignedLine:
    start, end = edges
    lead = start + len(text[start:equals].rstrip(" \t")) if equals >= 0 else -1
    body = start + len(text[start:comment].rstrip(" \t")) if comment >= 0 else -1
    return AlignedLine(start, end, equals, equals >= 0 and net == 0, lead, comment, body)


def _skip_string(text: str, at: int, end: int) -> int:
    stack = ['"']
    while stack and at < end:
        found = (_IN_STRING if stack[-1] == '"' else _IN_TEMPLATE).search(text, at, end)
        if found is None:
            return end
        at = found.end()
        sign = found[0]
        if sign in ("${", "%{", "{"):
            stack.append("{")
        elif sign == '"' and stack[-1] != '"':
            stack.append('"')
        elif sign in ('"', "}"):
            stack.pop()
    return at


def _skip_heredoc(text: str, at: int, end: int, marker: str) -> int:
    """Where a heredoc's last line ends, which holds its marker alone."""
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        line = text[at:stop].removesuffix("\r")
        if line.lstrip(" \t") == marker:
            return at + len(line)
        at = stop + 1
    return end


Gap = Callable[[AlignedLine], tuple[int, int]]


def find_chains(lines: Sequence[AlignedLine], gap: Gap) -> Iterator[list[AlignedLine]]:
    """Runs of lines that fmt puts into one column."""
    chain: list[AlignedLine] = []
    for line in lines:
        if gap(line)[1] >= 0:
            chain.append(line)
        elif chain:
            yield chain
            chain = []
    if chain:
        yield chain


def find_openers(lines: Sequence[AlignedLine]) -> list[AlignedLine]:
    """The lines on which a value of several lines begins: fmt wants one blank before the `=`."""
    return [line for line in lines if line.equals >= 0 and not line.column]


def compute_spaces(chain: list[AlignedLine], gap: Gap, grown: dict[int, int]) -> list[int]:
    """How many blanks fmt wants before each `=` or comment. `grown` says by how much, by line start."""
    widths = [gap(line)[0] - line.start + grown.get(line.start, 0) for line in chain]
    return [max(widths) - width + 1 for width in widths]


def _find_tidy(text: str, lines: Sequence[AlignedLine]) -> frozenset[int]:
    """The offsets of every `=` and closing comment that stands in a column as fmt leaves it."""
    tidy: set[int] = set()
    for gap in (gap_before_equals, gap_before_comment):
        groups = list(find_chains(lines, gap))
        good = [_is_tidy(text, chain, gap) for chain in groups]
        for chain, fine in zip(groups, good, strict=True):
            # One line alone is in a column with itself: the others tell whether that is meant.
            if fine and (all(good) or len(set(compute_spaces(chain, gap, {}))) > 1):
                tidy |= {gap(line)[1] for line in chain}
        if gap is gap_before_equals and all(good):
            tidy |= {line.equals for line in find_openers(lines) if text[line.lead : line.equals] == " "}
    return frozenset(tidy)


def _is_tidy(text: str, chain: list[AlignedLine], gap: Gap) -> bool:
    wanted = compute_spaces(chain, gap, {})
    return all(text[slice(*gap(line))] == " " * n for line, n in zip(chain, wanted, strict=True))


class AlignmentSheet:
    """The lines around an edit, and whether they were in column before it."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.lines = scan_lines(text, start, end)
        self.tidy = _find_tidy(text, self.lines)
        self.starts = [line.start for line in self.lines]
        self._blank = [line for line in self.lines if not text[line.start : line.end].strip()]

    def find_window(self, first: int, last: int) -> tuple[int, int]:
        """The lines between the blank ones around these offsets: no column goes over a blank line."""
        above = bisect_left(self._blank, first, key=lambda line: line.end)
        below = bisect_right(self._blank, last, key=lambda line: line.start)
        start = self._blank[above - 1].start if above else self.start
        return start, self._blank[below].start if below < len(self._blank) else self.end

    def count_moved_lines(self, offset: int, new: str) -> int:
        """How many lines would have to move if the lines `new` were put in at the line start `offset`."""
        at = bisect_right(self.starts, offset - 1)
        low, high = at, at
        while low > 0 and self.lines[low - 1].column:
            low -= 1
        while high < len(self.lines) and self.lines[high].column:
            high += 1
        size = len(self.text) + 1
        fresh = [_move_line(line, size) for line in scan_lines(new)]
        cost = 0
        for chain in find_chains([*self.lines[low:at], *fresh, *self.lines[at:high]], gap_before_equals):
            if all(line.equals in self.tidy for line in chain if line.start < size):
                wanted = zip(chain, compute_spaces(chain, gap_before_equals, {}), strict=True)
                cost += sum(n != line.equals - line.lead for line, n in wanted if line.start < size)
        return cost


def _move_line(line: AlignedLine, by: int) -> AlignedLine:
    equals, lead = (line.equals + by, line.lead + by) if line.equals >= 0 else (-1, -1)
    return AlignedLine(line.start + by, line.end + by, equals, line.column, lead, -1, -1)
