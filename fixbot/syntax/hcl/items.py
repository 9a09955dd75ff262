"""Writes new items at either end of a tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit, NodeKind, TextEdit
from fixbot.syntax.hcl.layout import find_line_after, find_line_start
from fixbot.syntax.hcl.render import fits_line, render_fitting, render_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fixbot.edit.tree import Value
    from fixbot.syntax.hcl.layout import HclLayout


def render_item_line(layout: HclLayout, item: Value) -> str:
    """An item on a line of its own, without comma and line end."""
    return layout.indent + render_fitting(item, layout.indent, len(layout.indent), layout.style)


def _render_item_before(layout: HclLayout, item: Value, used: int) -> str:
    """An item on the line of the first one; one entry a line where that is written `[{` … `}]`."""
    first, last = layout.children[0].node, layout.children[-1].node
    hugging = first.kind is NodeKind.MAP and (first.start, last.end) == (layout.opened, layout.closed)
    text = render_one_line(item, layout.style)
    if layout.is_single_line or not hugging or not isinstance(item, dict) or fits_line(text, used):
        return text
    lines = render_fitting(item, layout.outer, used, layout.style).removesuffix("}")
    return f"{lines}{layout.style.unit}}}" if lines.endswith(layout.outer) else text


def insert_first_items(layout: HclLayout, items: Sequence[Value]) -> Iterator[TextEdit]:
    """The edit that writes `items` before those that stay."""
    if not items:
        return
    head = layout.kept[0]
    newline = layout.style.newline
    if layout.children[0].begins and head.begins:
        at = find_line_after(layout.text, layout.opened)
        yield TextEdit(at, at, "".join(f"{render_item_line(layout, item)},{newline}" for item in items))
    else:
        used = head.start - find_line_start(layout.text, head.start)
        yield TextEdit(
            head.start, head.start, "".join(f"{_render_item_before(layout, item, used)}, " for item in items)
        )


def insert_last_items(layout: HclLayout, items: Sequence[Value]) -> Iterator[TextEdit]:
    """The edits that write `items` behind those that stay."""
    if not items:
        return
    tail = layout.kept[-1]
    if tail.node.style == "heredoc" and tail.comma < 0:
        raise CannotEdit("no comma can stand behind a heredoc")
    if not tail.has_own_lines:
        yield TextEdit(
            tail.end, tail.end, "".join(f", {render_one_line(item, layout.style)}" for item in items)
        )
        return
    newline = layout.style.newline
    lines = f",{newline}".join(render_item_line(layout, item) for item in items)
    if tail.comma < 0:
        yield TextEdit(tail.end, tail.end, ",")
    yield TextEdit(tail.after, tail.after, lines + ("," if tail.comma >= 0 else "") + newline)
