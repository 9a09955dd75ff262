"""What a value stands for where it names a parameter, a local or a variable, followed one step."""

from __future__ import annotations

from dataclasses import dataclass

from fixbot.lens.values import value_of
from fixbot.tree import UNKNOWN, Kind, Node, Scalar, Unset


@dataclass(frozen=True, slots=True)
class Followed:
    """The value that counts, the node that decides it, and why that one is not changed, if it isn't."""

    value: Scalar | Unset
    node: Node
    why_not: str = ""

    @classmethod
    def literal(cls, node: Node) -> Followed:
        """A value by what is written: nothing is followed."""
        value = value_of(node)
        computed = value is UNKNOWN and not node.known
        return cls(value, node, "it is computed where the file is used" if computed else "")


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a path leads: the innermost map on it, what is left of the path there, and what is at its end.

    `why_not` says why what stands there can't be known.
    """

    owner: Node
    rest: tuple[str, ...]
    found: Node | None
    why_not: str = ""


def reach(node: Node, path: tuple[str, ...]) -> Reached:
    """Follow a path through maps, HCL blocks, and lists of one map, as which JSON may write a block."""
    owner = node
    for depth, name in enumerate(path):
        rest = path[depth:]
        if any(each.labels == (name,) for each in owner.many("dynamic")):
            return Reached(owner, rest, owner, f"a dynamic block makes its {name}")
        if owner.style == "body" and len(owner.many(name)) > 1:
            return Reached(owner, rest, owner, f"there are several {name} blocks")
        child = owner.get(name)
        if child is None or depth == len(path) - 1:
            return Reached(owner, rest, child)
        if child.kind is Kind.LIST and child.known and len(child.items) == 1:
            child = child.items[0]
        if child.known and child.kind is Kind.SCALAR and child.value is None:
            return Reached(owner, rest, None)
        if not child.known or child.kind is not Kind.MAP:
            return Reached(owner, rest, child, f"its {name} is computed where the file is used")
        owner = child
    return Reached(owner, (), owner)
