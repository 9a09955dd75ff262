"""A role that may read every secret gives all to whoever gets into one task; ECS needs those it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fixbot.edit.change import Change
from fixbot.edit.tree import CannotEdit, Value
from fixbot.iam.policies.execution_secrets import (
    PARAMETER,
    SECRET,
    RoleSecrets,
    collect_role_secrets,
    list_keys,
)
from fixbot.iam.policies.explanations import describe_policy, format_names, name_policy
from fixbot.iam.policies.identities import ROLE
from fixbot.iam.policies.policy_changes import scope_actions
from fixbot.iam.policies.policy_data import Data, read_statement_data
from fixbot.iam.policies.role_users import TASK, NotKnown
from fixbot.iam.policies.snippets import format_element
from fixbot.iam.policy_document import as_list
from fixbot.iam.secret_reading import find_reading, is_pattern, is_unscoped
from fixbot.lens import Policy, Statement
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context

_EXAMPLES = {
    "secretsmanager": "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-??????",
    "ssm": "arn:aws:ssm:REGION:ACCOUNT:parameter/NAME",
    "kms": "arn:aws:kms:REGION:ACCOUNT:key/ID",
}


def find_unscoped_reading(policy: Policy, world: Context) -> Iterator[Found]:
    """Statements that read all secrets or parameters, or decrypt with all keys."""
    if policy.kind != "identity":
        return
    for statement in policy.statements:
        data = read_statement_data(statement)
        reading, decrypting = find_reading(data)
        if not (reading or decrypting) or not is_unscoped(data):
            continue
        what = "may read every secret" if reading else "may decrypt with every key"
        yield Found(
            statement.node, statement.title, f"{policy.address}/{statement.sid or repr(data.get('Action'))}",
            "Resource", f"{statement.title} {what}", _choose_outcome(statement, data, world),
            subject=name_policy(policy), policy=policy.address,
            severity=Severity.HIGH if reading else Severity.MEDIUM,
        )  # fmt: skip


def _choose_outcome(statement: Statement, data: Data, world: Context) -> Outcome:
    reading, decrypting = find_reading(data)
    if is_pattern(data, reading + decrypting):
        return _explain(statement, "a wildcard among its actions allows more than reading", data)
    if "Resource" not in data or "NotAction" in data:
        return Refusal(f"{statement.title} says what it leaves out (NotResource). Name what it reads first.")
    try:
        found = collect_role_secrets(statement.policy, world)
        keys = list_keys(found) if decrypting else []
    except NotKnown as why:
        return _explain(statement, str(why), data)
    if not found.resources:
        return _explain(statement, f"no task definition that {found.role.title} serves names any", data)
    try:
        changes = _build_changes(statement, data, found, keys, world)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return _build_fix(statement, data, found, changes)


def _explain(statement: Statement, why: str, data: Data) -> Manual:
    reading, decrypting = find_reading(data)
    first = str(as_list(data.get("Action"))[min(reading or decrypting)]).lower().partition(":")[0]
    return Manual(
        f"What it has to read, a person must say: {why}. Name it: "
        f"{format_element(statement.policy, 'Resource', [_EXAMPLES.get(first, _EXAMPLES['kms'])])}."
    )


def _build_changes(
    statement: Statement, data: Data, found: RoleSecrets, keys: Sequence[Value], world: Context
) -> tuple[Change, ...]:
    reading, decrypting = find_reading(data)
    dropped = decrypting if not keys else []
    kept = [n for n in (*reading, *decrypting) if n not in dropped]
    wanted = [*(found.resources if reading else ()), *keys]
    if not kept or not wanted:
        raise CannotEdit("none of its secrets has a key of its own: take the statement out")
    text = world.project.documents[statement.policy.path].text
    return scope_actions(statement, data, kept, wanted, text, sid="ReadSecrets", dropped=dropped)


def _build_fix(statement: Statement, data: Data, found: RoleSecrets, changes: tuple[Change, ...]) -> Fix:
    named = format_names(found.names)
    count = len(found.resources)
    return Fix(
        changes, who=describe_policy(statement.policy),
        before=f"{format_names(str(e) for e in as_list(data['Action']))} on all of them",
        after=f"on {count} that {'is' if count == 1 else 'are'} named",
        gist="Through {who}, only those secrets can be read that the task definitions name.",
        effect='A secret that stands in no task definition here can\'t be read any more ("AccessDenied").',
        why="Whoever gets the credentials of {who} reads the passwords of all other services here.",
        unknown="Whether task definitions outside of this repository use the role of {who} is not known.",
        notes=(
            f"It reached every secret of the account; afterwards {named}. ECS fetches nothing else with it.",
        ),
    )  # fmt: skip


rule = Rule(
    title="Let {subject} read its own secrets alone",
    many="Let {count} policies in {folder} read their own secrets alone",
    topic="iam-scope",
    severity=Severity.HIGH,
    controls={"fsbp": ("KMS.1", "KMS.2"), "nist-800-190": ("4.1.4", "4.3.1"),
              "nist-800-53": ("AC-2", "AC-2(1)", "AC-3", "AC-3(7)", "AC-3(15)", "AC-5", "AC-6", "AC-6(3)")},
    looks_at=Policy,
    beside=(ROLE, TASK, SECRET, PARAMETER),
    check=find_unscoped_reading,
    peers={"checkov": ("CKV_AWS_107", "CKV_AWS_108", "CKV_AWS_287", "CKV_AWS_288", "CKV_AWS_356")},
)  # fmt: skip
