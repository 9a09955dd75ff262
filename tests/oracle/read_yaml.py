"""YAML through PyYAML's composer, read as YAML 1.1 with every short tag kept."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import yaml

from tests.oracle.nodes import Broken, Place, Reading

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NO_TOKENS = yaml.YAMLError
_CORE = "tag:yaml.org,2002:"


def read(text: str) -> Reading:
    """All documents. Raises Broken."""
    nodes = _composed(text)
    reading = Reading("yaml", [], [])
    made: dict[int, Place] = {}
    maker = yaml.SafeLoader("")
    reading.roots = [_place(node, made, reading.twice, maker) for node in nodes if node is not None]
    return reading


def read_each(text: str) -> Reading:
    """The same document by document: one that can't be read stands as its text. Raises Broken."""
    reading, readable = Reading("yaml", [], []), 0
    starts = [0, *(found.start() + 1 for found in re.finditer(r"\n---(?=[ \t\r\n])", text)), len(text)]
    for start, end in pairwise(starts):
        part = text[start:end]
        first = text.count("\n", 0, start)
        try:
            each = read("\n" * first + part)
        except Broken:
            reading.roots.append(Place(part, first + 1, first + part.count("\n") + 1, opaque=True))
            continue
        readable += 1
        reading.roots += each.roots
        reading.twice += each.twice
    if not readable:
        raise Broken("no document can be read")
    return reading


def _composed(text: str) -> list[Any]:
    try:
        return list(yaml.compose_all(text.removeprefix("\ufeff"), _Loader))
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise Broken(" ".join(str(problem).split())[:200]) from None


def comments(text: str) -> list[str]:
    """Every comment, found between the tokens."""
    bare = text.removeprefix("\ufeff")
    at, found = 0, []
    for token in yaml.scan(bare, yaml.SafeLoader):
        found += _in_gap(bare[at : token.start_mark.index])
        at = max(at, token.end_mark.index)
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            head = bare[token.start_mark.index :].split("\n", 1)[0]
            if "#" in head:
                found.append(head[head.index("#") :].strip())
    return found + _in_gap(bare[at:])


def _in_gap(gap: str) -> list[str]:
    return [line[line.index("#") :].strip() for line in gap.splitlines() if "#" in line]


def _place(node: Any, made: dict[int, Place], twice: list[str], maker: Any) -> Place:
    if id(node) in made:
        return made[id(node)]
    first, last = node.start_mark.line + 1, node.end_mark.line + 1
    if node.end_mark.column == 0 and last > first:
        last -= 1
    place = Place(None, first, last, column=node.start_mark.column + 1)
    made[id(node)] = place
    if not node.tag.startswith(_CORE):
        place.tag = node.tag
    if isinstance(node, yaml.MappingNode):
        place.value = {}
        for key_node, value_node in node.value:
            key = _key(key_node)
            if key in place.value:
                twice.append(f"{key} (line {key_node.start_mark.line + 1})")
            place.value[key] = _place(value_node, made, twice, maker)
    elif isinstance(node, yaml.SequenceNode):
        place.value = [_place(each, made, twice, maker) for each in node.value]
    else:
        place.value = _scalar(node, maker)
    below = [child.last for child in (*place.items, *place.entries.values())]
    if below and not node.flow_style:
        place.last = max(below)  # the mark of a block's end stands behind its blank lines and comments
    return place


def _key(node: Any) -> str:
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    return (
        "{"
        + ",".join(
            _key(each) for pair in node.value for each in (pair if isinstance(pair, tuple) else [pair])
        )
        + "}"
    )


def _scalar(node: Any, maker: Any) -> Any:
    if node.tag in (_CORE + "null", _CORE + "bool", _CORE + "int", _CORE + "float"):
        try:
            return maker.construct_object(node)
        except (yaml.YAMLError, ValueError):
            return node.value
    return node.value
