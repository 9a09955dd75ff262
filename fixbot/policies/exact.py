"""Whether a computed Resource still names single things: it refers to one, or is an ARN without wildcards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fixbot.iam.pattern import is_wild
from fixbot.iam.policy import many, strings
from fixbot.tree import Code, Tagged

if TYPE_CHECKING:
    from collections.abc import Collection

    from fixbot.lens import Policy
    from fixbot.tree import Value

_REFERENCE = re.compile(
    r"\"?(?:\$\{)?\s*(?:(?:data\.)?aws_\w+\.[\w-]+(?:\[[^\]]*\])?\.(?:\w+_)?(?:arns?|id)"
    r"|(?:[\w-]+(?:\[[^\]]*\])?\.)*(?:\w+_)?arns?)\s*\}?\"?"
)
"""An attribute of a resource, or whatever its name says to be an ARN: those hold no wildcards."""
_ARN = re.compile(r"\"?arn:")


def exact(policy: Policy, written: Value) -> bool:
    """Whether every entry of a Resource surely names single things."""
    listed = policy.node.root.get("Resources") if policy.dialect == "cloudformation" else None
    resources = {entry.key for entry in listed.entries} if listed is not None else set()
    return all(_single(each, resources) for each in many(written))


def _single(value: Value, resources: Collection[str]) -> bool:
    if any(is_wild(text) for text in strings(value)):
        return False
    match value:
        case str():
            return True
        case Code():
            return bool(_REFERENCE.fullmatch(value.text) or _ARN.match(value.text))
        case Tagged(tag="!Ref" | "!GetAtt"):
            return next(strings(value), "").partition(".")[0] in resources
        case Tagged(tag="!Sub" | "!Join"):
            return _begins(value)
        case dict() if len(value) == 1:
            ((function, inner),) = value.items()
            if function in ("Ref", "Fn::GetAtt"):
                return next(strings(inner), "").partition(".")[0] in resources
            return function in ("Fn::Sub", "Fn::Join") and _begins(inner)
        case _:
            return False


def _begins(value: Value) -> bool:
    """Whether the first text that isn't a separator begins an ARN, or a substituted reference."""
    first = next((text for text in strings(value) if len(text) > 1), "")
    return first.startswith("arn:")
