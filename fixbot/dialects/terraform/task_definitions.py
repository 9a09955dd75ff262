"""`aws_ecs_task_definition` and `aws_batch_job_definition`, and the containers that they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fixbot.dialects import ecs
from fixbot.dialects.batch_pods import TERRAFORM_POD, read_batch_pod
from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.dialects.terraform.literal_values import LiteralPlace, ValueSearch
from fixbot.dialects.terraform.task_services import learn_from_services
from fixbot.edit.tree import ABSENT, Node
from fixbot.lens import ECS, KUBERNETES, TERRAFORM_TASK, Container, Task, Volume, text_of, truth_of, value_of
from fixbot.source.project import Inventory, Project

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
class TaskDraft:
    """A task or job and the containers that its expressions lead to."""

    task: Task
    look: ValueSearch
    places: list[LiteralPlace] = field(default_factory=list)
    made: list[Container] = field(default_factory=list)
    """Containers that are modules of their own, and spelled as those."""


def draft_tasks(project: Project, index: FolderIndex, reading: Inventory) -> list[TaskDraft]:
    """The task and job definitions of a folder."""
    found = []
    for block in index.blocks:
        if block.word == "resource" and block.type == "aws_ecs_task_definition":
            found.append(_draft_task(project, index, block, reading))
        elif block.word == "resource" and block.type == "aws_batch_job_definition":
            found += _draft_jobs(project, index, block, reading)
    return found


def _draft_task(project: Project, index: FolderIndex, block: TerraformBlock, reading: Inventory) -> TaskDraft:
    node = block.node
    task = Task(
        block.document.path, "ecs", "terraform", text_of(node.find_node("family")) or block.name, node,
        TERRAFORM_TASK, address=block.address, workload="task", owner=node,
        fargate=ecs.asks_for_fargate(index.resolve_local(node.find_node("requires_compatibilities"))),
        windows=_is_windows_task(index, node),
        network_mode=text_of(index.resolve_local(node.find_node("network_mode"))),
        host_namespaces=tuple(name for name, key in _MODES if text_of(node.find_node(key)) == "host"),
        execution_role=node.find_node("execution_role_arn"),
        region=index.provider_region(),
    )  # fmt: skip
    task.volumes = tuple(read_volume_blocks(node))
    learn_from_services(project, index, block, task)
    draft = TaskDraft(task, ValueSearch(project, index))
    written = node.find_node("container_definitions")
    if written is not None:
        draft.places = draft.look.find_literals(block.document, written)
        _report_unclear(draft, f"the containers of {block.address} are", reading)
    if any(each.labels == ("volume",) for each in node.list_items("dynamic")):
        reading.add_unread(
            block.document, node.start, f"some volumes of {block.address} are in a dynamic block"
        )
    return draft


def _is_windows_task(index: FolderIndex, node: Node) -> bool | None:
    platform = node.find_node("runtime_platform")
    if platform is None and any(each.labels == ("runtime_platform",) for each in node.list_items("dynamic")):
        return None
    return ecs.is_windows_family(
        index.resolve_local(platform.find_node("operating_system_family")) if platform is not None else None
    )


def _report_unclear(draft: TaskDraft, what: str, reading: Inventory) -> None:
    for each in draft.look.unclear:
        reading.add_unread(each.document, each.offset, f"{what} {each.reason}")
    for place in draft.places:
        if place.node.find_node("image") is None:
            reading.add_unread(place.document, place.node.start, f"{what} without an image here")
    draft.places = [place for place in draft.places if place.node.find_node("image") is not None]


def read_volume_blocks(node: Node) -> Iterator[Volume]:
    """The `volume` blocks of a task."""
    for each in node.list_items("volume"):
        kind = next((kind for name, kind in KINDS.items() if each.find_node(name) is not None), "bind")
        if value_of(each.find_node("host_path")) not in (ABSENT, None):
            kind = "host"
        elif truth_of(each.find_node("configure_at_launch")) is True:
            kind = "configuredAtLaunch"
        yield Volume(text_of(each.find_node("name")) or "", kind, each)


def _draft_jobs(
    project: Project, index: FolderIndex, block: TerraformBlock, reading: Inventory
) -> Iterator[TaskDraft]:
    """Batch holds one container in `container_properties`, or tasks of several in `ecs_properties`."""
    on_fargate = ecs.asks_for_fargate(index.resolve_local(block.node.find_node("platform_capabilities")))
    for key in ("container_properties", "ecs_properties", "node_properties"):
        written = block.node.find_node(key)
        if written is None:
            continue
        look = ValueSearch(project, index)
        for place in look.find_literals(block.document, written):
            for number, (node, containers) in enumerate(_find_job_parts(place.node)):
                suffix = f"/{key}[{number}]" if key != "container_properties" else ""
                task = _build_job(block, node, on_fargate)
                task.address, task.region = f"{block.address}{suffix}", index.provider_region()
                found = [replace(place, node=each, conditional=False) for each in containers]
                draft = TaskDraft(task, ValueSearch(project, index, files=look.files), found)
                yield draft
            for each in place.node.list_items("nodeRangeProperties"):
                pod = each.find_node("eksProperties", "podProperties")
                if pod is not None:
                    read_batch_pod(place.document, pod, KUBERNETES, block.node, block.address, reading)
        for unclear in look.unclear:
            reading.add_unread(
                unclear.document, unclear.offset, f"the {key} of {block.address} are {unclear.reason}"
            )
    for properties in block.node.list_items("eks_properties"):
        for pod in properties.list_items("pod_properties"):
            read_batch_pod(block.document, pod, TERRAFORM_POD, block.node, block.address, reading)


def _find_job_parts(node: Node) -> Iterator[tuple[Node, list[Node]]]:
    """The maps that hold a job's own fields, each with its containers."""
    if node.find_node("image") is not None:
        yield node, [node]
    for task in node.list_items("taskProperties"):
        yield task, [each for each in task.list_items("containers") if each.find_node("image") is not None]
    for each in node.list_items("nodeRangeProperties"):
        container = each.find_node("container")
        if container is not None and container.find_node("image") is not None:
            yield container, [container]
        tasks = each.find_node("ecsProperties")
        if tasks is not None:
            yield from _find_job_parts(tasks)


def _build_job(block: TerraformBlock, node: Node, on_fargate: bool | None) -> Task:
    name = text_of(block.node.find_node("name")) or block.name
    task = Task(
        block.document.path, "batch", "terraform", name, node, ECS, address=block.address,
        workload="job definition", owner=block.node, fargate=on_fargate,
        exec_enabled=ecs.reads_exec_flag(node.find_node("enableExecuteCommand")),
        windows=ecs.is_windows_family(node.find_node("runtimePlatform", "operatingSystemFamily")),
        execution_role=node.find_node("executionRoleArn"),
    )  # fmt: skip
    task.volumes, task.volumes_reason = ecs.read_volumes(node.find_node("volumes"), ECS)
    return task
