"""Two versions of a file as the least replacements, by line and column, for SARIF."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from fixbot.diff import changed, lines

_TOKEN = re.compile(r"\w+|[ \t]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Replacement:
    """Put `text` where the text between two places stands; both counted from 1, in code points."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def replacements(before: str, after: str) -> Iterator[Replacement]:
    """What makes `after` of `before`; a byte order mark is not counted as a column."""
    if before.startswith("\ufeff"):
        before, after = before[1:], after.removeprefix("\ufeff")
    one, two = lines(before), lines(after)
    starts = [0, *accumulate(map(len, one))]
    for a, b, c, d in changed(one, two):
        old, new = _TOKEN.findall("".join(one[a:b])), _TOKEN.findall("".join(two[c:d]))
        offsets = [starts[a], *accumulate(map(len, old), initial=starts[a])][1:]
        for e, f, g, h in changed(old, new):
            text = "".join(new[g:h])
            yield Replacement(_place(before, starts, offsets[e]), _place(before, starts, offsets[f]), text)


def _place(text: str, starts: list[int], offset: int) -> tuple[int, int]:
    line = bisect_right(starts, offset, 0, max(1, len(starts) - 1))
    if offset == len(text) and text.endswith("\n"):
        line = len(starts)
    return line, offset - starts[line - 1] + 1
