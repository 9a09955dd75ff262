"""Where a running task definition differs from the file in what matters for security."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from fixbot.knowledge.image_tables import find_sensor
from fixbot.model.drift import (
    Direction,
    DriftReport,
    DriftRow,
    FieldValue,
    FileTask,
    LeftOutContainer,
    SecurityFields,
)

if TYPE_CHECKING:
    from fixbot.aws.read_running import RunningContainer, RunningDefinition

_WEAK_WHEN_ON: Final = frozenset(("privileged", "interactive", "pseudoTerminal"))
_ROOTS: Final = frozenset(("", "0", "root"))
_INJECTED: Final = re.compile(r"aws-guardduty-agent|ecs-service-connect|aws-appmesh-envoy|(?:^|/)envoy:")
"""Sources: GuardDuty, "Runtime Monitoring for Fargate"; ECS Service Connect; App Mesh, "Envoy image"."""


def compare_definition(task: FileTask, running: RunningDefinition) -> DriftReport:
    """The rows for one definition, and the containers that something else puts there."""
    rows = [*_compare_fields(task, running, task.own, running.fields)]
    left = [LeftOutContainer(name, "injected") for name in running.injected]
    for container in running.containers:
        known = task.containers.get(container.name)
        if known is not None:
            rows += _compare_fields(task, running, known, container.fields, container.plain)
        elif not task.whole:
            continue
        elif _INJECTED.search(container.image) or _INJECTED.search(container.name):
            left.append(LeftOutContainer(container.name, "injected"))
        elif find_sensor(container.image) is not None:
            left.append(LeftOutContainer(container.name, "sensor"))
        else:
            rows.append(_tell_container(task, running, container))
    there = {each.name for each in running.containers}
    for name, known in task.containers.items() if task.whole else ():
        if name not in there:
            title = known.title
            rows.append(_build_row(task, running, title, "container", known.image or name, None, "other"))
    return DriftReport(tuple(rows), tuple(left))


def _tell_container(task: FileTask, running: RunningDefinition, container: RunningContainer) -> DriftRow:
    direction: Direction = "weaker" if container.fields.get("privileged") is True else "other"
    title = f"{task.own.title}, container {container.name}"
    return _build_row(task, running, title, "container", None, container.image, direction)


def _compare_fields(
    task: FileTask,
    running: RunningDefinition,
    known: SecurityFields,
    live: Mapping[str, FieldValue],
    plain: tuple[str, ...] = (),
) -> Iterator[DriftRow]:
    for name, ours in known.fields.items():
        theirs = live.get(name)
        if name.endswith("RoleArn") and _is_same_role(ours, theirs):
            continue
        if name == "networkMode" and None in {ours, theirs} and {ours, theirs} <= {None, "bridge"}:
            continue
        if (theirs or None) != (ours or None):
            direction = _judge_field(name, ours, theirs, plain)
            yield _build_row(task, running, known.title, name, ours, theirs, direction)


def _build_row(  # noqa: PLR0917 - the columns of a row
    task: FileTask,
    running: RunningDefinition,
    title: str,
    field: str,
    ours: FieldValue,
    theirs: FieldValue,
    direction: Direction,
) -> DriftRow:
    account = running.arn.split(":")[4]
    return DriftRow(
        running.service,
        running.family,
        account,
        running.region,
        task.path,
        title,
        field,
        ours,
        theirs,
        direction,
    )


def _is_same_role(ours: FieldValue, theirs: FieldValue) -> bool:
    """A role that a file names without its account is the one that AWS names by its ARN."""
    if ours is None or not isinstance(ours, str) or not isinstance(theirs, str):
        return ours is theirs
    return ours == theirs or ("/" not in ours and theirs.endswith(f"/{ours}"))


def _judge_field(name: str, ours: FieldValue, theirs: FieldValue, plain: tuple[str, ...]) -> Direction:
    """Whether what runs is weaker than the file."""
    if name in _WEAK_WHEN_ON:
        return "weaker" if theirs is True else "stronger"
    if name == "readonlyRootFilesystem":
        return "stronger" if theirs is True else "weaker"
    if name == "user":
        return _compare_states(_is_root(ours), _is_root(theirs))
    if name in {"networkMode", "pidMode", "ipcMode"}:
        return _compare_states(ours == "host", theirs == "host")
    if name == "logConfiguration.logDriver":
        return _compare_states(ours in {None, "none"}, theirs in {None, "none"})
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return _judge_lists(name, frozenset(ours), frozenset(theirs), plain)
    return "other"


def _judge_lists(
    name: str, ours: frozenset[str], theirs: frozenset[str], plain: tuple[str, ...]
) -> Direction:
    if name == "secrets":
        if (ours - theirs) & set(plain):
            return "weaker"
        return "stronger" if theirs > ours else "other"
    if name.endswith(".add"):
        ours, theirs = theirs, ours
    # What is dropped in the first and not in the second is what the second is weaker by.
    weaker = ours - theirs if "ALL" not in theirs else frozenset()
    stronger = theirs - ours if "ALL" not in ours else frozenset()
    return "weaker" if weaker else "stronger" if stronger else "other"


def _is_root(user: FieldValue) -> bool:
    return user is None or str(user).partition(":")[0] in _ROOTS


def _compare_states(before: bool, now: bool) -> Direction:
    """`before` and `now`: whether the bad state is there in the file, and in AWS."""
    return "other" if before == now else "weaker" if now else "stronger"
