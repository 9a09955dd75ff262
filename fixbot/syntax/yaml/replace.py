"""Edits that put another value where one stands, in block and in flow style."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit, Node, NodeKind, TaggedValue, TextEdit, Value
from fixbot.syntax.yaml import places, render
from fixbot.syntax.yaml.writing_style import YamlStyle, learn_block_habits

if TYPE_CHECKING:
    from fixbot.edit.tree import Entry


def replace_child(text: str, node: Node, child: Node, value: Value) -> list[TextEdit]:
    """`value` in the place of `child`, which stands in the block collection `node`."""
    habits = learn_block_habits(text, node, child.end)
    if child.kind is NodeKind.SCALAR and child.style in ('"', "'"):
        habits = replace(habits, quote=child.style, literal=False)
    elif child.kind is NodeKind.SCALAR and child.value is not None:
        habits = replace(habits, quote="")
    one_line = not render.is_nested(value) and not _takes_several_lines(value, habits)
    if child.style == "flow" or (one_line and child.style != "block" and child.start < child.end):
        return [replace_in_place(text, child, value, habits, flow=child.style == "flow")]
    if node.kind is NodeKind.LIST:
        return _replace_item(text, child, value, habits)
    return _replace_entry_value(text, node, child, value, habits)


def _takes_several_lines(value: Value, habits: YamlStyle) -> bool:
    inner = value.value if isinstance(value, TaggedValue) else value
    return isinstance(inner, str) and habits.literal and render.fits_literal(inner)


def replace_in_place(text: str, child: Node, value: Value, habits: YamlStyle, *, flow: bool) -> TextEdit:
    """The value on one line, where the old one stood; an anchor in front and a comment inside stay."""
    written = places.anchor_text(text, child) + render.render_inline(value, habits, flow=flow)
    return TextEdit(child.start, child.end, written + _header_comment(text, child))


def _entry_of(node: Node, child: Node) -> Entry:
    return next(entry for entry in node.entries if entry.value is child)


def _replace_entry_value(
    text: str, node: Node, child: Node, value: Value, habits: YamlStyle
) -> list[TextEdit]:
    """The value of a block map's entry, whatever stood there, as what follows `key:`."""
    column = places.column_of(text, places.find_child_start(text, node, 0))
    colon = places.find_colon_end(text, _entry_of(node, child).key_end)
    if child.style == "block" or places.find_line_end(text, colon) < child.start:
        return _replace_lines_below(text, child, value, (column, colon), habits)
    head, rest = render.render_below_key(value, column, habits)
    head = _put_behind_anchor(places.anchor_text(text, child), head) + _header_comment(text, child)
    end = places.find_line_end(text, child.end)
    return [TextEdit(colon, max(child.end, colon), head), *_insert_lines(end, rest, habits)]


def _replace_lines_below(
    text: str, child: Node, value: Value, key: tuple[int, int], habits: YamlStyle
) -> list[TextEdit]:
    """The same where the old value stands on the lines below: these go, comments above them stay."""
    column, colon = key
    first = places.find_child_start(text, child, 0) if child.style == "block" else child.start
    line = places.find_line_start(text, first)
    if not places.leads_line(text, first) or line <= colon:
        raise CannotEdit("the old value starts on the line of its key")
    stop = places.find_properties_end(text, child) if child.start < first else colon
    if (
        places.find_line_end(text, stop) != places.find_line_end(text, colon)
        or places.skip_gap(text, stop) < first
    ):
        raise CannotEdit("the old value's tag or anchor stands on a line of its own")
    habits = replace(habits, literal=habits.literal and line == places.find_next_line(text, colon))
    head, rest = render.render_below_key(value, column, habits)
    gone = TextEdit(places.find_line_end(text, line - 1), places.find_line_end(text, child.end), "")
    head = _put_behind_anchor(places.anchor_text(text, child), head)
    return [TextEdit(colon, stop, head), gone, *_insert_lines(gone.end, rest, habits)]


def _put_behind_anchor(anchor: str, head: str) -> str:
    return f" {anchor.rstrip()}{head}" if anchor else head


def _header_comment(text: str, child: Node) -> str:
    """The comment in the header of a block scalar, which outlives it."""
    comment = places.read_block_header(text, child)[1] if places.is_block_scalar(child) else ""
    return f"  {comment}" if comment else ""


def _insert_lines(at: int, lines: list[str], habits: YamlStyle) -> list[TextEdit]:
    return [TextEdit(at, at, "".join(habits.newline + line for line in lines))] if lines else []


def _replace_item(text: str, child: Node, value: Value, habits: YamlStyle) -> list[TextEdit]:
    """An item of a block list, whatever stood there, as what follows the dash."""
    if child.start == child.end:
        dash = places.column_of(text, child.start - 1)
        column, gap = dash + 1 + len(habits.gap), habits.gap
    else:
        column, gap = places.column_of(text, child.start), ""
    head, rest = render.render_behind_dash(value, column, habits)
    anchor = places.anchor_text(text, child)
    if anchor and render.is_nested(value) and not isinstance(value, TaggedValue):
        head, rest = "", render.render_lines(value, column, habits)
    head = gap + (anchor + head).rstrip()
    if child.style == "block":
        below = "".join(habits.newline + line for line in rest)
        return [TextEdit(child.start, child.end, head + below)]
    end = places.find_line_end(text, child.end)
    return [
        TextEdit(child.start, child.end, head + _header_comment(text, child)),
        *_insert_lines(end, rest, habits),
    ]
