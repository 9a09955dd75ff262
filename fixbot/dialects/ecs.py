"""ECS task definitions in files of their own, in every shape that the AWS CLI, CI and editors leave."""

from __future__ import annotations

import posixpath

from fixbot.document import Document
from fixbot.lens import ECS, Container, Spelling, Task, Volume, branches, text_of, truth, value_of
from fixbot.project import Project, Reading
from fixbot.tree import ABSENT, Kind, Node

TELLING = frozenset(
    ("essential", "portMappings", "environment", "logConfiguration", "mountPoints", "cpu", "memory",
     "memoryReservation", "secrets", "entryPoint", "command", "links", "volumesFrom", "privileged")
)  # fmt: skip


def recognises(_document: Document, root: Node) -> bool:
    """Whether a document is a task definition, wrapped or not, or a bare array of containers."""
    return definition(root) is not None or is_array(root) or root.get("AWSEBDockerrunVersion") is not None


def definition(root: Node) -> Node | None:
    """The map that holds `containerDefinitions`."""
    if root.kind is not Kind.MAP:
        return None
    for node in (root, root.get("taskDefinition"), root.get("TaskDefinition")):
        if node is not None and node.kind is Kind.MAP and node.get("containerDefinitions") is not None:
            return node
    return None


def is_array(root: Node) -> bool:
    """Whether a list holds container definitions and nothing else."""
    return (
        root.kind is Kind.LIST
        and bool(root.items)
        and all(
            item.kind is Kind.MAP
            and item.entry("image") is not None
            and item.entry("name") is not None
            and any(entry.key in TELLING for entry in item.entries)
            for item in root.items
        )
    )


def read(project: Project, document: Document, root: Node, reading: Reading) -> None:
    """The task of a document."""
    node = definition(root)
    version = root.get("AWSEBDockerrunVersion") if root.kind is Kind.MAP else None
    if version is not None and node is None:
        if value_of(version) not in (1, "1"):
            reading.skip(document, root.start, "a Dockerrun file without containerDefinitions")
        return
    name = posixpath.basename(document.path).split(".")[0]
    if node is None:
        task = Task(
            document.path, "ecs", "ecs", name, None, ECS, workload="task",
            address=name, volumes_reason="the file holds only containers; the task's volumes stand elsewhere",
            volumes=None, exec_enabled=_exec(project, document, name),
        )  # fmt: skip
        add_containers(task, root, ECS)
    else:
        task = task_of(document, node, ECS, text_of(node.get("family")) or name)
        task.exec_enabled = _exec(project, document, task.name)
        if version is not None:
            task.fargate, task.workload = False, "Elastic Beanstalk task"
        containers = node.get("containerDefinitions")
        if containers is not None and containers.kind is not Kind.LIST:
            reading.skip(document, containers.start, "containerDefinitions are filled in by a template")
    reading.tasks.append(task)


def _exec(project: Project, _document: Document, _name: str) -> bool | None:
    return None if project.surroundings.exec_in else False


def task_of(document: Document, node: Node, spelling: Spelling, name: str) -> Task:
    """A task definition whose fields `node` holds, with its containers."""
    key = spelling.key
    task = Task(
        document.path, "ecs", "ecs", name, node, spelling, address=name, workload="task", owner=node,
        fargate=fargate(node.get(key("requiresCompatibilities")) or node.get(key("compatibilities"))),
        windows=windows(node.get(key("runtimePlatform"), key("operatingSystemFamily"))),
        network_mode=text_of(node.get(key("networkMode"))),
        host_namespaces=tuple(m for m in ("pidMode", "ipcMode") if text_of(node.get(key(m))) == "host"),
        execution_role=node.get(key("executionRoleArn")),
    )  # fmt: skip
    task.volumes, task.volumes_reason = volumes(node.get(key("volumes")), spelling)
    containers = node.get(key("containerDefinitions"))
    if containers is not None:
        add_containers(task, containers, spelling)
    return task


def make_daemon(task: Task) -> None:
    """A daemon: one task on every managed instance of a cluster (RegisterDaemonTaskDefinition)."""
    task.workload, task.daemon = "daemon", True
    task.fargate, task.windows, task.exec_enabled = False, False, False


def make_express(task: Task) -> None:
    """An Express service: one container on Fargate, of which the API takes few fields.

    Source: botocore, ecs, `ExpressGatewayContainer`.
    """
    task.workload, task.fargate, task.windows, task.network_mode = "Express service", True, False, "awsvpc"
    task.volumes, task.volumes_reason = None, "an Express service takes no volumes"
    task.container_lacks = _EXPRESS_LACKS


_EXPRESS_LACKS = frozenset(
    ("readonlyRootFilesystem", "privileged", "linuxParameters", "mountPoints", "user", "logConfiguration",
     "healthCheck", "entryPoint", "dockerSecurityOptions", "ulimits", "stopTimeout", "systemControls")
)  # fmt: skip


def add_containers(task: Task, listed: Node, spelling: Spelling) -> None:
    """The containers of a list, those in the branches of an `Fn::If` included."""
    for chosen in branches(listed):
        add_containers(task, chosen, spelling)
    for position, item in enumerate(listed.items if listed.kind is Kind.LIST and listed.tag is None else ()):
        for node in [item] if item.kind is Kind.MAP and not branches(item) else branches(item):
            if node.kind is Kind.MAP and node.get(spelling.key("image")) is not None:
                conditional = node is not item
                task.containers.append(Container(node, task, spelling, position, conditional=conditional))


def fargate(node: Node | None) -> bool | None:
    """Whether a list of compatibilities asks for Fargate; None where nothing says."""
    if node is None or node.kind is not Kind.LIST:
        return None
    known = [text_of(item) for item in node.items]
    if "FARGATE" in known:
        return True
    return None if None in known or not known else False


def windows(node: Node | None) -> bool | None:
    """Whether an operating system family is a Windows one."""
    family = text_of(node)
    if family is None:
        return False if value_of(node) is ABSENT else None
    return family.upper().startswith("WINDOWS")


def volumes(node: Node | None, spelling: Spelling) -> tuple[tuple[Volume, ...] | None, str]:
    """The task's volumes; None and the reason where they can't be known."""
    if node is None or (node.known and node.kind is Kind.SCALAR and node.value is None):
        return (), ""
    if node.kind is not Kind.LIST or node.tag is not None:
        return None, "the task's volumes are computed"
    found = (
        Volume(name, _volume_kind(each, spelling), each)
        for item in node.items
        for each in [item, *branches(item)]
        if each.kind is Kind.MAP and (name := text_of(each.get(spelling.key("name"))))
    )
    return tuple(found), ""


def _volume_kind(node: Node, spelling: Spelling) -> str:
    if text_of(node.get(spelling.key("host"), spelling.key("sourcePath"))) or (
        (host := node.get(spelling.key("host"))) is not None
        and host.get(spelling.key("sourcePath")) is not None
    ):
        return "host"
    for kind in (
        "efsVolumeConfiguration",
        "dockerVolumeConfiguration",
        "fsxWindowsFileServerVolumeConfiguration",
    ):
        if node.get(spelling.key(kind)) is not None:
            return kind
    if truth(node.get(spelling.key("configuredAtLaunch"))) is True:
        return "configuredAtLaunch"
    return "bind"
