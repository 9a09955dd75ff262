"""What runs a task definition: services, schedules and event rules of the same folder."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.dialects.terraform.index import Block, Index
from fixbot.lens import Task, text_of, truth
from fixbot.project import Project
from fixbot.tree import UNKNOWN, Node

_FIELDS = (
    ("aws_ecs_service", ()),
    ("aws_cloudwatch_event_target", ("ecs_target",)),
    ("aws_scheduler_schedule", ("target", "ecs_parameters")),
)


def run_by(project: Project, index: Index, block: Block, task: Task) -> None:
    """Learn from the services of a task what it runs on, and whether ECS Exec is on."""
    users = list(_users(index, block.address))
    launches = {launch for node in users for launch in _launches(index, node)}
    if task.fargate is None and users and launches <= {"FARGATE", "EC2", "EXTERNAL"}:
        task.fargate = "FARGATE" in launches
    execs = [truth(index.settled(node.get("enable_execute_command"))) for node in users]
    task.daemon = any(text_of(node.get("scheduling_strategy")) == "DAEMON" for node in users)
    if True in execs:
        task.exec_enabled = True
    elif not users or UNKNOWN in execs or project.surroundings.exec_in:
        task.exec_enabled = None
    else:
        task.exec_enabled = False


def _users(index: Index, address: str) -> Iterator[Node]:
    for type_, way in _FIELDS:
        for block in index.of_type(type_):
            node = block.node.get(*way)
            for key in ("task_definition", "task_definition_arn"):
                if node is not None and index.mentions(block.text(node.get(key)), address):
                    yield node


def _launches(index: Index, node: Node) -> Iterator[str | None]:
    """What a service runs on; None where that is given from elsewhere, or by the cluster's default."""
    launch = node.get("launch_type")
    strategies = node.many("capacity_provider_strategy")
    if launch is not None or not strategies:
        yield text_of(index.settled(launch))
    for strategy in strategies:
        provider = text_of(strategy.get("capacity_provider"))
        yield "FARGATE" if provider in ("FARGATE", "FARGATE_SPOT") else "EC2" if provider else None
