"""Edits of a file as replacements by line and column, for SARIF."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from fixbot.edit.edited_text import split_lines

if TYPE_CHECKING:
    from fixbot.edit.tree import TextEdit

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Replacement:
    """Put `text` where the text between two places stands; both counted from 1, in code points."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def find_replacements(before: str, edits: Iterable[TextEdit]) -> Iterator[Replacement]:
    """The same edits of `before`; a byte order mark is not counted as a column."""
    starts = [0, *accumulate(map(len, split_lines(before)))]
    mark = len(_MARK) if before.startswith(_MARK) else 0
    for edit in edits:
        yield Replacement(
            _line_and_column(before, starts, edit.start, mark),
            _line_and_column(before, starts, edit.end, mark),
            edit.text,
        )


def _line_and_column(text: str, starts: list[int], offset: int, mark: int) -> tuple[int, int]:
    line = bisect_right(starts, offset, 0, max(1, len(starts) - 1))
    if offset == len(text) and text.endswith("\n"):
        line = len(starts)
    column = offset - starts[line - 1] + 1
    return line, max(1, column - mark) if line == 1 else column
