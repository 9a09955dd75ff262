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
    return Edit(child.start, child.end, written + _comment(text, child))


def _entry(node: Node, child: Node) -> Entry:
    return next(entry for entry in node.entries if entry.value is child)


def _value(text: str, node: Node, child: Node, value: Value, habits: Habits) -> list[Edit]:
    """The value of a block map's entry, whatever stood there, as what follows `key:`."""
    column = places.column(text, places.child_start(text, node, 0))
    colon = places.colon_end(text, _entry(node, child).key_end)
    if child.style == "block" or places.line_end(text, colon) < child.start:
        return _lines_below(text, child, value, (column, colon), habits)
    head, rest = render.below_key(value, column, habits)
    head = _behind(places.anchor(text, child), head) + _comment(text, child)
    end = places.line_end(text, child.end)
    return [Edit(colon, max(child.end, colon), head), *_lines(end, rest, habits)]


def _lines_below(text: str, child: Node, value: Value, key: tuple[int, int], habits: Habits) -> list[Edit]:
    """The same where the old value stands on the lines below: these go, comments above them stay."""
    column, colon = key
    first = places.child_start(text, child, 0) if child.style == "block" else child.start
    line = places.line_start(text, first)
    if not places.leads_line(text, first) or line <= colon:
        raise CannotEdit("the old value starts on the line of its key")
    stop = places.properties_end(text, child) if child.start < first else colon
    if places.line_end(text, stop) != places.line_end(text, colon) or places.skip(text, stop) < first:
        raise CannotEdit("the old value's tag or anchor stands on a line of its own")
    habits = replace(habits, literal=habits.literal and line == places.next_line(text, colon))
    head, rest = render.below_key(value, column, habits)
    gone = Edit(places.line_end(text, line - 1), places.line_end(text, child.end), "")
    head = _behind(places.anchor(text, child), head)
    return [Edit(colon, stop, head), gone, *_lines(gone.end, rest, habits)]


def _behind(anchor: str, head: str) -> str:
    return f" {anchor.rstrip()}{head}" if anchor else head


def _comment(text: str, child: Node) -> str:
    """The comment in the header of a block scalar, which outlives it."""
    comment = places.block_header(text, child)[1] if places.is_block_scalar(child) else ""
    return f"  {comment}" if comment else ""


def _lines(at: int, lines: list[str], habits: Habits) -> list[Edit]:
    return [Edit(at, at, "".join(habits.newline + line for line in lines))] if lines else []


def _item(text: str, child: Node, value: Value, habits: Habits) -> list[Edit]:
    """An item of a block list, whatever stood there, as what follows the dash."""
    if child.start == child.end:
        dash = places.column(text, child.start - 1)
        column, gap = dash + 1 + len(habits.gap), habits.gap
    else:
        column, gap = places.column(text, child.start), ""
    head, rest = render.behind_dash(value, column, habits)
    anchor = places.anchor(text, child)
    if anchor and render.is_nested(value) and not isinstance(value, Tagged):
        head, rest = "", render.lines(value, column, habits)
    head = gap + (anchor + head).rstrip()
    if child.style == "block":
        below = "".join(habits.newline + line for line in rest)
        return [Edit(child.start, child.end, head + below)]
    end = places.line_end(text, child.end)
    return [Edit(child.start, child.end, head + _comment(text, child)), *_lines(end, rest, habits)]
