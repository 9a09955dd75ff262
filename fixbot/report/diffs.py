"""A diff for reading at a desk: short file heads, long lines cut to what differs, a lot of lines to a few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fixbot.characters import shown
from fixbot.edited import shared
from fixbot.report.style import count

if TYPE_CHECKING:
    from fixbot.report.style import Style

LONGEST = 240
AROUND = 40


MORE = "all of it: --format patch --output fixes.patch"


def painted(diff: str, style: Style, indent: str, paths: int, more: str = MORE) -> Iterator[str]:
    """The lines of a unified diff, indented. File heads are left out where there is just one file.

    `more` says where the rest of a long one is.
    """
    rows = list(_rows(diff, heads=paths > 1))
    most = len(rows) if style.most is None else style.most
    for row in rows[:most]:
        yield f"{indent}{style.diff_line(row)}"
    if len(rows) > most:
        rest = count(len(rows) - most, "more line")
        yield f"{indent}{style.dim(f'… {rest}; {more}')}"


def _rows(diff: str, *, heads: bool) -> Iterator[str]:
    removed: list[str] = []
    added: list[str] = []
    in_hunk = 0
    for line in diff.split("\n")[:-1]:
        if line.startswith("diff --git "):
            yield from _pairs(removed, added)
            removed, added, in_hunk = [], [], 0
        elif not in_hunk and not line.startswith("@@"):
            if line.startswith("+++ ") and heads:
                yield line[4:].rstrip("\t").removeprefix("b/").replace('"b/', '"')
        elif line.startswith("-") and not added:
            removed.append(line)
        elif line.startswith("+"):
            added.append(line)
        else:
            yield from _pairs(removed, added)
            removed, added = ([line], []) if line.startswith("-") else ([], [])
            if not removed:
                yield cut(line)
        in_hunk = in_hunk or line.startswith("@@")
    yield from _pairs(removed, added)


def _pairs(removed: list[str], added: list[str]) -> Iterable[str]:
    """Long lines that were rewritten are cut where they begin and end to differ."""
    if len(removed) != len(added):
        return [cut(line) for line in [*removed, *added]]
    both = [cut_pair(old, new) for old, new in zip(removed, added, strict=True)]
    return [old for old, _ in both] + [new for _, new in both]


def cut_pair(old: str, new: str) -> tuple[str, str]:
    """Two lines of a diff, one rewritten as the other, cut where they begin and end to differ."""
    if max(len(old), len(new)) <= LONGEST:
        return cut(old), cut(new)
    head = max(0, shared(old[1:], new[1:]) - AROUND)
    least = min(len(old), len(new)) - 1 - head
    tail = max(0, min(least, shared(old[:0:-1], new[:0:-1])) - AROUND)
    return _window(old, head, tail), _window(new, head, tail)


def _window(line: str, head: int, tail: int) -> str:
    body = line[1 + head : len(line) - tail]
    if len(body) > LONGEST:
        body = body[:LONGEST]
        tail = 1
    return shown(f"{line[0]}{'…' if head else ''}{body.rstrip(chr(13))}{'…' if tail else ''}")


def cut(line: str) -> str:
    """A line of a diff, safe to show, at most LONGEST characters of it."""
    line = line.rstrip("\r")
    return shown(line if len(line) <= LONGEST else f"{line[:LONGEST]}…")
