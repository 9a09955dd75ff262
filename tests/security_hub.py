"""Security Hub in a test: both versions, with pages, filters, notes, and whatever goes wrong.

Requests and answers are held against botocore's models by `tests.aws_models`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.aws_endpoint import ACCOUNT, REGION, AwsEndpoint

ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition"
PRODUCT = f"arn:aws:securityhub:{REGION}::product/aws/securityhub"
_V1 = {"AwsAccountId": "AwsAccountId", "Region": "Region", "Id": "Id", "ProductArn": "ProductArn"}


def asff(
    name: str = "1", control: str = "ECS.5", resource: str = f"{ARN}/orders:7", **more: Any
) -> dict[str, Any]:
    """A finding in ASFF; `tags` and `type` are the resource's, `label` the severity's."""
    tags, kind = more.pop("tags", {}), more.pop("type", "AwsEcsTaskDefinition")
    found = {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:security-control/{control}/finding/{name}",
        "ProductArn": PRODUCT,
        "ProductName": "Security Hub",
        "GeneratorId": f"security-control/{control}",
        "AwsAccountId": ACCOUNT,
        "Region": REGION,
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": "2026-10-01T10:00:00.000Z",
        "UpdatedAt": "2026-10-02T10:00:00.000Z",
        "FirstObservedAt": "2026-09-30T08:00:00.000Z",
        "Severity": {"Label": more.pop("label", "HIGH")},
        "Title": "title",
        "Description": "description",
        "Compliance": {"Status": more.pop("status", "FAILED"), "SecurityControlId": control,
                       "AssociatedStandards": [{"StandardsId": "standards/aws-foundational/v/1"}]},
        "Workflow": {"Status": more.pop("workflow", "NEW")},
        "RecordState": "ACTIVE",
        "Resources": [{"Type": kind, "Id": resource, "Region": REGION, **({"Tags": tags} if tags else {})}],
    }  # fmt: skip
    return {**found, **more}


def ocsf(
    name: str = "1", control: str = "ECS.5", resource: str = f"{ARN}/orders:7", **more: Any
) -> dict[str, Any]:
    """The same in OCSF."""
    tags = [{"name": key, "value": value} for key, value in more.pop("tags", {}).items()]
    found = {
        "class_uid": 2003,
        "metadata": {"uid": f"meta-{name}", "product": {"name": "Security Hub", "uid": f"{PRODUCT}v2"}},
        "finding_info": {"uid": f"finding-{name}", "first_seen_time_dt": "2026-09-30T08:00:00Z"},
        "cloud": {"account": {"uid": ACCOUNT}, "region": REGION},
        "severity": "High",
        "status": "New",
        "compliance": {"control": control, "status": "Fail", "standards": ["standards/aws-foundational/v/1"]},
        "resources": [{"type": "AwsEcsTaskDefinition", "uid": resource, "region": REGION, "tags": tags}],
    }  # fmt: skip
    return {**found, **more}


@dataclass
class SecurityHub:
    """What is in Security Hub, and how many findings one page has."""

    aws: AwsEndpoint
    page: int = 2
    v1: list[dict[str, Any]] = field(default_factory=list)
    v2: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False
    """Whether updates are answered as not processed."""

    def __post_init__(self) -> None:
        self.aws.answers |= {
            "securityhub:GetFindings": self._get_findings,
            "securityhub:GetFindingsV2": self._get_findings_v2,
            "securityhub:BatchUpdateFindings": self._update_findings,
            "securityhub:BatchUpdateFindingsV2": self._update_findings_v2,
        }

    @property
    def writes(self) -> list[str]:
        return [action for action in self.aws.actions if "Update" in action]

    def _get_findings(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        wanted = asked.get("Filters", {})
        found = [
            each for each in self.v1
            if all(
                str(each.get(_V1[key])) in {rule["Value"] for rule in rules}
                for key, rules in wanted.items() if key in _V1
            )
        ]  # fmt: skip
        return self._cut_page(found, asked)

    def _get_findings_v2(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self.v2
        for part in asked.get("Filters", {}).get("CompositeFilters", []):
            rules = part["StringFilters"]
            found = [
                each
                for each in found
                if any(_read_path(each, rule["FieldName"]) == rule["Filter"]["Value"] for rule in rules)
            ]
        return self._cut_page(found, asked)

    def _cut_page(self, found: list[dict[str, Any]], asked: Mapping[str, Any]) -> Mapping[str, Any]:
        start = int(asked.get("NextToken", "0"))
        more = {"NextToken": str(start + self.page)} if start + self.page < len(found) else {}
        return {"Findings": found[start : start + self.page], **more}

    def _update_findings(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        (name,) = asked["FindingIdentifiers"]
        (finding,) = (each for each in self.v1 if each["Id"] == name["Id"])
        if self.refuses:
            failed = {"FindingIdentifier": name, "ErrorCode": "ConcurrentUpdateError", "ErrorMessage": "no"}
            return {"ProcessedFindings": [], "UnprocessedFindings": [failed]}
        finding["Note"] = {**asked["Note"], "UpdatedAt": "2026-10-03T10:00:00.000Z"}
        if "Workflow" in asked:
            finding["Workflow"] = dict(asked["Workflow"])
        return {"ProcessedFindings": [name], "UnprocessedFindings": []}

    def _update_findings_v2(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        (name,) = asked["MetadataUids"]
        (finding,) = (each for each in self.v2 if each["metadata"]["uid"] == name)
        finding["comment"] = asked["Comment"]
        return {"ProcessedFindings": [{"MetadataUid": name}], "UnprocessedFindings": []}


def _read_path(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
