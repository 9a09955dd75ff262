"""What runs in an account, with its tags: services and tasks of ECS, instances of EC2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.list_pages import PagedCall, iterate_rows

if TYPE_CHECKING:
    from fixbot.aws.aws_gateway import AwsGateway

ResourceKind = Literal["service", "task", "instance"]
ARN: Final = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{0,12}:[\x21-\x7e]{1,1024}")
_CLUSTERS: Final = PagedCall("ecs", "list_clusters", "clusterArns")
_SERVICES: Final = PagedCall("ecs", "list_services", "serviceArns")
_TASKS: Final = PagedCall("ecs", "list_tasks", "taskArns")
_INSTANCES: Final = PagedCall("ec2", "describe_instances", "Reservations", "NextToken", "NextToken")
_A_CALL: Final = {"services": 10, "tasks": 100}
"""How many are described at once. Sources: ECS, DescribeServices and DescribeTasks."""
_GONE: Final = ("terminated", "shutting-down")


@dataclass(frozen=True, slots=True)
class LiveResource:
    """One thing that runs. `data` is what ECS says of it."""

    kind: ResourceKind
    arn: str
    tags: Mapping[str, str]
    cluster: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class LiveResources:
    """The things of an account by kind and Region, read where they are first asked for."""

    gateway: AwsGateway
    _known: dict[tuple[str, str], list[LiveResource] | AwsCallFailed] = field(default_factory=dict)
    _clusters: dict[str, list[str]] = field(default_factory=dict)

    def list_resources(self, kind: ResourceKind, region: str) -> list[LiveResource]:
        """All of a kind. Raises AwsCallFailed where not all of them could be read."""
        if (kind, region) not in self._known:
            try:
                self._known[kind, region] = list(self._read_kind(kind, region))
            except AwsCallFailed as failed:
                self._known[kind, region] = failed
        known = self._known[kind, region]
        if isinstance(known, AwsCallFailed):
            raise known
        return known

    def _read_kind(self, kind: ResourceKind, region: str) -> Iterator[LiveResource]:
        if kind == "instance":
            yield from self._read_instances(region)
            return
        if region not in self._clusters:
            self._clusters[region] = take_arns(iterate_rows(self.gateway, _CLUSTERS, {}, region))
        call, plural = (_SERVICES, "services") if kind == "service" else (_TASKS, "tasks")
        for cluster in self._clusters[region]:
            asked = {"cluster": cluster, "maxResults": 100}
            arns = take_arns(iterate_rows(self.gateway, call, asked, region))
            for row in describe_rows(self.gateway, plural, cluster, arns, region):
                arn = str(row.get(f"{kind}Arn", ""))
                if ARN.fullmatch(arn) and row.get("status") != "INACTIVE":
                    yield LiveResource(kind, arn, read_tags(row.get("tags")), cluster, row)

    def _read_instances(self, region: str) -> Iterator[LiveResource]:
        partition = self.gateway.session.get_partition_for_region(region)
        for group in iterate_rows(self.gateway, _INSTANCES, {"MaxResults": 1000}, region):
            for row in group.get("Instances") or ():
                state = (row.get("State") or {}).get("Name")
                arn = f"arn:{partition}:ec2:{region}:{group.get('OwnerId')}:instance/{row.get('InstanceId')}"
                if state not in _GONE and ARN.fullmatch(arn):
                    yield LiveResource("instance", arn, read_tags(row.get("Tags")))


def describe_rows(
    gateway: AwsGateway, plural: str, cluster: str, arns: Sequence[str], region: str
) -> Iterator[Mapping[str, Any]]:
    """What ECS says of services or tasks, with their tags; what is gone by now is left out.

    Raises AwsCallFailed, also where ECS says of one that it could not be read.
    """
    size = _A_CALL[plural]
    for at in range(0, len(arns), size):
        asked = {"cluster": cluster, plural: list(arns[at : at + size]), "include": ["TAGS"]}
        answer = gateway.call_service("ecs", f"describe_{plural}", asked, region)
        for failed in answer.get("failures") or ():
            if failed.get("reason") != "MISSING":
                action = f"ecs:Describe{plural.capitalize()}"
                raise AwsCallFailed(action, region, str(failed.get("reason", "")))
        yield from (row for row in answer.get(plural) or () if isinstance(row, dict))


def take_arns(texts: Iterable[object]) -> list[str]:
    """The texts that are ARNs, each once."""
    return list(dict.fromkeys(text for text in texts if isinstance(text, str) and ARN.fullmatch(text)))


def read_tags(rows: object) -> dict[str, str]:
    """Tags as a map, whether their keys are written like ECS's or like EC2's."""
    found: dict[str, str] = {}
    for row in rows if isinstance(rows, list) else ():
        key, value = row.get("key", row.get("Key")), row.get("value", row.get("Value"))
        if isinstance(key, str):
            found[key] = value if isinstance(value, str) else ""
    return found
