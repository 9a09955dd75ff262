"""Who a policy belongs to: its role's trust, and what role and policy are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.dialects import iam
from fixbot.edit.tree import NodeKind
from fixbot.iam.callers import is_permission_set, is_pipeline
from fixbot.iam.policies.identities import find_roles_of
from fixbot.iam.policies.policy_data import read_version
from fixbot.iam.policy_document import VARIABLES_SINCE
from fixbot.iam.tagging import PolicyFacts
from fixbot.lens import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.edit.tree import Node
    from fixbot.lens import Policy
    from fixbot.rules.context import Context

_NAMES = ("RoleName", "PolicyName", "ManagedPolicyName", "Path", "name", "role", "path")


def gather_policy_facts(
    policy: Policy, services: tuple[str, ...], world: Context, *, by_default: bool
) -> PolicyFacts:
    """What is known of a policy besides its statements. A computed version is taken for today's."""
    version = read_version(policy)
    principals = policy.principals or tuple(_list_trusted_services(policy, world))
    return PolicyFacts(
        version if isinstance(version, str) or version is None else VARIABLES_SINCE,
        frozenset(services),
        by_default,
        principals,
        tuple(name.replace("_", "-") for name in _list_names(policy, world)),
    )


def describe_people(policy: Policy, world: Context) -> str:
    """How those who have a policy get a tag, where that isn't by tagging a role: see `fixbot.iam.callers`."""
    owner = policy.owner
    written = owner.labels[:1] or (text_of(owner.find_node("Type")) or "",) if owner is not None else ("",)
    if is_permission_set(written[0]):
        return "sso"
    trust = (
        text_of(node) or ""
        for role in _find_trusts(policy, world)
        for node in role.walk_tree()
        if node.kind is NodeKind.SCALAR
    )
    return "pipeline" if any(map(is_pipeline, trust)) else ""


def _find_trusts(policy: Policy, world: Context) -> Iterator[Node]:
    """The trust policies that stand beside a policy: its own role's, and those of the roles that have it."""
    owner = policy.owner
    own = owner.find_node("Properties") or owner if owner is not None else None
    for holder in (own, *(each.node for each in find_roles_of(policy, world))):
        for key in ("AssumeRolePolicyDocument", "assume_role_policy"):
            if holder is not None and (found := holder.find_node(key)) is not None:
                yield found


def list_roles(policy: Policy, world: Context) -> tuple[str, ...]:
    """The roles that have the policy, as the files call them."""
    return policy.roles or tuple(role.address for role in find_roles_of(policy, world))


def _list_names(policy: Policy, world: Context) -> Iterator[str]:
    yield policy.name
    yield policy.address
    yield from policy.roles
    yield from (role.address for role in find_roles_of(policy, world))
    owner = policy.owner
    properties = owner.find_node("Properties") or owner if owner is not None else None
    for key in _NAMES if properties is not None else ():
        name = text_of(properties.find_node(key)) if properties is not None else None
        if name is not None:
            yield name


def _list_trusted_services(policy: Policy, world: Context) -> Iterator[str]:
    for role in find_roles_of(policy, world):
        yield from iam.trusted_services(role.node.find_node("AssumeRolePolicyDocument"))
