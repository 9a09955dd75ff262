"""What a node says, with the two values that are none: not written, and not known."""

from __future__ import annotations

import re

from fixbot.edit.tree import ABSENT, UNKNOWN, Node, NodeKind, Scalar, UnsetValue

_PLACEHOLDER = re.compile(r"\$\{|\{\{|<[A-Za-z_][^<>]*>|\$\(|%\{|#\{|__\w+__|@@?\w+@@")


def value_of(node: Node | None) -> Scalar | UnsetValue:
    """The value of a scalar: ABSENT where none is written, UNKNOWN where a template will fill it."""
    if node is None or node.is_nothing:
        return ABSENT
    value = node.scalar
    if isinstance(value, str) and not value.isalnum() and _PLACEHOLDER.search(value):
        return UNKNOWN
    return value


def truth_of(node: Node | None) -> bool | UnsetValue | None:
    """A flag's value; "true" and "false" count, since CloudFormation and the ECS API take them so."""
    value = value_of(node)
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), UNKNOWN)
    return value if isinstance(value, bool) or value is None or isinstance(value, UnsetValue) else UNKNOWN


def text_of(node: Node | None) -> str | None:
    """A string that is known; numbers as written in a string's place count."""
    value = value_of(node)
    if type(value) is str:
        return value
    return None if isinstance(value, bool | UnsetValue) or value is None else str(value)


_PASSED_ON = frozenset(("?", "coalesce", "try", "lookup", "sensitive", "nonsensitive", "tostring", "tobool"))
"""Calls of HCL of whose arguments one is the result."""


def list_alternatives(node: Node | None) -> list[Node]:
    """The values that are written out in a condition, at any depth, in every syntax."""
    if node is None:
        return []
    inner = condition_branches(node)
    if node.kind is NodeKind.CALL and node.value in _PASSED_ON:
        inner = node.items[1:] if node.value == "?" else node.items
    return [each for item in inner for each in (list_alternatives(item) or [item])]


def condition_branches(node: Node) -> list[Node]:
    """What an `Fn::If` may stand for, in both of its spellings; nothing for any other node."""
    inner: Node | None = None
    if node.tag == "!If":
        inner = node
    elif node.kind is NodeKind.MAP and len(node.entries) == 1 and node.entries[0].key == "Fn::If":
        inner = node.entries[0].value
    return inner.items[1:] if inner is not None and inner.kind is NodeKind.LIST else []
