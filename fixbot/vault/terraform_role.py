"""The execution role in Terraform: given the permission in its own file, or made where there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fixbot.change import Add, Change, Put
from fixbot.dialects.terraform.ecs import TASKS
from fixbot.expression import attribute_of, refer
from fixbot.lens import Task
from fixbot.model import Refusal
from fixbot.prose import code
from fixbot.tree import Block, Code, Node, Value
from fixbot.vault import steps
from fixbot.vault.folder import Folder
from fixbot.vault.raw_ecs import Grant, by_service, has_role
from fixbot.vault.reference import Place, checked, partition_of
from fixbot.vault.source import SECRETS_MANAGER, SSM, Source

_ROLE = re.compile(r"aws_iam_role\.([\w-]+)(\[[^\[\]]*\])?\.arn")
_ACTIONS = {SSM: "ssm:GetParameters", SECRETS_MANAGER: "secretsmanager:GetSecretValue"}
_MANAGED = "iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def granted(task: Task, label: str, sources: Sequence[Source], folder: Folder) -> Grant | Refusal:
    """The permission to read `sources`, for the execution role of a task."""
    if not has_role(task) and task.owner is not None:
        return _without_role(task, label, sources, folder)
    text = folder.expression(task.execution_role) if task.execution_role is not None else ""
    found = _ROLE.fullmatch(text)
    role = folder.block(f"aws_iam_role.{found[1]}") if found is not None else None
    if found is None or role is None:
        return _by_hand(text, sources)
    near = (role.address,)
    places = _placed(
        role.node.root,
        near,
        _policy(label, attribute_of(f"aws_iam_role.{found[1]}{found[2] or ''}", "id"), sources, folder),
    )
    return Grant(
        places, notes=(f"The role {code(role.address)} is allowed to read it ({folder.line(role.node)}).",)
    )


def _placed(root: Node, near: tuple[str, ...], blocks: Sequence[tuple[str, Block]]) -> tuple[Change, ...]:
    return tuple(Add(root, (word,), block, near) for word, block in blocks)


def _by_hand(text: str, sources: Sequence[Source]) -> Grant:
    role = (
        f"the execution role {code(text)}" if re.fullmatch(r"[\w.\[\]\"-]+", text) else "the execution role"
    )
    return Grant(steps=tuple(steps.grant(role, shown, service) for service, shown in by_service(sources)))


def _policy(label: str, role: Code, sources: Sequence[Source], folder: Folder) -> list[tuple[str, Block]]:
    """A policy of the role, and the document that says what it may read."""
    name = folder.free("aws_iam_role_policy", f"{label}_secrets")
    statements: list[Value] = [
        {"actions": [_ACTIONS[service]], "resources": list(listed)}
        for service, listed in _read(sources).items()
    ]
    document: dict[str, Value] = {"statement": statements}
    policy: dict[str, Value] = {
        "name": name.replace("_", "-"),
        "role": role,
        "policy": refer("data", "aws_iam_policy_document", name, "json"),
    }
    return [
        ("data", Block(("aws_iam_policy_document", name), document)),
        ("resource", Block(("aws_iam_role_policy", name), policy)),
    ]


def _read(sources: Sequence[Source]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for source in sources:
        known = found.setdefault(source.service, [])
        if source.resource is not None and source.resource not in known:
            known.append(source.resource)
    return {service: listed for service, listed in found.items() if listed}


def _of_module(task: Task, node: Node, sources: Sequence[Source]) -> Grant:
    """The module of terraform-aws-modules makes the role, and takes what it may read as inputs.

    Up to version 5 these allow every secret and parameter by default, since 6 nothing
    (modules/service/variables.tf).
    """
    if any(container.spelling.field("entryPoint") == "entrypoint" for container in task.containers) and any(
        container.spelling.field("mountPoints") == "mount_points" for container in task.containers
    ):
        return Grant(notes=("The module's execution role may read every secret and parameter by default.",))
    names = {SECRETS_MANAGER: "task_exec_secret_arns", SSM: "task_exec_ssm_param_arns"}
    near = ("container_definitions", "memory", "cpu")
    changes = [
        Add(node, (names[service],), resource, near)
        for service, listed in _read(sources).items()
        for resource in listed
    ]
    return Grant(tuple(changes), notes=("The module's execution role is allowed to read it.",))


def _without_role(task: Task, label: str, sources: Sequence[Source], folder: Folder) -> Grant | Refusal:
    """A role for a task that has none; a module makes one by itself, or says how it is given one."""
    owner = task.owner
    if task.workload == "service" and task.node is not None:
        return _of_module(task, task.node, sources)
    if owner is None or not TASKS.intersection(owner.labels[:1]):
        shown = by_service(sources)
        return Grant(steps=tuple(steps.grant("the execution role", each, service) for service, each in shown))
    name = folder.free("aws_iam_role", f"{label}_execution")
    near = (".".join(owner.labels),)
    trust: dict[str, Value] = {
        "statement": {
            "actions": ["sts:AssumeRole"],
            "principals": {"type": "Service", "identifiers": ["ecs-tasks.amazonaws.com"]},
        }
    }
    partition = checked(Place(task.partition)).partition or partition_of(task.region or "")
    role: dict[str, Value] = {
        "name_prefix": f"{name.replace('_', '-')}"[:37] + "-",
        "assume_role_policy": refer("data", "aws_iam_policy_document", name, "json"),
    }
    attached: dict[str, Value] = {
        "role": refer("aws_iam_role", name, "name"),
        "policy_arn": f"arn:{partition}:{_MANAGED}",
    }
    blocks = [
        ("data", Block(("aws_iam_policy_document", name), trust)),
        ("resource", Block(("aws_iam_role", name), role)),
        ("resource", Block(("aws_iam_role_policy_attachment", name), attached)),
        *_policy(label, refer("aws_iam_role", name, "id"), sources, folder),
    ]
    changes = _placed(owner.root, near, blocks)
    arn = Put(owner, ("execution_role_arn",), refer("aws_iam_role", name, "arn"), ("task_role_arn", "family"))
    return Grant(
        (*changes, arn),
        notes=(
            (
                f"{task.name} had no execution role, without which ECS refuses secrets; it gets "
                f"{code(f'aws_iam_role.{name}')}, with the managed "
                "policy that such roles have and the permission for this secret."
            ),
        ),
    )
