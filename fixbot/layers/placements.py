"""Where a change of a rendered object can be written in its chart: a line of a template, or a key of values.

A placement is only a guess: whether it makes just the planned difference is for rendering to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.edit.change import Add, Change, Put, plan_rewrites, render_edits
from fixbot.edit.tree import CannotEdit, Entry, Node, NodeKind, TextEdit, Value
from fixbot.syntax import load_grammar

if TYPE_CHECKING:
    from fixbot.source.document import Document


@dataclass(frozen=True, slots=True)
class TemplateSpot:
    """Before a line of a template (counted from 0); what is put there is indented by so many blanks."""

    path: str
    line: int
    indent: int
    in_list: bool = False


@dataclass(frozen=True, slots=True)
class TemplateWord:
    """A literal in a line of a template, that another takes the place of."""

    path: str
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TemplateCut:
    """Lines of a template that go, the last one excluded."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ValuesSpot:
    """A key of a file of values. `inside` says that the entries of a map go into it, not the map itself."""

    path: str
    keys: tuple[str, ...]
    inside: bool = False


@dataclass(frozen=True, slots=True)
class WrittenElsewhere:
    """Nothing is written: what another rendering needs there brings this too."""

    path: str = ""


Placement = TemplateSpot | TemplateWord | TemplateCut | ValuesSpot | WrittenElsewhere


@dataclass(frozen=True, slots=True)
class WantedText:
    """What is to be written at a placement: an entry of a map, an item of a list, or a value alone."""

    key: str
    value: Value


def edit_template(text: str, spot: TemplateSpot | TemplateWord | TemplateCut, wanted: WantedText) -> TextEdit:
    """The edit of a template's text. Raises CannotEdit."""
    starts = _line_starts(text)
    match spot:
        case TemplateCut():
            return TextEdit(starts[spot.first], starts[spot.last], "")
        case TemplateWord():
            new = _write_word(wanted.value)
            at = starts[spot.line]
            return TextEdit(at + spot.start, at + spot.end, new)
        case TemplateSpot():
            data: Value = [wanted.value] if spot.in_list else {wanted.key: wanted.value}
            lines = load_grammar("yaml").write_document(data).splitlines()
            if any("{{" in line for line in lines):
                raise CannotEdit("it would be an action of the template")
            end = "\r\n" if "\r\n" in text else "\n"
            block = "".join(f"{' ' * spot.indent}{line}{end}" for line in lines)
            at = starts[spot.line]
            if at == len(text) and not text.endswith("\n"):
                block = end + block.removesuffix(end)
            return TextEdit(at, at, block)


def _write_word(value: Value) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | str():
            text = load_grammar("yaml").write_document({"k": value}).strip()
            return text.partition(": ")[2]
        case _:
            raise CannotEdit("only a word can be written there")


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return [min(at, len(text)) for at in starts]


Leaves = dict[tuple[str, ...], Value]
"""What is put into values, by the keys that lead there."""


def list_leaves(spot: ValuesSpot, value: Value) -> Leaves:
    """What a placement in values comes to: maps are put in entry by entry."""
    if spot.inside and isinstance(value, dict):
        leaves: Leaves = {}
        for key, each in value.items():
            below = ValuesSpot(spot.path, (*spot.keys, key), inside=True)
            leaves |= list_leaves(below, each) if isinstance(each, dict) and each else {below.keys: each}
        return leaves
    return {spot.keys: value}


def edit_values(document: Document, leaves: Leaves) -> list[TextEdit]:
    """The edits of a file of values. Raises CannotEdit."""
    if len(document.roots) != 1 or document.roots[0].kind is not NodeKind.MAP:
        raise CannotEdit("these values are no map")
    root = document.roots[0]
    changes: list[Change] = []
    blocks: dict[int, tuple[Entry, dict[str, Value]]] = {}
    for keys, value in leaves.items():
        held = _find_empty(root, keys, document.text)
        if held is not None:
            entry, depth = held
            _nest(blocks.setdefault(id(entry), (entry, {}))[1], keys[depth:], value)
        elif isinstance(value, list) and (there := root.find_node(*keys)) is not None and there.items:
            changes += [Add(root, keys, item, last=True) for item in value]
        else:
            changes.append(Put(root, keys, value))
    edits = [_write_block(document.text, entry, data) for entry, data in blocks.values()]
    return edits + render_edits(document.text, plan_rewrites(changes))


def _nest(data: dict[str, Value], keys: tuple[str, ...], value: Value) -> None:
    for key in keys[:-1]:
        below = data.setdefault(key, {})
        if not isinstance(below, dict):
            raise CannotEdit("two fixes want different values for one place")
        data = below
    if keys[-1] in data and data[keys[-1]] != value:
        raise CannotEdit("two fixes want different values for one place")
    data[keys[-1]] = value


def _find_empty(root: Node, keys: tuple[str, ...], text: str) -> tuple[Entry, int] | None:
    """The entry on the way there that holds an empty map on its line, and how many keys lead to it."""
    at = root
    for depth, key in enumerate(keys[:-1], 1):
        entry = at.find_entry(key) if at.kind is NodeKind.MAP and at.style == "block" else None
        if entry is None:
            return None
        node = entry.value
        if text[node.start : node.end] == "{}":
            rest = text[node.end : text.find("\n", node.end) if "\n" in text[node.end :] else len(text)]
            return (entry, depth) if not rest.strip() and not node.anchored else None
        at = node
    return None


def _write_block(text: str, entry: Entry, data: dict[str, Value]) -> TextEdit:
    """An empty map in braces becomes lines of its own below its key."""
    column = entry.key_start - (text.rfind("\n", 0, entry.key_start) + 1)
    end = "\r\n" if "\r\n" in text else "\n"
    lines = load_grammar("yaml").write_document(data).splitlines()
    block = "".join(f"{end}{' ' * (column + 2)}{line}" for line in lines)
    start = entry.key_end + len(text[entry.key_end : entry.value.start].rstrip(" "))
    return TextEdit(start, entry.value.end, block)
