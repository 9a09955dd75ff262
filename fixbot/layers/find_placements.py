"""Where a change of a rendered object might be written in its chart, the likeliest place first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from fixbot.edit.data import to_data
from fixbot.edit.tree import Node, NodeKind
from fixbot.layers.operations import Operation, path_of
from fixbot.layers.placements import Placement, TemplateCut, TemplateSpot, TemplateWord, ValuesSpot
from fixbot.render.mark_lines import TemplatePlace
from fixbot.render.template_text import TemplateLine

_USUAL: Final = ("imagePullPolicy", "image", "name", "serviceAccountName")
"""Keys beside which something new stands well, in the order in which they are tried."""
_MOST: Final = 8
"""Places of each kind that are tried."""


@dataclass(frozen=True, slots=True)
class RenderedText:
    """What a template rendered to, and where its lines come from."""

    text: str
    origins: tuple[TemplatePlace | None, ...]
    starts: list[int] = field(repr=False)

    def place_at(self, offset: int) -> TemplatePlace | None:
        """Where the line of an offset comes from."""
        return self.origins[self.line_at(offset)]

    def line_at(self, offset: int) -> int:
        """The number of the line that an offset stands in, from 0."""
        low, high = 0, len(self.starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.starts[middle] <= offset else (low, middle)
        return low


def find_template_places(
    operation: Operation, rendered: RenderedText, templates: Mapping[str, tuple[TemplateLine, ...]]
) -> Iterator[Placement]:
    """The lines of templates that an operation could change."""
    node = operation.node
    match operation.verb:
        case "put":
            yield from _find_entry_spots(operation, rendered, templates)
        case "item":
            yield from _find_item_spots(node, rendered, templates)
        case "replace":
            yield from _find_words(node, rendered, templates)
        case _:
            yield from _find_cuts(node, rendered)


def _find_entry_spots(
    operation: Operation, rendered: RenderedText, templates: Mapping[str, tuple[TemplateLine, ...]]
) -> Iterator[Placement]:
    found: list[tuple[tuple[int, int], int, TemplateSpot]] = []
    order = (*operation.near, *_USUAL)
    for entry in operation.node.entries:
        place = rendered.place_at(entry.key_start)
        line = _line_of(place, templates)
        if place is None or line is None:
            continue
        column = _column_of_key(line.text, entry.key)
        if column is None:
            continue
        rank = order.index(entry.key) if entry.key in order else len(order)
        begins, ends = (
            rendered.line_at(entry.key_start),
            rendered.line_at(max(entry.value.end - 1, entry.key_start)),
        )
        if begins == ends:
            found.append(((rank, 0), len(line.branch), TemplateSpot(place.path, place.line + 1, column)))
        if not line.text[:column].strip():
            found.append(((rank, 1), len(line.branch), TemplateSpot(place.path, place.line, column)))
    least = min((depth for _, depth, _ in found), default=0)
    ranked = sorted((each for each in found if each[1] == least), key=lambda each: each[0])
    yield from list(dict.fromkeys(spot for _, _, spot in ranked))[:_MOST]


def _line_of(
    place: TemplatePlace | None, templates: Mapping[str, tuple[TemplateLine, ...]]
) -> TemplateLine | None:
    return templates[place.path][place.line] if place is not None and place.path in templates else None


def _column_of_key(line: str, key: str) -> int | None:
    """Where a key begins in a line of a template that holds it as it is."""
    found = re.match(rf"\s*(?:- +)*(['\"]?{re.escape(key)}['\"]?):(?:\s|$)", line)
    return found.start(1) if found else None


def _find_item_spots(
    listed: Node, rendered: RenderedText, templates: Mapping[str, tuple[TemplateLine, ...]]
) -> Iterator[Placement]:
    columns = []
    for item in (listed.items[:1] + listed.items[-1:]) if listed.style == "block" else ():
        place = rendered.place_at(item.start)
        line = _line_of(place, templates)
        if place is not None and line is not None and line.text.lstrip().startswith("- "):
            column = len(line.text) - len(line.text.lstrip())
            columns.append(column)
            if (
                rendered.line_at(item.start) == rendered.line_at(max(item.end - 1, item.start))
                and item is listed.items[-1]
            ):
                yield TemplateSpot(place.path, place.line + 1, column, in_list=True)
            if item is listed.items[0]:
                yield TemplateSpot(place.path, place.line, column, in_list=True)
    above = listed.parent
    entry = (
        next((each for each in above.entries if each.value is listed), None) if above is not None else None
    )
    if entry is not None:
        place = rendered.place_at(entry.key_start)
        line = _line_of(place, templates)
        if place is not None and line is not None and listed.style == "block":
            key = _column_of_key(line.text, entry.key)
            if key is not None:
                yield TemplateSpot(place.path, place.line + 1, columns[0] if columns else key, in_list=True)


def _find_words(
    node: Node, rendered: RenderedText, templates: Mapping[str, tuple[TemplateLine, ...]]
) -> Iterator[Placement]:
    place = rendered.place_at(node.start)
    line = _line_of(place, templates)
    word = rendered.text[node.start : node.end]
    if place is None or line is None or "\n" in word or not word:
        return
    found = re.search(rf"(?<=[:\-]\s)\s*({re.escape(word)})\s*(?:#.*)?$", line.text)
    if found:
        yield TemplateWord(place.path, place.line, found.start(1), found.end(1))


def _find_cuts(node: Node, rendered: RenderedText) -> Iterator[Placement]:
    above = node.parent
    start = node.start
    if above is not None and above.kind is NodeKind.MAP:
        start = next(entry.key_start for entry in above.entries if entry.value is node)
    first, last = rendered.line_at(start), rendered.line_at(max(node.end - 1, start))
    places = rendered.origins[first : last + 1]
    lines = [each.line for each in places if each is not None]
    paths = {each.path for each in places if each is not None}
    if (
        len(lines) == len(places)
        and len(paths) == 1
        and lines == list(range(lines[0], lines[0] + len(lines)))
    ):
        yield TemplateCut(paths.pop(), lines[0], lines[-1] + 1)


@dataclass(frozen=True, slots=True)
class ValuesTree:
    """A chart's default values, where they are changed, and which of their keys its templates name."""

    root: Node
    path: str
    prefix: tuple[str, ...]
    mentioned: frozenset[tuple[str, ...]]


def find_values_places(operation: Operation, tree: ValuesTree, *, absent: bool) -> Iterator[Placement]:
    """The keys of values that an operation could change; `absent` asks for those that aren't written yet."""
    way = [step for step in path_of(operation.node) if not step.startswith("[")]
    own, above = operation.key, (way[-1] if way else "")
    ranked: list[tuple[tuple[int, ...], ValuesSpot]] = []
    names = {step.strip("[]").lower() for step in path_of(operation.node) if step.startswith("[")}
    for keys, node in _list_absent(tree) if absent else _walk_values(tree.root):
        for spot, rank in _match_key(operation, keys, node, own, above, tree):
            near = any(
                _plain(key) in _plain(name) or _plain(name) in _plain(key)
                for key in keys[:-1]
                for name in names
            )
            pod = "pod" in keys[-1].lower()
            wants_pod = not names
            ranked.append(((rank, pod != wants_pod, not near, len(keys)), spot))
    ranked.sort(key=lambda each: each[0])
    yield from list(dict.fromkeys(spot for _, spot in ranked))[:_MOST]


def _match_key(
    operation: Operation, keys: tuple[str, ...], node: Node | None, own: str, above: str, tree: ValuesTree
) -> Iterator[tuple[ValuesSpot, int]]:
    """How a key of values could bring what is wanted: as the thing itself, or as the map around it."""
    name, whole = _plain(keys[-1]), (*tree.prefix, *keys)
    value, inner, outer = operation.value, _plain(own), _plain(above)
    empty = node is None or node.is_nothing
    is_map = empty or (node is not None and node.kind is NodeKind.MAP)
    is_list = empty or (node is not None and node.kind is NodeKind.LIST)
    if operation.verb == "put":
        if inner and inner in name:
            takes = is_map if isinstance(value, dict) else is_list
            if isinstance(value, dict | list) and takes:
                yield ValuesSpot(tree.path, whole, inside=True), int(inner != name)
            elif not isinstance(value, dict | list) and (empty or not (is_map or is_list)):
                yield ValuesSpot(tree.path, whole), int(inner != name)
        same = node is not None and bool(node.entries) and to_data(node) == to_data(operation.node)
        if (outer and outer in name and is_map) or same:
            yield ValuesSpot(tree.path, (*whole, own)), 0 if same else int(outer != name)
    elif operation.verb == "item" and outer and outer in name and is_list:
        yield ValuesSpot(tree.path, whole, inside=True), int(outer != name)
    elif operation.verb == "replace" and node is not None and outer and (outer in name or name in outer):
        same = to_data(node) == to_data(operation.node)
        yield from [(ValuesSpot(tree.path, whole), int(outer != name))] if same else ()


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def _walk_values(root: Node) -> Iterator[tuple[tuple[str, ...], Node]]:
    """The keys of values with what is written there, those inside of lists left out."""
    stack: list[tuple[tuple[str, ...], Node]] = [((), root)]
    while stack:
        keys, node = stack.pop()
        if keys:
            yield keys, node
        if node.kind is NodeKind.MAP and node.alias is None:
            stack += [((*keys, entry.key), entry.value) for entry in reversed(node.entries)]


def _list_absent(tree: ValuesTree) -> Iterator[tuple[tuple[str, ...], None]]:
    for keys in sorted(tree.mentioned):
        if (tree.root.find_node(*keys) is None and tree.root.find_entry(keys[0]) is None) or _is_gap(
            tree.root, keys
        ):
            yield keys, None


def _is_gap(root: Node, keys: tuple[str, ...]) -> bool:
    """Whether all but the last of some keys lead to a map, and the last one is not in it."""
    above = root.find_node(*keys[:-1]) if len(keys) > 1 else root
    return above is not None and above.kind is NodeKind.MAP and above.find_entry(keys[-1]) is None
