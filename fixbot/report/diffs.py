"""A diff for reading at a desk: short file heads, long lines cut to what differs, a lot of lines to a few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fixbot.edit.edited_text import count_common_start
from fixbot.report.style import format_count
from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from fixbot.report.style import TerminalStyle

LONGEST = 240
AROUND = 40


MORE = "all of it: --format patch --output fixes.patch"


def paint_diff(diff: str, style: TerminalStyle, indent: str, paths: int, more: str = MORE) -> Iterator[str]:
    """The lines of a unified diff, indented. File heads are left out where there is just one file.

    `more` says where the rest of a long one is.
    """
    rows = list(_render_rows(diff, heads=paths > 1))
    most = len(rows) if style.most is None else style.most
    for row in rows[:most]:
        yield f"{indent}{style.paint_diff_line(row)}"
    if len(rows) > most:
        rest = format_count(len(rows) - most, "more line")
        yield f"{indent}{style.paint_dim(f'… {rest}; {more}')}"


def _render_rows(diff: str, *, heads: bool) -> Iterator[str]:
    removed: list[str] = []
    added: list[str] = []
    in_hunk = 0
    for line in diff.split("\n")[:-1]:
        if line.startswith("diff --git "):
            yield from _cut_pairs(removed, added)
            removed, added, in_hunk = [], [], 0
        elif not in_hunk and not line.startswith("@@"):
            if line.startswith("+++ ") and heads:
                yield line[4:].rstrip("\t").removeprefix("b/").replace('"b/', '"')
        elif line.startswith("-") and not added:
            removed.append(line)
        elif line.startswith("+"):
            added.append(line)
        else:
            yield from _cut_pairs(removed, added)
            removed, added = ([line], []) if line.startswith("-") else ([], [])
            if not removed:
                yield cut_line(line)
        in_hunk = in_hunk or line.startswith("@@")
    yield from _cut_pairs(removed, added)


def _cut_pairs(removed: list[str], added: list[str]) -> Iterable[str]:
    """Long lines that were rewritten are cut where they begin and end to differ."""
    if len(removed) != len(added):
        return [cut_line(line) for line in [*removed, *added]]
    both = [cut_pair(old, new) for old, new in zip(removed, added, strict=True)]
    return [old for old, _ in both] + [new for _, new in both]


def cut_pair(old: str, new: str) -> tuple[str, str]:
    """Two lines of a diff, one rewritten as the other, cut where they begin and end to differ."""
    if max(len(old), len(new)) <= LONGEST:
        return cut_line(old), cut_line(new)
    head = max(0, count_common_start(old[1:], new[1:]) - AROUND)
    least = min(len(old), len(new)) - 1 - head
    tail = max(0, min(least, count_common_start(old[:0:-1], new[:0:-1])) - AROUND)
    return _cut_window(old, head, tail), _cut_window(new, head, tail)


def _cut_window(line: str, head: int, tail: int) -> str:
    body = line[1 + head : len(line) - tail]
    if len(body) > LONGEST:
        body = body[:LONGEST]
        tail = 1
    return escape_hidden(f"{line[0]}{'…' if head else ''}{body.rstrip(chr(13))}{'…' if tail else ''}")


def cut_line(line: str) -> str:
    """A line of a diff, safe to show, at most LONGEST characters of it."""
    line = line.rstrip("\r")
    return escape_hidden(line if len(line) <= LONGEST else f"{line[:LONGEST]}…")
