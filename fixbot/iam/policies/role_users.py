"""Who works with a role, as far as the same template or folder says: task definitions and functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from fixbot.dialects.cloudformation import find_references, list_resources
from fixbot.iam.policies.identities import find_roles_of
from fixbot.lens import Policy, Resource, ResourceType

if TYPE_CHECKING:
    from fixbot.edit.tree import Node
    from fixbot.rules.context import Context

TASK: Final = ResourceType(
    "task definition", "task definitions", "AWS::ECS::TaskDefinition", "aws_ecs_task_definition"
)
FUNCTION: Final = ResourceType("function", "functions", "AWS::Lambda::Function", "aws_lambda_function")
SERVERLESS: Final = ResourceType("function", "functions", "AWS::Serverless::Function")
_USES: Final = {TASK: ("TaskRoleArn", "ExecutionRoleArn"), FUNCTION: ("Role",), SERVERLESS: ("Role",)}
"""Properties in which a workload names its roles, the one for its own program first."""


class NotKnown(ValueError):
    """What the role reads can't be said; the message says why, as a clause."""


def find_sole_role(policy: Policy, world: Context) -> Resource:
    """The one role that has a policy. Raises NotKnown."""
    roles = find_roles_of(policy, world)
    if len(roles) != 1:
        raise NotKnown("which role has it isn't known here" if not roles else "several roles have it")
    return roles[0]


def find_sole_workload(policy: Policy, world: Context) -> Resource:
    """The one task definition or function whose program has a policy. Raises NotKnown."""
    for function in world.resources_beside(policy, SERVERLESS) if policy.dialect == "cloudformation" else ():
        if function.owner is policy.owner:
            return function
    role = find_sole_role(policy, world)
    users: dict[int, Resource] = {}
    uses = 0
    for kind, names in _USES.items():
        for each in world.resources_beside(role, kind):
            places = [each.slot(name).found for name in names]
            named = [node is not None and world.mentions(node, role.address) for node in places]
            uses += sum(named)
            if named[0]:
                users[id(each.owner)] = each
    if not users:
        raise NotKnown(f"no task definition or function here works with {role.title}")
    if len(users) > 1:
        raise NotKnown(f"several workloads share {role.title}")
    refuse_other_uses(role, uses, policy, world)
    return next(iter(users.values()))


def refuse_other_uses(role: Resource, uses: int, policy: Policy, world: Context) -> None:
    """Raises NotKnown where a role is named more often than by those uses and its own policies."""
    if role.dialect == "cloudformation":
        every = find_references(role.node.root_node).count(role.address)
        own = sum(find_references(node).count(role.address) for node in _list_attachments(role))
    else:
        every = world.count_mentions(role.address, role)
        own = _count_own(role, policy, world)
    if every > uses + own:
        raise NotKnown(f"{role.title} is used by more than these workloads, or leaves this file")


def _list_attachments(role: Resource) -> Iterator[Node]:
    """Where policies of a template are attached to roles."""
    for each in list_resources(role.node.root_node):
        if each.type.startswith("AWS::IAM::") and each.type != "AWS::IAM::InstanceProfile":
            found = (each.properties.find_node(key) for key in ("Roles", "RoleName"))
            yield from (node for node in found if node is not None)


def _count_own(role: Resource, policy: Policy, world: Context) -> int:
    """How often it is named where policies are attached to it."""
    return sum(
        world.mentions(entry.value, role.address)
        for document in world.project.documents_in_folder(policy.path)
        for root in (document.roots if document.syntax == "hcl" else ())
        for block in root.list_items("resource")
        if block.labels[0].startswith("aws_iam_") and block.labels[0] != "aws_iam_instance_profile"
        for entry in block.entries
        if entry.key in ("role", "roles", "depends_on")
    )
