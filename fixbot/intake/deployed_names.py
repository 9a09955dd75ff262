"""What Terraform's state and CloudFormation's stacks say of where a resource comes from: files of users."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fixbot.intake.field_checks import parse_arn
from fixbot.model.errors import FixbotError
from fixbot.text.kinds import compact_kind

_MOST: Final = 1_000_000
"""Resources of one file."""


@dataclass(frozen=True, slots=True)
class DeployedName:
    """What made a resource: an address in Terraform, or a logical id of a stack."""

    name: str
    modules: tuple[str, ...] = ()
    """The calls of modules that lead there, from the top (Terraform)."""
    stack: str = ""


class DeployedNames:
    """Looks up by what AWS calls a resource: its ARN, of a task definition in any revision, or its id."""

    def __init__(self, rows: Iterable[tuple[str, DeployedName]] = ()) -> None:
        self._found: dict[str, dict[DeployedName, None]] = {}
        for key, name in rows:
            self.add_name(key, name)

    def add_name(self, key: str, name: DeployedName) -> None:
        """Remember what made the resource of that ARN or id."""
        for each in _list_keys(key):
            self._found.setdefault(each, {})[name] = None

    def find_names(self, resource: str) -> tuple[DeployedName, ...]:
        """All that may have made a resource."""
        return next((tuple(self._found[key]) for key in _list_keys(resource) if key in self._found), ())


def _list_keys(resource: str) -> tuple[str, ...]:
    """The ARN itself, and without the revision of a definition; a bucket's ARN is its name too."""
    arn = parse_arn(resource)
    if arn is None:
        return (resource,)
    if "definition/" in arn["rest"]:
        return (re.sub(r":\d+$", "", resource),)
    return (resource, arn["rest"]) if arn["service"] == "s3" else (resource,)


def drop_indices(address: str) -> str:
    """An address without what stands in brackets: which one of several is the same block for all."""
    kept, at = [], 0
    while (start := address.find("[", at)) >= 0 and (end := address.find("]", start)) >= 0:
        kept.append(address[at:start])
        at = end + 1
    return "".join((*kept, address[at:]))


def parse_state(data: bytes, name: str) -> list[tuple[str, DeployedName]]:
    """What a Terraform state, or `terraform show -json`, has made. Raises FixbotError."""
    whole = _load_map(data, f"--state {name}")
    values = whole.get("values")
    if isinstance(values, Mapping):
        return list(_walk_shown(values.get("root_module"), 0))
    if isinstance(whole.get("resources"), list) and "terraform_version" in whole:
        return list(_walk_state(whole["resources"]))
    if "format_version" in whole or "terraform_version" in whole:
        return []  # of an empty state there is nothing to show
    raise FixbotError(
        f"--state {name}: it is neither a Terraform state nor what `terraform show -json` prints"
    )


def _load_map(data: bytes, what: str) -> Mapping[str, Any]:
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise FixbotError(f"{what}: it is no JSON that can be read") from None
    if not isinstance(whole, Mapping):
        raise FixbotError(f"{what}: it is no JSON object")
    return whole


def _walk_shown(module: Any, depth: int) -> Iterator[tuple[str, DeployedName]]:
    if not isinstance(module, Mapping) or depth > 50:
        return
    calls = _list_calls(str(module.get("address") or ""))
    for row in _list_maps(module.get("resources")):
        if row.get("mode") == "managed" and isinstance(row.get("values"), Mapping):
            yield from _name_values(row, calls, row["values"])
    for child in _list_maps(module.get("child_modules")):
        yield from _walk_shown(child, depth + 1)


def _walk_state(resources: Any) -> Iterator[tuple[str, DeployedName]]:
    for row in _list_maps(resources):
        calls = _list_calls(str(row.get("module") or ""))
        for each in _list_maps(row.get("instances")) if row.get("mode") == "managed" else ():
            if isinstance(each.get("attributes"), Mapping):
                yield from _name_values(row, calls, each["attributes"])


def _list_maps(value: Any) -> list[Mapping[str, Any]]:
    rows = value[:_MOST] if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, Mapping)]


def _list_calls(address: str) -> tuple[str, ...]:
    """The modules of `module.a["x"].module.b`."""
    steps = drop_indices(address[:5_000]).split(".")
    return tuple(steps[at + 1] for at in range(0, len(steps) - 1, 2) if steps[at] == "module")


def _name_values(
    row: Mapping[str, Any], calls: tuple[str, ...], values: Mapping[str, Any]
) -> Iterator[tuple[str, DeployedName]]:
    """What AWS calls a resource of a state; an id that is a mere name is no key."""
    kind, label = row.get("type"), row.get("name")
    if not isinstance(kind, str) or not isinstance(label, str):
        return
    name = DeployedName(f"{kind}.{label}", calls)
    for key in ("arn", "id", "bucket"):
        value = values.get(key)
        if isinstance(value, str) and value and (kind.startswith("aws_s3_bucket") or _is_key(value)):
            yield value, name


def _is_key(value: str) -> bool:
    """Whether AWS gives that to one resource alone: an ARN, or an id such as `sg-0a1b2c3d`."""
    return parse_arn(value) is not None or re.fullmatch(r"[a-z]{1,8}-[0-9a-f]{8,17}", value) is not None


def parse_stacks(data: bytes, name: str) -> list[tuple[str, DeployedName]]:
    """What `describe-stack-resources` printed, of one stack or of several. Raises FixbotError."""
    what = f"--stacks {name}"
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise FixbotError(f"{what}: it is no JSON that can be read") from None
    rows: list[Mapping[str, Any]] = []
    for part in whole if isinstance(whole, list) else [whole]:
        if not isinstance(part, Mapping):
            raise FixbotError(f"{what}: it is not what `aws cloudformation describe-stack-resources` prints")
        several = part.get("StackResources", part.get("StackResourceSummaries"))
        rows += [part] if "LogicalResourceId" in part else _list_maps(several)
        if several is None and "LogicalResourceId" not in part:
            raise FixbotError(f"{what}: it is not what `aws cloudformation describe-stack-resources` prints")
    return list(name_stack_resources(rows))


def name_stack_resources(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, DeployedName]]:
    """The rows of an answer of DescribeStackResources."""
    for row in rows:
        physical, logical = row.get("PhysicalResourceId"), row.get("LogicalResourceId")
        if isinstance(physical, str) and isinstance(logical, str) and physical and logical:
            stack = row.get("StackName")
            name = DeployedName(logical, stack=stack if isinstance(stack, str) else "")
            yield physical, name
            kind = row.get("ResourceType")
            if isinstance(kind, str) and parse_arn(physical) is None:
                yield build_physical_key(kind, physical), name


def build_physical_key(kind: str, name: str) -> str:
    """A key for a resource that CloudFormation knows by its name alone."""
    return f"{compact_kind(kind)}\0{name}"
