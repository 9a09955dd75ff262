"""From what is wanted of one collection to splices, with the columns of fmt kept."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit, CodeExpression, HclBlock, NodeKind, TextEdit
from fixbot.syntax.hcl.align import AlignmentSheet
from fixbot.syntax.hcl.blocks import is_written_as_blocks, unfold_block, write_new_blocks
from fixbot.syntax.hcl.entries import write_new_entries
from fixbot.syntax.hcl.filling import fill_collection
from fixbot.syntax.hcl.items import insert_first_items, insert_last_items
from fixbot.syntax.hcl.layout import HclLayout, find_indent, find_line_after, find_line_start
from fixbot.syntax.hcl.realign import realign_edits
from fixbot.syntax.hcl.removal import remove_children
from fixbot.syntax.hcl.render import render_argument, render_block, render_fitting, render_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.edit.tree import Node, Rewrite, Value


def rewrite_collection(text: str, wanted: Rewrite) -> list[TextEdit]:
    """The edits that carry out `wanted` on its one collection. Raises CannotEdit."""
    node = wanted.node
    if node.kind not in (NodeKind.MAP, NodeKind.LIST):
        raise CannotEdit("it is an argument of a function")
    layout = HclLayout(text, node, wanted.dropped) if wanted.dropped else _read_layout(text, node)
    sheet = _build_sheet(text, *_find_region(text, node))
    unfolds = node.style == "body" and layout.is_single_line and bool(layout.kept)
    unfolds = unfolds and (
        bool(wanted.put) or any(isinstance(new, dict | HclBlock) for _, new in wanted.replaced)
    )
    indent = layout.outer + layout.style.unit if unfolds else None
    edits = [_replace_value(layout, child, value, indent) for child, value in wanted.replaced]
    if layout.kept:
        edits += remove_children(layout) if wanted.dropped else ()
        edits += unfold_block(layout, wanted.put) if unfolds else _insert_new(layout, sheet, wanted)
    else:
        edits += fill_collection(layout, wanted)
    return realign_edits(sheet, edits)


def _insert_new(layout: HclLayout, sheet: AlignmentSheet, wanted: Rewrite) -> Iterator[TextEdit]:
    if layout.node.kind is NodeKind.LIST:
        yield from insert_first_items(layout, wanted.first)
        yield from insert_last_items(layout, wanted.last)
    elif layout.node.style == "object":
        yield from write_new_entries(layout, sheet, wanted.put)
    else:
        yield from write_new_entries(
            layout, sheet, [new for new in wanted.put if not is_written_as_blocks(new)]
        )
        yield from write_new_blocks(layout, [new for new in wanted.put if is_written_as_blocks(new)])


@lru_cache(maxsize=2)
def _read_layout(text: str, node: Node) -> HclLayout:
    """Of a whole file, say, to which a hundred fixes add a block each."""
    return HclLayout(text, node, [])


@lru_cache(maxsize=2)
def _build_sheet(text: str, start: int, end: int) -> AlignmentSheet:
    """Kept for the next collection of the same block, of which there may be a thousand, and of the file."""
    return AlignmentSheet(text, start, end)


def _find_region(text: str, node: Node) -> tuple[int, int]:
    """The lines within which all columns lie that a change inside `node` can move."""
    top = node
    while top.parent is not None:
        if _is_closed_off(text, top):
            return find_line_start(text, top.start), find_line_after(text, top.end)
        if top.parent.parent is None:
            break
        top = top.parent
    if top.parent is None:
        return top.start, top.end
    entries = top.parent.entries
    first = last = next(number for number, entry in enumerate(entries) if entry.value is top)
    while first and text.count("\n", entries[first - 1].value.end, entries[first].key_start) == 1:
        first -= 1
    while last + 1 < len(entries):
        if text.count("\n", entries[last].value.end, entries[last + 1].key_start) > 1:
            break
        last += 1
    end = find_line_after(text, entries[last].value.end)
    return find_line_start(text, entries[first].key_start), min(end, top.parent.end)


def _is_closed_off(text: str, node: Node) -> bool:
    """Whether its first and last line hold brackets and no `=` or comment, so that no column goes on."""
    if node.style != "body" and (node.parent is None or node.parent.kind is not NodeKind.LIST):
        return False
    opening = text[find_line_start(text, node.start) : find_line_after(text, node.start)].strip()
    closing = (
        text[find_line_start(text, node.end - 1) : find_line_after(text, node.end)].strip().removesuffix(",")
    )
    opens = opening.endswith(("{", "[")) and not any(sign in opening for sign in ("=", "#", "//"))
    return opens and closing in ("}", "]")


def _replace_value(layout: HclLayout, node: Node, value: Value, indent: str | None) -> TextEdit:
    text, style = layout.text, layout.style
    indent = find_indent(text, node.start) if indent is None else indent
    if layout.node.style == "body":
        entry = next(entry for entry in layout.node.entries if entry.value is node)
        if isinstance(value, dict | HclBlock):
            content = value if isinstance(value, HclBlock) else HclBlock((), value)
            written = render_block(entry.key, content, indent, style)
            return TextEdit(entry.key_start, node.end, written.removeprefix(indent))
        if node.style == "body":
            return TextEdit(node.start, node.end, render_argument(entry.key, value, indent, style).lstrip())
    if isinstance(value, CodeExpression) and layout.is_single_line and "\n" in value.text:
        raise CannotEdit("an expression of several lines doesn't fit into a collection on one line")
    used = node.start - find_line_start(text, node.start)
    written = (
        render_one_line(value, style) if layout.is_single_line else render_fitting(value, indent, used, style)
    )
    return TextEdit(node.start, node.end, written)
