"""What a role used of a policy in the last 90 days, and whether the changed policy still allows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.list_pages import PagedCall, iterate_rows
from fixbot.aws.live_resources import ARN, read_tags
from fixbot.aws.plain_policy import write_policy
from fixbot.aws.tag_coverage import kind_of, list_patterns, list_statements
from fixbot.iam import table
from fixbot.iam.pattern import is_wild
from fixbot.iam.policy_document import names_action
from fixbot.model.findings import KnownFact

if TYPE_CHECKING:
    from fixbot.aws.aws_gateway import AwsGateway
    from fixbot.aws.live_resources import LiveResource
    from fixbot.aws.plain_policy import LivePlace
    from fixbot.aws.tag_coverage import TagLimit
    from fixbot.model.changed_policies import ChangedPolicy

DAYS: Final = 90
_MOST_POLLS: Final = 30
_DETAILS: Final = PagedCall(
    "iam", "get_service_last_accessed_details", "ServicesLastAccessed", "Marker", "Marker"
)
_SIMULATE: Final = PagedCall("iam", "simulate_custom_policy", "EvaluationResults", "Marker", "Marker")
_MOST_VALUES: Final = 5
_ACTION: Final = re.compile(r"[a-z0-9-]{1,64}:[A-Za-z0-9]{1,128}")


@dataclass(frozen=True, slots=True)
class LiveRole:
    """A role as IAM has it."""

    arn: str
    name: str
    tags: Mapping[str, str]


def find_role(gateway: AwsGateway, named: str, place: LivePlace) -> LiveRole | None:
    """The role of that name or ARN; None where it is in another account. Raises AwsCallFailed."""
    account = named.split(":")[4] if named.startswith("arn:") else place.account
    if account != place.account:
        return None
    name = named.rpartition("/")[2]
    role = gateway.call_service("iam", "get_role", {"RoleName": name}).get("Role") or {}
    arn = str(role.get("Arn", ""))
    return LiveRole(arn, name, read_tags(role.get("Tags"))) if ARN.fullmatch(arn) else None


def list_used_actions(gateway: AwsGateway, role: LiveRole) -> list[str]:
    """The actions that the role used in the last 90 days, of those that IAM tracks. Raises AwsCallFailed."""
    started = gateway.call_service(
        "iam", "generate_service_last_accessed_details", {"Arn": role.arn, "Granularity": "ACTION_LEVEL"}
    )
    asked = {"JobId": str(started.get("JobId", ""))}
    for _ in range(_MOST_POLLS):
        answer = gateway.call_service("iam", "get_service_last_accessed_details", asked)
        if answer.get("JobStatus") != "IN_PROGRESS":
            break
        gateway.sleep(1)
    if answer.get("JobStatus") != "COMPLETED":
        code = "JobFailed" if answer.get("JobStatus") == "FAILED" else "JobNotDone"
        raise AwsCallFailed("iam:GetServiceLastAccessedDetails", gateway.region, code)
    done = answer.get("JobCompletionDate")
    now = done if isinstance(done, datetime) else datetime.now(UTC)
    found: dict[str, None] = {}
    for service in iterate_rows(gateway, _DETAILS, asked):
        for row in service.get("TrackedActionsLastAccessed") or ():
            used = row.get("LastAccessedTime")
            action = f"{service.get('ServiceNamespace')}:{row.get('ActionName')}"
            if isinstance(used, datetime) and now - used <= timedelta(DAYS) and _ACTION.fullmatch(action):
                found[action] = None
    return list(found)


@dataclass(frozen=True, slots=True)
class ActionTrial:
    """A changed policy, its role, and what is known of the things that it reaches."""

    policy: ChangedPolicy
    role: LiveRole
    limits: Sequence[TagLimit]
    reached: Sequence[LiveResource] | None
    """None where that isn't known: then things are taken to carry what is asked for."""

    def find_lost(self, gateway: AwsGateway, used: Sequence[str], place: LivePlace) -> KnownFact:
        """Which used actions of the policy the changed one denies. Raises AwsCallFailed, FilledInLater."""
        allows = [each for each in list_statements(self.policy.before) if each.get("Effect") == "Allow"]
        mine = [action for action in used if any(names_action(each, action) for each in allows)]
        grouped: dict[str, list[str]] = {}
        for action in mine:
            grouped.setdefault(self._choose_resource(action, place), []).append(action)
        document = write_policy(self.policy.after, place)
        kept = {
            action
            for resource, actions in grouped.items()
            for action in self._simulate(gateway, document, resource, actions)
        }
        lost = [action for action in mine if action not in kept]
        name = self.role.name
        data = {"days": DAYS, "lost": lost, "used": mine, "role": self.role.arn}
        tracked = "as far as IAM tracks actions"
        if lost:
            said = f"Of what {name} used in the last {DAYS} days, {tracked}, it loses {', '.join(lost)}."
        elif mine:
            said = f"Nothing that {name} used in the last {DAYS} days is lost, {tracked}."
        else:
            said = f"{name} used nothing of this policy in the last {DAYS} days, {tracked}."
        return KnownFact("used-actions", said, data)

    def _choose_resource(self, action: str, place: LivePlace) -> str:
        """Something real that the action is about; else a name that the policy's own pattern holds."""
        known = table.find_action(action)
        if known is None:
            return ""
        keys = [each.key for each in self.limits]
        fitting = [each for each in self.reached or () if each.kind == kind_of(known)]
        fitting.sort(key=lambda each: not all(key in each.tags for key in keys))
        if fitting:
            return fitting[0].arn
        pattern = next(list_patterns(self.policy, [known], place), "*")
        return "" if pattern == "*" else re.sub(r"[*?]", "x", pattern)

    def _simulate(
        self, gateway: AwsGateway, document: str, resource: str, actions: Sequence[str]
    ) -> Iterator[str]:
        """The actions that are allowed with any of the tags that are there."""
        open_ = list(actions)
        for context in self._list_contexts():
            if not open_:
                return
            asked: dict[str, Any] = {"PolicyInputList": [document], "ActionNames": open_}
            if resource and not is_wild(resource):
                asked["ResourceArns"] = [resource]
            if context:
                asked["ContextEntries"] = [
                    {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                    for key, value in context.items()
                ]
            rows = iterate_rows(gateway, _SIMULATE, asked)
            allowed = [str(row.get("EvalActionName")) for row in rows if row.get("EvalDecision") == "allowed"]
            yield from allowed
            open_ = [each for each in open_ if each not in allowed]

    def _list_contexts(self) -> list[dict[str, str]]:
        """What simulations are told of tags: the role's own, and each value that things carry."""
        own = {f"aws:PrincipalTag/{key}": value for key, value in self.role.tags.items()}
        contexts: list[dict[str, str]] = [own]
        for limit in self.limits:
            carried = {each.tags[limit.key]: None for each in self.reached or () if limit.key in each.tags}
            wanted = [*limit.values, self.role.tags.get(limit.key)]
            if self.reached is None:
                carried = {value: None for value in wanted if value is not None}
            # What is asked for goes first: the others matter where the policy takes several.
            values = sorted(carried, key=lambda value: value not in wanted)[:_MOST_VALUES]
            contexts = [
                {**each, **_tag_context(limit.key, value)} for value in values for each in contexts
            ] or contexts
        return contexts


def _tag_context(key: str, value: str) -> dict[str, str]:
    return {f"{prefix}:ResourceTag/{key}": value for prefix in ("aws", "ecs", "ec2")} | {
        f"aws:RequestTag/{key}": value
    }
