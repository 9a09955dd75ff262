"""Actions through which an identity makes itself stronger, each with what an attacker does with it.

Source: published research into AWS (Gietzen 2018 and later), each action held against the service
authorization reference of October 2026.
What hands a role on (`iam:PassRole`) is the concern of another rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from fixbot.iam.pattern import action_matches
from fixbot.iam.policy_document import as_list, list_whole_texts

if TYPE_CHECKING:
    from fixbot.edit.tree import Value

ESCALATING: Final[Mapping[str, str]] = {
    "iam:AttachRolePolicy": "they attach AdministratorAccess to {own}",
    "iam:PutRolePolicy": "they write {own} a policy that allows everything",
    "iam:CreatePolicyVersion": "they write a new version of a policy of {own}, one that allows all",
    "iam:SetDefaultPolicyVersion": "they bring back an older version of a policy, one that allowed more",
    "iam:UpdateAssumeRolePolicy": "they let themselves take {other}, and go on with its rights",
    "iam:DeleteRolePermissionsBoundary": "they take the boundary of {own} away",
    "iam:AttachUserPolicy": "they attach AdministratorAccess to a user of theirs",
    "iam:PutUserPolicy": "they write a user of theirs a policy that allows everything",
    "iam:AttachGroupPolicy": "they attach AdministratorAccess to a group that they are in",
    "iam:PutGroupPolicy": "they write a group that they are in a policy that allows everything",
    "iam:AddUserToGroup": "they put a user of theirs into the group of the administrators",
    "iam:CreateAccessKey": "they make themselves a key for a stronger user",
    "iam:CreateLoginProfile": "they give a stronger user a password, and sign in",
    "iam:UpdateLoginProfile": "they change the password of a stronger user, and sign in",
    "lambda:UpdateFunctionCode": "they put code of their own into a function, which runs it with its role",
    "glue:UpdateDevEndpoint": "they put a key of theirs on an endpoint of Glue, which has a role",
    "eks:AssociateAccessPolicy": "they make themselves administrators of the cluster",
}
_ALL: Final = ("*", "*:*")
_WIDE: Final = re.compile(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:\*|\w+[/:]\*)")
_HOLE: Final = re.compile(r"\$\{[^{}]*+\}")


def allows_everything(statement: Mapping[str, Value]) -> bool:
    """Whether a statement allows all actions on all things."""
    listed = [each for each in as_list(statement.get("Action")) if isinstance(each, str)]
    return statement.get("Effect") == "Allow" and any(each in _ALL for each in listed) and _is_wide(statement)


def allows_by_exclusion(statement: Mapping[str, Value]) -> str:
    """The element by which a statement allows all that it doesn't name; empty where there is none."""
    if statement.get("Effect") != "Allow":
        return ""
    if "NotAction" in statement and ("NotResource" in statement or _is_wide(statement)):
        return "NotAction"
    return "NotResource" if "NotResource" in statement else ""


def find_escalating(statement: Mapping[str, Value]) -> list[str]:
    """The actions on all things of a kind by which whoever has them gets more.

    What is all of another service than IAM is the concern of another rule.
    """
    every = (each for each in as_list(statement.get("Action")) if isinstance(each, str))
    listed = [
        each for each in every if not each.endswith("*:*") and (each.lower() == "iam:*" or each[-2:] != ":*")
    ]
    listed = [each for each in listed if each != "*"]
    if statement.get("Effect") != "Allow" or not listed or not _is_wide(statement):
        return []
    return [action for action in ESCALATING if any(action_matches(each, action) for each in listed)]


def _is_wide(statement: Mapping[str, Value]) -> bool:
    """Whether a Resource is everything, or every thing of a kind; a Condition is another's concern."""
    texts = (text for each in as_list(statement.get("Resource")) for text in list_whole_texts(each))
    return any(text == "*" or _WIDE.fullmatch(_HOLE.sub("x", text)) for text in texts)
