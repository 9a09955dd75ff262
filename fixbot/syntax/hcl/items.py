"""Writes new items at either end of a tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.syntax.hcl.layout import line_after, line_start
from fixbot.syntax.hcl.render import fits, fitting, one_line
from fixbot.tree import CannotEdit, Edit, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fixbot.syntax.hcl.layout import Layout
    from fixbot.tree import Value


def item_line(layout: Layout, item: Value) -> str:
    """An item on a line of its own, without comma and line end."""
    return layout.indent + fitting(item, layout.indent, len(layout.indent), layout.style)


def _before(layout: Layout, item: Value, used: int) -> str:
    """An item on the line of the first one; one entry a line where that is written `[{` … `}]`."""
    first, last = layout.children[0].node, layout.children[-1].node
    hugging = first.kind is Kind.MAP and (first.start, last.end) == (layout.opened, layout.closed)
    text = one_line(item, layout.style)
    if layout.single or not hugging or not isinstance(item, dict) or fits(text, used):
        return text
    lines = fitting(item, layout.outer, used, layout.style).removesuffix("}")
    return f"{lines}{layout.style.unit}}}" if lines.endswith(layout.outer) else text


def first_items(layout: Layout, items: Sequence[Value]) -> Iterator[Edit]:
    """The edit that writes `items` before those that stay."""
    if not items:
        return
    head = layout.kept[0]
    newline = layout.style.newline
    if layout.children[0].begins and head.begins:
        at = line_after(layout.text, layout.opened)
        yield Edit(at, at, "".join(f"{item_line(layout, item)},{newline}" for item in items))
    else:
        used = head.start - line_start(layout.text, head.start)
        yield Edit(head.start, head.start, "".join(f"{_before(layout, item, used)}, " for item in items))


def last_items(layout: Layout, items: Sequence[Value]) -> Iterator[Edit]:
    """The edits that write `items` behind those that stay."""
    if not items:
        return
    tail = layout.kept[-1]
    if tail.node.style == "heredoc" and tail.comma < 0:
        raise CannotEdit("no comma can stand behind a heredoc")
    if not tail.own_lines:
        yield Edit(tail.end, tail.end, "".join(f", {one_line(item, layout.style)}" for item in items))
        return
    newline = layout.style.newline
    lines = f",{newline}".join(item_line(layout, item) for item in items)
    if tail.comma < 0:
        yield Edit(tail.end, tail.end, ",")
    yield Edit(tail.after, tail.after, lines + ("," if tail.comma >= 0 else "") + newline)
