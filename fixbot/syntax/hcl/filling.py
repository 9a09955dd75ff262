"""Fills a collection in which nothing stays: one that was empty, or has lost all it had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.syntax.hcl.blocks import body_lines
from fixbot.syntax.hcl.entries import behind_line, line, short
from fixbot.syntax.hcl.items import item_line
from fixbot.syntax.hcl.layout import line_after, line_start
from fixbot.syntax.hcl.removal import removals
from fixbot.syntax.hcl.render import fits, one_line
from fixbot.tree import Edit, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.syntax.hcl.layout import Layout
    from fixbot.tree import Rewrite


def filling(layout: Layout, wanted: Rewrite) -> Iterator[Edit]:
    """The edits that take what is dropped and write what is new."""
    new = bool(wanted.put or wanted.first or wanted.last)
    if layout.root:
        yield from removals(layout)
        if new:
            end = line_after(layout.text, max(layout.opened, len(layout.text.rstrip()) - 1))
            above = not layout.children and bool(layout.text[layout.opened :].strip())
            yield behind_line(layout, end, [""] * above + _lines(layout, wanted))
    elif not layout.commented:
        yield Edit(layout.opened, layout.closed, _inside(layout, wanted) if new else "")
    else:
        yield from removals(layout)
        if new:
            yield _before_end(layout, wanted)


def _inside(layout: Layout, wanted: Rewrite) -> str:
    if layout.single and layout.node.style != "body":
        text = _one_line(layout, wanted)
        used = layout.opened - line_start(layout.text, layout.opened)
        if fits(text, used + 1):
            return text
    newline = layout.style.newline
    return f"{newline}{newline.join(_lines(layout, wanted))}{newline}{layout.outer}"


def _one_line(layout: Layout, wanted: Rewrite) -> str:
    if layout.node.kind is Kind.LIST:
        return ", ".join(one_line(item, layout.style) for item in [*wanted.first, *wanted.last])
    return f" {', '.join(short(new, layout.style) for new in wanted.put)} "


def _lines(layout: Layout, wanted: Rewrite) -> list[str]:
    if layout.node.kind is Kind.LIST:
        lines = [f"{item_line(layout, item)}," for item in [*wanted.first, *wanted.last]]
        return [*lines[:-1], lines[-1].removesuffix(",")]
    if layout.node.style == "body":
        return body_lines(layout, wanted.put, fresh=True)
    return [line(layout, new) + "," * layout.style.commas for new in wanted.put]


def _before_end(layout: Layout, wanted: Rewrite) -> Edit:
    """New lines between the comments that are there and the closing bracket."""
    newline = layout.style.newline
    lines = newline.join(_lines(layout, wanted))
    start = line_start(layout.text, layout.closed)
    if start > layout.opened and not layout.text[start : layout.closed].strip():
        return Edit(start, start, lines + newline)
    end = layout.opened + len(layout.text[layout.opened : layout.closed].rstrip(" \t"))
    return Edit(end, layout.closed, f"{newline}{lines}{newline}{layout.outer}")
