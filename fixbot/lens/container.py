"""One container, in whichever vocabulary and spelling it is written, and the task that it runs in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fixbot.edit.change import Add, Change
from fixbot.edit.tree import ABSENT, CannotEdit, Node, NodeKind, UnsetValue, Value
from fixbot.lens.fields import Fields
from fixbot.lens.follow_path import FollowedValue
from fixbot.lens.scalar_values import condition_branches, list_alternatives, text_of, truth_of
from fixbot.lens.spelling import Spelling
from fixbot.lens.subject import Label, Labelled
from fixbot.lens.templated import text_with_holes
from fixbot.syntax.shell.invocation import HOLE
from fixbot.text.markdown_escape import mark_code


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
    follower: Callable[[Node], FollowedValue] = FollowedValue.from_literal
    """What a value in its files stands for."""
    partial: str = ""
    """Why only what is written out counts, where the rest of it stands elsewhere."""
    unknown: dict[str, Node] = field(default_factory=dict, repr=False)

    def follow(self, node: Node) -> FollowedValue:
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
        near = self.spelling.spell_path("containerDefinitions") + self.spelling.spell_path("containers")
        family = (
            self.spelling.spell_path("family")
            + self.spelling.spell_path("cpu")
            + self.spelling.spell_path("networkMode")
        )
        place = () if self.node.style == "body" else (*family, *near)
        return Add(self.node, self.spelling.spell_path("volumes"), self.spelling.spell_value(item), place)

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
    """One container and the task it belongs to; `role` is `container`, `init`, `ephemeral` or `settings`."""

    node: Node
    task: Task
    spelling: Spelling
    position: int
    role: str = "container"
    conditional: bool = False
    key: str = ""
    """Its name where none is written: the key that it stands under."""
    given: Node | None = None
    """The map that fills in the template it stands in (Terraform)."""
    defaults: Mapping[str, bool | UnsetValue] = field(default_factory=dict)
    """What its flags are where none is written, by canonical name (Terraform modules)."""
    variables: tuple[Variable, ...] | None = field(default=None, repr=False)
    """Its variables: given where they stand in no list of its own, else read when they are asked for."""
    unknown: dict[str, Node] = field(default_factory=dict, repr=False)

    def offers(self, canonical: str) -> bool:
        """Whether the API that runs it takes that field for a container."""
        return Fields.offers(self, canonical) and canonical.partition(".")[0] not in self.task.container_lacks

    def default(self, canonical: str) -> bool | UnsetValue:
        """What a flag is where nothing is written, by what made the container (Terraform modules)."""
        return self.defaults.get(canonical, ABSENT)

    def follow(self, node: Node) -> FollowedValue:
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
    def image_with_holes(self) -> str:
        """The same with `${?}` for each part that a template fills in: `nginx:${?}` is still nginx.

        A variable's default, a local, and branches that differ in the tag alone say which image it is.
        """
        node = self.get("image")
        if node is None:
            return ""
        text = text_with_holes(node)
        if text == HOLE:
            branches = [text_of(each) or HOLE for each in list_alternatives(node)]
            followed = self.follow(node).value if not branches else branches[0]
            same = len({each.partition(":")[0] for each in branches}) < 2
            text = followed if isinstance(followed, str) and same else HOLE
        return text.replace(HOLE, "${?}")

    @property
    def path(self) -> str:
        """The file that it stands in, which may be another one than its task's."""
        return self.node.root_node.source

    @property
    def label(self) -> Label:
        """`container app`; its title and what it is called name its task too."""
        role = self.role if self.role in ("container", "values") else f"{self.role} container"
        if role == "values":
            return Label(role, role, self.name)
        return Label(role, f"{role}s", self.name)

    @property
    def title(self) -> str:
        """`task web, container app`: the reader's name for it."""
        return (
            self.task.title
            if self.role == "settings"
            else f"{self.task.title}, {self.label.noun} {self.name}"
        )

    @property
    def called(self) -> str:
        """Its name in a sentence, with the names as code: app of orders-api, Deployment mailer."""
        task = self.task
        kind = f"{task.workload} " if task.kind == "k8s" and task.workload else ""
        whole = f"{kind}{mark_code(task.name)}"
        part = "" if self.name == task.name else f"{mark_code(self.name)} of "
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
        if self.variables is None:
            names = ("env",) if self.spelling.vocabulary == "k8s" else ("environment", "mapEnvironment")
            self.variables = tuple(each for name in names for each in self._read_environment(name))
        return self.variables

    def _read_environment(self, name: str) -> Iterator[Variable]:
        node = self.get(name)
        branches = condition_branches(node) if node is not None else ()
        for each in branches:
            yield from self._read_variables(each.items, conditional=True)
        if branches:
            return
        if node is not None and node.kind is NodeKind.MAP and node.style != "body":
            yield from (Variable(e.key, e.value, e.value) for e in node.entries if e.key != "<<")
        else:
            chosen = node is not None and node.kind is NodeKind.CALL and node.value == "?"
            yield from self._read_variables(self._list_items(name), conditional=chosen)

    def _list_items(self, name: str) -> Sequence[Node]:
        """The items of a list (in HCL those inside `concat(…)` or a condition too), or the blocks."""
        node = self.get(name)
        if node is not None and node.kind is NodeKind.LIST:
            return node.items
        if node is None or node.kind is not NodeKind.CALL:
            return self.node.list_items(self.spelling.spell_field(name))
        parts = node.items if node.value in ("concat", "flatten", "?") else []
        return [item for part in parts if part.kind is NodeKind.LIST for item in part.items]

    def _read_variables(self, items: Sequence[Node], *, conditional: bool) -> Iterator[Variable]:
        for item in items:
            if (
                item.kind is NodeKind.MAP
                and item.tag is None
                and (name := text_of(item.find_node(self.spelling.key("name"))))
            ):
                yield Variable(name, item.find_node(self.spelling.key("value")), item, conditional)
            else:
                yield from self._read_variables(condition_branches(item), conditional=True)

    @property
    def log_options(self) -> tuple[Variable, ...]:
        """The options of the log driver (ECS only)."""
        whole, key = self.get("logConfiguration"), self.spelling.key("options")
        if whole is None:
            return ()
        drivers = condition_branches(whole) or (whole,)
        options = [(each.find_node(key), len(drivers) > 1) for each in drivers if each.kind is NodeKind.MAP]
        return tuple(
            Variable(entry.key, entry.value, entry.value, conditional or node is not map_)
            for node, conditional in options
            if node is not None
            for map_ in condition_branches(node) or (node,)
            if map_.kind is NodeKind.MAP
            for entry in map_.entries
        )

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """The volumes that the container sees, and where."""
        k8s = self.spelling.vocabulary == "k8s"
        listed = "volumeMounts" if k8s else "mountPoints"
        volume, path = ("name", "mountPath") if k8s else ("sourceVolume", "containerPath")
        return tuple(
            Mount(
                text_of(item.find_node(self.spelling.key(volume))),
                text_of(item.find_node(self.spelling.key(path))),
                truth_of(item.find_node(self.spelling.key("readOnly"))) is True,
                item,
            )
            for item in self._list_items(listed)
        )
