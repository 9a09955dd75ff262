"""A task whose role ECS can't use doesn't start, and then somebody gives it far too much to make it start."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Change, Replace
from fixbot.edit.tree import CannotEdit
from fixbot.iam.policies.explanations import describe_policy, name_policy
from fixbot.iam.policies.identities import ROLE, is_trust_of
from fixbot.iam.policies.own_account import refer_to_account
from fixbot.iam.policies.policy_changes import add_tests
from fixbot.iam.policies.policy_data import read_statement_data
from fixbot.iam.policies.principals import Principal, list_principals
from fixbot.iam.policies.role_users import TASK, NotKnown, refuse_other_uses
from fixbot.lens import Policy, Resource, Statement, Task, text_of
from fixbot.model.findings import Fix, Found, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.secret_stores.execution_roles import give_execution_role
from fixbot.text.command import build_command
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

_TASKS: Final = "ecs-tasks.amazonaws.com"
_MISTAKEN: Final = ("ec2.amazonaws.com", "ecs.amazonaws.com")
_PRIVATE: Final = re.compile(r"[^/]*\.dkr\.ecr[.-]")
_FETCHED: Final = ("secrets", "repositoryCredentials", "environmentFiles", "logConfiguration.secretOptions")
_TRY: Final = build_command(
    "aws", "ecs", "run-task", "--cluster", "CLUSTER", "--task-definition", "FAMILY",
    note="whether it starts; CLUSTER and FAMILY are names of yours",
)  # fmt: skip


def find_unusable_roles(subject: Task | Policy, world: Context) -> Iterator[Found]:
    """Tasks that need an execution role and have none, and roles of tasks that ECS can't take."""
    if isinstance(subject, Policy):
        if subject.kind == "trust" and subject.dialect in ("cloudformation", "terraform"):
            yield from _find_in_trust(subject, world)
        return
    task = subject
    if (
        task.kind != "ecs"
        or task.node is None
        or task.partial
        or task.daemon
        or task.execution_role is not None
    ):
        return
    if task.owner is not None and task.workload == "service":
        return
    needs = _list_needs(task)
    if needs:
        said = join_with_and(needs)
        yield Found(
            task.node, task.title, task.address, "executionRoleArn",
            f"{task.title} has no execution role, and needs one for {said}",
            partial(_choose_for_task, task, said, world), subject=task.subject,
        )  # fmt: skip


def _list_needs(task: Task) -> list[str]:
    """What ECS does with the execution role; an instance's own role does all but fetching secrets."""
    found = []
    if any(each.get(name) is not None for each in task.containers for name in _FETCHED):
        found.append("what it fetches (secrets, credentials, files)")
    if task.fargate is True:
        if any(_PRIVATE.match(each.image_with_holes) for each in task.containers):
            found.append("its image in ECR")
        if any(text_of(each.get("logConfiguration.logDriver")) == "awslogs" for each in task.containers):
            found.append("its log")
    return found


def _choose_for_task(task: Task, said: str, world: Context) -> Outcome:
    try:
        changes, name, new = give_execution_role(task, world)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}. Name an execution role that trusts {_TASKS}.")
    made = "a new role by the managed policy of AWS for that" if new else "the one that the others here have"
    capability = " The stack then needs `--capabilities CAPABILITY_IAM`." * (
        task.dialect == "cloudformation" and new
    )
    return Fix(
        changes, who=task.called, before="no execution role", after=mark_code(name),
        gist=f"{{who}} {{gets|get}} the execution role {mark_code(name)}, {made}.{capability}",
        effect=f"ECS can start {{who}}: without the role it refuses {said}.",
        why="A task that doesn't start is made to start in a hurry, with an administrator's role.",
        unknown="What secrets the role must read besides is not known.", commands=(_TRY,),
    )  # fmt: skip


def _find_in_trust(policy: Policy, world: Context) -> Iterator[Found]:
    roles = [each for each in world.resources_beside(policy, ROLE) if is_trust_of(policy, each)]
    key = (_index_tasks, policy.dialect, world.surroundings_of(policy))
    by_role = world.compute_once(key, lambda: _index_tasks(policy, world)) if roles else {}
    tasks = [each for role in roles for each in by_role.get(role.address, ())]
    statements = [
        (each, list_principals(each))
        for each in policy.statements
        if read_statement_data(each).get("Effect") == "Allow"
    ]
    named = [each for _, some in statements for each in some]
    if (
        len(roles) != 1
        or not tasks
        or policy.others
        or any(_may_be_tasks(each) for each in named)
        or not named
    ):
        return
    statement = statements[0][0]
    yield Found(
        statement.node, statement.title, f"{policy.address}/{_TASKS}", _TASKS,
        f"{statement.title} doesn't let ECS take the role of {tasks[0].title}",
        partial(_choose_for_trust, statement, named, roles[0], tasks, world), subject=name_policy(policy),
    )  # fmt: skip


def _index_tasks(policy: Policy, world: Context) -> dict[str, list[Resource]]:
    """The tasks beside a policy, by what their roles are called."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for task in world.resources_beside(policy, TASK):
        nodes = (task.slot(name).found for name in ("TaskRoleArn", "ExecutionRoleArn"))
        names = {name for node in nodes if node is not None for name in world.names_in(node)}
        for name in names:
            found[name].append(task)
    return found


def _may_be_tasks(principal: Principal) -> bool:
    """Whether it is ECS's tasks, everybody, or what is filled in later."""
    text = principal.text.strip('"')
    return (
        text.startswith("ecs-tasks.")
        or text == "*"
        or (text_of(principal.node) is None and "amazonaws" not in text)
    )


def _choose_for_trust(
    statement: Statement, named: list[Principal], role: Resource, tasks: list[Resource], world: Context
) -> Outcome:
    policy = statement.policy
    uses = sum(
        node is not None and world.mentions(node, role.address)
        for task in tasks
        for node in (task.slot("TaskRoleArn").found, task.slot("ExecutionRoleArn").found)
    )
    lone = len(named) == 1 and named[0].kind == "Service" and text_of(named[0].node) in _MISTAKEN
    if not lone:
        return Refusal(
            f"{policy.name} lets others take the role as well. Give {tasks[0].title} a role of its own, "
            f"which trusts {_TASKS}."
        )
    try:
        refuse_other_uses(role, uses, policy, world)
        account, needed = refer_to_account(policy, world)
        tests = [("StringEquals", "aws:SourceAccount", [account] if policy.in_blocks else account)]
        changes: tuple[Change, ...] = (Replace(named[0].node, _TASKS), *needed, *add_tests(statement, tests))
    except NotKnown as why:
        return Refusal(f"The trust stays: {why}.")
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        changes, who=describe_policy(policy), before=mark_code(named[0].text), after=mark_code(_TASKS),
        gist=f"{{who}} {{is|are}} taken by ECS for tasks, and by {mark_code(named[0].text)} no more.",
        effect=f"ECS can start {tasks[0].called} with the role.",
        why="A task that doesn't start is made to start in a hurry, with an administrator's role.",
        unknown="Whether something outside of this repository takes the role is not known.", commands=(_TRY,),
    )  # fmt: skip


rule = Rule(
    title="Let ECS use the roles of {subject}",
    topic="task-roles",
    severity=Severity.HIGH,
    controls={"nist-800-190": ("4.3.2",)},
    looks_at=(Task, Policy),
    beside=(ROLE, TASK),
    check=find_unusable_roles,
)
