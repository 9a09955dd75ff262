"""Edits of a flow collection, and so of JSON inside YAML: commas stay right, one line or many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit, Node, NodeKind, TextEdit, Value
from fixbot.syntax.yaml import places, render
from fixbot.syntax.yaml.replace import replace_in_place
from fixbot.syntax.yaml.writing_style import YamlStyle, choose_key_quote, choose_value_quote

if TYPE_CHECKING:
    from fixbot.edit.tree import NewEntry, Rewrite


@dataclass(frozen=True, slots=True)
class FlowChild:
    """An entry or item as written: where it starts and ends, and the comma behind it, if there is one."""

    node: Node
    start: int
    end: int
    comma: int | None

    @property
    def stop(self) -> int:
        """The end, the comma included."""
        return self.end if self.comma is None else self.comma + 1


def rewrite_flow(text: str, wanted: Rewrite) -> list[TextEdit]:
    """The edits of one flow collection. Raises CannotEdit."""
    node = wanted.node
    habits = learn_flow_habits(text, node)
    edits = [_replace_child(text, child, value, habits) for child, value in wanted.replaced]
    new: list[NewEntry | Value] = [*wanted.put, *wanted.first, *wanted.last]
    if not new and not wanted.dropped:
        return edits
    start = places.find_body(text, node)
    if text[start : start + 1] not in ("{", "["):
        raise CannotEdit("a pair in a list without braces of its own can't take or lose an entry")
    shown = _list_children(text, node, start)
    if not shown:
        return [_fill_empty(text, node, start, ", ".join(_render_child(each, habits) for each in new))]
    if wanted.emptied:
        _check_comments(text, start + 1, node.end - 1, shown)
        return [TextEdit(start + 1, node.end - 1, "")]
    return edits + _change_children(text, wanted, shown, new, habits)


def _change_children(
    text: str, wanted: Rewrite, shown: list[FlowChild], new: list[NewEntry | Value], habits: YamlStyle
) -> list[TextEdit]:
    """New children take the places of dropped ones at the end, so that commas are right as they stand."""
    gone = [wanted.is_dropped(child.node) for child in shown]
    tail = len(shown)
    while tail and gone[tail - 1]:
        tail -= 1
    edits: list[TextEdit] = []
    for index, each in zip(range(tail, len(shown)), new, strict=False):
        edits.append(TextEdit(shown[index].start, shown[index].end, _render_child(each, habits)))
        gone[index] = False
    behind: dict[int, list[str]] = {}
    for each in new[len(edits) :]:
        behind.setdefault(_find_neighbour(wanted, shown, gone, each), []).append(_render_child(each, habits))
    for index, written in behind.items():
        edits += _insert_after(text, shown[index], written, _gap_at(text, shown, index, habits))
    return edits + _drop_children(text, shown, gone)


def _find_neighbour(wanted: Rewrite, shown: list[FlowChild], gone: list[bool], new: NewEntry | Value) -> int:
    for key in getattr(new, "near", ()):
        entry = wanted.node.find_entry(key)
        found = [i for i, child in enumerate(shown) if entry and child.node is entry.value and not gone[i]]
        if found:
            return found[0]
    return max(index for index in range(len(shown)) if not gone[index])


def _render_child(new: NewEntry | Value, habits: YamlStyle) -> str:
    key = getattr(new, "key", None)
    if isinstance(key, str):
        return render.render_pair(key, getattr(new, "value", None), habits)
    return render.render_inline(new, habits, flow=True)  # type: ignore[arg-type]


def _replace_child(text: str, child: Node, value: Value, habits: YamlStyle) -> TextEdit:
    if child.start < child.end:
        if child.kind is NodeKind.SCALAR and child.style in ('"', "'"):
            habits = replace(habits, quote=child.style)
        return replace_in_place(text, child, value, habits, flow=True)
    colon = "" if text[child.start - 1] == ":" else ":"
    return TextEdit(child.start, child.end, f"{colon} {render.render_inline(value, habits, flow=True)}")


def _list_children(text: str, node: Node, start: int) -> list[FlowChild]:
    out: list[FlowChild] = []
    at = start + 1
    for value in places.list_children(node):
        begin = places.skip_gap(text, at)
        behind = places.skip_gap(text, value.end)
        comma = behind if text[behind] == "," else None
        out.append(FlowChild(value, begin, value.end, comma))
        at = value.end if comma is None else comma + 1
    return out


def learn_flow_habits(text: str, node: Node) -> YamlStyle:
    """The habits of the nearest flow collections: JSON's quotes, blanks behind commas and colons."""
    at: Node | None = node
    while at is not None and at.style == "flow" and not at.entries:
        at = at.parent
    quote = choose_key_quote(text, node)
    json = at is not None and at.style == "flow" and choose_key_quote(text, at) == '"'
    shown = _list_children(text, node, places.find_body(text, node)) if places.list_children(node) else []
    colon, pad = ": ", ""
    for entry in at.entries[:1] if at is not None and at.style == "flow" else []:
        end = (
            places.find_colon_end(text, entry.key_end) if entry.value.start > entry.key_end else entry.key_end
        )
        colon = ":" if end == entry.value.start > entry.key_end else ": "
    if shown and text[shown[0].start - 1] == " " and text[shown[0].start - 2] in "{[":
        pad = " "
    comma = "," if colon == ":" or (len(shown) > 1 and shown[0].stop == shown[1].start) else ", "
    return YamlStyle(
        key_quote=quote, quote=choose_value_quote(node), json=json, colon=colon, pad=pad, comma=comma
    )


def _fill_empty(text: str, node: Node, start: int, written: str) -> TextEdit:
    """`written` between the brackets of an empty collection."""
    inner = text[start + 1 : node.end - 1]
    if not inner.strip(" "):
        return TextEdit(start + 1, node.end - 1, f"{inner[:1]}{written}{inner[:1]}")
    return TextEdit(start + 1, start + 1, written + (" " if inner[0] == "#" else ""))


def _gap_at(text: str, shown: list[FlowChild], index: int, habits: YamlStyle) -> str:
    """The blanks between a comma and what follows it on the line, as the neighbours have them."""
    if len(shown) == 1:
        return habits.comma[1:]
    before = max(index, 1)
    between = text[shown[before - 1].stop : shown[before].start]
    return between if not between.strip(" ") else " "


def _insert_after(text: str, child: FlowChild, written: list[str], gap: str) -> list[TextEdit]:
    """New children behind one that stays: on lines of their own where that one is on its own."""
    line = places.find_line_start(text, child.start)
    indent = text[line : child.start]
    end = places.find_line_end(text, child.stop)
    rest = text[child.stop : end].strip()
    if not places.leads_line(text, child.start) or (child.comma is not None and rest and rest[0] != "#"):
        return [TextEdit(child.end, child.end, "".join(f",{gap}{each}" for each in written))]
    between = "," + places.newline_at(text, child.start) + indent
    below = between[1:] + between.join(written)
    if child.comma is not None:
        if places.find_line_end(text, child.end) != end:
            return [TextEdit(child.end, child.end, "".join(f", {each}" for each in written))]
        return [TextEdit(end, end, below + ",")]
    if rest and rest[0] != "#":
        return [TextEdit(child.end, child.end, "," + below)]
    return [TextEdit(child.end, child.end, ","), TextEdit(end, end, below)]


def _drop_children(text: str, shown: list[FlowChild], gone: list[bool]) -> list[TextEdit]:
    edits: list[TextEdit] = []
    index = 0
    while index < len(shown):
        last = index
        while gone[index] and last + 1 < len(shown) and gone[last + 1]:
            last += 1
        if gone[index]:
            edits += _drop_run(text, shown, index, last)
        index = last + 1
    return edits


def _drop_run(text: str, shown: list[FlowChild], first: int, last: int) -> list[TextEdit]:
    """The edits that take away neighbours `first` to `last`; one before or behind them stays."""
    before = shown[first - 1] if first else None
    behind = shown[last + 1] if last + 1 < len(shown) else None
    run = shown[first : last + 1]
    if all(_has_whole_lines(text, child) for child in run):
        edits = [
            TextEdit(_find_line_before(text, child.start), places.find_line_end(text, child.stop), "")
            for child in run
        ]
        if behind is None and before is not None and before.comma is not None and run[-1].comma is None:
            edits.append(TextEdit(before.comma, before.comma + 1, ""))
        return edits
    if behind is None and before is not None:
        start, end = before.end, run[-1].end
    elif before is not None and behind is not None and "\n" in text[run[-1].stop : behind.start]:
        start, end = before.stop, run[-1].stop
    else:
        start, end = run[0].start, behind.start if behind is not None else run[-1].end
    _check_comments(text, start, end, run)
    return [TextEdit(start, end, "")]


def _find_line_before(text: str, at: int) -> int:
    return places.find_line_end(text, places.find_line_start(text, at) - 1)


def _has_whole_lines(text: str, child: FlowChild) -> bool:
    """Whether nothing else stands on the child's lines, a comment behind it excepted."""
    rest = text[child.stop : places.find_line_end(text, child.stop)].strip()
    same = places.find_line_end(text, child.end) == places.find_line_end(text, child.stop)
    first = places.find_line_start(text, child.start) > 1
    return first and same and places.leads_line(text, child.start) and (not rest or rest[0] == "#")


def _check_comments(text: str, start: int, end: int, children: list[FlowChild]) -> None:
    """Raises CannotEdit where a comment beside the children would go with them."""
    at = start
    for stop, following in [*((child.start, child.end) for child in children), (end, end)]:
        if "#" in text[at:stop]:
            raise CannotEdit("a comment stands in the middle of what would have to go")
        at = max(following, at)
