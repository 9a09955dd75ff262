"""Policies of resources that let everybody in."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Policy, Statement, text_of


def lets_everybody_in(policy: Policy) -> bool:
    """Whether a statement allows something to all principals, without a condition."""
    return any(
        _allows(statement)
        and statement.node.find_node("condition" if policy.in_blocks else "Condition") is None
        and any(text_of(each) == "*" for each in _list_principals(statement))
        for statement in policy.statements
    )


def _allows(statement: Statement) -> bool:
    node = statement.node
    effect = node.find_node("effect" if statement.policy.in_blocks else "Effect")
    return text_of(effect) == "Allow" or (effect is None and statement.policy.in_blocks)


def _list_principals(statement: Statement) -> Iterator[Node]:
    """What stands for whom it is, in each of the forms that IAM takes."""
    if statement.policy.in_blocks:
        for block in statement.node.list_items("principals"):
            yield from _list_items(block.find_node("identifiers"))
        return
    principal = statement.node.find_node("Principal")
    if principal is None:
        return
    if principal.kind is NodeKind.MAP:
        for entry in principal.entries:
            yield from _list_items(entry.value)
    else:
        yield principal


def _list_items(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.items if node.kind is NodeKind.LIST else [node]
