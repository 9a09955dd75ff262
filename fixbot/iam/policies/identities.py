"""What stands beside a policy: the other policies of its identity, and the roles that it names."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final

from fixbot.dialects import iam
from fixbot.dialects.cloudformation import find_references
from fixbot.edit.tree import NodeKind
from fixbot.iam.policies.policy_data import read_statement_data
from fixbot.lens import Policy, Resource, ResourceType

if TYPE_CHECKING:
    from fixbot.edit.tree import Node
    from fixbot.iam.policies.policy_data import Data
    from fixbot.rules.context import Context

ROLE: Final = ResourceType("role", "roles", "AWS::IAM::Role", "aws_iam_role", renamed={"RoleName": "name"})


def list_allowed(policy: Policy, world: Context) -> list[Data]:
    """The statements of a policy, and of the others that the same role, user or group is known to have."""
    held = world.compute_once(list_allowed, lambda: _group_by_holder(world))
    places = sorted({at for holder in _list_holders(policy, world) for at in held[holder]})
    same = [each for at in places if (each := world.policies[at]) is not policy]
    return [read_statement_data(each) for one in (policy, *same) for each in one.statements]


def _group_by_holder(world: Context) -> dict[int, list[int]]:
    held: dict[int, list[int]] = defaultdict(list)
    for at, each in enumerate(world.policies):
        for holder in _list_holders(each, world) if each.kind == "identity" else ():
            held[holder].append(at)
    return held


def _list_holders(policy: Policy, world: Context) -> set[int]:
    """The resource that a policy stands in, and the roles that have it."""
    owners = [policy.owner, *(role.owner for role in find_roles_of(policy, world))]
    return {id(each) for each in owners if each is not None}


def find_roles_of(policy: Policy, world: Context) -> list[Resource]:
    """The roles beside a policy that have it."""
    if policy.dialect not in ("cloudformation", "terraform"):
        return []
    named = {*policy.roles, *_list_attached_roles(policy)}
    own = policy.address.partition("/")[0] if policy.dialect == "cloudformation" else ""
    return [
        role
        for role in world.resources_beside(policy, ROLE)
        if role.owner is policy.owner
        or role.address in named
        or (own and own in world.compute_once((find_roles_of, role), partial(_list_attached, role)))
    ]


def _list_attached_roles(policy: Policy) -> list[str]:
    properties = policy.owner.find_node("Properties") if policy.owner is not None else None
    if policy.dialect != "cloudformation" or properties is None:
        return []
    return [name for key in ("Roles", "RoleName") for name in find_references(properties.find_node(key))]


def _list_attached(role: Resource) -> tuple[str, ...]:
    return find_references(role.node.find_node("ManagedPolicyArns"))


def find_named_roles(policy: Policy, node: Node | None, world: Context) -> list[Resource]:
    """The roles beside a policy that a Resource refers to; nothing unless each of its entries is one."""
    if node is None:
        return []
    roles = world.resources_beside(policy, ROLE) if policy.dialect in ("cloudformation", "terraform") else []
    items = node.items if node.kind is NodeKind.LIST and node.tag is None else [node]
    found: list[Resource] = []
    for item in items:
        named = [each for each in roles if world.mentions(item, each.address)]
        if len(named) != 1:
            return []
        found += named
    return found


def list_trusted(role: Resource, world: Context) -> tuple[str, ...]:
    """The services that a role's trust policy names; nothing where it isn't known."""
    trusts = [each for each in world.policies if each.kind == "trust" and is_trust_of(each, role)]
    return tuple(dict.fromkeys(service for each in trusts for service in iam.trusted_services(each.node)))


def is_trust_of(trust: Policy, role: Resource) -> bool:
    """Whether a trust policy is a role's: it stands in it, or is a document that the role takes."""
    return trust.owner is role.owner or ("trust", role.address) in trust.carriers
