"""One container, in whichever vocabulary and spelling it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fixbot.lens.fields import Fields
from fixbot.lens.followed import Followed
from fixbot.lens.spelling import Spelling
from fixbot.lens.subject import Label, Labelled
from fixbot.lens.task import Task
from fixbot.lens.values import branches, text_of, truth
from fixbot.prose import code
from fixbot.tree import ABSENT, Kind, Node, Unset


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
class Mount:
    """Where a container sees a volume."""

    volume: str | None
    path: str | None
    read_only: bool
    node: Node


@dataclass(eq=False, slots=True)
class Container(Fields, Labelled):
    """One container and the task it belongs to; `role` is `container`, `init` or `ephemeral`."""

    node: Node
    task: Task
    spelling: Spelling
    position: int
    role: str = "container"
    conditional: bool = False
    key: str = ""
    """Its name where none is written: the key that it stands under."""
    defaults: Mapping[str, bool | Unset] = field(default_factory=dict)
    """What its flags are where none is written, by canonical name (Terraform modules)."""
    unknown: dict[str, Node] = field(default_factory=dict, repr=False)

    def offers(self, canonical: str) -> bool:
        """Whether the API that runs it takes that field for a container."""
        return canonical.partition(".")[0] not in self.task.container_lacks

    def default(self, canonical: str) -> bool | Unset:
        """What a flag is where nothing is written, by what made the container (Terraform modules)."""
        return self.defaults.get(canonical, ABSENT)

    def follow(self, node: Node) -> Followed:
        """What a value stands for: parameters, locals and variables of its task's files are followed."""
        return self.task.follower(node)

    @property
    def name(self) -> str:
        """The container's name, or its place where the name is computed."""
        return text_of(self.get("name")) or self.key or f"#{self.position + 1}"

    @property
    def image(self) -> str | None:
        """The image reference, None where it is computed or not written."""
        return text_of(self.get("image"))

    @property
    def path(self) -> str:
        """The file that it stands in, which may be another one than its task's."""
        return self.node.root.source

    @property
    def label(self) -> Label:
        """`container app`; its title and what it is called name its task too."""
        role = "container" if self.role == "container" else f"{self.role} container"
        return Label(role, f"{role}s", self.name)

    @property
    def title(self) -> str:
        """`task web, container app`: the reader's name for it."""
        return f"{self.task.title}, {self.label.noun} {self.name}"

    @property
    def called(self) -> str:
        """Its name in a sentence, with the names as code: app of orders-api, Deployment mailer."""
        task = self.task
        kind = f"{task.workload} " if task.kind == "k8s" and task.workload else ""
        whole = f"{kind}{code(task.name)}"
        part = "" if self.name == task.name else f"{code(self.name)} of "
        return f"{part}{whole}"

    @property
    def subject(self) -> str:
        """What a title names: the task or workload."""
        return self.task.name

    @property
    def around(self) -> Sequence[Node]:
        """The container, its task, and the resource or object that these stand in."""
        return tuple(filter(None, (self.node, self.task.node, self.task.owner)))

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
        """The items of a list (in HCL those inside `concat(…)` or a condition too), or the blocks."""
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
