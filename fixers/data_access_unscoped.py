"""A role that may read or write every bucket or table gives all data to whoever gets into one program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from fixbot.edit.tree import CannotEdit
from fixbot.iam.data_access import find_data_actions, holds_other_actions, list_wide_services
from fixbot.iam.pattern import action_matches
from fixbot.iam.policies.data_resources import STORES, WorkloadData, collect_workload_data, list_candidates
from fixbot.iam.policies.explanations import describe_policy, format_names, name_policy
from fixbot.iam.policies.identities import ROLE
from fixbot.iam.policies.policy_changes import scope_actions
from fixbot.iam.policies.policy_data import Data, read_statement_data
from fixbot.iam.policies.role_users import FUNCTION, SERVERLESS, TASK, NotKnown, find_sole_workload
from fixbot.iam.policies.snippets import format_element
from fixbot.iam.policy_document import as_list
from fixbot.lens import Policy, Statement
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.name_lists import join_with_and

_EXAMPLES = {
    "s3": ["arn:aws:s3:::NAME", "arn:aws:s3:::NAME/*"],
    "dynamodb": ["arn:aws:dynamodb:REGION:ACCOUNT:table/NAME"],
    "sqs": ["arn:aws:sqs:REGION:ACCOUNT:NAME"],
    "sns": ["arn:aws:sns:REGION:ACCOUNT:NAME"],
    "kinesis": ["arn:aws:kinesis:REGION:ACCOUNT:stream/NAME"],
    "lambda": ["arn:aws:lambda:REGION:ACCOUNT:function:NAME"],
}
_Places = Mapping[str, Sequence[int]]


def find_unscoped_access(policy: Policy, world: Context) -> Iterator[Found]:
    """Statements that read or write the data of all of a service's things."""
    if policy.kind != "identity":
        return
    statements = [read_statement_data(each) for each in policy.statements]
    for statement, data in zip(policy.statements, statements, strict=True):
        found = find_data_actions(data)
        wide = list_wide_services(data) if found and data.get("Condition") is None else ()
        places = {service: at for service, at in found.items() if service in wide}
        if not places or _is_denied_beside(data, places, statements):
            continue
        nouns = join_with_and(STORES[each][0].noun for each in places)
        yield Found(
            statement.node, statement.title, f"{policy.address}/{statement.sid or data.get('Action')!r}",
            "Resource", f"{statement.title} may use the data of every {nouns}",
            partial(_choose_outcome, statement, data, places, world), subject=name_policy(policy),
            policy=policy.address,
        )  # fmt: skip


def _is_denied_beside(data: Data, places: _Places, statements: Sequence[Data]) -> bool:
    """Whether a Deny of the same policy leaves out some of what is allowed here."""
    named = [str(as_list(data["Action"])[at]) for some in places.values() for at in some]
    return any(
        action_matches(str(each), name)
        for deny in statements
        if deny.get("Effect") == "Deny"
        for each in as_list(deny.get("Action"))
        for name in named
    )


def _choose_outcome(statement: Statement, data: Data, places: _Places, world: Context) -> Outcome:
    listed = as_list(data["Action"])
    chosen = [at for some in places.values() for at in some]
    wild = [str(listed[at]) for at in chosen if holds_other_actions(str(listed[at]))]
    if wild:
        return _explain(
            statement, places, f"{format_names(wild)} allows more than reading and writing", world
        )
    if "*" not in as_list(data.get("Resource")):
        return _explain(
            statement, places, "its Resource is a pattern, and a reference may lie outside of it", world
        )
    try:
        workload = find_sole_workload(statement.policy, world)
        found = collect_workload_data(list(places), workload, statement.policy, world)
        text = world.project.documents[statement.policy.path].text
        changes = scope_actions(statement, data, chosen, found.resources, text, sid="OwnData")
    except NotKnown as why:
        return _explain(statement, places, str(why), world)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    names = [str(listed[at]) for at in chosen]
    nouns = join_with_and(STORES[each][0].noun for each in places)
    return Fix(
        changes, who=describe_policy(statement.policy), before=f"{format_names(names)} on every {nouns}",
        after=f"on {join_with_and(each.called for each in found.stores)}",
        gist=f"Through {{who}}, only {join_with_and(each.called for each in found.stores)} can be used.",
        effect=f'Another {nouns} of the account can\'t be used any more ("AccessDenied").',
        why=f"Whoever gets into {workload.called} has the data of every {nouns} of the account today.",
        unknown="Whether the program works with others, whose names it makes while it runs, is not known.",
        notes=tuple(_tell_reach(found, places, statement.policy, world)),
    )  # fmt: skip


def _tell_reach(found: WorkloadData, places: _Places, policy: Policy, world: Context) -> Iterator[str]:
    """What of this repository it reached, and reaches afterwards."""
    before = [each.name for each in list_candidates(list(places), policy, world)]
    lost = [each for each in before if each not in {one.name for one in found.stores}]
    left = f"; {format_names(lost)} no more" if lost else ""
    yield f"Of what is declared beside it, it reaches {format_names(e.name for e in found.stores)}{left}."


def _explain(statement: Statement, places: _Places, why: str, world: Context) -> Manual:
    candidates = list_candidates(list(places), statement.policy, world)
    beside = f" Declared beside it: {format_names(each.name for each in candidates)}." if candidates else ""
    example = [text for service in places for text in _EXAMPLES[service]]
    return Manual(
        f"What it has to use, a person must say: {why}.{beside} Name it: "
        f"{format_element(statement.policy, 'Resource', example)}."
    )


rule = Rule(
    title="Let {subject} use its own data alone",
    many="Let {count} policies in {folder} use their own data alone",
    topic="iam-scope",
    severity=Severity.HIGH,
    controls={"nist-800-190": ("4.3.1",)},
    looks_at=Policy,
    beside=(ROLE, TASK, FUNCTION, SERVERLESS, *(kind for kinds in STORES.values() for kind in kinds)),
    check=find_unscoped_access,
    peers={
        "checkov": ("CKV_AWS_108", "CKV_AWS_111", "CKV_AWS_288", "CKV_AWS_290", "CKV_AWS_355", "CKV_AWS_356"),
        "trivy": ("AWS-0345",),
    },
)  # fmt: skip
