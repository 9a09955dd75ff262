"""The fields of a container, task or pod, by their canonical names, whatever dialect writes them."""

from __future__ import annotations

from collections.abc import Sequence

from fixbot.edit.change import Add, Put
from fixbot.edit.tree import ABSENT, UNKNOWN, CannotEdit, Node, NodeKind, Scalar, UnsetValue, Value
from fixbot.lens.follow_path import FollowedValue
from fixbot.lens.scalar_values import text_of, truth_of, value_of
from fixbot.lens.slot import Slot, Update, find_slot
from fixbot.lens.spelling import Spelling

_FIELDS = {
    "ecs": frozenset(
        ("dockerSecurityOptions", "environment", "environmentFiles", "ipcMode", "linuxParameters",
         "logConfiguration", "mountPoints", "networkMode", "pidMode", "portMappings", "privileged",
         "readonlyRootFilesystem", "systemControls", "ulimits", "user")
    ),
    "k8s": frozenset(
        ("automountServiceAccountToken", "env", "envFrom", "hostIPC", "hostNetwork", "hostPID",
         "hostUsers", "imagePullPolicy", "livenessProbe", "ports", "readinessProbe", "securityContext",
         "serviceAccountName", "volumeMounts")
    ),
}  # fmt: skip
"""Fields that only one of the two APIs has, of those that rules may ask for."""


class FieldElsewhere(CannotEdit):
    """The map that a field belongs to is not here: a module makes the task, or it stands in another file."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} stands in another file")
        self.field = field


class Fields:
    """What a subject offers that is one map of fields; `node` is None where the map stands elsewhere."""

    __slots__ = ()
    node: Node | None
    spelling: Spelling
    unknown: dict[str, Node]
    """What was asked for and can't be known: fields by their written names, and where they stand."""

    def get(self, canonical: str) -> Node | None:
        """The node at a canonical path."""
        return self.node.find_node(*self.spelling.spell_path(canonical)) if self.node is not None else None

    def value(self, canonical: str) -> Scalar | UnsetValue:
        """The value at a canonical path: UNKNOWN also where a map on the way is computed."""
        return self._computed_above(canonical) or value_of(self.get(canonical))

    def flag(self, canonical: str) -> bool | UnsetValue:
        """The truth at a canonical path, or what it is by default where nothing, or null, is written."""
        found = self._computed_above(canonical) or truth_of(self.get(canonical))
        if found is UNKNOWN:
            self._note_unknown(canonical)
        return self.default(canonical) if found is ABSENT or found is None else found

    def followed(self, canonical: str) -> FollowedValue | None:
        """What the value at a canonical path stands for; None where none is written there in this file."""
        node = self.get(canonical)
        if node is None or self._computed_above(canonical) is not None:
            return None
        found = self.follow(node)
        if found.value is UNKNOWN:
            self._note_unknown(canonical)
        else:
            self.unknown.pop(self._written_path(canonical), None)
        return found

    def follow(self, node: Node) -> FollowedValue:
        """What a value stands for, followed one step where its dialect knows how."""
        return FollowedValue.from_literal(node)

    def offers(self, canonical: str) -> bool:
        """Whether its API has that field: a pod has none of ECS, and a task none of Kubernetes."""
        other = _FIELDS["ecs" if self.spelling.vocabulary == "k8s" else "k8s"]
        return canonical.partition(".")[0] not in other

    def default(self, _canonical: str) -> bool | UnsetValue:
        """What a flag is where nothing is written; ABSENT leaves that to the API."""
        return ABSENT

    def slot(self, canonical: str, near: Sequence[str] = ()) -> Slot:
        """The place of the field at a canonical path. Raises CannotEdit where the map stands elsewhere."""
        fields = self._require_node(canonical)
        found = self.get(canonical)
        path = self.spelling.spell_path(canonical)
        value = self.value(canonical)
        if value is ABSENT or value is None:
            value = self.default(canonical)
        shown = fields if found is None else found
        if value is UNKNOWN and (found is None or not found.is_known):
            self._note_unknown(canonical)
        return Slot(
            value, shown, ".".join(path), fields, path, found, self._spell_near(near), update=Update.REVISION
        )

    def slot_in(self, entry: Node, canonical: str, at: str = "") -> Slot:
        """The place of a field of one entry of a list; its canonical name counts from the subject.

        It is a field of the entry itself, unless `at` names the list and what follows leads further in.
        """
        path = self.spelling.spell_path(canonical)
        depth = len(self.spelling.spell_path(at)) if at else len(path) - 1
        return find_slot(
            entry, path[depth:], self.follow, shown=entry, written=".".join(path), update=Update.REVISION
        )

    def put(self, canonical: str, value: Value, near: Sequence[str] = ("image", "name")) -> Put:
        """Write a value at a canonical path; `value`'s keys are canonical too. Raises CannotEdit."""
        path = self.spelling.spell_path(canonical)
        return Put(
            self._require_node(canonical), path, self.spelling.spell_value(value), self._spell_near(near)
        )

    def add(self, canonical: str, item: Value, near: Sequence[str] = ("image", "name")) -> Add:
        """Put an item into the list at a canonical path. Raises CannotEdit."""
        path = self.spelling.spell_path(canonical)
        return Add(
            self._require_node(canonical), path, self.spelling.spell_value(item), self._spell_near(near)
        )

    def words(self, canonical: str) -> tuple[str, ...]:
        """A list of strings such as a command; what isn't known is left out."""
        node = self.get(canonical)
        if node is None:
            return ()
        if node.kind is not NodeKind.LIST:
            word = text_of(node)
            return (word,) if word else ()
        return tuple(word for item in node.items if (word := text_of(item)))

    def _written_path(self, canonical: str) -> str:
        return ".".join(self.spelling.spell_path(canonical))

    def _note_unknown(self, canonical: str) -> None:
        node = self.get(canonical) or self.node
        if node is not None:
            self.unknown[self._written_path(canonical)] = node

    def _require_node(self, canonical: str) -> Node:
        if self.node is None:
            raise FieldElsewhere(canonical)
        return self.node

    def _spell_near(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.spelling.spell_path(name)[0] for name in names)

    def _computed_above(self, canonical: str) -> UnsetValue | None:
        """UNKNOWN where a map on the way, or a block that an HCL `dynamic` makes, is computed."""
        node = self.node
        for name in self.spelling.spell_path(canonical)[:-1]:
            if node is None:
                return None
            if node.style == "body" and any(each.labels == (name,) for each in node.list_items("dynamic")):
                return UNKNOWN
            node = node.find_child(name)
            if node is not None and not node.is_known:
                return UNKNOWN
        return None
