"""What runs in ECS: task definitions of services and tasks, and what stands beside them in running tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.live_resources import ARN, LiveResource, LiveResources
from fixbot.model.drift import SECURITY_FLAGS, SECURITY_LISTS, TASK_FIELDS, FieldValue

if TYPE_CHECKING:
    from fixbot.aws.aws_gateway import AwsGateway

_FAMILY: Final = re.compile(
    r"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task-definition/([A-Za-z0-9_-]{1,255}):\d+"
)
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class RunningContainer:
    """One container of a task definition; `plain` are the names of variables that are no secrets."""

    name: str
    image: str
    fields: Mapping[str, FieldValue]
    plain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunningDefinition:
    """A task definition that a service or a task of its own runs; `service` is the ARN of that one."""

    service: str
    arn: str
    family: str
    region: str
    registered_by: str
    registered_at: datetime | None
    fields: Mapping[str, FieldValue]
    containers: tuple[RunningContainer, ...]
    injected: tuple[str, ...] = field(default=())
    """Names of containers that run beside those of the definition."""


@dataclass(slots=True)
class RunningReader:
    """Reads an account; what could not be read is a line of `remarks`."""

    gateway: AwsGateway
    resources: LiveResources
    remarks: dict[str, None] = field(default_factory=dict)

    def read_region(self, region: str) -> list[RunningDefinition]:
        """What services and tasks of a Region run, each definition of each service once."""
        services = self._list_kind("service", region)
        tasks = self._list_kind("task", region)
        beside: dict[str, dict[str, None]] = {}
        for task in tasks:
            names = beside.setdefault(str(task.data.get("taskDefinitionArn")), {})
            names |= dict.fromkeys(str(each.get("name", "")) for each in task.data.get("containers") or ())
        runs = {(each.arn, arn): None for each in services for arn in _list_definitions(each)}
        covered = {arn for _, arn in runs}
        alone = {str(each.data.get("taskDefinitionArn")): each.arn for each in tasks}
        runs |= {(task, arn): None for arn, task in alone.items() if arn not in covered}
        found = []
        known: dict[str, RunningDefinition | None] = {}
        for service, arn in runs:
            if arn not in known:
                known[arn] = self._read_definition(arn, region, tuple(beside.get(arn, ())))
            definition = known[arn]
            if definition is not None:
                found.append(replace(definition, service=service))
        return found

    def _list_kind(self, kind: Any, region: str) -> list[LiveResource]:
        try:
            return self.resources.list_resources(kind, region)
        except AwsCallFailed as failed:
            self.remarks[f"{kind}s in {region}: {failed}"] = None
            return []

    def _read_definition(self, arn: str, region: str, names: Sequence[str]) -> RunningDefinition | None:
        named = _FAMILY.fullmatch(arn)
        if named is None:
            return None
        try:
            answer = self.gateway.call_service(
                "ecs", "describe_task_definition", {"taskDefinition": arn}, region
            )
        except AwsCallFailed as failed:
            self.remarks[f"task definition {arn.rpartition('/')[2]}: {failed}"] = None
            return None
        told = answer.get("taskDefinition") or {}
        containers = tuple(_read_container(each) for each in told.get("containerDefinitions") or ())
        own = {each.name for each in containers}
        at = told.get("registeredAt")
        registered = at if isinstance(at, datetime) else None
        return RunningDefinition(
            "", arn, named[1], region, str(told.get("registeredBy", "")), registered,
            {key: _take_text(told.get(key)) for key in TASK_FIELDS}, containers,
            tuple(each for each in names if each not in own),
        )  # fmt: skip


def _list_definitions(service: LiveResource) -> Iterator[str]:
    """The definitions that a service runs: its own, and those of its task sets."""
    sets = service.data.get("taskSets") or ()
    for arn in (service.data.get("taskDefinition"), *(each.get("taskDefinition") for each in sets)):
        if isinstance(arn, str) and ARN.fullmatch(arn):
            yield arn


def _take_text(value: object) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value else None


def _take_texts(value: object) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else ()
    return tuple(sorted(each[:_LONGEST] for each in texts if isinstance(each, str)))


def _read_container(told: Mapping[str, Any]) -> RunningContainer:
    fields: dict[str, FieldValue] = {key: told.get(key) is True for key in SECURITY_FLAGS}
    fields["user"] = _take_text(told.get("user"))
    fields["logConfiguration.logDriver"] = _take_text((told.get("logConfiguration") or {}).get("logDriver"))
    for path in SECURITY_LISTS:
        value: Any = told
        for key in path.split("."):
            value = (value or {}).get(key)
        fields[path] = _take_texts(value)
    fields["secrets"] = _take_texts([each.get("name") for each in told.get("secrets") or ()])
    plain = _take_texts([each.get("name") for each in told.get("environment") or ()])
    return RunningContainer(
        _take_text(told.get("name")) or "", _take_text(told.get("image")) or "", fields, plain
    )
