"""Who a policy belongs to: its role's trust, and what role and policy are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.dialects import iam
from fixbot.dialects.cloudformation import find_references, list_resources
from fixbot.edit.tree import NodeKind
from fixbot.iam.callers import is_permission_set, is_pipeline
from fixbot.iam.policies.policy_data import read_version
from fixbot.iam.policy_document import VARIABLES_SINCE
from fixbot.iam.tagging import PolicyFacts
from fixbot.lens import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.dialects.cloudformation import TemplateResource
    from fixbot.edit.tree import Node
    from fixbot.lens import Policy

_NAMES = ("RoleName", "PolicyName", "ManagedPolicyName", "Path", "name", "role", "path")


def gather_policy_facts(policy: Policy, services: tuple[str, ...], *, by_default: bool) -> PolicyFacts:
    """What is known of a policy besides its statements. A computed version is taken for today's."""
    version = read_version(policy)
    principals = policy.principals or tuple(_list_trusted_services(policy))
    return PolicyFacts(
        version if isinstance(version, str) or version is None else VARIABLES_SINCE,
        frozenset(services),
        by_default,
        principals,
        tuple(name.replace("_", "-") for name in _list_names(policy)),
    )


def describe_people(policy: Policy) -> str:
    """How those who have a policy get a tag, where that isn't by tagging a role: see `fixbot.iam.callers`."""
    owner = policy.owner
    written = owner.labels[:1] or (text_of(owner.find_node("Type")) or "",) if owner is not None else ("",)
    if is_permission_set(written[0]):
        return "sso"
    trust = (
        text_of(node) or ""
        for role in _find_trusts(policy)
        for node in role.walk_tree()
        if node.kind is NodeKind.SCALAR
    )
    return "pipeline" if any(map(is_pipeline, trust)) else ""


def _find_trusts(policy: Policy) -> Iterator[Node]:
    """The trust policies that stand beside a policy: its own role's, and those of the roles that have it."""
    owner = policy.owner
    own = owner.find_node("Properties") or owner if owner is not None else None
    for holder in (own, *(each.properties for each in find_attached_roles(policy))):
        for key in ("AssumeRolePolicyDocument", "assume_role_policy"):
            if holder is not None and (found := holder.find_node(key)) is not None:
                yield found


def list_roles(policy: Policy) -> tuple[str, ...]:
    """The roles that have the policy, as the files call them."""
    owner = policy.owner
    own = [
        each.name
        for each in (list_resources(policy.node.root_node) if policy.dialect == "cloudformation" else ())
        if each.node is owner and each.type == "AWS::IAM::Role"
    ]
    return policy.roles or tuple(own) or tuple(each.name for each in find_attached_roles(policy))


def _list_names(policy: Policy) -> Iterator[str]:
    yield policy.name
    yield policy.address
    yield from policy.roles
    yield from (each.name for each in find_attached_roles(policy))
    owner = policy.owner
    properties = owner.find_node("Properties") or owner if owner is not None else None
    for key in _NAMES if properties is not None else ():
        name = text_of(properties.find_node(key)) if properties is not None else None
        if name is not None:
            yield name


def _list_trusted_services(policy: Policy) -> Iterator[str]:
    for role in find_attached_roles(policy):
        yield from iam.trusted_services(role.properties.find_node("AssumeRolePolicyDocument"))


def find_attached_roles(policy: Policy) -> Iterator[TemplateResource]:
    """The roles of a template that a policy resource of its own is attached to."""
    if policy.dialect != "cloudformation" or policy.owner is None:
        return
    everything = list_resources(policy.node.root_node)
    own = next((each for each in everything if each.node is policy.owner), None)
    if own is None or own.type not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        return
    named = find_references(own.properties.find_node("Roles"))
    for role in everything:
        if role.type == "AWS::IAM::Role" and (
            role.name in named or own.name in find_references(role.properties.find_node("ManagedPolicyArns"))
        ):
            yield role
