"""An execution role for a task that has none: the one that its neighbours have, or a new one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from fixbot.dialects.cloudformation import find_references, list_resources
from fixbot.dialects.terraform.task_definitions import TASKS
from fixbot.edit.change import Add, Change, Put
from fixbot.edit.tree import CannotEdit, CodeExpression, TaggedValue, Value
from fixbot.iam.policies.own_account import build_identity, find_identity
from fixbot.secret_stores.aws_names import AwsPlace, partition_of, without_invalid
from fixbot.secret_stores.cloudformation_role import build_execution_role_of_template
from fixbot.secret_stores.terraform_folder import TerraformFolder
from fixbot.secret_stores.terraform_role import build_execution_role
from fixbot.syntax.hcl.expressions import build_reference

if TYPE_CHECKING:
    from fixbot.edit.tree import Node
    from fixbot.lens import Task
    from fixbot.rules.context import Context

_ROLE: Final = re.compile(r"aws_iam_role\.[\w-]+\.arn")


def give_execution_role(task: Task, world: Context) -> tuple[tuple[Change, ...], str, bool]:
    """The changes, the role's name, and whether it is new. Raises CannotEdit."""
    if task.node is None or task.owner is None:
        raise CannotEdit("the task definition stands elsewhere")
    if task.dialect == "cloudformation":
        return _give_in_template(task, task.node, task.owner, world)
    if task.dialect == "terraform" and TASKS.intersection(task.owner.labels[:1]):
        return _give_in_folder(task, task.node, task.owner, world)
    raise CannotEdit("a file of its own needs the ARN of a role, and nothing here names one")


def _list_beside(task: Task, world: Context) -> list[Task]:
    return [
        each
        for each in world.tasks
        if each.execution_role is not None and each.dialect == task.dialect and each.path == task.path
    ]


def _put(task: Task, node: Node, value: Value) -> Change:
    near = tuple(map(task.spelling.key, ("family", "taskRoleArn", "networkMode")))
    return Put(node, task.spelling.spell_path("executionRoleArn"), value, near)


def _give_in_template(
    task: Task, node: Node, owner: Node, world: Context
) -> tuple[tuple[Change, ...], str, bool]:
    root = owner.root_node
    json = not root.grammar.has_tags
    declared = list_resources(root)
    roles = {each.name for each in declared if each.type == "AWS::IAM::Role"}
    beside = {
        name
        for each in _list_beside(task, world)
        for name in find_references(each.execution_role)
        if name in roles
    }
    if len(beside) == 1:
        (name,) = beside
        arn: Value = {"Fn::GetAtt": [name, "Arn"]} if json else TaggedValue("!GetAtt", f"{name}.Arn")
        return (_put(task, node, arn),), name, False
    logical = next((each.name for each in declared if each.node is owner), "")
    listed = root.find_node("Resources")
    if not logical or listed is None or listed.find_entry(f"{logical}ExecutionRole") is not None:
        raise CannotEdit("the name of a new role is taken")
    name = f"{logical}ExecutionRole"
    role, arn = build_execution_role_of_template(name, (), json=json)
    return (Put(listed, (name,), role, (logical,)), _put(task, node, arn)), name, True


def _give_in_folder(
    task: Task, node: Node, owner: Node, world: Context
) -> tuple[tuple[Change, ...], str, bool]:
    texts = {str(each.execution_role.value) for each in _list_beside(task, world) if each.execution_role}
    known = {each for each in texts if _ROLE.fullmatch(each)}
    if len(known) == 1 and len(texts) == 1:
        (text,) = known
        return (_put(task, node, CodeExpression(text)),), text.removesuffix(".arn"), False
    folder = TerraformFolder(task, world)
    name = folder.find_free_name("aws_iam_role", f"{owner.labels[1]}_execution")
    identity, home = find_identity(
        {each.path: root for each in folder.index.documents for root in each.roots if each.syntax == "hcl"}
    )
    partition = without_invalid(AwsPlace(task.partition)).partition or partition_of(task.region or "")
    near = (".".join(owner.labels),)
    blocks: Sequence[Change] = [
        Add(owner.root_node, (word,), block, near)
        for word, block in build_execution_role(name, partition, identity)
    ]
    needed = () if home is None else (build_identity(home, identity),)
    return (
        (*blocks, *needed, _put(task, node, build_reference("aws_iam_role", name, "arn"))),
        f"aws_iam_role.{name}",
        True,
    )
