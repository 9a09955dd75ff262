"""Edits of a flow collection, and so of JSON inside YAML: commas stay right, one line or many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixbot.syntax.yaml import places, render
from fixbot.syntax.yaml.habits import Habits, key_quote, value_quote
from fixbot.syntax.yaml.replace import in_place
from fixbot.tree import CannotEdit, Edit, Kind, Node, Value

if TYPE_CHECKING:
    from fixbot.tree import New, Rewrite


@dataclass(frozen=True, slots=True)
class Child:
    """An entry or item as written: where it starts and ends, and the comma behind it, if there is one."""

    node: Node
    start: int
    end: int
    comma: int | None

    @property
    def stop(self) -> int:
        """The end, the comma included."""
        return self.end if self.comma is None else self.comma + 1


def rewrite(text: str, wanted: Rewrite) -> list[Edit]:
    """The edits of one flow collection. Raises CannotEdit."""
    node = wanted.node
    habits = flow_habits(text, node)
    edits = [_replaced(text, child, value, habits) for child, value in wanted.replaced]
    new: list[New | Value] = [*wanted.put, *wanted.first, *wanted.last]
    if not new and not wanted.dropped:
        return edits
    start = places.body(text, node)
    if text[start : start + 1] not in ("{", "["):
        raise CannotEdit("a pair in a list without braces of its own can't take or lose an entry")
    shown = _children(text, node, start)
    if not shown:
        return [_filled(text, node, start, ", ".join(_written(each, habits) for each in new))]
    if wanted.emptied:
        _check_comments(text, start + 1, node.end - 1, shown)
        return [Edit(start + 1, node.end - 1, "")]
    return edits + _changed(text, wanted, shown, new, habits)


def _changed(
    text: str, wanted: Rewrite, shown: list[Child], new: list[New | Value], habits: Habits
) -> list[Edit]:
    """New children take the places of dropped ones at the end, so that commas are right as they stand."""
    gone = [wanted.drops(child.node) for child in shown]
    tail = len(shown)
    while tail and gone[tail - 1]:
        tail -= 1
    edits: list[Edit] = []
    for index, each in zip(range(tail, len(shown)), new, strict=False):
        edits.append(Edit(shown[index].start, shown[index].end, _written(each, habits)))
        gone[index] = False
    behind: dict[int, list[str]] = {}
    for each in new[len(edits) :]:
        behind.setdefault(_neighbour(wanted, shown, gone, each), []).append(_written(each, habits))
    for index, written in behind.items():
        edits += _after(text, shown[index], written, _gap(text, shown, index, habits))
    return edits + _dropped(text, shown, gone)


def _neighbour(wanted: Rewrite, shown: list[Child], gone: list[bool], new: New | Value) -> int:
    for key in getattr(new, "near", ()):
        entry = wanted.node.entry(key)
        found = [i for i, child in enumerate(shown) if entry and child.node is entry.value and not gone[i]]
        if found:
            return found[0]
    return max(index for index in range(len(shown)) if not gone[index])


def _written(new: New | Value, habits: Habits) -> str:
    key = getattr(new, "key", None)
    if isinstance(key, str):
        return render.pair(key, getattr(new, "value", None), habits)
    return render.inline(new, habits, flow=True)  # type: ignore[arg-type]


def _replaced(text: str, child: Node, value: Value, habits: Habits) -> Edit:
    if child.start < child.end:
        if child.kind is Kind.SCALAR and child.style in ('"', "'"):
            habits = replace(habits, quote=child.style)
        return in_place(text, child, value, habits, flow=True)
    colon = "" if text[child.start - 1] == ":" else ":"
    return Edit(child.start, child.end, f"{colon} {render.inline(value, habits, flow=True)}")


def _children(text: str, node: Node, start: int) -> list[Child]:
    out: list[Child] = []
    at = start + 1
    for value in places.children(node):
        begin = places.skip(text, at)
        behind = places.skip(text, value.end)
        comma = behind if text[behind] == "," else None
        out.append(Child(value, begin, value.end, comma))
        at = value.end if comma is None else comma + 1
    return out


def flow_habits(text: str, node: Node) -> Habits:
    """The habits of the nearest flow collections: JSON's quotes, blanks behind commas and colons."""
    at: Node | None = node
    while at is not None and at.style == "flow" and not at.entries:
        at = at.parent
    quote = key_quote(text, node)
    json = at is not None and at.style == "flow" and key_quote(text, at) == '"'
    shown = _children(text, node, places.body(text, node)) if places.children(node) else []
    colon, pad = ": ", ""
    for entry in at.entries[:1] if at is not None and at.style == "flow" else []:
        end = places.colon_end(text, entry.key_end) if entry.value.start > entry.key_end else entry.key_end
        colon = ":" if end == entry.value.start > entry.key_end else ": "
    if shown and text[shown[0].start - 1] == " " and text[shown[0].start - 2] in "{[":
        pad = " "
    comma = "," if colon == ":" or (len(shown) > 1 and shown[0].stop == shown[1].start) else ", "
    return Habits(key_quote=quote, quote=value_quote(node), json=json, colon=colon, pad=pad, comma=comma)


def _filled(text: str, node: Node, start: int, written: str) -> Edit:
    """`written` between the brackets of an empty collection."""
    inner = text[start + 1 : node.end - 1]
    if not inner.strip(" "):
        return Edit(start + 1, node.end - 1, f"{inner[:1]}{written}{inner[:1]}")
    return Edit(start + 1, start + 1, written + (" " if inner[0] == "#" else ""))


def _gap(text: str, shown: list[Child], index: int, habits: Habits) -> str:
    """The blanks between a comma and what follows it on the line, as the neighbours have them."""
    if len(shown) == 1:
        return habits.comma[1:]
    before = max(index, 1)
    between = text[shown[before - 1].stop : shown[before].start]
    return between if not between.strip(" ") else " "


def _after(text: str, child: Child, written: list[str], gap: str) -> list[Edit]:
    """New children behind one that stays: on lines of their own where that one is on its own."""
    line = places.line_start(text, child.start)
    indent = text[line : child.start]
    end = places.line_end(text, child.stop)
    rest = text[child.stop : end].strip()
    if not places.leads_line(text, child.start) or (child.comma is not None and rest and rest[0] != "#"):
        return [Edit(child.end, child.end, "".join(f",{gap}{each}" for each in written))]
    between = "," + places.newline(text, child.start) + indent
    below = between[1:] + between.join(written)
    if child.comma is not None:
        if places.line_end(text, child.end) != end:
            return [Edit(child.end, child.end, "".join(f", {each}" for each in written))]
        return [Edit(end, end, below + ",")]
    if rest and rest[0] != "#":
        return [Edit(child.end, child.end, "," + below)]
    return [Edit(child.end, child.end, ","), Edit(end, end, below)]


def _dropped(text: str, shown: list[Child], gone: list[bool]) -> list[Edit]:
    edits: list[Edit] = []
    index = 0
    while index < len(shown):
        last = index
        while gone[index] and last + 1 < len(shown) and gone[last + 1]:
            last += 1
        if gone[index]:
            edits += _run(text, shown, index, last)
        index = last + 1
    return edits


def _run(text: str, shown: list[Child], first: int, last: int) -> list[Edit]:
    """The edits that take away neighbours `first` to `last`; one before or behind them stays."""
    before = shown[first - 1] if first else None
    behind = shown[last + 1] if last + 1 < len(shown) else None
    run = shown[first : last + 1]
    if all(_whole_lines(text, child) for child in run):
        edits = [
            Edit(_line_before(text, child.start), places.line_end(text, child.stop), "") for child in run
        ]
        if behind is None and before is not None and before.comma is not None and run[-1].comma is None:
            edits.append(Edit(before.comma, before.comma + 1, ""))
        return edits
    if behind is None and before is not None:
        start, end = before.end, run[-1].end
    elif before is not None and behind is not None and "\n" in text[run[-1].stop : behind.start]:
        start, end = before.stop, run[-1].stop
    else:
        start, end = run[0].start, behind.start if behind is not None else run[-1].end
    _check_comments(text, start, end, run)
    return [Edit(start, end, "")]


def _line_before(text: str, at: int) -> int:
    return places.line_end(text, places.line_start(text, at) - 1)


def _whole_lines(text: str, child: Child) -> bool:
    """Whether nothing else stands on the child's lines, a comment behind it excepted."""
    rest = text[child.stop : places.line_end(text, child.stop)].strip()
    same = places.line_end(text, child.end) == places.line_end(text, child.stop)
    first = places.line_start(text, child.start) > 1
    return first and same and places.leads_line(text, child.start) and (not rest or rest[0] == "#")


def _check_comments(text: str, start: int, end: int, children: list[Child]) -> None:
    """Raises CannotEdit where a comment beside the children would go with them."""
    at = start
    for stop, following in [*((child.start, child.end) for child in children), (end, end)]:
        if "#" in text[at:stop]:
            raise CannotEdit("a comment stands in the middle of what would have to go")
        at = max(following, at)
