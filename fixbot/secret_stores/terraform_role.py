"""The execution role in Terraform: given the permission in its own file, or made where there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fixbot.dialects.terraform.task_definitions import TASKS
from fixbot.edit.change import Add, Change, Put
from fixbot.edit.tree import CodeExpression, HclBlock, Node, Value
from fixbot.iam.policies.own_account import IDENTITY, build_identity, find_identity
from fixbot.lens import Task
from fixbot.model.findings import Refusal
from fixbot.secret_stores import secret_steps
from fixbot.secret_stores.aws_names import AwsPlace, partition_of, without_invalid
from fixbot.secret_stores.secret_source import SECRETS_MANAGER, SSM, SecretSource
from fixbot.secret_stores.task_definition_secrets import RoleGrant, group_by_service, has_execution_role
from fixbot.secret_stores.terraform_folder import TerraformFolder
from fixbot.syntax.hcl.expressions import build_attribute, build_reference
from fixbot.text.markdown_escape import mark_code

_ROLE = re.compile(r"aws_iam_role\.([\w-]+)(\[[^\[\]]*\])?\.arn")
_ACTIONS = {SSM: "ssm:GetParameters", SECRETS_MANAGER: "secretsmanager:GetSecretValue"}
_MANAGED = "iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def grant_to_terraform_role(
    task: Task, label: str, sources: Sequence[SecretSource], folder: TerraformFolder
) -> RoleGrant | Refusal:
    """The permission to read `sources`, for the execution role of a task."""
    if not has_execution_role(task) and task.owner is not None:
        return _grant_new_role(task, label, sources, folder)
    text = folder.expression_of(task.execution_role) if task.execution_role is not None else ""
    found = _ROLE.fullmatch(text)
    role = folder.find_block(f"aws_iam_role.{found[1]}") if found is not None else None
    if found is None or role is None:
        return _grant_by_hand(text, sources)
    near = (role.address,)
    places = _place_blocks(
        role.node.root_node,
        near,
        _build_policy(
            label, build_attribute(f"aws_iam_role.{found[1]}{found[2] or ''}", "id"), sources, folder
        ),
    )
    return RoleGrant(
        places,
        notes=(
            f"The role {mark_code(role.address)} is allowed to read it ({folder.format_line(role.node)}).",
        ),
    )


def _place_blocks(
    root: Node, near: tuple[str, ...], blocks: Sequence[tuple[str, HclBlock]]
) -> tuple[Change, ...]:
    return tuple(Add(root, (word,), block, near) for word, block in blocks)


def _grant_by_hand(text: str, sources: Sequence[SecretSource]) -> RoleGrant:
    role = (
        f"the execution role {mark_code(text)}"
        if re.fullmatch(r"[\w.\[\]\"-]+", text)
        else "the execution role"
    )
    return RoleGrant(
        steps=tuple(
            secret_steps.grant_role_step(role, shown, service) for service, shown in group_by_service(sources)
        )
    )


def _build_policy(
    label: str, role: CodeExpression, sources: Sequence[SecretSource], folder: TerraformFolder
) -> list[tuple[str, HclBlock]]:
    """A policy of the role, and the document that says what it may read."""
    name = folder.find_free_name("aws_iam_role_policy", f"{label}_secrets")
    statements: list[Value] = [
        {"actions": [_ACTIONS[service]], "resources": list(listed)}
        for service, listed in _group_by_service(sources).items()
    ]
    document: dict[str, Value] = {"statement": statements}
    policy: dict[str, Value] = {
        "name": name.replace("_", "-"),
        "role": role,
        "policy": build_reference("data", "aws_iam_policy_document", name, "json"),
    }
    return [
        ("data", HclBlock(("aws_iam_policy_document", name), document)),
        ("resource", HclBlock(("aws_iam_role_policy", name), policy)),
    ]


def _group_by_service(sources: Sequence[SecretSource]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for source in sources:
        known = found.setdefault(source.service, [])
        if source.resource is not None and source.resource not in known:
            known.append(source.resource)
    return {service: listed for service, listed in found.items() if listed}


def _grant_through_module(task: Task, node: Node, sources: Sequence[SecretSource]) -> RoleGrant:
    """The module of terraform-aws-modules makes the role, and takes what it may read as inputs.

    Up to version 5 these allow every secret and parameter by default, since 6 nothing
    (modules/service/variables.tf).
    """
    if any(
        container.spelling.spell_field("entryPoint") == "entrypoint" for container in task.containers
    ) and any(
        container.spelling.spell_field("mountPoints") == "mount_points" for container in task.containers
    ):
        return RoleGrant(
            notes=("The module's execution role may read every secret and parameter by default.",)
        )
    names = {SECRETS_MANAGER: "task_exec_secret_arns", SSM: "task_exec_ssm_param_arns"}
    near = ("container_definitions", "memory", "cpu")
    changes = [
        Add(node, (names[service],), resource, near)
        for service, listed in _group_by_service(sources).items()
        for resource in listed
    ]
    return RoleGrant(tuple(changes), notes=("The module's execution role is allowed to read it.",))


def build_execution_role(name: str, partition: str, identity: str) -> list[tuple[str, HclBlock]]:
    """An execution role by the managed policy, which ECS takes for its own account alone.

    `identity` is the label of the folder's `aws_caller_identity`.
    """
    trust: dict[str, Value] = {
        "statement": {
            "actions": ["sts:AssumeRole"],
            "principals": {"type": "Service", "identifiers": ["ecs-tasks.amazonaws.com"]},
            "condition": {
                "test": "StringEquals",
                "variable": "aws:SourceAccount",
                "values": [build_reference("data", IDENTITY, identity, "account_id")],
            },
        }
    }
    role: dict[str, Value] = {
        "name_prefix": f"{name.replace('_', '-')}"[:37] + "-",
        "assume_role_policy": build_reference("data", "aws_iam_policy_document", name, "json"),
    }
    attached: dict[str, Value] = {
        "role": build_reference("aws_iam_role", name, "name"),
        "policy_arn": f"arn:{partition}:{_MANAGED}",
    }
    return [
        ("data", HclBlock(("aws_iam_policy_document", name), trust)),
        ("resource", HclBlock(("aws_iam_role", name), role)),
        ("resource", HclBlock(("aws_iam_role_policy_attachment", name), attached)),
    ]


def _grant_new_role(
    task: Task, label: str, sources: Sequence[SecretSource], folder: TerraformFolder
) -> RoleGrant | Refusal:
    """A role for a task that has none; a module makes one by itself, or says how it is given one."""
    owner = task.owner
    if task.workload == "service" and task.node is not None:
        return _grant_through_module(task, task.node, sources)
    if owner is None or not TASKS.intersection(owner.labels[:1]):
        shown = group_by_service(sources)
        return RoleGrant(
            steps=tuple(
                secret_steps.grant_role_step("the execution role", each, service) for service, each in shown
            )
        )
    name = folder.find_free_name("aws_iam_role", f"{label}_execution")
    near = (".".join(owner.labels),)
    identity, home = find_identity(
        {each.path: root for each in folder.index.documents for root in each.roots if each.syntax == "hcl"}
    )
    partition = without_invalid(AwsPlace(task.partition)).partition or partition_of(task.region or "")
    blocks = [
        *build_execution_role(name, partition, identity),
        *_build_policy(label, build_reference("aws_iam_role", name, "id"), sources, folder),
    ]
    changes = _place_blocks(owner.root_node, near, blocks)
    if home is not None:
        changes = (*changes, build_identity(home, identity))
    arn = build_reference("aws_iam_role", name, "arn")
    given = Put(owner, ("execution_role_arn",), arn, ("task_role_arn", "family"))
    return RoleGrant(
        (*changes, given),
        notes=(
            (
                f"{task.name} had no execution role, without which ECS refuses secrets; it gets "
                f"{mark_code(f'aws_iam_role.{name}')}, with the managed "
                "policy that such roles have and the permission for this secret."
            ),
        ),
    )
