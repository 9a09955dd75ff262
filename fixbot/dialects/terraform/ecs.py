"""`aws_ecs_task_definition` and `aws_batch_job_definition`, and the containers that they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fixbot.dialects import ecs
from fixbot.dialects.terraform.index import Block, Index
from fixbot.dialects.terraform.services import run_by
from fixbot.dialects.terraform.values import Look, Place
from fixbot.lens import ECS, TERRAFORM_TASK, Container, Task, Volume, text_of, truth, value_of
from fixbot.project import Project, Reading
from fixbot.tree import ABSENT, Node

_MODES = (("pidMode", "pid_mode"), ("ipcMode", "ipc_mode"))
KINDS = {
    "efs_volume_configuration": "efsVolumeConfiguration",
    "docker_volume_configuration": "dockerVolumeConfiguration",
    "fsx_windows_file_server_volume_configuration": "fsxWindowsFileServerVolumeConfiguration",
    "s3files_volume_configuration": "s3filesVolumeConfiguration",
}


TASKS = frozenset(
    ("aws_ecs_task_definition", "aws_ecs_daemon_task_definition", "aws_ecs_express_gateway_service")
)
"""Types that run containers with an execution role of their own."""
WORKLOADS = TASKS | {"aws_batch_job_definition"}
"""Types in which containers stand."""


@dataclass(eq=False, slots=True)
class Draft:
    """A task or job and the containers that its expressions lead to."""

    task: Task
    look: Look
    places: list[Place] = field(default_factory=list)
    made: list[Container] = field(default_factory=list)
    """Containers that are modules of their own, and spelled as those."""


def drafts(project: Project, index: Index, reading: Reading) -> list[Draft]:
    """The task and job definitions of a folder."""
    found = []
    for block in index.blocks:
        if block.word == "resource" and block.type == "aws_ecs_task_definition":
            found.append(_task(project, index, block, reading))
        elif block.word == "resource" and block.type == "aws_batch_job_definition":
            found += _jobs(project, index, block, reading)
    return found


def _task(project: Project, index: Index, block: Block, reading: Reading) -> Draft:
    node = block.node
    task = Task(
        block.document.path, "ecs", "terraform", text_of(node.get("family")) or block.name, node,
        TERRAFORM_TASK, address=block.address, workload="task", owner=node,
        fargate=ecs.fargate(index.settled(node.get("requires_compatibilities"))),
        windows=_windows(index, node),
        network_mode=text_of(index.settled(node.get("network_mode"))),
        host_namespaces=tuple(name for name, key in _MODES if text_of(node.get(key)) == "host"),
        execution_role=node.get("execution_role_arn"),
        region=index.region(),
    )  # fmt: skip
    task.volumes = tuple(volumes(node))
    run_by(project, index, block, task)
    draft = Draft(task, Look(project, index))
    written = node.get("container_definitions")
    if written is not None:
        draft.places = draft.look.behind(block.document, written)
        _say_unclear(draft, f"the containers of {block.address} are", reading)
    if any(each.labels == ("volume",) for each in node.many("dynamic")):
        reading.skip(block.document, node.start, f"some volumes of {block.address} are in a dynamic block")
    return draft


def _windows(index: Index, node: Node) -> bool | None:
    platform = node.get("runtime_platform")
    if platform is None and any(each.labels == ("runtime_platform",) for each in node.many("dynamic")):
        return None
    return ecs.windows(
        index.settled(platform.get("operating_system_family")) if platform is not None else None
    )


def _say_unclear(draft: Draft, what: str, reading: Reading) -> None:
    for each in draft.look.unclear:
        reading.skip(each.document, each.offset, f"{what} {each.reason}")
    for place in draft.places:
        if place.node.get("image") is None:
            reading.skip(place.document, place.node.start, f"{what} without an image here")
    draft.places = [place for place in draft.places if place.node.get("image") is not None]


def volumes(node: Node) -> Iterator[Volume]:
    """The `volume` blocks of a task."""
    for each in node.many("volume"):
        kind = next((kind for name, kind in KINDS.items() if each.get(name) is not None), "bind")
        if value_of(each.get("host_path")) not in (ABSENT, None):
            kind = "host"
        elif truth(each.get("configure_at_launch")) is True:
            kind = "configuredAtLaunch"
        yield Volume(text_of(each.get("name")) or "", kind, each)


def _jobs(project: Project, index: Index, block: Block, reading: Reading) -> Iterator[Draft]:
    """Batch holds one container in `container_properties`, or tasks of several in `ecs_properties`."""
    on_fargate = ecs.fargate(index.settled(block.node.get("platform_capabilities")))
    for key in ("container_properties", "ecs_properties", "node_properties"):
        written = block.node.get(key)
        if written is None:
            continue
        look = Look(project, index)
        for place in look.behind(block.document, written):
            for number, (node, containers) in enumerate(_job_parts(place.node)):
                suffix = f"/{key}[{number}]" if key != "container_properties" else ""
                task = _job(block, node, on_fargate)
                task.address, task.region = f"{block.address}{suffix}", index.region()
                found = [Place(place.document, each, place.reader, place.locals) for each in containers]
                draft = Draft(task, Look(project, index, files=look.files), found)
                yield draft
        for unclear in look.unclear:
            reading.skip(
                unclear.document, unclear.offset, f"the {key} of {block.address} are {unclear.reason}"
            )
    for properties in block.node.many("eks_properties"):
        reading.skip(
            block.document, properties.start, f"the eks_properties of {block.address} are not read yet"
        )


def _job_parts(node: Node) -> Iterator[tuple[Node, list[Node]]]:
    """The maps that hold a job's own fields, each with its containers."""
    if node.get("image") is not None:
        yield node, [node]
    for task in node.many("taskProperties"):
        yield task, [each for each in task.many("containers") if each.get("image") is not None]
    for each in node.many("nodeRangeProperties"):
        container = each.get("container")
        if container is not None and container.get("image") is not None:
            yield container, [container]


def _job(block: Block, node: Node, on_fargate: bool | None) -> Task:
    name = text_of(block.node.get("name")) or block.name
    task = Task(
        block.document.path, "batch", "terraform", name, node, ECS, address=block.address,
        workload="job definition", owner=block.node, fargate=on_fargate, exec_enabled=False,
        windows=ecs.windows(node.get("runtimePlatform", "operatingSystemFamily")),
        execution_role=node.get("executionRoleArn"),
    )  # fmt: skip
    task.volumes, task.volumes_reason = ecs.volumes(node.get("volumes"), ECS)
    return task
