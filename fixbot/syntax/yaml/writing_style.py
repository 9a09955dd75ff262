"""How this file is written, learned from the nearest neighbours of the place that changes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from fixbot.edit.tree import Node, NodeKind
from fixbot.syntax.yaml import places
from fixbot.syntax.yaml.quotes import needs_quotes

if TYPE_CHECKING:
    from collections.abc import Iterator

FAR = 200
"""Nodes that are looked at where the neighbours show nothing."""


@dataclass(frozen=True, slots=True)
class YamlStyle:
    """`step`: columns by which a nested map is indented; `sequence`: by which a dash is, under its key.

    `gap`: the blanks behind a dash. `quote` and `choose_key_quote`: what strings and keys are put in where
    nothing demands it. `literal`: whether text of several lines may be a block scalar here.
    `comma`, `colon` and `pad` are those of flow collections; `json` that they are written as JSON.
    """

    newline: str = "\n"
    step: int = 2
    sequence: int = 2
    gap: str = " "
    quote: str = ""
    key_quote: str = ""
    literal: bool = True
    comma: str = ", "
    colon: str = ": "
    pad: str = ""
    json: bool = False


def learn_block_habits(text: str, node: Node, at: int) -> YamlStyle:
    """The habits around a block collection, for something written at the line of `at`."""
    step = sequence = gap = None
    for each in _iterate_nearest(node):
        if each.style != "block" or each.alias is not None:
            continue
        if each.kind is NodeKind.LIST:
            gap = gap or _gap_after_dash(text, each)
        else:
            step = step or _indentation_offset(text, each, NodeKind.MAP)
            sequence = _indentation_offset(text, each, NodeKind.LIST) if sequence is None else sequence
        if step and gap and sequence is not None:
            break
    width = step or sequence or 2
    return YamlStyle(
        newline=places.newline_at(text, at),
        step=width,
        sequence=width if sequence is None else sequence,
        gap=gap or " ",
        quote=choose_value_quote(node),
        key_quote=choose_key_quote(text, node),
        literal=_may_be_literal(text, at),
    )


def _iterate_nearest(node: Node) -> Iterator[Node]:
    """The collection, its siblings and all that is above, then whatever the document begins with."""
    yield node
    yield from islice(_iterate_below(node), FAR // 5)
    above: Node | None = node.parent
    while above is not None:
        yield above
        yield from islice(_iterate_children(above), FAR // 5)
        above = above.parent
    yield from islice(_iterate_below(node.root_node), FAR)


def _iterate_below(node: Node) -> Iterator[Node]:
    """All nodes below, without touching more of a long list than is asked for."""
    stack = [_iterate_children(node)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
            continue
        yield child
        if child.alias is None:
            stack.append(_iterate_children(child))


def _iterate_children(node: Node) -> Iterator[Node]:
    return iter(node.items) if node.items else (entry.value for entry in node.entries)


def _indentation_offset(text: str, node: Node, kind: NodeKind) -> int | None:
    """By how much a child of that kind is indented under its key."""
    for entry in islice(node.entries, 50):
        child = entry.value
        if child.kind is kind and child.style == "block" and child.alias is None:
            base = places.column_of(text, places.find_child_start(text, node, 0))
            return places.column_of(text, places.find_child_start(text, child, 0)) - base
    return None


def _gap_after_dash(text: str, node: Node) -> str | None:
    for index, item in enumerate(islice(node.items, 5)):
        dash = places.find_child_start(text, node, index)
        between = text[dash + 1 : item.start]
        if between and not between.strip(" "):
            return between
    return None


def _may_be_literal(text: str, at: int) -> bool:
    """Whether nothing follows that a block scalar, written on the lines before it, would swallow."""
    end = places.find_line_end(text, at)
    following = places.skip_blank(text, end)
    if "#" in (text[following : following + 1], text[places.skip_blank(text, at) :][:1]):
        return False
    lines = text[end:following].split("\n")
    inner = lines[1:-1] if following < len(text) else lines[1:]
    return text.endswith("\n") and not any(line.strip("\r") for line in inner)


def _common_quote(quotes: list[str]) -> str:
    return quotes[0] if quotes and len(set(quotes)) == 1 and quotes[0] in ('"', "'") else ""


def choose_value_quote(node: Node) -> str:
    """The quotes of all neighbouring strings that would not need any; nothing where they differ."""
    while node.kind is NodeKind.LIST and node.items and node.items[-1].alias is None:
        node = node.items[-1] if node.items[-1].kind is not NodeKind.SCALAR else _find_last_scalar(node)
        if node.kind is NodeKind.SCALAR:
            return node.style if node.style in ('"', "'") and _is_freely_quoted(node) else ""
    values = [entry.value for entry in node.entries[-50:]]
    return _common_quote([each.style for each in values if _is_freely_quoted(each)])


def _find_last_scalar(node: Node) -> Node:
    return next((item for item in reversed(node.items) if _is_freely_quoted(item)), node.items[-1])


def _is_freely_quoted(node: Node) -> bool:
    """Whether it is a string whose writer chose to quote it or not to."""
    if node.kind is not NodeKind.SCALAR or not isinstance(node.value, str) or node.alias is not None:
        return False
    return node.tag is None and node.style in ("", '"', "'") and not needs_quotes(node.value, flow=False)


def choose_key_quote(text: str, node: Node) -> str:
    """The quotes that all keys of the map are in, if they are; of its neighbours where it is empty."""
    at: Node | None = node
    while at is not None and not at.entries:
        at = at.parent if at.parent is not None and at.parent.style == at.style else None
    if at is None:
        return ""
    return _common_quote([text[entry.key_start] for entry in at.entries[:50]])
