"""Which places each of the four rules may change, written down from the rules' own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.oracle.differences import MISSING, Difference
from tests.oracle.sightings import PRIVILEGED, READONLY, SECRET, TAG

_BOX = r".*"
_PLACES: dict[str, tuple[str, ...]] = {
    READONLY: (
        r"readonly_?Root_?filesystem",
        r"read_?only_?root_?file_?system",
        r"securityContext(?:/readOnlyRootFilesystem)?",
        r"security_context\{\}(?:/\[\])?(?:/read_only_root_filesystem)?",
        r"(?:volumeMounts|volumes)(?:/\[\])?",
        r"mount_?Points(?:/\[\])?",
        r"volumes?(?:\{\})?(?:/\[\])?",
        r"volume_mount\{\}(?:/\[\])?",
        r"volume/[\w.-]+",
        r"linux_?Parameters(?:/tmpfs(?:/\[\])?)?",
        r"env(?:ironment)?(?:\{\})?(?:/\[\])?",
    ),
    PRIVILEGED: (
        r"privileged",
        r"securityContext(?:/privileged|/capabilities(?:/(?:add|drop)(?:/\[\])?)?)?",
        r"security_context\{\}(?:/\[\])?(?:/privileged|/capabilities\{\}.*)?",
        r"linux_?Parameters(?:/capabilities(?:/(?:add|drop)(?:/\[\])?)?|/devices(?:/\[\])?)?",
    ),
    SECRET: (
        r"(?:environment|map_environment)(?:/\[\]|/\w+)?(?:/(?:value|valueFrom))?",
        r"(?:secrets|map_secrets)(?:/\[\]|/\w+)?",
        r"(?:log_?Configuration/)?(?:options(?:/[\w.-]+)?|secret_?Options(?:/\[\])?)",
        r"env(?:/\[\])?(?:/(?:value|valueFrom))?",
        r"env\{\}(?:/\[\])?(?:/(?:value|value_from\{\}.*))?",
        r"Resources/\w+",
        r"Parameters/\w+",
        r"execution_?role_?arn",
        r"(?:resource|data)\{\}(?:/\[\])?",
        r"(?:Manage)?MasterUserPassword|(?:manage_master_user_)?password",
        r"Resources/\w+/Properties/(?:ManagedPolicyArns|Policies)(?:/\[\])?",
        r"statement\{\}/\[\]",
        r"Statement/\[\]",
        r"resources(?:/\[\])?",
        r"(?:resources|Resource|Action)/\[\]",
        r"(?:volumes|volumeMounts)(?:/\[\])?",
    ),
    TAG: (
        r"Statement(?:/\[\])?",
        r"statement\{\}(?:/\[\])?",
        r"(?:Action|actions|NotAction|not_actions)(?:/\[\])?",
        r"Condition(?:/.*)?",
        r"condition\{\}(?:/\[\])?",
        r"Version",
        r"version",
    ),
}
_OF_MOUNTS = {
    *("name", "mountpath", "sourcevolume", "containerpath", "emptydir", "emptydir{}", "host", "medium"),
    *("sizelimit", "size", "mountoptions", "tmpfs"),
}
_ALLOWED = {
    rule: re.compile(rf"(?:.*/)?(?:{'|'.join(places)})", re.IGNORECASE) for rule, places in _PLACES.items()
}


def allowed(difference: Difference, rules: set[str]) -> bool:
    """Whether one of the rules explains a difference."""
    return any(
        _ALLOWED[rule].fullmatch(difference.where) and _CHECKS[rule](difference.path[-1], difference)
        for rule in rules
    )


def _readonly(_key: str, difference: Difference) -> bool:
    """Flags become true, and what comes is a mount, a volume without a place on the host, or tmpfs."""
    if difference.before not in (MISSING, None) and difference.before not in (False, "false", [], {}):
        return False
    return all(_harmless(key, value) for key, value in _leaves(difference.path[-1], difference.after))


def _leaves(key: str, data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict) and data:
        for name, value in data.items():
            yield from _leaves(name, value)
    elif isinstance(data, list) and data:
        for value in data:
            yield from _leaves(key, value)
    else:
        yield key, data


def _harmless(key: str, value: Any) -> bool:
    key = key.lower().replace("_", "")
    if "readonlyroot" in key:
        return value is True or value == "true"
    if key == "readonly":
        return value is False
    if key == "value":  # a switch of the image that lets it start so
        return bool(value == "true")
    return key in _OF_MOUNTS


def _only(data: Any, keys: set[str]) -> bool:
    while isinstance(data, list) and len(data) == 1:
        data = data[0]
    return isinstance(data, dict) and set(data) <= keys


def _privileged(key: str, difference: Difference) -> bool:
    """The mode goes; what stands for it comes."""
    if key.lower() == "privileged":
        return difference.after is MISSING or difference.after is False
    if "capabilities" in difference.where or "inux" in difference.where:
        return difference.before is MISSING
    return difference.after is MISSING and _only(difference.before, {"privileged"})


def _any(_key: str, _difference: Difference) -> bool:
    return True


_CHECKS = {READONLY: _readonly, PRIVILEGED: _privileged, SECRET: _any, TAG: _any}
