"""Who registered a task definition, a person or a pipeline, by its own field and by CloudTrail."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.list_pages import PagedCall, iterate_rows

if TYPE_CHECKING:
    from fixbot.aws.aws_gateway import AwsGateway
    from fixbot.aws.read_running import RunningDefinition
    from fixbot.model.drift import Verdict

_EVENTS: Final = PagedCall("cloudtrail", "lookup_events", "Events", "NextToken", "NextToken")
_MACHINE: Final = re.compile(
    r"github|gitlab|bitbucket|jenkins|circleci|codebuild|codepipeline|codedeploy|buildkite|terraform|opentofu"
    r"|atlantis|spacelift|pulumi|cloudformation|aws-?cdk|copilot|spinnaker|argo|flux|harness|octopus|ecspresso"
    r"|pipeline|deploy|automation|(?:^|[^a-z])(?:ci|cd|cicd|cdk|cfn|bot|tf)(?:[^a-z]|$)",
    re.IGNORECASE,
)
"""What roles, users and programs of pipelines are called."""
_PERSON: Final = re.compile(r"AWSReservedSSO_|:root$|:user/|/[^/\s]+@[^/\s]+$")
_CONSOLE: Final = re.compile(r"console\.amazonaws\.com|signin\.amazonaws\.com|Mozilla/|console\.aws")


@dataclass(slots=True)
class AuthorFinder:
    """Asks CloudTrail where the definition itself doesn't say; a refusal is one line of `remarks`."""

    gateway: AwsGateway
    remarks: dict[str, None] = field(default_factory=dict)
    _known: dict[str, Verdict] = field(default_factory=dict)

    def find_author(self, running: RunningDefinition) -> Verdict:
        """`by-hand`, `pipeline` or `unknown`."""
        if running.arn not in self._known:
            found = classify_author(running.registered_by)
            self._known[running.arn] = self._look_up(running) if found == "unknown" else found
        return self._known[running.arn]

    def _look_up(self, running: RunningDefinition) -> Verdict:
        asked: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "RegisterTaskDefinition"}]
        }
        if running.registered_at is not None:
            asked["StartTime"] = running.registered_at - timedelta(minutes=5)
            asked["EndTime"] = running.registered_at + timedelta(minutes=5)
        try:
            for row in iterate_rows(self.gateway, _EVENTS, asked, running.region):
                event = _parse_event(row.get("CloudTrailEvent"))
                if _names_definition(event, row, running.arn):
                    return _classify_event(event)
        except AwsCallFailed as failed:
            self.remarks[f"who registered {running.family}: {failed}"] = None
        return "unknown"


def classify_author(identity: str, agent: str = "") -> Verdict:
    """What an ARN, and the program that called, tell."""
    if "AWSReservedSSO_" in identity:
        return "by-hand"
    name = identity.partition(":")[2].rpartition(":")[2]
    if _MACHINE.search(name) or (agent and not _CONSOLE.search(agent) and _MACHINE.search(agent)):
        return "pipeline"
    if _PERSON.search(identity) or (agent and _CONSOLE.search(agent)):
        return "by-hand"
    return "unknown"


def _classify_event(event: Mapping[str, Any]) -> Verdict:
    identity = event.get("userIdentity")
    who: Mapping[str, Any] = identity if isinstance(identity, dict) else {}
    if who.get("invokedBy") or who.get("type") in {"AWSService", "WebIdentityUser"}:
        return "pipeline"
    return classify_author(str(who.get("arn", "")), str(event.get("userAgent", "")))


def _parse_event(text: object) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _names_definition(event: Mapping[str, Any], row: Mapping[str, Any], arn: str) -> bool:
    answer = event.get("responseElements")
    told = answer.get("taskDefinition") if isinstance(answer, dict) else None
    if isinstance(told, dict) and told.get("taskDefinitionArn") == arn:
        return True
    return any(each.get("ResourceName") == arn for each in row.get("Resources") or ())
