"""What a container prints goes nowhere without a log driver: after a break-in nothing is left to read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fixbot.edit.change import Put
from fixbot.edit.tree import UNKNOWN, NodeKind
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import Container
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import ESSENTIAL, Rule
from fixbot.rules.context import Context
from fixbot.secret_stores.log_groups import LOGS, LogDestination, choose_log_destination

SWITCH = "enable_cloudwatch_logging"


def find_silent_containers(container: Container, world: Context) -> Iterator[Found]:
    """A container of ECS without a log driver; Batch and Elastic Beanstalk bring one of their own."""
    task = container.task
    others = task.kind != "ecs" or task.partial or task.workload == "Elastic Beanstalk task"
    if others or not container.offers(LOGS):
        return
    switch = container.node.find_node(SWITCH) if container.defaults else None
    if container.defaults and (switch is None or switch.scalar is not False):
        return
    written = container.get(LOGS)
    if written is not None and not written.is_nothing and switch is None:
        if written.kind is not NodeKind.MAP or not written.is_known:
            container.unknown[container.slot(LOGS).written] = written
            return
        driver = container.value(f"{LOGS}.logDriver")
        if driver is UNKNOWN or isinstance(driver, str):
            return
    yield Found(
        switch or container.node, container.title, container.address, "no log driver",
        f"{container.title} keeps nothing of what it prints",
        partial(_choose_outcome, container, world), subject=task.name,
    )  # fmt: skip


def _choose_outcome(container: Container, world: Context) -> Outcome:
    if container.defaults:
        made = (Put(container.node, (SWITCH,), value=True),)
        return _build_fix(container, LogDestination(made, "a group of the module's", known=True))
    there = choose_log_destination(container, world)
    return there if isinstance(there, Refusal | Manual) else _build_fix(container, there)


def _build_fix(container: Container, there: LogDestination) -> Fix:
    return Fix(
        there.changes,
        who=container.called,
        before="no log driver",
        after=f"`awslogs` to {there.where}",
        gist=f"{{who}} {{writes what it prints|write what they print}} to CloudWatch Logs: {there.where}.",
        why="Someone who gets code to run in {who} leaves no trace that outlives the task: neither the "
        "requests that led there nor the errors of a first try are kept.",
        effect="CloudWatch bills the lines. Under pressure lines may be lost, as no mode is written: since "
        "June 2025 ECS delivers without blocking the program.",
        rollout=describe_rollout(container.task),
        access="Nobody: {who} {runs|run} as before, and what it prints is kept.",
        unknown=""
        if there.known
        else "A task starts only if its execution role may write to that log group: "
        "AmazonECSTaskExecutionRolePolicy lets it.",
        steps_before=there.steps,
        waits=there.waits,
    )


rule = Rule(
    title="Keep the output of {subject} in CloudWatch Logs",
    many="Keep the output of {count} containers in {folder} in CloudWatch Logs",
    topic="workload-hardening",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("ECS.9",), "cis-compute": ("3.7",), "nist-800-190": ("4.4.5",),
              "nist-800-53": ("AU-2", "AU-3", "AU-10", "AU-12", "CA-7")},
    looks_at=Container,
    check=find_silent_containers,
    profiles=ESSENTIAL,
)  # fmt: skip
