"""One role for ECS and the program, or for several programs, gives each the rights of all."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Final

from fixbot.edit.tree import Node
from fixbot.iam.policies.explanations import format_names
from fixbot.lens import Task, text_of
from fixbot.model.findings import Found, Manual, Safety, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

_NAMED: Final = re.compile(
    r"(?:data\.)?aws_(?:s3_bucket|dynamodb_table|sqs_queue|sns_topic|kinesis_stream|secretsmanager_secret)"
    r"\.[\w-]+"
)
_REFERENCE: Final = re.compile(
    r"!(?:Ref|GetAtt)\s++\"?(\w+)|\"(?:Ref|Fn::GetAtt)\":\s*+(?:\[\s*+)?\"(\w+)|\$\{(\w+)[.}]"
)


def find_shared_roles(task: Task, world: Context) -> Iterator[Found]:
    """A role that is both of a task's, one that other families have too, and none at all on an instance."""
    if task.kind != "ecs" or task.node is None or task.partial or task.daemon:
        return
    own, other = task.get("taskRoleArn"), task.execution_role
    if own is None:
        if task.fargate is False and task.containers:
            yield _build_found(task, task.node, "none", _NONE, world)
        return
    key = _name_role(own, world)
    if other is not None and _name_role(other, world) == key:
        yield _build_found(task, own, "both", _BOTH, world)
    sharing = sorted({each.name for each in _list_sharing(task, key, world)} - {task.name})
    if sharing:
        threat = (
            f"has the same role as {', '.join(sharing[:3])}. Whoever gets into one of them has the data of "
            f"{format_names(sharing)} as well."
        )
        yield _build_found(task, own, "shared", threat, world)


_NONE: Final = (
    "has no role of its own, and so that of its instance. Its program gets the credentials of the instance, "
    "which are those of every other task there."
)
_BOTH: Final = (
    "has one role as execution role and as its own. Its program may do what ECS does for it: pull every "
    "image and read every secret that the role reads."
)


def _name_role(node: Node, world: Context) -> str:
    """What a value names, however it is spelled: the words of it without quotes and functions."""
    text = world.project.documents[node.root_node.source].text[node.start : node.end]
    known = text_of(node)
    if known is not None:
        return known.rpartition("/")[2]
    words = (each for each in re.findall(r"[\w.:/-]+", text) if each not in _FUNCTIONS)
    return " ".join(words).removesuffix("Arn").rstrip(" .")


_FUNCTIONS: Final = ("Ref", "GetAtt", "Sub", "Fn::GetAtt", "Fn::Sub")


def _list_sharing(task: Task, key: str, world: Context) -> Iterator[Task]:
    """The other task definitions with that role, in the same template, or in the same folder."""

    def place(one: Task) -> str:
        return one.path if one.dialect == "cloudformation" else posixpath.dirname(one.path)

    here = (task.dialect, place(task))
    groups = world.compute_once((find_shared_roles, here), lambda: _group_by_role(world, here, place))
    return iter(groups.get(key, ()))


def _group_by_role(
    world: Context, here: tuple[str, str], place: Callable[[Task], str]
) -> dict[str, list[Task]]:
    found: dict[str, list[Task]] = {}
    for each in world.tasks:
        role = each.get("taskRoleArn") if each.kind == "ecs" and each.node is not None else None
        if role is not None and (each.dialect, place(each)) == here:
            found.setdefault(_name_role(role, world), []).append(each)
    return found


def _build_found(task: Task, node: Node | None, wrong: str, threat: str, world: Context) -> Found:
    problem, _, why = threat.partition(". ")
    return Found(
        node or task.around[0], task.title, task.address, wrong, f"{task.title} {problem}",
        Manual(f"{why} {_describe_roles(task, world)}"), subject=task.subject,
        severity=Severity.LOW if wrong == "none" else Severity.MEDIUM,
    )  # fmt: skip


def _describe_roles(task: Task, world: Context) -> str:
    """The two roles that it needs, as far as the file shows what its program works with."""
    secrets = sorted({name for each in task.containers for name in _list_secrets(each.get("secrets"))})
    reading = f" and reading {format_names(secrets)}" if secrets else ""
    values = (one.value for each in task.containers for one in each.environment)
    named = sorted({name for value in values for name in _list_named(value, world)})
    needs = f"its variables name {format_names(named)}" if named else "the file doesn't show what that is"
    return (
        f"Give it two: an execution role with {mark_code('AmazonECSTaskExecutionRolePolicy')}{reading}, "
        f"and a task role with what its program calls alone ({needs}). What the role has used, IAM says "
        "(`aws iam generate-service-last-accessed-details`)."
    )


def _list_secrets(node: Node | None) -> Iterator[str]:
    for item in node.items if node is not None else ():
        for key in ("name", "Name"):
            if (name := text_of(item.find_node(key))) is not None:
                yield name


def _list_named(node: Node | None, world: Context) -> Iterator[str]:
    """What of the same files a variable's value refers to."""
    if node is None or text_of(node) is not None:
        return
    text = world.project.documents[node.root_node.source].text[node.start : node.end]
    yield from _NAMED.findall(text)
    yield from (next(filter(None, groups)) for groups in _REFERENCE.findall(text))


rule = Rule(
    title="Give {subject} a role of its own",
    many="Give {count} workloads in {folder} roles of their own",
    topic="task-roles",
    severity=Severity.MEDIUM,
    controls={"nist-800-190": ("4.3.2", "4.3.4")},
    looks_at=Task,
    check=find_shared_roles,
    default_safety=Safety.MANUAL,
    peers={"checkov": ("CKV_AWS_249",)},
)
