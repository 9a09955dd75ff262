"""By which names AWS knows the roles of a policy, as far as the files themselves say them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fixbot.iam.policies.identities import find_roles_of
from fixbot.lens import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.edit.tree import Node
    from fixbot.lens import Policy
    from fixbot.rules.context import Context

_NAME: Final = re.compile(r"(?:arn:aws[a-z-]*:iam::\d{12}:role/)?[\w+=,.@/-]{1,512}")
"""A role's name or ARN, with nothing in it that is filled in. Source: IAM, CreateRole, `RoleName`."""


def find_live_roles(policy: Policy, world: Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names or ARNs of the roles that have a policy, and what template or Terraform call these roles."""
    roles = find_roles_of(policy, world)
    nodes = [*(role.node.find_node(key) for role in roles for key in ("RoleName", "name"))]
    texts = (text_of(node) for node in (*nodes, *_list_written(policy)))
    names = dict.fromkeys(text for text in texts if text is not None and _NAME.fullmatch(text))
    return tuple(names), tuple(role.address for role in roles)


def _list_written(policy: Policy) -> Iterator[Node | None]:
    """What the policy's own resource says of its roles."""
    owner = policy.owner
    if owner is None:
        return
    if policy.dialect == "terraform":
        yield owner.find_node("role")
    listed = (owner.find_node("Properties") or owner).find_node("Roles")
    yield from listed.items if listed is not None else ()
