"""Rendered objects before and after a fix, held against what the fix says that it changes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Final

from fixbot.edit.change import Change, plan_rewrites
from fixbot.edit.data import find_difference, matches_plan, to_data
from fixbot.edit.tree import Node
from fixbot.lens import text_of
from fixbot.source.document import Document

_UNORDERED: Final = frozenset(("volumes", "volumeMounts"))
"""Lists in which a patch may put its items anywhere, and whose order says nothing."""
ObjectName = tuple[str, str, str, str]
"""API version, kind, namespace and name."""


def compare_objects(
    before: Document,
    after: Document,
    changes: Sequence[Change],
    new: Collection[tuple[object, object]],
) -> dict[ObjectName, str]:
    """Where the objects are not what the changes say, by object; nothing where they are exactly that."""
    plan = plan_rewrites(changes)
    wanted, made = _index_objects(before), _index_objects(after)
    wrong = {
        key: ""
        for key in made.keys() - wanted.keys()
        if not any(key[1] == kind and key[3].endswith(str(name)) for kind, name in new)
    }
    for key, nodes in wanted.items():
        others = made.get(key, [])
        if len(others) != len(nodes):
            wrong[key] = ""
            continue
        for one, two in zip(nodes, others, strict=True):
            if matches_plan(one, two, plan):
                continue
            place = find_difference(_sort_unordered(to_data(one, plan)), _sort_unordered(to_data(two)))
            if place is not None:
                wrong[key] = f": {place}"
    unread = [
        Counter(each.text.strip() for each in one.sections if not each.roots) for one in (before, after)
    ]
    if unread[0] != unread[1] and not new:
        wrong["", "an object", "", "that no rule looks at"] = ""
    return wrong


def _index_objects(document: Document) -> dict[ObjectName, list[Node]]:
    found: dict[ObjectName, list[Node]] = defaultdict(list)
    for root in document.roots:
        found[name_object(root)].append(root)
    return found


def name_object(root: Node) -> ObjectName:
    """What tells an object from the others of one rendering."""
    ways = (("apiVersion",), ("kind",), ("metadata", "namespace"), ("metadata", "name"))
    version, kind, space, name = (text_of(root.find_node(*way)) or "" for way in ways)
    return version, kind, space, name


def _sort_unordered(data: object, key: str = "") -> object:
    """The same data, such lists in an order of their own; a map holds its values in lists."""
    if isinstance(data, dict):
        return {name: [_sort_unordered(each, name) for each in data[name]] for name in sorted(data)}
    if isinstance(data, list):
        items = [_sort_unordered(each) for each in data]
        return sorted(items, key=repr) if key in _UNORDERED else items
    return data
