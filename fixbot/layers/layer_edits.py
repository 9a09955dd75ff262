"""A change of a built object, said of the layer that decides it: a base, a patch, an operation's value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fixbot.edit.change import Add, Change, Drop, Put, Replace
from fixbot.edit.merge_named import merge_named
from fixbot.edit.tree import CannotEdit, Node, NodeKind, Value
from fixbot.layers.kustomize_objects import ObjectLayer
from fixbot.layers.node_steps import ItemStep, Step, follow_steps, list_steps, match_pointer, nest_value


def find_in_layer(layer: ObjectLayer, steps: Sequence[Step]) -> tuple[Node, tuple[Step, ...]] | None:
    """How far a way leads in a layer; None where the layer says nothing of the place."""
    if layer.pointer and not match_pointer(layer.pointer, layer.tree, steps):
        return None
    return follow_steps(layer.tree, steps[len(layer.pointer) :], whole=not layer.merged)


def find_writer(layers: Iterable[ObjectLayer], steps: Sequence[Step]) -> tuple[ObjectLayer, Node] | None:
    """The layer that has the last word on a place that it writes, and the node there."""
    found = None
    for layer in layers:
        at = find_in_layer(layer, steps)
        if at is not None and not at[1]:
            found = layer, at[0]
    return found


def find_owner(layers: Sequence[ObjectLayer], steps: Sequence[Step], above: int) -> ObjectLayer | None:
    """The layer in which something that nobody writes belongs; `above` steps of its way must be there.

    An operation that puts a whole value around it decides; else the first layer that has what it belongs to.
    """
    for layer in reversed(layers):
        if layer.pointer and find_in_layer(layer, steps) is not None:
            return layer
    for layer in layers:
        at = find_in_layer(layer, steps) if not layer.pointer else None
        if at is not None and len(steps) - len(at[1]) >= above:
            return layer
    return None


def find_way(change: Change) -> tuple[tuple[Step, ...], int]:
    """The place of a change in its object, and how many steps lead to the node that it is said of."""
    _, steps = list_steps(change.node)
    if isinstance(change, Put | Add):
        return (*steps, *change.path), len(steps)
    return steps, len(steps)


def move_to_layer(layers: Sequence[ObjectLayer], change: Change) -> list[Change]:
    """The same change where it is decided. Raises CannotEdit where no layer decides it."""
    steps, above = find_way(change)
    if isinstance(change, Drop):
        at = [found for each in layers if (found := find_in_layer(each, steps)) is not None and not found[1]]
        if not at:
            raise CannotEdit("no layer that is read writes what is to be taken away")
        return [Drop(node) for node, _ in at]
    writer = find_writer(layers, steps)
    layer = writer[0] if writer is not None else find_owner(layers, steps, above)
    if layer is None:
        raise CannotEdit("no layer that is read has what it belongs to")
    return [write_in_layer(layer, steps, change)]


def write_in_layer(layer: ObjectLayer, steps: Sequence[Step], change: Change) -> Change:
    """One change in one layer. Raises CannotEdit where it can't be said there."""
    found = find_in_layer(layer, steps)
    if found is None:
        raise CannotEdit("the patch says nothing of that place")
    node, rest = found
    if isinstance(change, Replace):
        return Replace(node, change.value) if not rest else _put_below(layer, node, rest, change.value)
    if isinstance(change, Drop):
        if not rest:
            return Drop(node)
        value: Value = {"$patch": "delete"} if isinstance(rest[-1], ItemStep) else None
        return _put_below(layer, node, rest, value)
    if isinstance(change, Put):
        return (
            Replace(node, change.value)
            if not rest
            else _put_below(layer, node, rest, change.value, change.near)
        )
    if not rest:
        return Add(node, (), change.item, last=change.last)
    keys = tuple(step for step in rest if isinstance(step, str))
    if len(keys) == len(rest):
        return Add(node, keys, change.item, change.near, change.last)
    return _put_below(layer, node, rest, [change.item], change.near)


def _put_below(
    layer: ObjectLayer, node: Node, rest: Sequence[Step], value: Value, near: tuple[str, ...] = ()
) -> Change:
    if any(isinstance(step, ItemStep) and not (step.key and layer.merged) for step in rest):
        raise CannotEdit("what it belongs to stands in another layer")
    if node.kind not in (NodeKind.MAP, NodeKind.LIST) or node.tag is not None:
        raise CannotEdit("what it belongs to is computed")
    keys: list[str] = []
    for at, step in enumerate(rest):
        if isinstance(step, ItemStep):
            (item,) = _as_items(nest_value(rest[at:], value))
            return Add(node, tuple(keys), item, merged=True)
        keys.append(step)
    return Put(node, tuple(keys), value, near)


def _as_items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def build_patch(built: Node, named: Node, changes: Iterable[Change]) -> dict[str, Value]:
    """A patch of its own that makes the changes: data, named as the object's own file names it."""
    metadata: dict[str, Value] = {}
    for key in ("name", "namespace"):
        node = named.find_node("metadata", key)
        if node is not None and isinstance(node.value, str):
            metadata[key] = node.value
    data: Value = {
        "apiVersion": str(getattr(built.find_node("apiVersion"), "value", "")),
        "kind": str(getattr(built.find_node("kind"), "value", "")),
        "metadata": metadata,
    }
    for change in changes:
        steps, _ = find_way(change)
        if any(isinstance(step, ItemStep) and not step.key for step in steps):
            raise CannotEdit("what it is about has no name by which a patch could find it")
        if isinstance(change, Drop):
            value: Value = {"$patch": "delete"} if isinstance(steps[-1], ItemStep) else None
        else:
            value = [change.item] if isinstance(change, Add) else change.value
        data = merge_named(data, nest_value(steps, value))
    if not isinstance(data, dict):
        raise CannotEdit("it is the whole object")
    return data
