"""Where things are defined that values refer to: variables, locals and outputs, parameters and mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.masking.value_pieces import ReferencePiece
from fixbot.source.discover import GIVEN

_EVERYWHERE: Final = frozenset(("var", "local", "output", "ConfigMap"))
"""Kinds of what other files may refer to."""


class Definitions:
    """The definitions in some documents that are read together, by what refers to them."""

    def __init__(self, roots: Iterable[Node]) -> None:
        self._found: dict[tuple[int, str, str], list[Node]] = {}
        for root in roots:
            if root.kind is NodeKind.MAP:
                for kind, name, node in _list_definitions(root):
                    of = 0 if kind in _EVERYWHERE else id(root)
                    self._found.setdefault((of, kind, name), []).append(node)

    def find_definitions(self, reference: ReferencePiece, near: Node) -> list[Node]:
        """What a reference stands for; in a template that is in the same template only."""
        here = 0 if reference.kind in _EVERYWHERE else id(near.root_node)
        return self._found.get((here, reference.kind, reference.name), [])


def _list_definitions(root: Node) -> Iterator[tuple[str, str, Node]]:
    if root.source.endswith(GIVEN):
        return (("var", entry.key, entry.value) for entry in root.entries)
    return _list_terraform_definitions(root) if root.style == "body" else _list_template_definitions(root)


def _list_terraform_definitions(root: Node) -> Iterator[tuple[str, str, Node]]:
    for entry in root.entries:
        body = entry.value
        if body.style != "body":
            continue
        match entry.key:
            case "variable" if body.labels and (default := body.find_node("default")) is not None:
                yield "var", body.labels[0], default
            case "output" if body.labels and (value := body.find_node("value")) is not None:
                yield "output", body.labels[0], value
            case "locals":
                yield from (("local", each.key, each.value) for each in body.entries)
            case "module":
                # what a module is given is its variables' value
                yield from (
                    ("var", each.key, each.value) for each in body.entries if each.value.style != "body"
                )
        if (listed := body.find_node("for_each")) is not None:
            yield from _list_each_value(listed)


def _list_each_value(listed: Node) -> Iterator[tuple[str, str, Node]]:
    """What `each.value.NAME` stands for in a block that is there once for each entry of a map."""
    for entry in listed.entries:
        yield from (("each", inner.key, inner.value) for inner in entry.value.entries)


def _list_template_definitions(root: Node) -> Iterator[tuple[str, str, Node]]:
    kind, called, data = root.find_entry("kind"), root.find_node("metadata", "name"), root.find_node("data")
    if kind is not None and kind.value.value == "ConfigMap" and called is not None and data is not None:
        yield from (("ConfigMap", f"{called.value}/{entry.key}", entry.value) for entry in data.entries)
    for name in ("Parameters", "Mappings"):
        listed = root.find_node(name)
        if listed is None or listed.kind is not NodeKind.MAP:
            continue
        for entry in listed.entries:
            if name == "Mappings":
                yield "Mapping", entry.key, entry.value
                yield "Mapping", "", entry.value  # where its name is computed it may be any
            elif (
                entry.value.kind is NodeKind.MAP and (default := entry.value.find_node("Default")) is not None
            ):
                yield "Ref", entry.key, default
