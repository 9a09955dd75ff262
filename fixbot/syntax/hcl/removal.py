"""Takes children out of a collection: whole lines where they have lines of their own."""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from fixbot.syntax.comments import comments
from fixbot.syntax.hcl.layout import line_after, line_start
from fixbot.tree import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.syntax.hcl.layout import Child, Layout


_COMMENT = re.compile(r"#[^\r\n]*|//[^\r\n]*|/\*.*?\*/", re.DOTALL)


def removals(layout: Layout) -> Iterator[Edit]:
    """The edits that take every child away that isn't kept."""
    numbered = list(enumerate(layout.children))
    for (kept, own), group in groupby(numbered, lambda pair: (pair[1].kept, pair[1].own_lines)):
        run = [child for _, child in group]
        if kept:
            continue
        if own:
            yield from _lines(layout, run)
        elif layout.node.style == "body":
            yield from (Edit(child.start, child.end, "") for child in run)
        else:
            yield from _inline(layout, run)


def _lines(layout: Layout, run: list[Child]) -> Iterator[Edit]:
    text = layout.text
    start, end = line_start(text, run[0].start), run[0].after
    remarks = _remarks(text, run[0])
    for child in run[1:]:
        begin = line_start(text, child.start)
        if text[end:begin].strip():
            yield _without_lines(layout, start, end, remarks)
            start, remarks = begin, ""
        end = child.after
        remarks += _remarks(text, child)
    yield _without_lines(layout, start, end, remarks)


def _remarks(text: str, child: Child) -> str:
    """The comments of a child that goes, each on a line of its own."""
    start = line_start(text, child.start)
    line = "\r\n" if text[child.after - 2 : child.after] == "\r\n" else "\n"
    found = comments(text, child.node, child.node.start, child.after, _COMMENT)
    return "".join(text[start : child.start] + remark + line for remark in found)


def _without_lines(layout: Layout, start: int, end: int, remarks: str) -> Edit:
    return Edit(start, end, remarks) if remarks else _without_doubled_blank(layout, start, end)


def _without_doubled_blank(layout: Layout, start: int, end: int) -> Edit:
    """Takes a blank line along that would be left as a second one, or at an end of the collection."""
    text = layout.text
    above = line_start(text, start - 1) if start else 0
    blank_above = above < start and above >= layout.opened and not text[above:start].strip()
    first = start == layout.opened or start == line_after(text, layout.opened)
    below = line_after(text, end)
    blank_below = end < layout.closed and not text[end:below].strip()
    if blank_below and (blank_above or first):
        end = below
    elif blank_above and not text[end : layout.closed].strip():
        start = above
    if end == len(text) and start > layout.opened and not text.endswith("\n"):
        start -= 2 if text.startswith("\r\n", start - 2) else 1
    return Edit(start, end, "")


def _inline(layout: Layout, run: list[Child]) -> Iterator[Edit]:
    text = layout.text
    first, last = layout.children.index(run[0]), layout.children.index(run[-1])
    start, end = run[0].start, run[-1].end
    after = max(end, run[-1].comma + 1)
    if not _only_blank(text[end:after]) or not _blank_between(text, run):
        for child in run:
            yield Edit(child.start, child.end, "")
            if child.comma >= 0:
                yield Edit(child.comma, child.comma + 1, "")
        return
    if last + 1 < len(layout.children):
        follower = layout.children[last + 1].start
        yield Edit(start, follower if _only_blank(text[end:follower]) else after, "")
        return
    before = layout.children[first - 1].end if first else layout.opened
    if after > end:
        start -= len(text[before:start]) - len(text[before:start].rstrip(" \t"))
    elif first and _only_blank(text[before:start]):
        start = before
    yield Edit(start, after, "")


def _blank_between(text: str, run: list[Child]) -> bool:
    return all(_only_blank(text[one.end : two.start]) for one, two in pairwise(run))


def _only_blank(text: str) -> bool:
    return not text.strip(" \t\r\n,")
