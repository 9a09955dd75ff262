"""What a plan asks of rendered objects, an entry or item at a time, named alike in all renderings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fixbot.edit.change import Change, RewritePlan, plan_rewrites
from fixbot.edit.data import to_data, value_to_data
from fixbot.edit.tree import CannotEdit, NewEntry, Node, NodeKind, Rewrite, Value
from fixbot.lens import text_of


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One entry put into a map, one item put into a list, one value replaced or taken away.

    `node` is the map or list, or the value itself for what is replaced or goes.
    """

    verb: str
    node: Node
    key: str = ""
    value: Value = None
    near: tuple[str, ...] = ()
    first: bool = False

    @property
    def name(self) -> tuple[str, ...]:
        """The template, the object, the place in it, and what is done there."""
        return (
            self.node.root_node.source,
            *name_object(self.node.root_node),
            *path_of(self.node),
            self.verb,
            self.key,
        )

    @property
    def plan(self) -> RewritePlan:
        """What it alone asks for."""
        whole = Rewrite(self.node)
        match self.verb:
            case "put":
                whole.put.append(NewEntry(self.key, self.value, self.near))
            case "item":
                (whole.first if self.first else whole.last).append(self.value)
            case _:
                assert self.node.parent is not None  # noqa: S101 - a whole document is never replaced
                whole = Rewrite(self.node.parent)
                if self.verb == "drop":
                    whole.dropped.append(self.node)
                else:
                    whole.replaced.append((self.node, self.value))
        return {id(whole.node): whole}


def list_operations(changes: Iterable[Change]) -> Iterator[Operation]:
    """What some changes come to. Raises CannotEdit."""
    for rewrite in plan_rewrites(changes).values():
        yield from (Operation("put", rewrite.node, each.key, each.value, each.near) for each in rewrite.put)
        yield from (Operation("item", rewrite.node, value=each, first=True) for each in rewrite.first)
        yield from (Operation("item", rewrite.node, value=each) for each in rewrite.last)
        yield from (Operation("drop", each) for each in rewrite.dropped)
        yield from (Operation("replace", each, value=value) for each, value in rewrite.replaced)


def list_settings(operation: Operation) -> dict[tuple[str, ...], str]:
    """What an operation sets, by the way from the innermost item of a list: the same for all containers."""
    way = path_of(operation.node)
    last = max((at for at, step in enumerate(way) if step.startswith("[")), default=-1)
    tail = (operation.verb if operation.verb in {"drop", "item"} else "set", *way[last + 1 :])
    value = operation.value
    settings: dict[tuple[str, ...], str] = {}
    waiting: list[tuple[tuple[str, ...], Value]] = [
        ((*tail, operation.key) if operation.key else tail, value)
    ]
    while waiting:
        keys, each = waiting.pop()
        if isinstance(each, dict) and each:
            waiting += [((*keys, key), below) for key, below in each.items()]
        else:
            settings[keys] = repr(each)
    return settings


def merge_plans(plans: Iterable[Operation]) -> RewritePlan:
    """The plan of several operations together."""
    merged: RewritePlan = {}
    for each in plans:
        for key, rewrite in each.plan.items():
            there = merged.setdefault(key, Rewrite(rewrite.node))
            there.dropped += rewrite.dropped
            there.replaced += rewrite.replaced
            there.first += [value for value in rewrite.first if value not in there.first]
            there.last += [value for value in rewrite.last if value not in there.last]
            for new in rewrite.put:
                same = next((old for old in there.put if old.key == new.key), None)
                if same is None:
                    there.put.append(NewEntry(new.key, new.value, new.near))
                else:
                    same.value = _merge(same.value, new.value)
    return merged


def _merge(one: Value, two: Value) -> Value:
    if isinstance(one, dict) and isinstance(two, dict):
        return {
            **one,
            **{key: _merge(one[key], value) if key in one else value for key, value in two.items()},
        }
    if isinstance(one, list) and isinstance(two, list):
        return one + [each for each in two if each not in one]
    if one != two:
        raise CannotEdit("two fixes want different values for one place")
    return one


def name_object(root: Node) -> tuple[str, str]:
    """An object's kind and name."""
    return text_of(root.find_node("kind")) or "", text_of(root.find_node("metadata", "name")) or ""


def path_of(node: Node) -> tuple[str, ...]:
    """The way from an object to a node in it: keys, and for items of lists their names or numbers."""
    steps: list[str] = []
    at = node
    while at.parent is not None:
        above = at.parent
        if above.kind is NodeKind.MAP:
            steps.append(next(entry.key for entry in above.entries if entry.value is at))
        else:
            number = next(number for number, item in enumerate(above.items) if item is at)
            name = text_of(at.find_node("name")) if at.kind is NodeKind.MAP else None
            steps.append(f"[{name or number}]")
        at = above
    return tuple(reversed(steps))


def follow_steps(root: Node, path: Iterable[str]) -> Node | None:
    """The node that a way leads to; None where there is none."""
    at: Node | None = root
    for step in path:
        if at is None:
            return None
        if step.startswith("[") and at.kind is NodeKind.LIST:
            at = _find_item(at, step[1:-1])
        else:
            entry = at.find_entry(step)
            at = entry.value if entry is not None else None
    return at


def _find_item(listed: Node, name: str) -> Node | None:
    for item in listed.items:
        if item.kind is NodeKind.MAP and text_of(item.find_node("name")) == name:
            return item
    return listed.items[int(name)] if name.isdecimal() and int(name) < len(listed.items) else None


def is_carried_out(operation: Operation, roots: Iterable[Node]) -> bool:
    """Whether an object among these looks as an operation leaves it, at the place that it changes."""
    wanted = name_object(operation.node.root_node)
    root = next((each for each in roots if each.kind is NodeKind.MAP and name_object(each) == wanted), None)
    if root is None:
        return False
    there = follow_steps(root, path_of(operation.node))
    match operation.verb:
        case "put":
            entry = there.find_entry(operation.key) if there is not None else None
            return entry is not None and to_data(entry.value) == value_to_data(operation.value)
        case "item":
            new = value_to_data(operation.value)
            return there is not None and any(to_data(item) == new for item in there.items)
        case "replace":
            return there is not None and to_data(there) == value_to_data(operation.value)
        case _:
            return there is None or to_data(there) != to_data(operation.node)
