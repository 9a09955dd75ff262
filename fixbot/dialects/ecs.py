"""ECS task definitions in files of their own, in every shape that the AWS CLI, CI and editors leave."""

from __future__ import annotations

import posixpath

from fixbot.edit.tree import ABSENT, UNKNOWN, Node, NodeKind
from fixbot.lens import (
    ECS,
    Container,
    Spelling,
    Task,
    Volume,
    condition_branches,
    text_of,
    truth_of,
    value_of,
)
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project

TELLING = frozenset(
    ("essential", "portMappings", "environment", "logConfiguration", "mountPoints", "cpu", "memory",
     "memoryReservation", "secrets", "entryPoint", "command", "links", "volumesFrom", "privileged")
)  # fmt: skip


def is_of_dialect(_document: Document, root: Node) -> bool:
    """Whether a document is a task definition, wrapped or not, or a bare array of containers."""
    return (
        find_definition(root) is not None
        or is_container_array(root)
        or root.find_node("AWSEBDockerrunVersion") is not None
    )


def find_definition(root: Node) -> Node | None:
    """The map that holds `containerDefinitions`."""
    if root.kind is not NodeKind.MAP:
        return None
    for node in (root, root.find_node("taskDefinition"), root.find_node("TaskDefinition")):
        if (
            node is not None
            and node.kind is NodeKind.MAP
            and node.find_node("containerDefinitions") is not None
        ):
            return node
    return None


def is_container_array(root: Node) -> bool:
    """Whether a list holds container definitions and nothing else."""
    return (
        root.kind is NodeKind.LIST
        and bool(root.items)
        and all(
            item.kind is NodeKind.MAP
            and item.find_entry("image") is not None
            and item.find_entry("name") is not None
            and any(entry.key in TELLING for entry in item.entries)
            for item in root.items
        )
    )


def read_root(project: Project, document: Document, root: Node, reading: Inventory) -> None:
    """The task of a document."""
    node = find_definition(root)
    version = root.find_node("AWSEBDockerrunVersion") if root.kind is NodeKind.MAP else None
    if version is not None and node is None:
        if value_of(version) not in (1, "1"):
            reading.add_unread(document, root.start, "a Dockerrun file without containerDefinitions")
        return
    name = posixpath.basename(document.path).split(".")[0]
    if node is None:
        task = Task(
            document.path, "ecs", "ecs", name, None, ECS, workload="task",
            address=name, volumes_reason="the file holds only containers; the task's volumes stand elsewhere",
            volumes=None, exec_enabled=_read_exec_flag(project, document, name),
        )  # fmt: skip
        add_containers(task, root, ECS)
    else:
        task = build_task(document, node, ECS, text_of(node.find_node("family")) or name)
        task.exec_enabled = _read_exec_flag(project, document, task.name)
        if version is not None:
            task.fargate, task.workload = False, "Elastic Beanstalk task"
        containers = node.find_node("containerDefinitions")
        if containers is not None and containers.kind is not NodeKind.LIST:
            reading.add_unread(document, containers.start, "containerDefinitions are filled in by a template")
    reading.tasks.append(task)


def _read_exec_flag(project: Project, _document: Document, _name: str) -> bool | None:
    return None if project.surroundings.exec_in else False


def build_task(document: Document, node: Node, spelling: Spelling, name: str) -> Task:
    """A task definition whose fields `node` holds, with its containers."""
    key = spelling.key
    task = Task(
        document.path,
        "ecs",
        "ecs",
        name,
        node,
        spelling,
        address=name,
        workload="task",
        owner=node,
        fargate=asks_for_fargate(
            node.find_node(key("requiresCompatibilities")) or node.find_node(key("compatibilities"))
        ),
        windows=is_windows_family(node.find_node(key("runtimePlatform"), key("operatingSystemFamily"))),
        network_mode=text_of(node.find_node(key("networkMode"))),
        host_namespaces=tuple(m for m in ("pidMode", "ipcMode") if text_of(node.find_node(key(m))) == "host"),
        execution_role=node.find_node(key("executionRoleArn")),
    )
    task.volumes, task.volumes_reason = read_volumes(node.find_node(key("volumes")), spelling)
    containers = node.find_node(key("containerDefinitions"))
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
    for chosen in condition_branches(listed):
        add_containers(task, chosen, spelling)
    for position, item in enumerate(
        listed.items if listed.kind is NodeKind.LIST and listed.tag is None else ()
    ):
        for node in (
            [item] if item.kind is NodeKind.MAP and not condition_branches(item) else condition_branches(item)
        ):
            named = node.kind is NodeKind.MAP and node.find_node(spelling.key("name")) is not None
            if named or (node.kind is NodeKind.MAP and node.find_node(spelling.key("image")) is not None):
                conditional = node is not item
                task.containers.append(Container(node, task, spelling, position, conditional=conditional))


def asks_for_fargate(node: Node | None) -> bool | None:
    """Whether a list of compatibilities asks for Fargate; None where nothing says."""
    if node is None or node.kind is not NodeKind.LIST:
        return None
    known = [text_of(item) for item in node.items]
    if "FARGATE" in known:
        return True
    return None if None in known or not known else False


def reads_exec_flag(node: Node | None) -> bool | None:
    """Whether commands may be started inside, as a job definition says; None where that is computed."""
    said = truth_of(node)
    return None if said is UNKNOWN else said is True


def is_windows_family(node: Node | None) -> bool | None:
    """Whether an operating system family is a Windows one."""
    family = text_of(node)
    if family is None:
        return False if value_of(node) is ABSENT else None
    return family.upper().startswith("WINDOWS")


def read_volumes(node: Node | None, spelling: Spelling) -> tuple[tuple[Volume, ...] | None, str]:
    """The task's volumes; None and the reason where they can't be known."""
    if node is None or (node.is_known and node.kind is NodeKind.SCALAR and node.value is None):
        return (), ""
    if node.kind is not NodeKind.LIST or node.tag is not None:
        return None, "the task's volumes are computed"
    found = (
        Volume(name, _read_volume_kind(each, spelling), each)
        for item in node.items
        for each in [item, *condition_branches(item)]
        if each.kind is NodeKind.MAP and (name := text_of(each.find_node(spelling.key("name"))))
    )
    return tuple(found), ""


def _read_volume_kind(node: Node, spelling: Spelling) -> str:
    if text_of(node.find_node(spelling.key("host"), spelling.key("sourcePath"))) or (
        (host := node.find_node(spelling.key("host"))) is not None
        and host.find_node(spelling.key("sourcePath")) is not None
    ):
        return "host"
    for kind in (
        "efsVolumeConfiguration",
        "dockerVolumeConfiguration",
        "fsxWindowsFileServerVolumeConfiguration",
    ):
        if node.find_node(spelling.key(kind)) is not None:
            return kind
    if truth_of(node.find_node(spelling.key("configuredAtLaunch"))) is True:
        return "configuredAtLaunch"
    return "bind"
