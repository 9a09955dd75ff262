"""From what is wanted of one collection to splices, with the columns of fmt kept."""

from __future__ import annotations

from functools import lru_cache
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

    from fixbot.tree import Node, Rewrite, Value


def rewrite(text: str, wanted: Rewrite) -> list[Edit]:
    """The edits that carry out `wanted` on its one collection. Raises CannotEdit."""
    node = wanted.node
    if node.kind not in (Kind.MAP, Kind.LIST):
        raise CannotEdit("it is an argument of a function")
    layout = Layout(text, node, wanted.dropped)
    sheet = _sheet(text, *_region(text, node))
    unfolds = node.style == "body" and layout.single and bool(layout.kept)
    unfolds = unfolds and (
        bool(wanted.put) or any(isinstance(new, dict | Block) for _, new in wanted.replaced)
    )
    indent = layout.outer + layout.style.unit if unfolds else None
    edits = [_replacement(layout, child, value, indent) for child, value in wanted.replaced]
    if layout.kept:
        edits += removals(layout)
        edits += unfold(layout, wanted.put) if unfolds else _insertions(layout, sheet, wanted)
    else:
        edits += filling(layout, wanted)
    return settle(sheet, edits)


def _insertions(layout: Layout, sheet: Sheet, wanted: Rewrite) -> Iterator[Edit]:
    if layout.node.kind is Kind.LIST:
        yield from first_items(layout, wanted.first)
        yield from last_items(layout, wanted.last)
    elif layout.node.style == "object":
        yield from new_entries(layout, sheet, wanted.put)
    else:
        yield from new_entries(layout, sheet, [new for new in wanted.put if not in_blocks(new)])
        yield from new_blocks(layout, [new for new in wanted.put if in_blocks(new)])


@lru_cache(maxsize=1)
def _sheet(text: str, start: int, end: int) -> Sheet:
    """Kept for the next collection of the same block: a block may hold a thousand."""
    return Sheet(text, start, end)


def _region(text: str, node: Node) -> tuple[int, int]:
    """The lines within which all columns lie that a change inside `node` can move."""
    top = node
    while top.parent is not None:
        if _closed_off(text, top):
            return line_start(text, top.start), line_after(text, top.end)
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
    end = line_after(text, entries[last].value.end)
    return line_start(text, entries[first].key_start), min(end, top.parent.end)


def _closed_off(text: str, node: Node) -> bool:
    """Whether its first and last line hold brackets and no `=` or comment, so that no column goes on."""
    if node.style != "body" and (node.parent is None or node.parent.kind is not Kind.LIST):
        return False
    opening = text[line_start(text, node.start) : line_after(text, node.start)].strip()
    closing = text[line_start(text, node.end - 1) : line_after(text, node.end)].strip().removesuffix(",")
    opens = opening.endswith(("{", "[")) and not any(sign in opening for sign in ("=", "#", "//"))
    return opens and closing in ("}", "]")


def _replacement(layout: Layout, node: Node, value: Value, indent: str | None) -> Edit:
    text, style = layout.text, layout.style
    indent = indent_at(text, node.start) if indent is None else indent
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
