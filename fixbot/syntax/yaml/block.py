"""Edits of a block collection: whole lines come and go, all other lines stay as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit, Node, NodeKind, TextEdit, Value
from fixbot.syntax.yaml import places, render
from fixbot.syntax.yaml.replace import replace_child
from fixbot.syntax.yaml.writing_style import YamlStyle, learn_block_habits

if TYPE_CHECKING:
    from fixbot.edit.tree import NewEntry, Rewrite


def rewrite_block(text: str, wanted: Rewrite) -> list[TextEdit]:
    """The edits of one block collection. Raises CannotEdit."""
    node = wanted.node
    edits = [edit for child, value in wanted.replaced for edit in replace_child(text, node, child, value)]
    kept = [child for child in wanted.children if not wanted.is_dropped(child)]
    if not kept:
        return edits + _refill_block(text, wanted)
    edits += _drop_children(text, wanted)
    if wanted.first:
        edits.append(_insert_before(text, node, wanted.first))
    for new in wanted.put:
        edits.append(_insert_after(text, wanted, _find_neighbour(wanted, kept, new), new.key, new.value))
    edits += [_insert_after(text, wanted, kept[-1], None, item) for item in wanted.last]
    return edits


def _find_neighbour(wanted: Rewrite, kept: list[Node], new: NewEntry) -> Node:
    """The entry behind which a reader would look for the new one."""
    for key in new.near:
        entry = wanted.node.find_entry(key)
        if entry is not None and not wanted.is_dropped(entry.value):
            return entry.value
    return kept[-1]


def _render_child(key: str | None, value: Value, column: int, habits: YamlStyle) -> list[str]:
    return (
        render.render_lines([value], column, habits)
        if key is None
        else render.render_entry(key, value, column, habits)
    )


def _insert_after(text: str, wanted: Rewrite, neighbour: Node, key: str | None, value: Value) -> TextEdit:
    """A new entry or item on the lines behind those of `neighbour`."""
    at = places.find_line_end(text, neighbour.end)
    if at == len(text) and _is_open_ended(text, neighbour):
        raise CannotEdit(
            "the file ends in a block scalar without a last line end, which would become content"
        )
    habits = learn_block_habits(text, wanted.node, neighbour.end)
    habits = replace(habits, literal=habits.literal and not wanted.dropped)
    column = places.column_of(text, places.find_child_start(text, wanted.node, 0))
    new = _render_child(key, value, column, habits)
    return TextEdit(at, at, "".join(habits.newline + line for line in new))


def _insert_before(text: str, node: Node, values: list[Value]) -> TextEdit:
    """New items before the first one, which may share its line with what is around the list."""
    at = places.find_child_start(text, node, 0)
    column, habits = places.column_of(text, at), learn_block_habits(text, node, at)
    new = [line for value in values for line in render.render_lines([value], column, habits)]
    return TextEdit(at, at, habits.newline.join([*new, " " * column])[column:])


def _is_open_ended(text: str, node: Node) -> bool:
    """Whether a line end behind this value would be one more character of it."""
    leaf = places.find_last_leaf(node)
    return places.is_block_scalar(leaf) and "-" not in places.read_block_header(text, leaf)[0]


def _refill_block(text: str, wanted: Rewrite) -> list[TextEdit]:
    """All children go: what is new, or `{}`, takes the place of the first."""
    node, gone = wanted.node, wanted.children
    start, end = places.find_child_start(text, node, 0), gone[0].end
    habits, column = learn_block_habits(text, node, gone[-1].end), places.column_of(text, start)
    habits = replace(habits, literal=habits.literal and len(gone) == 1)
    written = [_render_child(None, value, column, habits) for value in (*wanted.first, *wanted.last)]
    written += [_render_child(new.key, new.value, column, habits) for new in wanted.put]
    first, *rest = written or [[" " * column + ("{}" if node.kind is NodeKind.MAP else "[]")]]
    edits = [TextEdit(start, end, habits.newline.join(first)[column:])]
    for index in range(1, len(gone)):
        edits.append(_drop_lines(text, wanted, index, edits))
    at = places.find_line_end(text, gone[-1].end)
    more = [habits.newline + line for lines in rest for line in lines]
    return [*edits, TextEdit(at, at, "".join(more))] if more else edits


def _drop_children(text: str, wanted: Rewrite) -> list[TextEdit]:
    """The edits that take away entries or items while others stay."""
    node = wanted.node
    edits: list[TextEdit] = []
    carried = True
    for index, child in enumerate(wanted.children):
        if not wanted.is_dropped(child):
            carried = False
            continue
        start = places.find_child_start(text, node, index)
        carried = carried and (not places.leads_line(text, start) or bool(edits and edits[-1].end == start))
        if carried:
            end = places.find_line_end(text, child.end)
            after = places.skip_blank(text, end)
            remarks = places.find_comments(text, child, start, end)
            lead = places.newline_at(text, end) + " " * places.column_of(text, start)
            edits.append(TextEdit(start, after, "".join(remark + lead for remark in remarks)))
        else:
            edits.append(_drop_lines(text, wanted, index, edits))
    return edits


def _drop_lines(text: str, wanted: Rewrite, index: int, before: list[TextEdit]) -> TextEdit:
    """The lines of one child, with the line end in front of them: the one behind may be wanted."""
    child = wanted.children[index]
    start = places.find_line_start(text, places.find_child_start(text, wanted.node, index))
    end = places.find_line_end(text, child.end)
    previous = next((each for each in wanted.children[index - 1 :: -1] if not wanted.is_dropped(each)), None)
    scalars = (
        [each for each in previous.walk_tree() if places.is_block_scalar(each)] if previous and index else []
    )
    signs = [places.read_block_header(text, each)[0] for each in scalars]
    if signs:
        _check_swallowed(text, signs, start, end)
    lead = text[start : places.find_child_start(text, wanted.node, index)]
    remarks = [lead + remark for remark in places.find_comments(text, child, start, end)]
    line = places.newline_at(text, end)
    if end == len(text) and not all("-" in each for each in signs):
        return TextEdit(start, end, line.join(remarks))
    if start == 0 or text[start - 1] == "\ufeff" or (before and before[-1].end == start):
        return TextEdit(
            start, places.find_next_line(text, child.end), "".join(each + line for each in remarks)
        )
    return TextEdit(places.find_line_end(text, start - 1), end, "".join(line + each for each in remarks))


def _check_swallowed(text: str, signs: list[str], start: int, end: int) -> None:
    """Raises CannotEdit where what follows a dropped entry would become content of a block scalar above."""
    keeps = any("+" in each for each in signs)
    if keeps and end == len(text):
        raise CannotEdit("the file would end in a block scalar that keeps every line end behind it")
    column = places.column_of(text, start + len(text[start:end]) - len(text[start:end].lstrip(" ")))
    at = places.find_next_line(text, end)
    while at < len(text):
        stop = places.find_line_end(text, at)
        line = text[at:stop]
        depth = len(line) - len(line.lstrip(" "))
        blank = not line.strip()
        if (blank and keeps) or (depth > column and (blank or line[depth] == "#")):
            raise CannotEdit("what follows would become part of the block scalar above")
        if not blank:
            return
        at = places.find_next_line(text, stop)
