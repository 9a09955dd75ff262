"""All that a fixer can see: tasks, containers, policies and statements, whatever they are written in.

There are two vocabularies for a container, the ECS API's and the Kubernetes API's; a Spelling writes
either of them in a dialect's own way. Fixers say canonical names (`readonlyRootFilesystem`,
`securityContext.privileged`) and never meet a syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fixbot.change import Add, Change, Drop, Put
from fixbot.tree import ABSENT, UNKNOWN, CannotEdit, Code, Kind, Node, Scalar, Tagged, Unset, Value

_PLACEHOLDER = re.compile(r"\$\{|\{\{|<[A-Za-z_][^<>]*>|\$\(|%\{|#\{|__\w+__|@@?\w+@@")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a dialect writes the names of a vocabulary ("ecs" or "k8s").

    `key` writes one canonical name. `top` writes those of a container's own fields where they are
    spelled in another way than what lies deeper (inputs of Terraform modules).
    """

    vocabulary: str
    key: Callable[[str], str] = str
    top: Callable[[str], str] | None = None

    def field(self, name: str) -> str:
        """The name of one of the container's own fields."""
        return (self.top or self.key)(name)

    def path(self, canonical: str) -> tuple[str, ...]:
        """A dotted canonical path as this dialect writes it."""
        first, *rest = canonical.split(".")
        return (self.field(first), *map(self.key, rest)) if canonical else ()

    def value(self, value: Value) -> Value:
        """A value whose dict keys are canonical names, as this dialect writes it."""
        match value:
            case dict():
                return {self.key(name): self.value(each) for name, each in value.items()}
            case list():
                return [self.value(each) for each in value]
            case _:
                return value


def capitalised(name: str) -> str:
    """`mountPoints` as CloudFormation writes it."""
    return name[:1].upper() + name[1:]


def snake(name: str) -> str:
    """`mountPoints` as Terraform writes it."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def blocks(name: str) -> str:
    """`volumeMounts` as Terraform's `kubernetes_*` resources name the block."""
    return _BLOCKS.get(name) or snake(name)


_BLOCKS = {
    "containers": "container",
    "initContainers": "init_container",
    "volumes": "volume",
    "volumeMounts": "volume_mount",
    "imagePullSecrets": "image_pull_secrets",
}

ECS = Spelling("ecs")
CLOUDFORMATION = Spelling("ecs", capitalised)
TERRAFORM_SNAKE = Spelling("ecs", snake)
KUBERNETES = Spelling("k8s")
TERRAFORM_KUBERNETES = Spelling("k8s", blocks)


def value_of(node: Node | None) -> Scalar | Unset:
    """The value of a scalar: ABSENT where none is written, UNKNOWN where a template will fill it."""
    if node is None:
        return ABSENT
    value = node.scalar
    if isinstance(value, str) and _PLACEHOLDER.search(value):
        return UNKNOWN
    return value


def truth(node: Node | None) -> bool | None | Unset:
    """A flag's value. Strings "true" and "false" count, as CloudFormation and the ECS API's readers take them."""
    value = value_of(node)
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), UNKNOWN)
    return value if isinstance(value, bool) or value is None or isinstance(value, Unset) else UNKNOWN


def text_of(node: Node | None) -> str | None:
    """A string that is known; numbers as written in a string's place count."""
    value = value_of(node)
    if isinstance(value, bool) or value is None or isinstance(value, Unset):
        return None
    return str(value)


@dataclass(frozen=True, slots=True)
class Variable:
    """One entry of a container's environment, or one option of its log driver."""

    name: str
    value: Node | None
    """The value's node, None where it is taken from somewhere else (`valueFrom`)."""
    node: Node
    """What is dropped to take the entry out."""
    conditional: bool = False
    """Whether the entry stands inside a condition (`Fn::If`)."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of a task or pod. `kind` is the source's canonical name (`host`, `emptyDir`, …)."""

    name: str
    kind: str
    node: Node


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a container sees a volume."""

    volume: str | None
    path: str | None
    read_only: bool
    node: Node


@dataclass(eq=False, slots=True)
class Task:
    """What runs together: an ECS task definition, a Batch job definition, a pod template.

    `node` is the map that holds the task's own fields, None where only an array of containers is
    known (it may stand in another file, and another syntax, than the containers).
    Flags are three-valued: None says that it can't be known.
    """

    path: str
    kind: str
    """`ecs`, `batch` or `k8s`."""
    dialect: str
    """`ecs`, `cloudformation`, `terraform` or `kubernetes`."""
    name: str
    node: Node | None
    spelling: Spelling
    address: str = ""
    workload: str = ""
    """The kind of workload, as its readers call it: `Deployment`, `task`, `job definition`."""
    owner: Node | None = None
    """The resource or object that `node` stands in."""
    namespace: str = ""
    fargate: bool | None = None
    windows: bool | None = False
    exec_enabled: bool | None = None
    """Whether ECS Exec is on for a service of this task; None: nothing says so."""
    daemon: bool = False
    network_mode: str | None = None
    host_namespaces: tuple[str, ...] = ()
    containers: list[Container] = field(default_factory=list)
    volumes: tuple[Volume, ...] | None = ()
    """None where the volumes are computed."""
    volumes_path: tuple[str, ...] = ("volumes",)
    volumes_reason: str = ""
    """Why a volume can't be added, if it can't."""
    execution_role: Node | None = None
    region: str | None = None
    account: str | None = None
    partition: str | None = None
    volume_adder: Callable[[str], Change] | None = None
    """How a volume is added where volumes are no list: it may raise CannotEdit."""

    def add_volume(self, name: str) -> Change:
        """The change that gives the task an empty volume of that name. Raises CannotEdit."""
        if self.node is None or self.volumes is None:
            raise CannotEdit(self.volumes_reason or "the task's volumes are not written in this file")
        if self.volume_adder is not None:
            return self.volume_adder(name)
        item: Value = {"name": name, "emptyDir": {}} if self.spelling.vocabulary == "k8s" else {"name": name}
        near = self.spelling.path("containerDefinitions") + self.spelling.path("containers")
        family = self.spelling.path("family") + self.spelling.path("cpu") + self.spelling.path("networkMode")
        place = () if self.node.style == "body" else (*family, *near)
        return Add(self.node, self.volumes_path, self.spelling.value(item), place)

    @property
    def title(self) -> str:
        """`task orders-api`, `Deployment mailer`."""
        return f"{self.workload or self.kind} {self.name}"


@dataclass(eq=False, slots=True)
class Container:
    """One container and the task it belongs to; `role` is `container`, `init` or `ephemeral`."""

    node: Node
    task: Task
    spelling: Spelling
    position: int
    role: str = "container"
    conditional: bool = False
    label: str = ""
    """Its name where none is written: the key that it stands under."""
    defaults: Mapping[str, bool | Unset] = field(default_factory=dict)
    """What its flags are where none is written, by canonical name (Terraform modules)."""

    def get(self, canonical: str) -> Node | None:
        """The node at a canonical path."""
        return self.node.get(*self.spelling.path(canonical))

    def value(self, canonical: str) -> Scalar | Unset:
        """The value at a canonical path: UNKNOWN also where a map on the way is computed."""
        return self._reached(canonical) or value_of(self.get(canonical))

    def flag(self, canonical: str) -> bool | None | Unset:
        """The truth at a canonical path, or what it is by default where nothing is written."""
        found = self._reached(canonical) or truth(self.get(canonical))
        return self.defaults.get(canonical, found) if found is ABSENT or found is None else found

    def _reached(self, canonical: str) -> Unset | None:
        node: Node | None = self.node
        for name in self.spelling.path(canonical)[:-1]:
            if node is not None and any(each.labels == (name,) for each in node.many("dynamic")):
                return UNKNOWN
            node = node.get(name) if node is not None else None
            if node is not None and not node.known:
                return UNKNOWN
        return None

    def put(self, canonical: str, value: Value, near: Sequence[str] = ("image", "name")) -> Put:
        """Write a value at a canonical path; `value`'s keys are canonical too."""
        keys = tuple(self.spelling.path(name)[0] for name in near)
        return Put(self.node, self.spelling.path(canonical), self.spelling.value(value), keys)

    def add(self, canonical: str, item: Value, near: Sequence[str] = ("image", "name")) -> Add:
        """Put an item into the list at a canonical path."""
        keys = tuple(self.spelling.path(name)[0] for name in near)
        return Add(self.node, self.spelling.path(canonical), self.spelling.value(item), keys)

    @property
    def name(self) -> str:
        """The container's name, or its place where the name is computed."""
        return text_of(self.get("name")) or self.label or f"#{self.position + 1}"

    @property
    def image(self) -> str | None:
        """The image reference, None where it is computed or not written."""
        return text_of(self.get("image"))

    @property
    def title(self) -> str:
        """`task web, container app`: the reader's name for it."""
        role = "container" if self.role == "container" else f"{self.role} container"
        return f"{self.task.title}, {role} {self.name}"

    @property
    def address(self) -> str:
        """The same for machines; it survives moved lines."""
        return f"{self.task.address}/{self.role}/{self.name}"

    @property
    def environment(self) -> tuple[Variable, ...]:
        """The variables that are written out, in a list of pairs or in a map."""
        names = ("env",) if self.spelling.vocabulary == "k8s" else ("environment", "mapEnvironment")
        return tuple(variable for name in names for variable in self._environment(name))

    def _environment(self, name: str) -> Iterator[Variable]:
        node = self.get(name)
        if node is not None and node.kind is Kind.MAP and node.style != "body":
            yield from (Variable(e.key, e.value, e.value) for e in node.entries if e.key != "<<")
        else:
            chosen = node is not None and node.kind is Kind.CALL and node.value == "?"
            yield from self._variables(self._listed(name), conditional=chosen)

    def _listed(self, name: str) -> Sequence[Node]:
        """The items of a list, in HCL those inside `concat(…)` or a condition too, or the blocks of that name."""
        node = self.get(name)
        if node is not None and node.kind is Kind.LIST:
            return node.items
        if node is None or node.kind is not Kind.CALL:
            return self.node.many(self.spelling.field(name))
        parts = node.items if node.value in ("concat", "flatten", "?") else []
        return [item for part in parts if part.kind is Kind.LIST for item in part.items]

    def _variables(self, items: Sequence[Node], *, conditional: bool) -> Iterator[Variable]:
        for item in items:
            if (
                item.kind is Kind.MAP
                and item.tag is None
                and (name := text_of(item.get(self.spelling.key("name"))))
            ):
                yield Variable(name, item.get(self.spelling.key("value")), item, conditional)
            else:
                yield from self._variables(branches(item), conditional=True)

    @property
    def log_options(self) -> tuple[Variable, ...]:
        """The options of the log driver (ECS only)."""
        node = self.get("logConfiguration.options")
        if node is None or node.kind is not Kind.MAP:
            return ()
        return tuple(Variable(entry.key, entry.value, entry.value) for entry in node.entries)

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """The volumes that the container sees, and where."""
        k8s = self.spelling.vocabulary == "k8s"
        listed = "volumeMounts" if k8s else "mountPoints"
        volume, path = ("name", "mountPath") if k8s else ("sourceVolume", "containerPath")
        return tuple(
            Mount(
                text_of(item.get(self.spelling.key(volume))),
                text_of(item.get(self.spelling.key(path))),
                truth(item.get(self.spelling.key("readOnly"))) is True,
                item,
            )
            for item in self._listed(listed)
        )

    def words(self, canonical: str) -> tuple[str, ...]:
        """A list of strings such as a command; what isn't known is left out."""
        node = self.get(canonical)
        if node is None:
            return ()
        if node.kind is not Kind.LIST:
            word = text_of(node)
            return (word,) if word else ()
        return tuple(word for item in node.items if (word := text_of(item)))


def branches(node: Node) -> list[Node]:
    """What an `Fn::If` may stand for, in both of its spellings; nothing for any other node."""
    inner: Node | None = None
    if node.tag == "!If":
        inner = node
    elif node.kind is Kind.MAP and len(node.entries) == 1 and node.entries[0].key == "Fn::If":
        inner = node.entries[0].value
    return inner.items[1:] if inner is not None and inner.kind is Kind.LIST else []


@dataclass(eq=False, slots=True)
class Policy:
    """An IAM policy document. `node` holds the statements: a JSON-like map, or an HCL body."""

    path: str
    dialect: str
    name: str
    node: Node
    address: str
    kind: str = "identity"
    """`identity`, `trust`, `resource` or `unknown`."""
    principals: tuple[str, ...] = ()
    """The services that assume the role that the policy belongs to, where that is known."""
    owner: Node | None = None
    escape: Callable[[str], str] = str
    """Writes a text that holds `${aws:…}` so that what reads the file leaves it alone."""
    unescape: Callable[[str], str] = str
    """What IAM sees of a text that stands in the file: `&{aws:username}` is `${aws:username}`."""
    roles: tuple[str, ...] = ()
    """Addresses of the roles, written beside it, that it is attached to."""
    others: str = ""
    """Why these may not be all of its statements, if they may not."""
    statements: list[Statement] = field(default_factory=list)

    @property
    def in_blocks(self) -> bool:
        """Whether it is written as `statement { … }` blocks."""
        return self.node.style == "body"


@dataclass(eq=False, slots=True)
class Statement:
    """One statement of a policy."""

    node: Node
    policy: Policy
    position: int

    @property
    def title(self) -> str:
        """`policy deploy, statement Deploy`."""
        return f"policy {self.policy.name}, statement {self.sid or f'#{self.position + 1}'}"

    @property
    def sid(self) -> str | None:
        """The statement's Sid."""
        return text_of(self.node.get("sid" if self.policy.in_blocks else "Sid"))


__all__ = [
    "ABSENT",
    "CLOUDFORMATION",
    "ECS",
    "KUBERNETES",
    "TERRAFORM_KUBERNETES",
    "TERRAFORM_SNAKE",
    "UNKNOWN",
    "CannotEdit",
    "Code",
    "Container",
    "Drop",
    "Mount",
    "Policy",
    "Spelling",
    "Statement",
    "Tagged",
    "Task",
    "Variable",
    "Volume",
    "branches",
    "text_of",
    "truth",
    "value_of",
]
