"""The execution role in a template: it is given the permission there, or it is made where there is none."""

from __future__ import annotations

from collections.abc import Sequence

from fixbot.dialects.cloudformation import find_references, list_resources
from fixbot.edit.change import Add, Put
from fixbot.edit.tree import Node, NodeKind, TaggedValue, Value
from fixbot.lens import Task, text_of
from fixbot.secret_stores import secret_steps
from fixbot.secret_stores.cloudformation_functions import build_substitution, render_as_sub
from fixbot.secret_stores.secret_source import SSM, SecretSource
from fixbot.secret_stores.task_definition_secrets import (
    RoleGrant,
    group_by_service,
    has_execution_role,
    name_role,
)
from fixbot.text.step import Step

_MANAGED = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def grant_to_template_role(
    task: Task, owner: str, sources: Sequence[SecretSource], root: Node, *, json: bool
) -> RoleGrant:
    """The permission to read `sources`, for the execution role of the task resource `owner`."""
    statements = _build_statements(sources)
    if not statements:
        return RoleGrant()
    policy: Value = {"PolicyName": f"{owner}Secrets", "PolicyDocument": _build_document(statements)}
    if not has_execution_role(task):
        return _create_role(task, owner, policy, root, json=json)
    roles = [each for each in list_resources(root) if each.type == "AWS::IAM::Role"]
    named = set(find_references(task.execution_role))
    chosen = [each for each in roles if each.name in named]
    if len(chosen) != 1:
        return RoleGrant(steps=tuple(_grant_steps_by_hand(task, sources)))
    role = chosen[0]
    if all(_is_already_allowed(role.properties, statement) for statement in statements):
        return RoleGrant(notes=(f"The role {role.name} may read it already.",))
    listed = role.properties.find_node("Policies")
    if listed is not None and (listed.kind is not NodeKind.LIST or listed.tag is not None):
        return RoleGrant(steps=tuple(_grant_steps_by_hand(task, sources)))
    near = ("ManagedPolicyArns", "AssumeRolePolicyDocument")
    return RoleGrant(
        (Add(role.properties, ("Policies",), policy, near),),
        notes=(f"The role {role.name} is allowed to read it.",),
    )


def _build_statements(sources: Sequence[SecretSource]) -> list[dict[str, Value]]:
    found: dict[str, list[Value]] = {}
    for source in sources:
        known = found.setdefault(source.service, [])
        if source.resource is not None and source.resource not in known:
            known.append(source.resource)
    return [
        {
            "Effect": "Allow",
            "Action": "ssm:GetParameters" if service == SSM else "secretsmanager:GetSecretValue",
            "Resource": listed[0] if len(listed) == 1 else listed,
        }
        for service, listed in found.items()
        if listed
    ]


def _build_document(statements: Sequence[dict[str, Value]]) -> Value:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _grant_steps_by_hand(task: Task, sources: Sequence[SecretSource]) -> list[Step]:
    role = name_role(task.execution_role)
    return [
        secret_steps.grant_role_step(role, shown, service) for service, shown in group_by_service(sources)
    ]


def build_execution_role_of_template(
    name: str, policies: Sequence[Value], *, json: bool
) -> tuple[Value, Value]:
    """An execution role by the managed policy, which ECS takes for its own account alone, and its ARN."""
    trust: dict[str, Value] = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": build_substitution("${AWS::AccountId}", json=json)}
        },
    }
    properties: dict[str, Value] = {
        "AssumeRolePolicyDocument": _build_document([trust]),
        "ManagedPolicyArns": [build_substitution(_MANAGED, json=json)],
        **({"Policies": list(policies)} if policies else {}),
    }
    role: Value = {"Type": "AWS::IAM::Role", "Properties": properties}
    return role, build_substitution(f"${{{name}.Arn}}", json=json)


def _create_role(task: Task, owner: str, policy: Value, root: Node, *, json: bool) -> RoleGrant:
    """A role for a task that has none: without one ECS refuses `Secrets`."""
    listed = root.find_node("Resources")
    if task.node is None or listed is None:
        return RoleGrant()
    name = f"{owner}ExecutionRole"
    if listed.find_entry(name) is not None:
        name = f"{owner}SecretsExecutionRole"
    role, arn = build_execution_role_of_template(name, (policy,), json=json)
    near = tuple(map(task.spelling.key, ("family", "taskRoleArn", "networkMode")))
    return RoleGrant(
        (
            Put(listed, (name,), role, (owner,)),
            Put(task.node, (task.spelling.key("executionRoleArn"),), arn, near),
        ),
        notes=(
            (
                f"{task.name} had no execution role, without which ECS refuses secrets; it gets {name}, with "
                "the managed policy that "
                "such roles have and the permission for this secret. The stack then needs `--capabilities "
                "CAPABILITY_IAM`."
            ),
        ),
    )


def _is_already_allowed(properties: Node, wanted: dict[str, Value]) -> bool:
    """Whether a statement of the role allows exactly this, or the action on everything."""
    action, resource = wanted["Action"], wanted["Resource"]
    for node in properties.walk_tree():
        if (
            node.kind is not NodeKind.MAP
            or text_of(node.find_node("Effect")) != "Allow"
            or node.find_node("Condition") is not None
        ):
            continue
        actions, on = _list_texts(node.find_node("Action")), _list_texts(node.find_node("Resource"))
        service = str(action).partition(":")[0]
        if {str(action), f"{service}:*", "*"} & set(actions) and (
            "*" in on or _text_of_value(resource) in on
        ):
            return True
    return False


def _list_texts(node: Node | None) -> list[str]:
    if node is None:
        return []
    return (
        [render_as_sub(item) for item in node.items]
        if node.kind is NodeKind.LIST and node.tag is None
        else [render_as_sub(node)]
    )


def _text_of_value(value: Value) -> str:
    """A value that this room wrote, as `render_as_sub` would read it back."""
    if isinstance(value, TaggedValue):
        return str(value.value) if value.tag == "!Sub" else f"${{{value.value}}}"
    if isinstance(value, dict):
        (name, inner), *_ = value.items()
        joined = ".".join(map(str, inner)) if isinstance(inner, list) else str(inner)
        return joined if name == "Fn::Sub" else f"${{{joined}}}"
    return str(value)
