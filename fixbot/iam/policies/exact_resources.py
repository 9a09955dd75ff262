"""Whether a computed Resource still names single things: it refers to one, or is an ARN without wildcards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fixbot.edit.tree import CodeExpression, TaggedValue
from fixbot.iam.pattern import is_wild
from fixbot.iam.policy_document import as_list, iterate_strings

if TYPE_CHECKING:
    from collections.abc import Collection

    from fixbot.edit.tree import Value
    from fixbot.lens import Policy

_REFERENCE = re.compile(
    r"\"?(?:\$\{)?\s*(?:(?:data\.)?aws_\w+\.[\w-]+(?:\[[^\]]*\])?\.(?:\w+_)?(?:arns?|id)"
    r"|(?:[\w-]+(?:\[[^\]]*\])?\.)*(?:\w+_)?arns?)\s*\}?\"?"
)
"""An attribute of a resource, or whatever its name says to be an ARN: those hold no wildcards."""
_ARN = re.compile(r"\"?arn:")


def is_exact(policy: Policy, written: Value) -> bool:
    """Whether every entry of a Resource surely names single things."""
    listed = policy.node.root_node.find_node("Resources") if policy.dialect == "cloudformation" else None
    resources = {entry.key for entry in listed.entries} if listed is not None else set()
    return all(_names_one_thing(each, resources) for each in as_list(written))


def _names_one_thing(value: Value, resources: Collection[str]) -> bool:
    if any(is_wild(text) for text in iterate_strings(value)):
        return False
    match value:
        case str():
            return True
        case CodeExpression():
            return bool(_REFERENCE.fullmatch(value.text) or _ARN.match(value.text))
        case TaggedValue(tag="!Ref" | "!GetAtt"):
            return next(iterate_strings(value), "").partition(".")[0] in resources
        case TaggedValue(tag="!Sub" | "!Join"):
            return _begins_with_arn(value)
        case dict() if len(value) == 1:
            ((function, inner),) = value.items()
            if function in ("Ref", "Fn::GetAtt"):
                return next(iterate_strings(inner), "").partition(".")[0] in resources
            return function in ("Fn::Sub", "Fn::Join") and _begins_with_arn(inner)
        case _:
            return False


def _begins_with_arn(value: Value) -> bool:
    """Whether the first text that isn't a separator begins an ARN, or a substituted reference."""
    first = next((text for text in iterate_strings(value) if len(text) > 1), "")
    return first.startswith("arn:")
