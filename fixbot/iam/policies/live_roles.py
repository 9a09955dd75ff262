"""By which names AWS knows the roles of a policy, as far as the files themselves say them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fixbot.dialects.cloudformation import list_resources
from fixbot.iam.policies.policy_facts import find_attached_roles
from fixbot.lens import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.dialects.terraform.folder_index import FolderIndex
    from fixbot.edit.tree import Node
    from fixbot.lens import Policy

_NAME: Final = re.compile(r"(?:arn:aws[a-z-]*:iam::\d{12}:role/)?[\w+=,.@/-]{1,512}")
"""A role's name or ARN, with nothing in it that is filled in. Source: IAM, CreateRole, `RoleName`."""


def find_live_roles(policy: Policy, folders: list[FolderIndex]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names or ARNs of the roles that have a policy, and what template or Terraform call these roles."""
    names: dict[str, None] = {}
    logical: dict[str, None] = {}
    for own, node in (
        *_find_in_template(policy),
        *_find_in_terraform(policy, folders),
    ):
        if own:
            logical[own] = None
        text = text_of(node)
        if text is not None and _NAME.fullmatch(text):
            names[text] = None
    return tuple(names), tuple(logical)


def _find_in_template(policy: Policy) -> Iterator[tuple[str, Node | None]]:
    if policy.dialect != "cloudformation" or policy.owner is None:
        return
    for each in list_resources(policy.node.root_node):
        if each.node is not policy.owner:
            continue
        if each.type == "AWS::IAM::Role":
            yield each.name, each.properties.find_node("RoleName")
        listed = each.properties.find_node("Roles")
        yield from (("", item) for item in (listed.items if listed is not None else ()))
    for role in find_attached_roles(policy):
        yield role.name, role.properties.find_node("RoleName")


def _find_in_terraform(policy: Policy, folders: list[FolderIndex]) -> Iterator[tuple[str, Node | None]]:
    if policy.dialect != "terraform":
        return
    addresses = (*policy.roles, *(each for _, each in policy.carriers))
    for index in folders:
        if policy.path not in {each.path for each in index.documents}:
            continue
        for address in addresses:
            block = index.by_address.get(address)
            if block is not None and block.type == "aws_iam_role":
                yield address, block.node.find_node("name")
            elif block is not None and block.type == "aws_iam_role_policy":
                yield "", block.node.find_node("role")
