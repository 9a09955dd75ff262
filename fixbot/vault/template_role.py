"""The execution role in a template: it is given the permission there, or it is made where there is none."""

from __future__ import annotations

from collections.abc import Sequence

from fixbot.change import Add, Put
from fixbot.dialects.cloudformation import referred, resources
from fixbot.lens import Task, text_of
from fixbot.step import Step
from fixbot.tree import Kind, Node, Tagged, Value
from fixbot.vault import steps
from fixbot.vault.functions import rendered, substituting
from fixbot.vault.raw_ecs import Grant, by_service, has_role, role_name
from fixbot.vault.source import SSM, Source

_MANAGED = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def granted(task: Task, owner: str, sources: Sequence[Source], root: Node, *, json: bool) -> Grant:
    """The permission to read `sources`, for the execution role of the task resource `owner`."""
    statements = _statements(sources)
    if not statements:
        return Grant()
    policy: Value = {"PolicyName": f"{owner}Secrets", "PolicyDocument": _document(statements)}
    if not has_role(task):
        return _new_role(task, owner, policy, root, json=json)
    roles = [each for each in resources(root) if each.type == "AWS::IAM::Role"]
    named = set(referred(task.execution_role))
    chosen = [each for each in roles if each.name in named]
    if len(chosen) != 1:
        return Grant(steps=tuple(_by_hand(task, sources)))
    role = chosen[0]
    if all(_allows(role.properties, statement) for statement in statements):
        return Grant(notes=(f"The role {role.name} may read it already.",))
    listed = role.properties.get("Policies")
    if listed is not None and (listed.kind is not Kind.LIST or listed.tag is not None):
        return Grant(steps=tuple(_by_hand(task, sources)))
    near = ("ManagedPolicyArns", "AssumeRolePolicyDocument")
    return Grant(
        (Add(role.properties, ("Policies",), policy, near),),
        notes=(f"The role {role.name} is allowed to read it.",),
    )


def _statements(sources: Sequence[Source]) -> list[dict[str, Value]]:
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


def _document(statements: Sequence[dict[str, Value]]) -> Value:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _by_hand(task: Task, sources: Sequence[Source]) -> list[Step]:
    role = role_name(task.execution_role)
    return [steps.grant(role, shown, service) for service, shown in by_service(sources)]


def _new_role(task: Task, owner: str, policy: Value, root: Node, *, json: bool) -> Grant:
    """A role for a task that has none: without one ECS refuses `Secrets`."""
    listed = root.get("Resources")
    if task.node is None or listed is None:
        return Grant()
    name = f"{owner}ExecutionRole"
    if listed.entry(name) is not None:
        name = f"{owner}SecretsExecutionRole"
    trust: dict[str, Value] = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    role: Value = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": _document([trust]),
            "ManagedPolicyArns": [substituting(_MANAGED, json=json)],
            "Policies": [policy],
        },
    }
    arn: Value = substituting(f"${{{name}.Arn}}", json=json)
    near = tuple(map(task.spelling.key, ("family", "taskRoleArn", "networkMode")))
    return Grant(
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


def _allows(properties: Node, wanted: dict[str, Value]) -> bool:
    """Whether a statement of the role allows exactly this, or the action on everything."""
    action, resource = wanted["Action"], wanted["Resource"]
    for node in properties.walk():
        if (
            node.kind is not Kind.MAP
            or text_of(node.get("Effect")) != "Allow"
            or node.get("Condition") is not None
        ):
            continue
        actions, on = _texts(node.get("Action")), _texts(node.get("Resource"))
        service = str(action).partition(":")[0]
        if {str(action), f"{service}:*", "*"} & set(actions) and ("*" in on or _said(resource) in on):
            return True
    return False


def _texts(node: Node | None) -> list[str]:
    if node is None:
        return []
    return (
        [rendered(item) for item in node.items]
        if node.kind is Kind.LIST and node.tag is None
        else [rendered(node)]
    )


def _said(value: Value) -> str:
    """A value that this room wrote, as `rendered` would read it back."""
    if isinstance(value, Tagged):
        return str(value.value) if value.tag == "!Sub" else f"${{{value.value}}}"
    if isinstance(value, dict):
        (name, inner), *_ = value.items()
        joined = ".".join(map(str, inner)) if isinstance(inner, list) else str(inner)
        return joined if name == "Fn::Sub" else f"${{{joined}}}"
    return str(value)
