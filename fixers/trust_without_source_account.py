"""A service that takes a role for whoever asks can be asked by another account; the trust says for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from fixbot.edit.change import Change
from fixbot.edit.tree import CannotEdit, Node, Value
from fixbot.iam.policies.explanations import describe_policy, format_names, name_policy
from fixbot.iam.policies.own_account import refer_to_account, refer_to_arns
from fixbot.iam.policies.policy_changes import add_tests, is_conditional, split_principals
from fixbot.iam.policies.policy_data import Data, read_statement_data
from fixbot.iam.policies.principals import Principal, find_limits, list_principals
from fixbot.iam.policy_document import as_list, read_tests
from fixbot.iam.statement_plan import number_name
from fixbot.lens import Policy, Statement
from fixbot.model.findings import Fix, Found, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.command import build_command
from fixbot.text.markdown_escape import mark_code

SERVICES: Final[Mapping[str, str]] = {
    "ecs-tasks": "ecs",
    "eks-fargate-pods": "eks",
    "scheduler": "scheduler",
    "states": "states",
    "vpc-flow-logs": "ec2",
    "monitoring.rds": "rds",
    "bedrock": "bedrock",
    "personalize": "personalize",
}
"""Services of whose roles AWS says that a trust may ask for `aws:SourceAccount`, and what their ARNs say.

Sources: the guides of ECS (task IAM role), EKS (Fargate pod execution role), EventBridge Scheduler, Step
Functions, VPC (flow logs), RDS (Enhanced Monitoring), Bedrock and Personalize on confused deputies, November
2026. Of `ec2`, `lambda` and `codebuild` no guide says so, and a role that asks for it can't be taken.
"""
_KEYS: Final = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")
_NAME: Final = re.compile(r"([a-z0-9.-]+)\.(?:amazonaws\.com(?:\.cn)?|\$\{[^{}]*\})")
_ACTION: Final = "sts:assumerole"


def find_open_trust(policy: Policy, world: Context) -> Iterator[Found]:
    """Statements that let such a service take the role, for whichever account it works."""
    for statement in policy.statements if policy.kind == "trust" else ():
        chosen = [each for each in list_principals(statement) if _name_service(each) in SERVICES]
        data = read_statement_data(statement) if chosen else {}
        if not chosen or data.get("Effect") != "Allow" or not _assumes(data):
            continue
        if find_limits(data, _KEYS, if_missing=True):
            continue
        names = sorted({_name_service(each) for each in chosen})
        yield Found(
            statement.node, statement.title, f"{policy.address}/{statement.sid or '+'.join(names)}",
            "aws:SourceAccount",
            f"{statement.title} lets {', '.join(names)} take its role on behalf of any account",
            partial(_choose_outcome, statement, data, chosen, names, world),
            subject=name_policy(policy), policy=policy.address,
        )  # fmt: skip


def _name_service(principal: Principal) -> str:
    named = _NAME.fullmatch(principal.text.strip('"').lower()) if principal.kind == "Service" else None
    return named[1] if named is not None else ""


def _assumes(data: Data) -> bool:
    return any(str(each).lower() in (_ACTION, "sts:*", "*") for each in as_list(data.get("Action")))


def _choose_outcome(
    statement: Statement, data: Data, chosen: Sequence[Principal], names: Sequence[str], world: Context
) -> Outcome:
    if read_tests(data.get("Condition")) is None:
        return Refusal(f"The Condition of {statement.title} is computed: for whom it is isn't known here.")
    try:
        changes = _build_changes(statement, data, chosen, names, world)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    who = describe_policy(statement.policy)
    served = format_names(f"{name}.amazonaws.com" for name in names)
    return Fix(
        changes, who=who, before=f"{served} for any account", after=f"{served} for its own account",
        gist=f"{{who}} {{is|are}} taken by {served} only for things of {{its|their}} own account.",
        effect=f"Where {served} {'works' if len(names) == 1 else 'work'} for another account, taking {{who}} "
        'fails with "AccessDenied".',
        why="Somebody with another AWS account can have the service take {who} for them: it asks whose role "
        "it is, and not who asks.",
        unknown="Whether {who} {is|are} used for things of another account, or of another organisation's, is "
        "not known.",
        notes=(f"{mark_code('aws:SourceArn')} takes no ARN of a cluster.",) * ("ecs-tasks" in names),
        commands=(_TRY,) * ("ecs-tasks" in names),
    )  # fmt: skip


_TRY: Final = build_command(
    "aws", "ecs", "run-task", "--cluster", "CLUSTER", "--task-definition", "FAMILY",
    note="whether ECS can still take the role; CLUSTER and FAMILY are names of yours",
)  # fmt: skip


def _build_changes(
    statement: Statement, data: Data, chosen: Sequence[Principal], names: Sequence[str], world: Context
) -> tuple[Change, ...]:
    """The tests where all whom it names are such services; else these get a statement of their own."""
    policy = statement.policy
    account, needed = refer_to_account(policy, world)
    tests: list[tuple[str, str, Value]] = [
        ("StringEquals", "aws:SourceAccount", [account] if policy.in_blocks else account)
    ]
    if world.settings.trust_by == "arn":
        arns = [refer_to_arns(policy, account, SERVICES[name], world) for name in names]
        tests.append(
            ("ArnLike", "aws:SourceArn", arns[0] if len(arns) == 1 and not policy.in_blocks else arns)
        )
    if len(chosen) == len(list_principals(statement)):
        return (*needed, *add_tests(statement, tests))
    if is_conditional(statement) or any(_is_in_branch(each, statement) for each in chosen):
        raise CannotEdit("a condition of the template decides whom it lets in")
    text = world.project.documents[policy.path].text
    return (*needed, *_split(statement, data, chosen, tests, text))


def _is_in_branch(principal: Principal, statement: Statement) -> bool:
    """Whether a function of the template decides if somebody is let in."""
    node = principal.node.parent
    while node is not None and node is not statement.node:
        if node.tag is not None or any(entry.key.startswith("Fn::") for entry in node.entries):
            return True
        node = node.parent
    return False


def _split(
    statement: Statement,
    data: Data,
    chosen: Sequence[Principal],
    tests: Sequence[tuple[str, str, Value]],
    text: str,
) -> tuple[Change, ...]:
    named = data.get("Principal")
    if not isinstance(named, dict):
        raise CannotEdit("whom it lets in is computed")
    own = as_list(named["Service"])
    gone = [each for each in own if _is_one_of(each, chosen)]
    rest = {**named, "Service": [each for each in own if each not in gone]}
    if not rest["Service"]:
        del rest["Service"]
    condition: dict[str, Value] = dict(data.get("Condition") or {})  # type: ignore[arg-type]
    for operator, key, value in tests:
        block = condition.get(operator)
        condition[operator] = {**(block if isinstance(block, dict) else {}), key: value}
    sids = {sid for each in statement.policy.statements if (sid := each.sid)}
    head: Data = {"Sid": number_name("OwnAccount", sids)} if sids else {}
    kept = {key: value for key, value in data.items() if key not in ("Sid", "Condition")}
    service: Value = gone[0] if len(gone) == 1 else list(gone)
    added: Data = {**head, **kept, "Principal": {"Service": service}, "Condition": condition}
    leaving = list(_list_leaving(statement, chosen))
    return split_principals(statement, leaving, {**data, "Principal": rest}, added, text)


def _list_leaving(statement: Statement, chosen: Sequence[Principal]) -> Iterator[Node]:
    """What is dropped for them: a `principals` block as a whole where nobody else stands in it."""
    nodes = [each.node for each in chosen]
    for block in statement.node.list_items("principals"):
        listed = block.find_node("identifiers")
        if listed is not None and all(each in nodes for each in listed.items):
            nodes = [each for each in nodes if each not in listed.items]
            yield block
    yield from nodes


def _is_one_of(value: Value, chosen: Sequence[Principal]) -> bool:
    return any(each.node.scalar == value for each in chosen)


rule = Rule(
    title="Keep {subject} to its own account",
    many="Keep {count} roles in {folder} to their own account",
    topic="trust",
    severity=Severity.MEDIUM,
    controls={"cis-compute": ("5.2",), "nist-800-190": ("4.3.2",)},
    looks_at=Policy,
    check=find_open_trust,
)
