"""What a value stands for where it names a parameter, a local or a variable, followed one step."""

from __future__ import annotations

from dataclasses import dataclass

from fixbot.edit.tree import NO_VALUE, UNKNOWN, Node, NodeKind, Scalar, UnsetValue
from fixbot.lens.scalar_values import value_of


@dataclass(frozen=True, slots=True)
class FollowedValue:
    """The value that counts, the node that decides it, and why that one is not changed, if it isn't."""

    value: Scalar | UnsetValue
    node: Node
    why_not: str = ""

    @classmethod
    def from_literal(cls, node: Node) -> FollowedValue:
        """A value by what is written: nothing is followed."""
        value = value_of(node)
        computed = value is UNKNOWN and not node.is_known
        return cls(value, node, "it is computed where the file is used" if computed else "")


@dataclass(frozen=True, slots=True)
class ReachedPath:
    """How far a path leads: the innermost map on it, what is left of the path there, and what is at its end.

    `why_not` says why what stands there can't be known.
    """

    owner: Node
    rest: tuple[str, ...]
    found: Node | None
    why_not: str = ""


def is_function(node: Node) -> bool:
    """Whether a value is a function of CloudFormation, in its long spelling or behind a tag."""
    if node.kind is not NodeKind.MAP or node.style == "body" or len(node.entries) != 1:
        return node.tag is not None and node.tag.startswith("!")
    key = node.entries[0].key
    return key == "Ref" or key.startswith("Fn::")


def is_no_value(node: Node) -> bool:
    """Whether a branch of a condition leaves the thing out."""
    if node.tag == "!Ref":
        return node.value == NO_VALUE
    return is_function(node) and node.entries != [] and node.entries[0].value.value == NO_VALUE


def follow_path(node: Node, path: tuple[str, ...]) -> ReachedPath:
    """Follow a path through maps, HCL blocks, and lists of one map, as which JSON may write a block."""
    owner = node
    for depth, name in enumerate(path):
        rest = path[depth:]
        if is_function(owner):
            return ReachedPath(owner, rest, owner, "it is computed where the file is used")
        if any(each.labels == (name,) for each in owner.list_items("dynamic")):
            return ReachedPath(owner, rest, owner, f"a dynamic block makes its {name}")
        if owner.style == "body" and len(owner.list_items(name)) > 1:
            return ReachedPath(owner, rest, owner, f"there are several {name} blocks")
        child = owner.find_node(name)
        if child is None or depth == len(path) - 1:
            return ReachedPath(owner, rest, child)
        if child.kind is NodeKind.LIST and child.is_known and len(child.items) == 1:
            child = child.items[0]
        if child.is_known and child.kind is NodeKind.SCALAR and child.value is None:
            return ReachedPath(owner, rest, None)
        if not child.is_known or child.kind is not NodeKind.MAP or is_function(child):
            return ReachedPath(owner, rest, child, f"its {name} is computed where the file is used")
        owner = child
    return ReachedPath(owner, (), owner)
