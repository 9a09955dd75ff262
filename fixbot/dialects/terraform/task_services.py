"""What runs a task definition: services, schedules and event rules of the same folder."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.edit.tree import UNKNOWN, Node
from fixbot.lens import Task, text_of, truth_of
from fixbot.source.project import Project

_FIELDS = (
    ("aws_ecs_service", ()),
    ("aws_cloudwatch_event_target", ("ecs_target",)),
    ("aws_scheduler_schedule", ("target", "ecs_parameters")),
)


def learn_from_services(project: Project, index: FolderIndex, block: TerraformBlock, task: Task) -> None:
    """Learn from the services of a task what it runs on, and whether ECS Exec is on."""
    users = list(_find_services(index, block.address))
    launches = {launch for node in users for launch in _launch_types(index, node)}
    if task.fargate is None and users and launches <= {"FARGATE", "EC2", "EXTERNAL"}:
        task.fargate = "FARGATE" in launches
    execs = [truth_of(index.resolve_local(node.find_node("enable_execute_command"))) for node in users]
    task.daemon = any(text_of(node.find_node("scheduling_strategy")) == "DAEMON" for node in users)
    if True in execs:
        task.exec_enabled = True
    elif not users or UNKNOWN in execs or project.surroundings.exec_in:
        task.exec_enabled = None
    else:
        task.exec_enabled = False


def _find_services(index: FolderIndex, address: str) -> Iterator[Node]:
    for type_, way in _FIELDS:
        for block in index.find_by_type(type_):
            node = block.node.find_node(*way)
            for key in ("task_definition", "task_definition_arn"):
                if node is not None and index.is_mentioned(block.source_of(node.find_node(key)), address):
                    yield node


def _launch_types(index: FolderIndex, node: Node) -> Iterator[str | None]:
    """What a service runs on; None where that is given from elsewhere, or by the cluster's default."""
    launch = node.find_node("launch_type")
    strategies = node.list_items("capacity_provider_strategy")
    if launch is not None or not strategies:
        yield text_of(index.resolve_local(launch))
    for strategy in strategies:
        provider = text_of(strategy.find_node("capacity_provider"))
        yield "FARGATE" if provider in ("FARGATE", "FARGATE_SPOT") else "EC2" if provider else None
