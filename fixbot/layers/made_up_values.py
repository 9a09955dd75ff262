"""Values that nobody wrote: examples where a chart asks for some, and what its switches would do.

A chart that asks for values by `required`, or that reads a key of what isn't there, says so in its error. A
proof that holds with the defaults alone would not hold for those who switch something on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.render.chart import Chart, ValueSet, ValuesText
from fixbot.render.template_text import find_actions

EXAMPLE: Final = "example"
_READ: Final = re.compile(r"\.Values((?:\.[A-Za-z_]\w*)+)")
_PLACE: Final = re.compile(r"(?<![\w./-])[\w.-]+/((?:charts/[\w.-]+/)*templates/[\w./-]+):(\d+)(?::\d+)?")
_CONDITIONS: Final = frozenset(("if", "with", "else"))
_MOST_SWITCHES: Final = 60
Keys = tuple[str, ...]


def find_wanted_keys(chart: Chart, said: str) -> frozenset[Keys]:
    """The keys of values that an error of Helm's is about, as far as its words or its places tell."""
    texts = [said]
    templates = chart.list_templates()
    for path, line in _PLACE.findall(said):
        lines = templates.get(path, "").split("\n")
        texts += lines[int(line) - 1 : int(line)]
    return frozenset(tuple(found.strip(".").split(".")) for text in texts for found in _READ.findall(text))


def make_values(values: Mapping[Keys, object]) -> ValuesText:
    """Values with these at these keys; of keys that lead through each other the longer one stays."""
    nested: dict[str, object] = {}
    for keys, value in sorted(values.items(), key=lambda each: -len(each[0])):
        at: dict[str, object] = nested
        for key in keys[:-1]:
            below = at.setdefault(key, {})
            if not isinstance(below, dict):
                break
            at = below
        else:
            at.setdefault(keys[-1], value)
    return ValuesText(json.dumps(nested))


def list_switched(chart: Chart, defaults: Node) -> Iterator[tuple[ValueSet, ...]]:
    """Uses that show what switches do: first several at once, behind it each of these alone."""
    asked = _list_conditions(chart)
    switches = [
        (keys, node.value)
        for keys, node in _walk_values(defaults)
        if isinstance(node.value, bool) and keys in asked
    ][:_MOST_SWITCHES]
    for word, now in (("on", False), ("off", True)):
        some = [keys for keys, value in switches if value is now]
        if some:
            whole = ValueSet(
                f"every switch {word}", (make_values(dict.fromkeys(some, not now)),), made_up=True
            )
            alone = (
                ValueSet(f"{'.'.join(keys)} {word}", (make_values({keys: not now}),), made_up=True)
                for keys in some[:8]
            )
            yield whole, *alone
    filled = {keys: value for keys, node in _walk_values(defaults) if (value := _fill(keys[-1], node))}
    if filled:
        yield (ValueSet("its empty values filled in", (make_values(filled),), made_up=True),)


def _list_conditions(chart: Chart) -> frozenset[Keys]:
    found: set[Keys] = set()
    for text in chart.list_templates().values():
        for action in find_actions(text):
            if action.word in _CONDITIONS:
                found.update(tuple(each.strip(".").split(".")) for each in _READ.findall(action.inner))
    return frozenset(found)


def _fill(key: str, node: Node) -> object:
    """Something for an empty value of the kinds that fixes change, by its name; else nothing."""
    if node.entries or node.items or (node.kind is NodeKind.SCALAR and node.value is not None):
        return None
    name = key.lower()
    if "securitycontext" in name:
        return {"runAsNonRoot": True}
    if name.endswith("volumemounts"):
        return [{"name": "made-up", "mountPath": "/made-up"}]
    return [{"name": "made-up", "emptyDir": {}}] if name.endswith("volumes") else None


def _walk_values(root: Node) -> Iterable[tuple[Keys, Node]]:
    waiting: list[tuple[Keys, Node]] = [((), root)]
    while waiting:
        keys, node = waiting.pop()
        if keys:
            yield keys, node
        if node.kind is NodeKind.MAP and node.alias is None:
            waiting += [((*keys, entry.key), entry.value) for entry in reversed(node.entries)]
