"""Who a policy belongs to: its role's trust, and what role and policy are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.dialects import iam
from fixbot.dialects.cloudformation import referred, resources
from fixbot.iam.policy import VARIABLES_SINCE
from fixbot.iam.tagging import About
from fixbot.lens import text_of
from fixbot.policies.data import version as document_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.dialects.cloudformation import Resource
    from fixbot.lens import Policy

_NAMES = ("RoleName", "PolicyName", "ManagedPolicyName", "Path", "name", "role", "path")


def about(policy: Policy, services: tuple[str, ...]) -> About:
    """What is known of a policy besides its statements. A computed version is taken for today's."""
    version = document_version(policy)
    principals = policy.principals or tuple(_trusted(policy))
    return About(
        version if isinstance(version, str) or version is None else VARIABLES_SINCE,
        frozenset(services),
        principals,
        tuple(name.replace("_", "-") for name in _names(policy)),
    )


def roles(policy: Policy) -> tuple[str, ...]:
    """The roles that have the policy, as the files call them."""
    owner = policy.owner
    own = [
        each.name
        for each in (resources(policy.node.root) if policy.dialect == "cloudformation" else ())
        if each.node is owner and each.type == "AWS::IAM::Role"
    ]
    return policy.roles or tuple(own) or tuple(each.name for each in _roles(policy))


def _names(policy: Policy) -> Iterator[str]:
    yield policy.name
    yield policy.address
    yield from policy.roles
    yield from (each.name for each in _roles(policy))
    owner = policy.owner
    properties = owner.get("Properties") or owner if owner is not None else None
    for key in _NAMES if properties is not None else ():
        name = text_of(properties.get(key)) if properties is not None else None
        if name is not None:
            yield name


def _trusted(policy: Policy) -> Iterator[str]:
    for role in _roles(policy):
        yield from iam.services(role.properties.get("AssumeRolePolicyDocument"))


def _roles(policy: Policy) -> Iterator[Resource]:
    """The roles of a template that a policy resource of its own is attached to."""
    if policy.dialect != "cloudformation" or policy.owner is None:
        return
    everything = list(resources(policy.node.root))
    own = next((each for each in everything if each.node is policy.owner), None)
    if own is None or own.type not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        return
    named = referred(own.properties.get("Roles"))
    for role in everything:
        if role.type == "AWS::IAM::Role" and (
            role.name in named or own.name in referred(role.properties.get("ManagedPolicyArns"))
        ):
            yield role
