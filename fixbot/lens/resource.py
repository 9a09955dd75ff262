"""One resource, in whichever dialect declares it, and the places where its properties stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from fixbot.edit.change import Add, Change
from fixbot.edit.tree import ABSENT, UNKNOWN, CannotEdit, HclBlock, Node, Scalar, UnsetValue, Value
from fixbot.lens.follow_path import FollowedValue
from fixbot.lens.slot import Slot, Update, find_slot
from fixbot.lens.spelling import to_snake_case
from fixbot.lens.subject import Label, Labelled
from fixbot.syntax.hcl.expressions import build_reference


@dataclass(frozen=True, slots=True)
class Companion:
    """A Terraform resource of its own for what is one property of the resource elsewhere."""

    type: str
    refers_by: str
    """Its argument that names the resource, by the resource's `id`."""


@dataclass(frozen=True, slots=True)
class Module:
    """A well-known Terraform module that makes the resource: its inputs, and what they are by default."""

    inputs: Mapping[str, str]
    defaults: Mapping[str, Scalar | UnsetValue] = field(default_factory=dict)
    """By canonical name, ABSENT for an empty list; what isn't here is not known where nothing is given."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """What AWS or Kubernetes calls a thing, and what each dialect calls it and its properties.

    CloudFormation's property names are the canonical ones, and those of the object where only Kubernetes has
    the type. Terraform's differ from their snake_case only where `renamed` says so: from a dotted canonical
    beginning to a dotted path, empty where the properties below it are the resource's own. In such a path a
    name with dots of its own stands in brackets: `metadata.annotations.[example.org/name]`.
    """

    noun: str
    plural: str
    cloudformation: str = ""
    """`AWS::S3::Bucket`."""
    terraform: str = ""
    """`aws_s3_bucket`; a second name that the provider has for it (`aws_alb`, `…_v1`) is known."""
    kubernetes: str = ""
    """Group and kind: `eksctl.io/ClusterConfig`."""
    name: str = ""
    """The property that holds its name."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    in_objects: Mapping[str, str] = field(default_factory=dict)
    """The same for a Kubernetes object of a type that AWS has as well."""
    companions: Mapping[str, Companion] = field(default_factory=dict)
    """By the canonical beginning of what stands in them."""
    modules: Mapping[str, Module] = field(default_factory=dict)
    """By the module's source in the registry, `//` and a folder behind it included."""
    marks: tuple[str, ...] = ()
    """Texts of which one stands in every file where it matters, if its Kubernetes kind stands in too many."""
    replaced_by: frozenset[str] = frozenset()
    """Properties, among those that rules speak of, for whose change CloudFormation replaces the resource.

    Of Terraform's a table knows: `fixbot/rules.terraform_replacements.py`.
    """

    def __hash__(self) -> int:
        return hash(self.edited)

    @property
    def dialects(self) -> tuple[str, ...]:
        """Those that have the type."""
        names = {
            "cloudformation": self.cloudformation,
            "terraform": self.terraform,
            "kubernetes": self.kubernetes,
        }
        return tuple(dialect for dialect, name in names.items() if name)

    @property
    def terraform_names(self) -> tuple[str, ...]:
        """All names that Terraform's provider has for it."""
        return name_alike(self.terraform) if self.terraform else ()

    @property
    def edited(self) -> str:
        """Its name as topics know it: CloudFormation's, or that of the one dialect that has the type."""
        return self.cloudformation or self.terraform or self.kubernetes

    @property
    def needles(self) -> tuple[str, ...]:
        """Texts of which one stands in every file that holds such a resource."""
        quoted = (f'"{each}"' for each in self.terraform_names)
        kind = self.kubernetes.rpartition("/")[2]
        beside = (f'"{each.type}"' for each in self.companions.values() if self.terraform)
        modules = (source.partition("//")[0] for source in self.modules)
        told = self.marks or (kind,)
        return tuple(filter(None, (self.cloudformation, *quoted, *told, *beside, *modules)))

    def path(self, dialect: str, canonical: str) -> tuple[str, ...]:
        """Where a dialect has a property, from the resource's own map on."""
        names = tuple(canonical.split("."))
        if dialect == "terraform":
            return _renamed(names, self.renamed, to_snake_case)
        return _renamed(names, self.in_objects, str) if dialect == "kubernetes" else names


def group_types(types: tuple[ResourceType, ...], dialect: str) -> Mapping[str, Sequence[ResourceType]]:
    """The types by what a dialect calls them: each rule may describe the same one in its own way."""
    found: dict[str, list[ResourceType]] = {}
    for each in types:
        names = each.terraform_names if dialect == "terraform" else (getattr(each, dialect),)
        for name in filter(None, names):
            found.setdefault(name, []).append(each)
    return found


@cache
def name_alike(terraform: str) -> tuple[str, ...]:
    """The name of a Terraform type, and the second one that its provider has for the same.

    Sources: `@SDKResource` of the AWS provider's load balancers; the Kubernetes provider's map of resources.
    """
    if terraform.startswith("aws_lb"):
        return terraform, terraform.replace("aws_lb", "aws_alb", 1)
    if terraform.startswith("kubernetes_"):
        return terraform, f"{terraform}_v1"
    return (terraform,)


_PART: Final = re.compile(r"\[([^\[\]]*)\]|([^.\[\]]+)")


def _renamed(
    names: tuple[str, ...], renamed: Mapping[str, str], spell: Callable[[str], str]
) -> tuple[str, ...]:
    for size in range(len(names), 0, -1):
        other = renamed.get(".".join(names[:size]))
        if other is not None:
            written = (whole or part for whole, part in _PART.findall(other))
            return (*written, *map(spell, names[size:]))
    return tuple(map(spell, names))


@dataclass(eq=False, slots=True)
class Resource(Labelled):
    """One resource of a type that a rule looks at.

    `node` is the map of its properties (in CloudFormation the resource itself where it has none, and then
    `prefix` leads on), `owner` the whole of it. `companions` holds, by canonical beginning, the node of the
    companion, or UNKNOWN where none can be told to be its own.
    """

    type: ResourceType
    path: str
    dialect: str
    """`cloudformation`, `terraform` or `kubernetes`."""
    name: str
    address: str
    node: Node
    owner: Node
    prefix: tuple[str, ...] = ()
    companions: Mapping[str, Node | UnsetValue] = field(default_factory=dict)
    lone: bool = True
    """Whether it is exactly one: no `count`, `for_each` or condition makes it many or none."""
    companion_name: str = ""
    """The name by which a companion of its own can be called."""
    module: Module | None = None
    follow: Callable[[Node], FollowedValue] = FollowedValue.from_literal
    """What a value stands for: parameters, locals and variables are followed one step."""
    inherited: Mapping[str, Node] = field(default_factory=dict)
    """Properties that it has from elsewhere in the file (SAM's Globals), by canonical name."""
    unknown: dict[str, Node] = field(default_factory=dict, repr=False)
    """What was asked for and can't be known: properties by their written names, and where they stand."""

    @property
    def label(self) -> Label:
        """`S3 bucket logs`."""
        return Label(self.type.noun, self.type.plural, self.name)

    @property
    def around(self) -> Sequence[Node]:
        """Its properties, and the whole of it."""
        return (self.node, self.owner)

    def slot(self, canonical: str, near: Sequence[str] = ()) -> Slot:
        """The place of a property."""
        found = self._slot(canonical, near)
        if found.value is UNKNOWN and (found.why_not or found.found is None or not found.found.is_known):
            self.unknown[found.written] = found.node
        return found

    def _slot(self, canonical: str, near: Sequence[str]) -> Slot:
        if self.module is not None:
            return self._input(canonical, self.module)
        path = (*self.prefix, *self.type.path(self.dialect, canonical))
        own = self._within(self.node, path, canonical, near)
        if own.value is not ABSENT or own.found is not None:
            return own
        if canonical in self.inherited:
            value = self.follow(self.inherited[canonical]).value
            return replace(own, value=value, why_not="the template's Globals set it for all functions")
        if self.dialect == "terraform":
            for beginning, companion in self.type.companions.items():
                if canonical == beginning or canonical.startswith(f"{beginning}."):
                    return self._beside(canonical, beginning, companion, own)
        return own

    def slot_in(self, entry: Node, canonical: str, at: str = "") -> Slot:
        """The place of a property of one entry of a list; its canonical name counts from the resource.

        It is a property of the entry itself, unless `at` names the list and what follows leads further in.
        """
        path = self._written_path(canonical)
        depth = len(self._written_path(at)) if at else len(path) - 1
        return self._within(entry, path[depth:], canonical, ())

    def has_blocks(self, slot: Slot) -> bool:
        """Whether the entries of the list at that place are blocks, none of which a `dynamic` block makes."""
        if self.module is not None or slot.owner.style != "body" or len(slot.path) != 1:
            return False
        return not any(each.labels == slot.path for each in slot.owner.list_items("dynamic"))

    def add_entries(self, slot: Slot, canonical: str, entries: Sequence[Mapping[str, Value]]) -> Change:
        """These entries, their keys canonical, for the list there: several only where there is none."""
        items: list[Value] = [
            {self._written_path(f"{canonical}.{name}")[-1]: value for name, value in each.items()}
            for each in entries
        ]
        if self.has_blocks(slot):
            (item,) = items
            return Add(slot.owner, slot.path, item)
        return slot.set(items) if slot.found is None else Add(slot.found, (), items[0])

    def _written_path(self, canonical: str) -> tuple[str, ...]:
        return self.type.path(self.dialect, canonical)

    def _within(self, node: Node, path: tuple[str, ...], canonical: str, near: Sequence[str]) -> Slot:
        names = tuple((*self.prefix, *self.type.path(self.dialect, one))[-1] for one in near)
        update = Update.REPLACEMENT if canonical in self.type.replaced_by else Update.NONE
        written = ".".join(path[len(self.prefix) :] or path)
        slot = find_slot(
            node, path, self.follow, shown=self.owner, written=written, update=update, near=names
        )
        return replace(slot, canonical=canonical)

    def _input(self, canonical: str, module: Module) -> Slot:
        """The input of the module that decides a property; unknown where the module has none for it."""
        name = module.inputs.get(canonical)
        if name is None:
            return Slot(
                UNKNOWN, self.node, canonical, self.node, (), why_not="the module has no input for it"
            )
        own = self._within(self.node, tuple(name.split(".")), canonical, ())
        if own.found is not None:
            return replace(own, keyed=True)
        return replace(own, value=module.defaults.get(canonical, UNKNOWN))

    def _beside(self, canonical: str, beginning: str, companion: Companion, own: Slot) -> Slot:
        path = self.type.path("terraform", canonical[len(beginning) :].lstrip("."))
        node = self.companions.get(beginning)
        written = ".".join((companion.type, *path))
        if isinstance(node, Node):
            return self._within(node, path, canonical, ())
        if node is UNKNOWN:
            why = f"which {companion.type} belongs to it isn't known"
            return Slot(UNKNOWN, self.node, written, self.node, path, why_not=why)
        return CompanionSlot(
            ABSENT, own.node, written, self.node.root_node, path, near=(self.address,),
            why_not="" if self.lone else "it is one of several that one block makes",
            companion=companion, label=self.companion_name, reference=f"{self.address}.id",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CompanionSlot(Slot):
    """A place in a companion that is still to be written, whole, behind the resource that needs it."""

    companion: Companion = Companion("", "")
    label: str = ""
    reference: str = ""

    def set(self, value: Value) -> Change:
        """The companion with this value; all that is set of one companion is one block."""
        if self.why_not:
            raise CannotEdit(self.why_not)
        for name in reversed(self.path):
            value = {name: value}
        content: dict[str, Value] = {self.companion.refers_by: build_reference(*self.reference.split("."))}
        content |= value if isinstance(value, dict) else {}
        return Add(
            self.owner, ("resource",), HclBlock((self.companion.type, self.label), content), tuple(self.near)
        )
