"""How much of what a narrowed policy reaches carries the tag that it now asks for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fixbot.aws.plain_policy import FilledInLater
from fixbot.iam import table
from fixbot.iam.pattern import action_matches, is_wild, resource_covers
from fixbot.iam.policy_document import as_list, names_action
from fixbot.model.findings import KnownFact
from fixbot.text.characters import fold_to_line
from fixbot.text.command import REGION

if TYPE_CHECKING:
    from fixbot.aws.live_resources import LiveResource, LiveResources, ResourceKind
    from fixbot.aws.plain_policy import LivePlace
    from fixbot.edit.tree import Value
    from fixbot.model.changed_policies import ChangedPolicy

_KEY: Final = re.compile(r"[a-z0-9-]+:resourcetag/(.+)", re.IGNORECASE)
_SHOWN: Final = 3
_LONGEST: Final = 256
"""Characters of a tag's value. Source: AWS, "Tag naming limits"."""


@dataclass(frozen=True, slots=True)
class TagLimit:
    """What a change asks of things: the tag's key, and the actions that now ask for it."""

    key: str
    actions: tuple[table.IamAction, ...]
    values: tuple[str, ...]
    """What the tag must be, where that is written out."""


def find_tag_limits(policy: ChangedPolicy) -> list[TagLimit]:
    """The tags of things that statements ask for after the change and did not before, one row a tag."""
    old = list(list_statements(policy.before))
    found: dict[str, list[table.IamAction]] = {}
    values: dict[str, dict[str, None]] = {}
    for statement in list_statements(policy.after):
        if statement in old:
            continue
        for key, wanted in _iterate_tag_tests(statement.get("Condition")):
            actions = [
                action
                for text in as_list(statement.get("Action"))
                if isinstance(text, str)
                for action in table.find_actions(text)
                if not action.creates and action.level.is_changing
            ]
            if actions:
                found.setdefault(key, []).extend(actions)
                values.setdefault(key, {}).update(dict.fromkeys(wanted))
    return [TagLimit(key, tuple(dict.fromkeys(each)), tuple(values[key])) for key, each in found.items()]


def measure_coverage(
    policy: ChangedPolicy, limit: TagLimit, resources: LiveResources, place: LivePlace
) -> tuple[KnownFact, list[LiveResource]] | None:
    """The fact, and what is reached; None where the policy is another account's, or reaches no such things.

    Raises AwsCallFailed, and FilledInLater where the files don't say what is reached.
    """
    kinds: dict[ResourceKind, list[table.IamAction]] = {}
    for action in limit.actions:
        if (kind := kind_of(action)) is not None:
            kinds.setdefault(kind, []).append(action)
    reached: dict[str, LiveResource] = {}
    asked = False
    for kind, actions in kinds.items():
        patterns = list(list_patterns(policy, actions, place))
        for region in _list_regions(patterns, "ec2" if kind == "instance" else "ecs", place):
            asked = True
            for each in resources.list_resources(kind, region):
                if any(resource_covers(pattern, each.arn, variables=False) for pattern in patterns):
                    reached[each.arn] = each
    return (_build_fact(limit, list(reached.values())), list(reached.values())) if asked else None


def list_statements(document: Mapping[str, Value]) -> Iterator[Mapping[str, Value]]:
    """The statements of a document that are plain maps."""
    yield from (each for each in as_list(document.get("Statement")) if isinstance(each, dict))


def _iterate_tag_tests(condition: Value) -> Iterator[tuple[str, list[str]]]:
    """The keys of things' tags that a Condition asks for, each with the values that it takes."""
    for operator, block in condition.items() if isinstance(condition, dict) else ():
        for name, wanted in block.items() if isinstance(block, dict) else ():
            key = _KEY.fullmatch(name)
            if key is not None and not operator.lower().startswith("null"):
                texts = [each for each in as_list(wanted) if isinstance(each, str) and "${" not in each]
                yield key[1], [text for text in texts if "*" not in text]


def kind_of(action: table.IamAction) -> ResourceKind | None:
    """Of what is there, what an action is about. Source: the service authorization reference."""
    name = action.name
    if action.service == "ec2":
        return "instance" if "Instance" in name else None
    if action.service != "ecs":
        return None
    if "Service" in name or "TaskSet" in name:
        return "service"
    if name in {"StopTask", "ExecuteCommand", "UpdateTaskProtection"}:
        return "task"
    return None


def list_patterns(
    policy: ChangedPolicy, actions: Sequence[table.IamAction], place: LivePlace
) -> Iterator[str]:
    """The resources on which any of these actions was allowed."""
    for statement in list_statements(policy.before):
        if statement.get("Effect") == "Allow" and any(names_action(statement, str(each)) for each in actions):
            for resource in as_list(statement.get("Resource")):
                text = place.resolve_value(resource)
                if not isinstance(text, str) or "${" in text:
                    raise FilledInLater
                yield text


def _list_regions(patterns: Sequence[str], service: str, place: LivePlace) -> list[str]:
    """Where to look: the Regions that patterns name, and for a wildcard that of the credentials."""
    found: dict[str, None] = {}
    for pattern in patterns:
        parts = f"arn:*:{service}:*:*:*".split(":") if pattern == "*" else pattern.split(":", 5)
        if len(parts) < 6 or not action_matches(parts[2], service):
            continue
        _, _, _, region, account, _ = parts
        region = place.region if is_wild(region) or not region else region
        if (is_wild(account) or account in {place.account, ""}) and REGION.is_fitting(region):
            found[region] = None
    return list(found)


def _build_fact(limit: TagLimit, reached: Sequence[LiveResource]) -> KnownFact:
    key = limit.key
    untagged = [each.arn for each in reached if key not in each.tags]
    values = Counter(each.tags[key] for each in reached if key in each.tags)
    tagged = len(reached) - len(untagged)
    data: dict[str, Any] = {"reached": len(reached), "tagged": tagged, "untagged": untagged, "key": key}
    data["values"] = {text[:_LONGEST]: count for text, count in sorted(values.items())}
    return KnownFact("tag-coverage", _describe_coverage(limit, len(reached), untagged, values), data)


def _describe_coverage(limit: TagLimit, reached: int, untagged: Sequence[str], values: Counter[str]) -> str:
    if not reached:
        return "No service, task or instance that the policy reaches runs today."
    shown = [f"{fold_to_line(text[:_LONGEST])!r} {count}" for text, count in values.most_common(_SHOWN)]
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    said = f"{reached - len(untagged)} of {reached} things that the policy reaches carry the tag {limit.key}"
    said += f" ({', '.join(shown)}{more})" if shown else ""
    others = sum(count for text, count in values.items() if limit.values and text not in limit.values)
    said += f", {others} of them with another value than it asks for" if others else ""
    if not untagged:
        return f"{said}."
    names = ", ".join(arn.rpartition(":")[2] for arn in untagged[:_SHOWN])
    rest = f" and {len(untagged) - _SHOWN} more" if len(untagged) > _SHOWN else ""
    return f"{said}; it no longer reaches {names}{rest} until these are tagged."
