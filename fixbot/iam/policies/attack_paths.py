"""The way that an attacker would go through the roles of a repository, from a policy that lets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.iam.escalation import ESCALATING, allows_everything
from fixbot.iam.policies.explanations import format_names
from fixbot.iam.policies.identities import ROLE, find_roles_of, list_allowed, list_trusted
from fixbot.text.markdown_escape import mark_code

if TYPE_CHECKING:
    from fixbot.lens import Policy, Resource
    from fixbot.rules.context import Context

_ENTRANCES: Final[Mapping[str, str]] = {
    "ecs-tasks": "a task",
    "ec2": "an instance",
    "lambda": "a function",
    "eks-fargate-pods": "a pod",
    "pods.eks": "a pod",
    "codebuild": "a build",
}
"""What runs code with a role that the service takes."""
_DEPLOYING: Final = ("cloudformation", "codepipeline", "codedeploy")
_SHOWN: Final = 3


def find_entrance(policy: Policy, world: Context) -> str:
    """What runs code with the policy, as far as its role's trust says; empty where nothing does."""
    services = [each.partition(".amazonaws")[0] for each in _list_services(policy, world)]
    return next((_ENTRANCES[each] for each in services if each in _ENTRANCES), "")


def is_for_deploying(policy: Policy, world: Context) -> bool:
    """Whether it is the role of what deploys everything else."""
    services = [each.partition(".amazonaws")[0] for each in _list_services(policy, world)]
    return any(each in _DEPLOYING for each in services)


def _list_services(policy: Policy, world: Context) -> list[str]:
    roles = find_roles_of(policy, world)
    return [*policy.principals, *(service for role in roles for service in list_trusted(role, world))]


def describe_path(policy: Policy, actions: Sequence[str], world: Context) -> str:
    """Step by step what whoever gets hold of a policy does, by name of the roles that are declared here.

    `actions` are those by which they get more; none where the policy allows everything already.
    """
    own = find_roles_of(policy, world)
    beside = world.resources_beside(policy, ROLE) if policy.dialect in ("cloudformation", "terraform") else []
    others = [each for each in beside if each not in own]
    holder = f"role {mark_code(own[0].name)}" if own else "an identity with the policy"
    strongest = _choose_strongest(others, world)
    other = f"role {mark_code(strongest.name)}" if strongest is not None else "a stronger role"
    entrance = find_entrance(policy, world)
    first = (
        f"whoever gets code into {entrance} with {holder}" if entrance else f"whoever gets hold of {holder}"
    )
    steps = [f"{first[:1].upper()}{first[1:]} has its credentials"]
    steps += [
        f"by {mark_code(action)} {ESCALATING[action].format(own=holder, other=other)}"
        for action in actions[:_SHOWN]
    ]
    reached = f", {format_names(each.name for each in others)} among them" if others else ""
    steps.append(f"then everything in the account is theirs: its data, its logs, and all roles{reached}")
    last = len(steps)
    return " ".join(f"({at}) {step}{';' if at < last else '.'}" for at, step in enumerate(steps, 1))


def _choose_strongest(roles: Sequence[Resource], world: Context) -> Resource | None:
    """A role that may do everything, else the first one."""
    for role in roles:
        for policy in world.policies:
            if (
                policy.kind == "identity"
                and policy.owner is role.owner
                and any(map(allows_everything, list_allowed(policy, world)))
            ):
                return role
    return roles[0] if roles else None
