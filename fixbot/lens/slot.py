"""A place where a value stands or would stand, as one file writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from fixbot.edit.change import Change, Drop, Put, Replace
from fixbot.edit.tree import ABSENT, UNKNOWN, CannotEdit, Node, NodeKind, Scalar, UnsetValue, Value
from fixbot.lens.follow_path import FollowedValue, follow_path


class Update(Enum):
    """What changing a property does to the running thing, in CloudFormation's words for it."""

    NONE = "no interruption"
    SOME = "some interruption"
    REVISION = "new revision"
    REPLACEMENT = "replacement"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Slot:
    """A field of a subject, written or not.

    `value` is a scalar, ABSENT, or UNKNOWN where a template, a variable or a call decides it (and for
    maps and lists, which have no scalar value). `node` is where a reader is sent: the value, or the
    subject where none is written. `written` is the field's dotted name as the file's dialect has it.
    """

    value: Scalar | UnsetValue
    node: Node
    written: str
    owner: Node
    """The map, list or HCL body that `path` counts from."""
    path: tuple[str, ...]
    found: Node | None = None
    """The value's own node; None where nothing is written."""
    near: Sequence[str] = ()
    """Keys next to which a reader would look for it, as written."""
    update: Update = Update.UNKNOWN
    why_not: str = ""
    """Why it can't be set here, if it can't."""
    elsewhere: bool = False
    """Whether `found` is what the written value names: a local, not the value in its own place."""
    canonical: str = ""
    """Its name as rules know it, of a resource's property."""
    keyed: bool = False
    """Whether entries may stand in a map, by names of the file's own: inputs of Terraform modules."""

    @property
    def items(self) -> Sequence[Node]:
        """The items of the list that stands there, or the blocks of that type in an HCL body."""
        if self.owner.style == "body" and len(self.path) == 1:
            listed = self.owner.list_items(self.path[0])
            if listed and not self.keyed:
                return listed
        if self.keyed and self.found is not None and self.found.kind is NodeKind.MAP:
            return tuple(entry.value for entry in self.found.entries)
        return self.found.items if self.found is not None and self.found.kind is NodeKind.LIST else ()

    def set(self, value: Value) -> Change:
        """The change that makes the value be `value`. Raises CannotEdit where that can't be said exactly."""
        if self.why_not:
            raise CannotEdit(self.why_not)
        if self.found is not None and self.elsewhere:
            return Replace(self.found, value)
        return Put(self.owner, self.path, value, tuple(self.near))

    def drop(self) -> Change:
        """The change that takes the field away. Raises CannotEdit where none is written."""
        if self.found is None:
            raise CannotEdit(f"{self.written} isn't written")
        return Drop(self.found)


def find_slot(
    node: Node,
    path: tuple[str, ...],
    follow: Callable[[Node], FollowedValue],
    *,
    shown: Node,
    written: str,
    update: Update,
    near: Sequence[str] = (),
) -> Slot:
    """The place at a path below a node, its value followed; `shown` is where a reader goes if none is."""
    at = follow_path(node, path)
    found, why = at.found, at.why_not
    value: Scalar | UnsetValue = UNKNOWN if why else ABSENT
    if found is not None and not why:
        followed = follow(found)
        value, found, why = followed.value, followed.node, followed.why_not
    return Slot(
        ABSENT if value is None else value, shown if found is None else found, written, at.owner, at.rest,
        found, near, update, why, elsewhere=found is not at.found,
    )  # fmt: skip
