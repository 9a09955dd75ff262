"""A role without a boundary can be given everything by whoever may change its policies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fixbot.edit.change import Change
from fixbot.edit.tree import CannotEdit, CodeExpression, TaggedValue, Value
from fixbot.iam.policies.own_account import refer_to_resource_account
from fixbot.lens import ABSENT, UNKNOWN, Module, Resource, ResourceType, Slot, text_of
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.command import build_command
from fixbot.text.markdown_escape import mark_code

_AT = "PermissionsBoundary"
_IAM = "terraform-aws-modules/iam/aws//modules/"


def _module(name: str) -> Module:
    return Module({_AT: name}, {_AT: ABSENT})


ROLE = ResourceType(
    "role", "roles", "AWS::IAM::Role", "aws_iam_role", name="RoleName", renamed={"RoleName": "name"},
    modules={
        f"{_IAM}iam-role": _module("permissions_boundary"),
        f"{_IAM}iam-assumable-role": _module("role_permissions_boundary_arn"),
        "cloudposse/ecs-alb-service-task/aws": _module("permissions_boundary"),
        "terraform-aws-modules/ecs/aws//modules/service": _module("tasks_iam_role_permissions_boundary"),
    },
)  # fmt: skip
EXECUTION_ROLE = ResourceType(
    "execution role", "execution roles",
    modules={
        "terraform-aws-modules/ecs/aws//modules/service": _module("task_exec_iam_role_permissions_boundary")
    },
)  # fmt: skip
USER = ResourceType(
    "user", "users", "AWS::IAM::User", "aws_iam_user", name="UserName", renamed={"UserName": "name"}
)
FUNCTION = ResourceType("function", "functions", "AWS::Serverless::Function", name="FunctionName")
_SIMULATE = build_command(
    "aws", "iam", "simulate-principal-policy", "--policy-source-arn", "ROLE", "--action-names", "ACTION",
    "--permissions-boundary-policy-input-list", "file://boundary.json",
    note="whether the boundary leaves what is used; ROLE is an ARN, ACTION what the role calls",
)  # fmt: skip


def find_unbounded(resource: Resource, world: Context) -> Iterator[Found]:
    """Roles and users without the boundary that the settings name, and those with another one."""
    wanted = world.settings.permissions_boundary
    if wanted is None or _is_of_aws(resource):
        return
    slot = resource.slot(_AT)
    if slot.value is UNKNOWN or str(slot.value).endswith(wanted.rpartition(":policy/")[2]):
        return
    missing = slot.value is ABSENT
    problem = "has no permissions boundary" if missing else "has another permissions boundary than is set"
    outcome = partial(_choose_outcome, resource, slot, wanted, world)
    yield Found(
        slot.node, resource.title, resource.address, _AT, f"{resource.title} {problem}", outcome,
        subject=resource.subject,
    )  # fmt: skip


def _is_of_aws(resource: Resource) -> bool:
    """Whether AWS makes the role for a service, or a function takes one that is made elsewhere."""
    if resource.type == FUNCTION:
        return resource.slot("Role").found is not None
    path = None if resource.module else resource.node.find_node("Path") or resource.node.find_node("path")
    return (text_of(path) or "").startswith("/aws-service-role/")


def _choose_outcome(resource: Resource, slot: Slot, wanted: str, world: Context) -> Outcome:
    if slot.value is not ABSENT:
        return Manual(f"It has {mark_code(str(slot.value))}. Which of the two is meant, a person must say.")
    try:
        value, needed = _spell_boundary(resource, wanted, world)
        changes: tuple[Change, ...] = (*needed, slot.set(value))
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        changes, who=resource.called, before="no boundary", after=f"bounded by {mark_code(wanted)}",
        gist=f"{{who}} {{is|are}} bounded by {mark_code(wanted)}, whatever policies {{it gets|they get}}.",
        effect='What the boundary doesn\'t allow fails with "AccessDenied" at once.',
        why="Whoever may change the policies of {who} can give {it|them} everything.",
        unknown="What the boundary allows doesn't stand in this repository.", commands=(_SIMULATE,),
    )  # fmt: skip


def _spell_boundary(resource: Resource, wanted: str, world: Context) -> tuple[Value, tuple[Change, ...]]:
    """The boundary's ARN as the file says it; of a name that of the file's own account."""
    if wanted.startswith("arn:"):
        return wanted, ()
    if resource.dialect == "cloudformation":
        text = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{wanted}"
        return (TaggedValue("!Sub", text) if resource.node.grammar.has_tags else {"Fn::Sub": text}), ()
    reference, needed = refer_to_resource_account(resource, world)
    partition = world.settings.partition or "aws"
    return CodeExpression(f'"arn:{partition}:iam::${{{reference}}}:policy/{wanted}"'), needed


rule = Rule(
    title="Bound what {subject} can be given",
    topic="iam-scope",
    severity=Severity.LOW,
    controls={"nist-800-190": ("4.3.1",)},
    looks_at=(ROLE, EXECUTION_ROLE, USER, FUNCTION),
    check=find_unbounded,
    off_without="permissions_boundary",
)
