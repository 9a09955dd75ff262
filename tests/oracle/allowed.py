"""Which places each of the four rules may change, written down from the rules' own words."""

from __future__ import annotations

import re
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
        r"resource\{\}/\[\]",
        r"data\{\}/\[\]",
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
    """Flags become true; everything else only comes."""
    flag = re.search(r"(?i)read_?only_?root_?file_?system$", difference.where)
    if flag:
        return difference.after is True or difference.after == "true"
    if difference.before is not MISSING and difference.before not in (None, [], {}):
        return False
    return "ontext" not in difference.path[-1] or _only(
        difference.after, {"readOnlyRootFilesystem", "read_only_root_filesystem"}
    )


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
