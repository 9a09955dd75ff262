"""Who may do all of a service may delete what is in it and open it to others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from fixbot.edit.tree import CannotEdit
from fixbot.iam import table
from fixbot.iam.policies.allowed_actions import find_allowed, replace_actions
from fixbot.iam.policies.explanations import describe_policy, format_names, name_policy
from fixbot.iam.policies.identities import ROLE
from fixbot.iam.policies.policy_data import Data, read_statement_data
from fixbot.iam.policy_document import as_list, list_whole_texts
from fixbot.iam.table import AccessLevel
from fixbot.lens import Policy, Statement
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Safety, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

_WHOLE: Final = re.compile(r"(?!iam:)[a-z0-9-]+:\*")
_HARMLESS: Final = ("logs", "xray", "cloudwatch", "ssmmessages", "ec2messages")
"""Services whose things are lines and figures, more than data and machines."""
_LEVELS: Final = {
    AccessLevel.READ: "read", AccessLevel.LIST: "list", AccessLevel.WRITE: "change",
    AccessLevel.TAGGING: "tag",
    AccessLevel.PERMISSIONS: "decide who may use",
}  # fmt: skip


def find_whole_services(policy: Policy, world: Context) -> Iterator[Found]:
    """Statements that allow all actions of a service."""
    for statement in policy.statements if policy.kind == "identity" else ():
        data = read_statement_data(statement)
        services = _list_whole(data)
        if not services:
            continue
        wide = any(text == "*" for each in as_list(data.get("Resource")) for text in list_whole_texts(each))
        named = ", ".join(f"{each}:*" for each in services)
        yield Found(
            statement.node, statement.title, f"{policy.address}/{statement.sid or data.get('Action')!r}",
            named, f"{statement.title} allows every action of {', '.join(services)}",
            partial(_choose_outcome, statement, data, services, world), subject=name_policy(policy),
            policy=policy.address, severity=_weigh(services, wide=wide, data=data),
        )  # fmt: skip


def _list_whole(data: Data) -> list[str]:
    """The services that are allowed as a whole; IAM is the administrators' concern."""
    if data.get("Effect") != "Allow":
        return []
    listed = [each.lower() for each in as_list(data.get("Action")) if isinstance(each, str)]
    return list(dict.fromkeys(each.partition(":")[0] for each in listed if _is_whole(each)))


def _is_whole(action: str) -> bool:
    return _WHOLE.fullmatch(action.lower()) is not None


def _weigh(services: Sequence[str], *, wide: bool, data: Data) -> Severity:
    if all(each in _HARMLESS for each in services):
        return Severity.LOW
    return Severity.HIGH if wide and data.get("Condition") is None else Severity.MEDIUM


def _choose_outcome(statement: Statement, data: Data, services: Sequence[str], world: Context) -> Outcome:
    policy = statement.policy
    name, allowed = find_allowed(policy, world)
    if allowed and any(each.partition(":")[0] in services for each in allowed):
        try:
            changes, new = replace_actions(
                statement, data, allowed, lambda each: _list_whole({**data, "Action": each}) != []
            )
        except CannotEdit as why:
            return Refusal(f"There is no exact edit here: {why}.")
        return Fix(
            changes, who=describe_policy(policy), before=format_names(f"{each}:*" for each in services),
            after=format_names(new), gist=f"{{who}} {{allows|allow}} {format_names(new)} of these services.",
            effect='Every other call to these services through {who} fails with "AccessDenied".',
            why="Whoever gets hold of {who} can delete what is there, and hand it to others.",
            unknown=f"Whether `allowed_actions` of {name} names all that is used is not known.",
        )  # fmt: skip
    return Manual(
        f"{' '.join(_describe_service(each) for each in services)} What it has used IAM says (`aws iam "
        "generate-service-last-accessed-details --granularity ACTION_LEVEL`). Name that here, or as "
        "`allowed_actions` in the settings."
    )


def _describe_service(service: str) -> str:
    """What all of a service is, by what its actions do."""
    known = table.find_actions(f"{service}:*")
    if not known:
        return f"{mark_code(f'{service}:*')} is everything, today's actions and tomorrow's."
    groups = ((level, [each for each in known if each.level is level]) for level in _LEVELS)
    parts = [
        f"{len(some)} {_LEVELS[level]} (such as {mark_code(some[0].name)})" for level, some in groups if some
    ]
    return f"{mark_code(f'{service}:*')} is {len(known)} actions today: {', '.join(parts)}."


rule = Rule(
    title="Name the actions that {subject} allows",
    topic="iam-scope",
    severity=Severity.HIGH,
    controls={
        "fsbp": ("IAM.21",), "nist-800-190": ("4.3.1",),
        "nist-800-53": ("AC-2", "AC-2(1)", "AC-3", "AC-3(7)", "AC-3(15)", "AC-5", "AC-6", "AC-6(2)",
                        "AC-6(3)", "AC-6(10)"),
    },
    looks_at=Policy,
    beside=(ROLE,),
    check=find_whole_services,
    default_safety=Safety.MANUAL,
    peers={"checkov": ("CKV_AWS_49", "CKV_AWS_290", "CKV_AWS_355", "CKV_AWS_356")},
)  # fmt: skip
