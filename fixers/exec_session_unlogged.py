"""ECS Exec opens a shell in a running task; without a log nobody keeps what was typed there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.tree import CannotEdit
from fixbot.lens import ABSENT, Resource, ResourceType
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.rules.outcomes import find_hindrance, format_cell

LOGGING: Final = "Configuration.ExecuteCommandConfiguration.Logging"
CLUSTER = ResourceType(
    "cluster", "clusters", "AWS::ECS::Cluster", "aws_ecs_cluster", name="ClusterName",
    renamed={"ClusterName": "name"},
)  # fmt: skip
SERVICE = ResourceType("service", "services", "AWS::ECS::Service", "aws_ecs_service")


def find_unlogged_sessions(cluster: Resource, world: Context) -> Iterator[Found]:
    """A cluster of a service with ECS Exec whose sessions are logged nowhere."""
    slot = cluster.slot(LOGGING)
    if slot.value not in (ABSENT, "NONE", "DEFAULT"):
        return
    services = [each for each in world.resources_beside(cluster, SERVICE) if _opens_shells(each)]
    if not services:
        return
    silent = [
        each.name
        for task in world.tasks
        if task.kind == "ecs" and task.exec_enabled and _beside(cluster, task.path, world)
        for each in task.containers
        if each.role == "container" and each.value("logConfiguration.logDriver") != "awslogs"
    ]
    if slot.value != "NONE" and not silent:
        return
    yield Found(
        slot.node, cluster.title, cluster.address, f"exec {slot.value}",
        f"{cluster.title} keeps no record of what is typed in ECS Exec",
        partial(_choose_outcome, cluster, silent), subject=cluster.subject,
    )  # fmt: skip


def _opens_shells(service: Resource) -> bool:
    return str(service.slot("EnableExecuteCommand").value).lower() == "true"


def _beside(cluster: Resource, path: str, world: Context) -> bool:
    if cluster.dialect == "cloudformation":
        return path == cluster.path
    return path.rpartition("/")[0] == world.surroundings_of(cluster)


def _choose_outcome(cluster: Resource, silent: list[str]) -> Outcome:
    if silent:
        return Manual(
            f"Give {cluster.title} a log group for its sessions (Logging OVERRIDE, CloudWatchLogGroupName): "
            f"{silent[0]} has no awslogs driver, on which DEFAULT relies. The role of the task needs "
            "logs:CreateLogStream, DescribeLogStreams, PutLogEvents and DescribeLogGroups, the image "
            "`script` "
            "and `cat`. Or switch ECS Exec off in production."
        )
    slot = cluster.slot(LOGGING)
    if (hindrance := find_hindrance(cluster, [slot])) is not None:
        return hindrance
    try:
        change = slot.set("DEFAULT")
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        (change,),
        who=cluster.called,
        before=format_cell(slot.written, slot.value),
        after=format_cell(slot.written, "DEFAULT"),
        gist="What is typed in sessions of {who}, and answered, goes to the log group of the task.",
        effect="The image needs `script` and `cat`, or sessions fail. Programs notice nothing.",
        why="Someone with a stolen login opens a shell in a task of {who}, and nobody can say afterwards "
        "what "
        "was done there.",
        unknown="Whether the roles of the tasks of {who} may write to their log groups isn't proven: a "
        "session, "
        "and a look into the group, shows it.",
    )


rule = Rule(
    title="Log the shells that are opened in {subject}",
    topic="task-service",
    severity=Severity.MEDIUM,
    controls={"nist-800-190": ("4.3.1", "4.4.5")},
    looks_at=CLUSTER,
    beside=(SERVICE,),
    check=find_unlogged_sessions,
    peers={"checkov": ("CKV_AWS_223", "CKV_AWS_224")},
)  # fmt: skip
