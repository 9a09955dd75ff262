"""Takes children out of a collection: whole lines where they have lines of their own."""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from fixbot.edit.tree import TextEdit
from fixbot.syntax.comments_between import find_comments_between
from fixbot.syntax.hcl.layout import find_line_after, find_line_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.syntax.hcl.layout import HclChild, HclLayout


_COMMENT = re.compile(r"#[^\r\n]*|//[^\r\n]*|/\*.*?\*/", re.DOTALL)


def remove_children(layout: HclLayout) -> Iterator[TextEdit]:
    """The edits that take every child away that isn't kept."""
    numbered = list(enumerate(layout.children))
    for (kept, own), group in groupby(numbered, lambda pair: (pair[1].kept, pair[1].has_own_lines)):
        run = [child for _, child in group]
        if kept:
            continue
        if own:
            yield from _remove_lines(layout, run)
        elif layout.node.style == "body":
            yield from (TextEdit(child.start, child.end, "") for child in run)
        else:
            yield from _remove_inline(layout, run)


def _remove_lines(layout: HclLayout, run: list[HclChild]) -> Iterator[TextEdit]:
    text = layout.text
    start, end = find_line_start(text, run[0].start), run[0].after
    remarks = _keep_remarks(text, run[0])
    for child in run[1:]:
        begin = find_line_start(text, child.start)
        if text[end:begin].strip():
            yield _delete_lines(layout, start, end, remarks)
            start, remarks = begin, ""
        end = child.after
        remarks += _keep_remarks(text, child)
    yield _delete_lines(layout, start, end, remarks)


def _keep_remarks(text: str, child: HclChild) -> str:
    """The comments of a child that goes, each on a line of its own."""
    start = find_line_start(text, child.start)
    line = "\r\n" if text[child.after - 2 : child.after] == "\r\n" else "\n"
    found = find_comments_between(text, child.node, child.node.start, child.after, _COMMENT)
    return "".join(text[start : child.start] + remark + line for remark in found)


def _delete_lines(layout: HclLayout, start: int, end: int, remarks: str) -> TextEdit:
    return TextEdit(start, end, remarks) if remarks else _delete_doubled_blank(layout, start, end)


def _delete_doubled_blank(layout: HclLayout, start: int, end: int) -> TextEdit:
    """Takes a blank line along that would be left as a second one, or at an end of the collection."""
    text = layout.text
    above = find_line_start(text, start - 1) if start else 0
    blank_above = above < start and above >= layout.opened and not text[above:start].strip()
    first = start == layout.opened or start == find_line_after(text, layout.opened)
    below = find_line_after(text, end)
    blank_below = end < layout.closed and not text[end:below].strip()
    if blank_below and (blank_above or first):
        end = below
    elif blank_above and not text[end : layout.closed].strip():
        start = above
    if end == len(text) and start > layout.opened and not text.endswith("\n"):
        start -= 2 if text.startswith("\r\n", start - 2) else 1
    return TextEdit(start, end, "")


def _remove_inline(layout: HclLayout, run: list[HclChild]) -> Iterator[TextEdit]:
    text = layout.text
    first, last = layout.children.index(run[0]), layout.children.index(run[-1])
    start, end = run[0].start, run[-1].end
    after = max(end, run[-1].comma + 1)
    if not _is_blank(text[end:after]) or not _is_blank_between(text, run):
        for child in run:
            yield TextEdit(child.start, child.end, "")
            if child.comma >= 0:
                yield TextEdit(child.comma, child.comma + 1, "")
        return
    if last + 1 < len(layout.children):
        follower = layout.children[last + 1].start
        yield TextEdit(start, follower if _is_blank(text[end:follower]) else after, "")
        return
    before = layout.children[first - 1].end if first else layout.opened
    if after > end:
        start -= len(text[before:start]) - len(text[before:start].rstrip(" \t"))
    elif first and _is_blank(text[before:start]):
        start = before
    yield TextEdit(start, after, "")


def _is_blank_between(text: str, run: list[HclChild]) -> bool:
    return all(_is_blank(text[one.end : two.start]) for one, two in pairwise(run))


def _is_blank(text: str) -> bool:
    return not text.strip(" \t\r\n,")
