"""Fills a collection in which nothing stays: one that was empty, or has lost all it had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.tree import NodeKind, TextEdit
from fixbot.syntax.hcl.blocks import render_body_lines
from fixbot.syntax.hcl.entries import insert_behind_line, render_entry_line, render_short_entry
from fixbot.syntax.hcl.items import render_item_line
from fixbot.syntax.hcl.layout import find_line_after, find_line_start
from fixbot.syntax.hcl.removal import remove_children
from fixbot.syntax.hcl.render import fits_line, render_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.edit.tree import Rewrite
    from fixbot.syntax.hcl.layout import HclLayout


def fill_collection(layout: HclLayout, wanted: Rewrite) -> Iterator[TextEdit]:
    """The edits that take what is dropped and write what is new."""
    new = bool(wanted.put or wanted.first or wanted.last)
    if layout.root:
        yield from remove_children(layout)
        if new:
            end = find_line_after(layout.text, max(layout.opened, len(layout.text.rstrip()) - 1))
            above = not layout.children and bool(layout.text[layout.opened :].strip())
            yield insert_behind_line(layout, end, [""] * above + _render_lines(layout, wanted))
    elif not layout.has_comments:
        yield TextEdit(layout.opened, layout.closed, _render_inside(layout, wanted) if new else "")
    else:
        yield from remove_children(layout)
        if new:
            yield _insert_before_end(layout, wanted)


def _render_inside(layout: HclLayout, wanted: Rewrite) -> str:
    if layout.is_single_line and layout.node.style != "body":
        text = _render_one_line(layout, wanted)
        used = layout.opened - find_line_start(layout.text, layout.opened)
        if fits_line(text, used + 1):
            return text
    newline = layout.style.newline
    return f"{newline}{newline.join(_render_lines(layout, wanted))}{newline}{layout.outer}"


def _render_one_line(layout: HclLayout, wanted: Rewrite) -> str:
    if layout.node.kind is NodeKind.LIST:
        return ", ".join(render_one_line(item, layout.style) for item in [*wanted.first, *wanted.last])
    return f" {', '.join(render_short_entry(new, layout.style) for new in wanted.put)} "


def _render_lines(layout: HclLayout, wanted: Rewrite) -> list[str]:
    if layout.node.kind is NodeKind.LIST:
        lines = [f"{render_item_line(layout, item)}," for item in [*wanted.first, *wanted.last]]
        return [*lines[:-1], lines[-1].removesuffix(",")]
    if layout.node.style == "body":
        return render_body_lines(layout, wanted.put, fresh=True)
    return [render_entry_line(layout, new) + "," * layout.style.commas for new in wanted.put]


def _insert_before_end(layout: HclLayout, wanted: Rewrite) -> TextEdit:
    """New lines between the comments that are there and the closing bracket."""
    newline = layout.style.newline
    lines = newline.join(_render_lines(layout, wanted))
    start = find_line_start(layout.text, layout.closed)
    if start > layout.opened and not layout.text[start : layout.closed].strip():
        return TextEdit(start, start, lines + newline)
    end = layout.opened + len(layout.text[layout.opened : layout.closed].rstrip(" \t"))
    return TextEdit(end, layout.closed, f"{newline}{lines}{newline}{layout.outer}")
