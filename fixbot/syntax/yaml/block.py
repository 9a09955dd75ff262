"""Edits of a block collection: whole lines come and go, all other lines stay as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fixbot.syntax.yaml import places, render
from fixbot.syntax.yaml.habits import Habits, block_habits
from fixbot.syntax.yaml.replace import replaced
from fixbot.tree import CannotEdit, Edit, Kind, Node, Value

if TYPE_CHECKING:
    from fixbot.tree import New, Rewrite


def rewrite(text: str, wanted: Rewrite) -> list[Edit]:
    """The edits of one block collection. Raises CannotEdit."""
    node = wanted.node
    edits = [edit for child, value in wanted.replaced for edit in replaced(text, node, child, value)]
    kept = [child for child in wanted.children if not wanted.drops(child)]
    if not kept:
        return edits + _refilled(text, wanted)
    edits += _dropped(text, wanted)
    if wanted.first:
        edits.append(_before(text, node, wanted.first))
    for new in wanted.put:
        edits.append(_after(text, wanted, _neighbour(wanted, kept, new), new.key, new.value))
    edits += [_after(text, wanted, kept[-1], None, item) for item in wanted.last]
    return edits


def _neighbour(wanted: Rewrite, kept: list[Node], new: New) -> Node:
    """The entry behind which a reader would look for the new one."""
    for key in new.near:
        entry = wanted.node.entry(key)
        if entry is not None and not wanted.drops(entry.value):
            return entry.value
    return kept[-1]


def _written(key: str | None, value: Value, column: int, habits: Habits) -> list[str]:
    return render.lines([value], column, habits) if key is None else render.entry(key, value, column, habits)


def _after(text: str, wanted: Rewrite, neighbour: Node, key: str | None, value: Value) -> Edit:
    """A new entry or item on the lines behind those of `neighbour`."""
    at = places.line_end(text, neighbour.end)
    if at == len(text) and _open_ended(text, neighbour):
        raise CannotEdit(
            "the file ends in a block scalar without a last line end, which would become content"
        )
    habits = block_habits(text, wanted.node, neighbour.end)
    habits = replace(habits, literal=habits.literal and not wanted.dropped)
    column = places.column(text, places.child_start(text, wanted.node, 0))
    new = _written(key, value, column, habits)
    return Edit(at, at, "".join(habits.newline + line for line in new))


def _before(text: str, node: Node, values: list[Value]) -> Edit:
    """New items before the first one, which may share its line with what is around the list."""
    at = places.child_start(text, node, 0)
    column, habits = places.column(text, at), block_habits(text, node, at)
    new = [line for value in values for line in render.lines([value], column, habits)]
    return Edit(at, at, habits.newline.join([*new, " " * column])[column:])


def _open_ended(text: str, node: Node) -> bool:
    """Whether a line end behind this value would be one more character of it."""
    leaf = places.last_leaf(node)
    return places.is_block_scalar(leaf) and "-" not in places.block_header(text, leaf)[0]


def _refilled(text: str, wanted: Rewrite) -> list[Edit]:
    """All children go: what is new, or `{}`, takes the place of the first."""
    node, gone = wanted.node, wanted.children
    start, end = places.child_start(text, node, 0), gone[0].end
    habits, column = block_habits(text, node, gone[-1].end), places.column(text, start)
    habits = replace(habits, literal=habits.literal and len(gone) == 1)
    written = [_written(None, value, column, habits) for value in (*wanted.first, *wanted.last)]
    written += [_written(new.key, new.value, column, habits) for new in wanted.put]
    first, *rest = written or [[" " * column + ("{}" if node.kind is Kind.MAP else "[]")]]
    edits = [Edit(start, end, habits.newline.join(first)[column:])]
    for index in range(1, len(gone)):
        edits.append(_line_drop(text, wanted, index, edits))
    at = places.line_end(text, gone[-1].end)
    more = [habits.newline + line for lines in rest for line in lines]
    return [*edits, Edit(at, at, "".join(more))] if more else edits


def _dropped(text: str, wanted: Rewrite) -> list[Edit]:
    """The edits that take away entries or items while others stay."""
    node = wanted.node
    edits: list[Edit] = []
    carried = True
    for index, child in enumerate(wanted.children):
        if not wanted.drops(child):
            carried = False
            continue
        start = places.child_start(text, node, index)
        carried = carried and (not places.leads_line(text, start) or bool(edits and edits[-1].end == start))
        if carried:
            end = places.line_end(text, child.end)
            after = places.skip_blank(text, end)
            remarks = places.comments(text, child, start, end)
            lead = places.newline(text, end) + " " * places.column(text, start)
            edits.append(Edit(start, after, "".join(remark + lead for remark in remarks)))
        else:
            edits.append(_line_drop(text, wanted, index, edits))
    return edits


def _line_drop(text: str, wanted: Rewrite, index: int, before: list[Edit]) -> Edit:
    """The lines of one child, with the line end in front of them: the one behind may be wanted."""
    child = wanted.children[index]
    start = places.line_start(text, places.child_start(text, wanted.node, index))
    end = places.line_end(text, child.end)
    previous = next((each for each in wanted.children[index - 1 :: -1] if not wanted.drops(each)), None)
    scalars = [each for each in previous.walk() if places.is_block_scalar(each)] if previous and index else []
    signs = [places.block_header(text, each)[0] for each in scalars]
    if signs:
        _check_swallowed(text, signs, start, end)
    lead = text[start : places.child_start(text, wanted.node, index)]
    remarks = [lead + remark for remark in places.comments(text, child, start, end)]
    line = places.newline(text, end)
    if end == len(text) and not all("-" in each for each in signs):
        return Edit(start, end, line.join(remarks))
    if start == 0 or text[start - 1] == "\ufeff" or (before and before[-1].end == start):
        return Edit(start, places.next_line(text, child.end), "".join(each + line for each in remarks))
    return Edit(places.line_end(text, start - 1), end, "".join(line + each for each in remarks))


def _check_swallowed(text: str, signs: list[str], start: int, end: int) -> None:
    """Raises CannotEdit where what follows a dropped entry would become content of a block scalar above."""
    keeps = any("+" in each for each in signs)
    if keeps and end == len(text):
        raise CannotEdit("the file would end in a block scalar that keeps every line end behind it")
    column = places.column(text, start + len(text[start:end]) - len(text[start:end].lstrip(" ")))
    at = places.next_line(text, end)
    while at < len(text):
        stop = places.line_end(text, at)
        line = text[at:stop]
        depth = len(line) - len(line.lstrip(" "))
        blank = not line.strip()
        if (blank and keeps) or (depth > column and (blank or line[depth] == "#")):
            raise CannotEdit("what follows would become part of the block scalar above")
        if not blank:
            return
        at = places.next_line(text, stop)
