"""Where deployed resources come from, as AWS says it: their tags, and the stack that made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.aws_gateway import AwsGateway
from fixbot.aws.list_pages import PagedCall, iterate_rows
from fixbot.intake.deployed_names import DeployedName, name_stack_resources
from fixbot.intake.field_checks import parse_arn, read_tags
from fixbot.model.foreign_findings import ForeignFinding

_TAGGED: Final = PagedCall(
    "resourcegroupstaggingapi",
    "get_resources",
    "ResourceTagMappingList",
    "PaginationToken",
    "PaginationToken",
)
_AT_ONCE: Final = 100
"""ARNs of one call. Source: resourcegroupstaggingapi, `GetResources`."""
_UNKNOWN: Final = frozenset(("ValidationError", "ResourceNotFoundException"))
"""What CloudFormation answers for a resource that no stack has made."""


@dataclass(slots=True)
class StackLookup:
    """Asks for the tags of resources, and for their stacks. `remarks` are of calls that failed, each once."""

    gateway: AwsGateway
    remarks: dict[str, None] = field(default_factory=dict)

    def add_tags(self, findings: Iterable[ForeignFinding]) -> list[ForeignFinding]:
        """The same findings with the tags of their resources; what a finding says itself counts more."""
        listed = list(findings)
        asked: dict[str, dict[str, None]] = defaultdict(dict)
        for each in listed:
            if parse_arn(each.resource) is not None and not each.state:
                asked[each.region][each.resource] = None
        known = {
            arn: tags for region, arns in asked.items() for arn, tags in self._read_tags(list(arns), region)
        }
        return [replace(each, tags={**known.get(each.resource, {}), **each.tags}) for each in listed]

    def _read_tags(self, arns: list[str], region: str) -> Iterator[tuple[str, dict[str, str]]]:
        for start in range(0, len(arns), _AT_ONCE):
            question = {"ResourceARNList": arns[start : start + _AT_ONCE]}
            try:
                for row in iterate_rows(self.gateway, _TAGGED, question, region):
                    yield str(row.get("ResourceARN", "")), read_tags(row.get("Tags"))
            except AwsCallFailed as failed:
                self.remarks[f"tags are not known: {failed}"] = None

    def find_stacks(self, findings: Iterable[ForeignFinding]) -> Iterator[tuple[str, DeployedName]]:
        """What made the resources of findings whose tags don't say it."""
        done: set[str] = set()
        for each in findings:
            if each.resource in done or each.state or "aws:cloudformation:logical-id" in each.tags:
                continue
            done.add(each.resource)
            arn = parse_arn(each.resource)
            if arn is not None:
                names = (each.resource,) if "definition" in arn["rest"] else (*each.names[:1], each.resource)
                yield from self._ask_for_stack(names[0], each)

    def _ask_for_stack(self, physical: str, finding: ForeignFinding) -> Iterator[tuple[str, DeployedName]]:
        try:
            answer = self.gateway.call_service(
                "cloudformation", "describe_stack_resources", {"PhysicalResourceId": physical}, finding.region
            )
        except AwsCallFailed as failed:
            if failed.code not in _UNKNOWN:
                self.remarks[f"stacks are not known: {failed}"] = None
            return
        rows = [
            row for row in answer.get("StackResources") or () if row.get("PhysicalResourceId") == physical
        ]
        yield from ((finding.resource, name) for _, name in name_stack_resources(rows))
