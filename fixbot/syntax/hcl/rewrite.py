"""From what is wanted of one collection to splices, with the columns of fmt kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.syntax.hcl.align import Sheet
from fixbot.syntax.hcl.blocks import in_blocks, new_blocks, unfold
from fixbot.syntax.hcl.entries import new_entries
from fixbot.syntax.hcl.filling import filling
from fixbot.syntax.hcl.items import first_items, last_items
from fixbot.syntax.hcl.layout import Layout, indent_at, line_after, line_start
from fixbot.syntax.hcl.removal import removals
from fixbot.syntax.hcl.render import argument, block, fitting, one_line
from fixbot.syntax.hcl.settle import settle
from fixbot.tree import Block, CannotEdit, Code, Edit, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.change import Rewrite
    from fixbot.tree import Node, Value


def rewrite(text: str, wanted: Rewrite) -> list[Edit]:
    """The edits that carry out `wanted` on its one collection. Raises CannotEdit."""
    node = wanted.node
    if node.kind not in (Kind.MAP, Kind.LIST):
        raise CannotEdit("it is an argument of a function")
    layout = Layout(text, node, wanted.dropped)
    sheet = Sheet(text, *_region(text, node))
    edits = [_replacement(layout, child, value) for child, value in wanted.replaced]
    if layout.kept:
        edits += removals(layout)
        edits += _insertions(layout, sheet, wanted)
    else:
        edits += filling(layout, wanted)
    return settle(sheet, edits)


def _insertions(layout: Layout, sheet: Sheet, wanted: Rewrite) -> Iterator[Edit]:
    if layout.node.kind is Kind.LIST:
        yield from first_items(layout, wanted.first)
        yield from last_items(layout, wanted.last)
    elif layout.node.style == "object":
        yield from new_entries(layout, sheet, wanted.put)
    elif layout.single and wanted.put:
        yield from unfold(layout, wanted.put)
    else:
        yield from new_entries(layout, sheet, [new for new in wanted.put if not in_blocks(new)])
        yield from new_blocks(layout, [new for new in wanted.put if in_blocks(new)])


def _region(text: str, node: Node) -> tuple[int, int]:
    """The lines of the top-level block around a node; all lines for what stands outside of blocks."""
    top = node
    while top.parent is not None and top.parent.parent is not None:
        top = top.parent
    if top.parent is None:
        return top.start, top.end
    if top.style != "body":
        return top.parent.start, top.parent.end
    return line_start(text, top.start), min(line_after(text, top.end), top.parent.end)


def _replacement(layout: Layout, node: Node, value: Value) -> Edit:
    text, style = layout.text, layout.style
    indent = indent_at(text, node.start)
    if layout.node.style == "body":
        entry = next(entry for entry in layout.node.entries if entry.value is node)
        if isinstance(value, dict | Block):
            content = value if isinstance(value, Block) else Block((), value)
            written = block(entry.key, content, indent, style)
            return Edit(entry.key_start, node.end, written.removeprefix(indent))
        if node.style == "body":
            return Edit(node.start, node.end, argument(entry.key, value, indent, style).lstrip())
    if isinstance(value, Code) and layout.single and "\n" in value.text:
        raise CannotEdit("an expression of several lines doesn't fit into a collection on one line")
    used = node.start - line_start(text, node.start)
    written = one_line(value, style) if layout.single else fitting(value, indent, used, style)
    return Edit(node.start, node.end, written)
