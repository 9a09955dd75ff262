"""Edits that put another value where one stands, in block and in flow style."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fixbot.syntax.yaml import places, render
from fixbot.syntax.yaml.habits import Habits, block_habits
from fixbot.tree import CannotEdit, Edit, Kind, Node, Tagged, Value

if TYPE_CHECKING:
    from fixbot.tree import Entry


def replaced(text: str, node: Node, child: Node, value: Value) -> list[Edit]:
    """`value` in the place of `child`, which stands in the block collection `node`."""
    habits = block_habits(text, node, child.end)
    if child.kind is Kind.SCALAR and child.style in ('"', "'"):
        habits = replace(habits, quote=child.style, literal=False)
    elif child.kind is Kind.SCALAR and child.value is not None:
        habits = replace(habits, quote="")
    one_line = not render.is_nested(value) and not _several_lines(value, habits)
    if child.style == "flow" or (one_line and child.style != "block" and child.start < child.end):
        return [in_place(text, child, value, habits, flow=child.style == "flow")]
    if node.kind is Kind.LIST:
        return _item(text, child, value, habits)
    return _value(text, node, child, value, habits)


def _several_lines(value: Value, habits: Habits) -> bool:
    inner = value.value if isinstance(value, Tagged) else value
    return isinstance(inner, str) and habits.literal and render.fits_literal(inner)


def in_place(text: str, child: Node, value: Value, habits: Habits, *, flow: bool) -> Edit:
    """The value on one line, where the old one stood; an anchor in front and a comment inside stay."""
    written = places.anchor(text, child) + render.inline(value, habits, flow=flow)
    if places.is_block_scalar(child) and (comment := places.block_header(text, child)[1]):
        written += f"  {comment}"
    return Edit(child.start, child.end, written)


def _entry(node: Node, child: Node) -> Entry:
    return next(entry for entry in node.entries if entry.value is child)


def _value(text: str, node: Node, child: Node, value: Value, habits: Habits) -> list[Edit]:
    """The value of a block map's entry, whatever stood there, as what follows `key:`."""
    start = places.child_start(text, node, 0)
    head, rest = render.below_key(value, places.column(text, start), habits)
    colon = places.colon_end(text, _entry(node, child).key_end)
    below = "".join(habits.newline + line for line in rest)
    kept = places.anchor(text, child).rstrip()
    head = f" {kept}{head}" if kept else head
    if child.style != "block":
        if places.is_block_scalar(child) and (comment := places.block_header(text, child)[1]):
            head += f"  {comment}"
        end = places.line_end(text, child.end)
        return [Edit(colon, max(child.end, colon), head), *([Edit(end, end, below)] if below else [])]
    first = places.child_start(text, child, 0)
    line = places.line_start(text, first)
    if not places.leads_line(text, first) or line <= colon:
        raise CannotEdit("the old value starts on the line of its key")
    properties = places.properties_end(text, child)
    if properties > child.start and places.line_start(text, child.start) == places.line_start(text, colon):
        colon_stop = properties
    elif child.start == first:
        colon_stop = colon
    else:
        raise CannotEdit("the old value's tag or anchor stands on a line of its own")
    return [
        Edit(colon, colon_stop, head),
        Edit(places.line_end(text, line - 1), places.line_end(text, child.end), below),
    ]


def _item(text: str, child: Node, value: Value, habits: Habits) -> list[Edit]:
    """An item of a block list, whatever stood there, as what follows the dash."""
    if child.start == child.end:
        dash = places.column(text, child.start - 1)
        column, gap = dash + 1 + len(habits.gap), habits.gap
    else:
        column, gap = places.column(text, child.start), ""
    head, rest = render.behind_dash(value, column, habits)
    head = gap + places.anchor(text, child) + head
    below = "".join(habits.newline + line for line in rest)
    if child.style == "block":
        return [Edit(child.start, child.end, head + below)]
    if places.is_block_scalar(child) and (comment := places.block_header(text, child)[1]):
        head += f"  {comment}"
    end = places.line_end(text, child.end)
    return [Edit(child.start, child.end, head), *([Edit(end, end, below)] if below else [])]
