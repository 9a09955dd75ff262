"""What runs together, and the volumes that it shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fixbot.change import Add, Change
from fixbot.lens.fields import Fields
from fixbot.lens.followed import Followed
from fixbot.lens.spelling import Spelling
from fixbot.lens.subject import Label, Labelled
from fixbot.tree import CannotEdit, Node, Value

if TYPE_CHECKING:
    from fixbot.lens.container import Container


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of a task or pod. `kind` is the source's canonical name (`host`, `emptyDir`, …)."""

    name: str
    kind: str
    node: Node


@dataclass(eq=False, slots=True)
class Task(Fields, Labelled):
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
    volumes_reason: str = ""
    """Why a volume can't be added, if it can't."""
    execution_role: Node | None = None
    region: str | None = None
    account: str | None = None
    partition: str | None = None
    container_lacks: frozenset[str] = frozenset()
    """Canonical fields that its API doesn't take for a container."""
    volume_adder: Callable[[str], Change] | None = None
    """How a volume is added where volumes are no list: it may raise CannotEdit."""
    follower: Callable[[Node], Followed] = Followed.literal
    """What a value in its files stands for."""
    unknown: dict[str, Node] = field(default_factory=dict, repr=False)

    def follow(self, node: Node) -> Followed:
        """What a value stands for: parameters, locals and variables are followed one step."""
        return self.follower(node)

    shared_by: tuple[Task, ...] = ()
    """The task definitions that take in the same containers: each of them needs what these do."""

    def add_volumes(self, name: str) -> tuple[Change, ...]:
        """The changes that give every task with these containers an empty volume. Raises CannotEdit."""
        if self.shared_by and self.volumes is not None:
            return tuple(task.add_volume(name) for task in self.shared_by)
        return (self.add_volume(name),)

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
        return Add(self.node, self.spelling.path("volumes"), self.spelling.value(item), place)

    @property
    def host(self) -> str:
        """What runs it, as far as the file says: `ECS on Fargate`, `AWS Batch`; nothing for a pod."""
        if self.kind == "k8s":
            return ""
        service = "AWS Batch" if self.kind == "batch" else "ECS"
        if self.fargate is None:
            return service
        return f"{service} on {'Fargate' if self.fargate else 'EC2'}"

    @property
    def label(self) -> Label:
        """`task orders-api`, `Deployment mailer`."""
        noun = self.workload or self.kind
        return Label(noun, f"{noun}s", self.name)

    @property
    def around(self) -> Sequence[Node]:
        """Its own fields, and the resource or object that they stand in."""
        return tuple(filter(None, (self.node, self.owner)))
