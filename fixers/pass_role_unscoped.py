"""Who may hand any role to any service has them all: a task or function with a stronger role is enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from fixbot.edit.tree import CannotEdit
from fixbot.iam.passing import (
    ACTION,
    KEY,
    excludes_others,
    find_passing,
    has_computed_condition,
    infer_services,
    is_settled,
    is_wide,
    limit_passing,
)
from fixbot.iam.policies.explanations import describe_policy, format_names, name_policy
from fixbot.iam.policies.identities import ROLE, find_named_roles, list_allowed, list_trusted
from fixbot.iam.policies.policy_changes import build_changes, is_conditional
from fixbot.iam.policies.policy_data import Data, read_statement_data
from fixbot.iam.policies.snippets import format_condition
from fixbot.lens import Policy, Statement
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and


def find_unscoped_passing(policy: Policy, world: Context) -> Iterator[Found]:
    """Statements that hand roles on, and don't say to which service."""
    if policy.kind != "identity" or not _names_passing(policy, world):
        return
    statements = [read_statement_data(each) for each in policy.statements]
    for at, (statement, data) in enumerate(zip(policy.statements, statements, strict=True)):
        places = find_passing(data)
        if (places is None and not excludes_others(data)) or is_settled(data, statements):
            continue
        wide = is_wide(data)
        yield Found(
            statement.node, statement.title, f"{policy.address}/{statement.sid or data.get('Action')!r}",
            KEY, f"{statement.title} may hand {'any role' if wide else 'roles that it names'} to any service",
            partial(_choose_outcome, statement, statements, at, places, world), subject=name_policy(policy),
            policy=policy.address, severity=Severity.HIGH if wide else Severity.MEDIUM,
        )  # fmt: skip


def _names_passing(policy: Policy, world: Context) -> bool:
    """Whether anything like it is written there at all; told without the policy's data."""
    text = world.project.documents[policy.path].text[policy.node.start : policy.node.end].lower()
    return "iam:pass" in text or "iam:*pass" in text or "notaction" in text or "not_actions" in text


def _choose_outcome(
    statement: Statement, statements: Sequence[Data], at: int, places: Sequence[int] | None, world: Context
) -> Outcome:
    data, policy = statements[at], statement.policy
    if places is None or "NotResource" in data:
        return Refusal(
            f"{statement.title} says what it leaves out (NotAction, NotResource), and hands roles on by not "
            "naming them. Name what it is for first."
        )
    if has_computed_condition(data):
        return Refusal(f"The Condition of {statement.title} is computed: to whom it hands roles isn't known.")
    services, why = _find_services(statement, world)
    if not services:
        return Manual(
            "Nothing that this identity may do beside it says which service gets the role. Name it: "
            f"{format_condition(policy, 'StringEquals', KEY, ['ecs-tasks.amazonaws.com'])}, for tasks of ECS."
        )
    try:
        plan = limit_passing(statements, at, places, list(services))
    except CannotEdit as reason:
        return Refusal(f"It isn't limited here: {reason}.")
    if plan.added and is_conditional(statement):
        return Refusal(
            "It stands in a condition of the template, and what is added would have to stand there."
        )
    try:
        changes = build_changes(statement, plan, world.project.documents[policy.path].text)
    except CannotEdit as reason:
        return Refusal(f"There is no exact edit here: {reason}.")
    named = join_with_and(map(mark_code, services))
    return Fix(
        changes, who=describe_policy(policy), before=f"{mark_code(ACTION)} to any service",
        after=f"{mark_code(ACTION)} to {named}",
        gist=f"Through {{who}}, roles can be handed to {named} and to no other service.",
        effect=f'Handing a role to another service fails with "AccessDenied" ({mark_code(KEY)}).',
        why="Whoever gets hold of {who} starts a function, a build or a machine with the strongest role that "
        "there is, and has its rights.",
        unknown="Whether {who} {hands|hand} roles to other services by calls of another policy is not known.",
        notes=tuple(_list_notes(statement, data, why, world)),
    )  # fmt: skip


def _find_services(statement: Statement, world: Context) -> tuple[Sequence[str], str]:
    """The services that get the roles, and how that is known: by trust, or by what is allowed beside."""
    policy = statement.policy
    resource = statement.node.find_node("resources" if policy.in_blocks else "Resource")
    roles = find_named_roles(policy, resource, world)
    trusted = [list_trusted(each, world) for each in roles]
    if roles and all(trusted):
        services = tuple(dict.fromkeys(each for some in trusted for each in some))
        names = join_with_and(mark_code(each.name) for each in roles)
        return services, f"That is whom {names} trust{'s' * (len(roles) == 1)}: nobody else could use them."
    found = infer_services(list_allowed(policy, world))
    entries = format_names(dict.fromkeys(each for some in found.values() for each in some))
    return tuple(found), f"Told from what the same identity may do: {entries}."


def _list_notes(statement: Statement, data: Data, why: str, world: Context) -> Iterator[str]:
    yield why
    policy = statement.policy
    beside = world.resources_beside(policy, ROLE) if policy.dialect != "iam" else []
    if is_wide(data) and beside:
        yield (
            f"Beside it stand the roles {format_names(each.name for each in beside)}: it may still hand on "
            "each that trusts the service. Where it needs one alone, name that in its Resource."
        )


rule = Rule(
    title="Say to whom {subject} may hand roles",
    many="Say to whom {count} policies in {folder} may hand roles",
    topic="iam-scope",
    severity=Severity.HIGH,
    controls={"nist-800-190": ("4.3.1",)},
    looks_at=Policy,
    beside=(ROLE,),
    check=find_unscoped_passing,
    peers={"checkov": ("CKV_AWS_110", "CKV_AWS_286"), "trivy": ("AWS-0342",)},
)
