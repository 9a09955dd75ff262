"""The way from an object to a node in it, and the same way in a layer that holds a part of the object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fixbot.edit.change import Change
from fixbot.edit.tree import Node, NodeKind, Value
from fixbot.lens import text_of


@dataclass(frozen=True, slots=True)
class ItemStep:
    """An item of a list: where it stands, and by which field and value Kubernetes tells it from others.

    Where nothing tells it, `key` is empty.
    """

    at: int
    key: str = ""
    name: str = ""


Step = str | ItemStep


def list_steps(node: Node) -> tuple[Node, tuple[Step, ...]]:
    """The object that a node stands in, and the way from there."""
    steps: list[Step] = []
    while (parent := node.parent) is not None:
        if parent.kind is NodeKind.LIST:
            at = next(number for number, item in enumerate(parent.items) if item is node)
            steps.append(_name_item(parent, at))
        else:
            steps.append(next(entry.key for entry in parent.entries if entry.value is node))
        node = parent
    return node, tuple(reversed(steps))


def _name_item(items: Node, at: int) -> ItemStep:
    key = find_merge_key(items)
    name = text_of(items.items[at].find_node(key)) if items.items[at].kind is NodeKind.MAP else None
    twins = [
        item for item in items.items if item.kind is NodeKind.MAP and text_of(item.find_node(key)) == name
    ]
    return ItemStep(at, key, name) if name is not None and len(twins) == 1 else ItemStep(at)


def find_merge_key(items: Node) -> str:
    """By which field a strategic merge tells the items of a list apart. Source: the API's patchMergeKey."""
    parent = items.parent
    called = next((e.key for e in parent.entries if e.value is items), "") if parent is not None else ""
    return "mountPath" if called == "volumeMounts" else "name"


def follow_steps(tree: Node, steps: Sequence[Step], *, whole: bool) -> tuple[Node, tuple[Step, ...]]:
    """How far a way leads in a tree: the last node on it, and what is left.

    In what is not `whole` (a patch) items are known by their names alone.
    """
    node = tree
    for depth, step in enumerate(steps):
        inner = _find_step(node, step, whole=whole)
        if inner is None:
            return node, tuple(steps[depth:])
        node = inner
    return node, ()


def _find_step(node: Node, step: Step, *, whole: bool) -> Node | None:
    if isinstance(step, str):
        entry = node.find_entry(step) if node.kind is NodeKind.MAP and node.tag is None else None
        return entry.value if entry is not None else None
    if node.kind is not NodeKind.LIST or node.tag is not None:
        return None
    if step.key:
        found = [
            item
            for item in node.items
            if item.kind is NodeKind.MAP and text_of(item.find_node(step.key)) == step.name
        ]
        return found[0] if len(found) == 1 else None
    return node.items[step.at] if whole and step.at < len(node.items) else None


def match_pointer(pointer: Sequence[str], value: Node, steps: Sequence[Step]) -> bool:
    """Whether a JSON pointer leads to a place on the way, `value` being what is put there."""
    if len(pointer) > len(steps):
        return False
    for depth, (word, step) in enumerate(zip(pointer, steps, strict=False)):
        if isinstance(step, str):
            if word != step:
                return False
        elif depth == len(pointer) - 1 and step.key and value.kind is NodeKind.MAP:
            if text_of(value.find_node(step.key)) != step.name:
                return False
        elif word != str(step.at):
            return False
    return True


def nest_value(steps: Sequence[Step], value: Value) -> Value:
    """A value in maps and lists as the way says; items are named."""
    for step in reversed(steps):
        if isinstance(step, str):
            value = {step: value}
        else:
            named: dict[str, Value] = {step.key: step.name}
            value = [{**named, **(value if isinstance(value, dict) else {})}]
    return value


def move_to_rendering(changes: Sequence[Change], source: Node, built: Node) -> tuple[Change, ...] | None:
    """Changes of an object in its file, said of the object that is built of it; None where it lacks a place.

    Changes of other files are left out.
    """
    moved: list[Change] = []
    for change in changes:
        top, steps = list_steps(change.node)
        if top is not source:
            continue
        node, rest = follow_steps(built, steps, whole=True)
        if rest:
            return None
        moved.append(replace(change, node=node))
    return tuple(moved)
