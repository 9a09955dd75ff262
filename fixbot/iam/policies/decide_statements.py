"""What is to be done about each statement of one policy, decided and proven for the whole document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit, NodeKind
from fixbot.iam.policies.exact_resources import is_exact
from fixbot.iam.policies.policy_changes import build_changes, is_conditional
from fixbot.iam.policies.policy_data import Data, is_filled_in, read_document_data, read_statement_data
from fixbot.iam.policy_document import as_list, iterate_strings
from fixbot.iam.tagging import (
    GuardStatement,
    LeaveKind,
    LeaveStatement,
    SplitStatement,
    plan_tagging,
    prove_no_new_access,
)
from fixbot.iam.tampering import plan_tag_keeping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fixbot.edit.change import Change
    from fixbot.iam.tagging import EnvironmentTag, PolicyFacts
    from fixbot.lens import Policy, Statement

Plan = SplitStatement | GuardStatement

_TEMPLATE = (
    "the file is a template, and what fills it in may take the `${aws:…}` of a tag's variable for its own; "
    "a literal tag value in the settings can be written"
)
_BRANCH = "it stands in a condition of the template, and what is added would have to stand in the same"


@dataclass(frozen=True, slots=True)
class StatementDecision:
    """One statement that is, or may be, too wide.

    `plan` is None where nothing can be planned; `problem` says why nothing is carried out, and
    `unknown` that it may well be right as it is. `shared` says that what limits other statements
    of the document limits this one too: `build_changes` are theirs.
    """

    statement: Statement
    data: Data
    plan: Plan | None = None
    changes: tuple[Change, ...] = ()
    problem: str = ""
    unknown: bool = False
    shared: bool = False


def names_services(policy: Policy, services: Collection[str]) -> bool:
    """Whether a policy names one of the services, or something computed; told without its data."""
    key = "actions" if policy.in_blocks else "Action"
    nodes = [node for each in policy.statements if (node := each.node.find_node(key)) is not None]
    texts = [item.text for node in nodes for item in (node.items if node.kind is NodeKind.LIST else [node])]
    return any(text is None or "${" in text or text.lower().partition(":")[0] in services for text in texts)


def decide_statements(
    policy: Policy, text: str, tag: EnvironmentTag, about: PolicyFacts
) -> list[StatementDecision]:
    """Every statement that changes something of any environment, in their order; `text` is the file's."""
    file = _PolicyFile(
        policy,
        text,
        read_document_data(policy),
        [_certain_data(each) for each in policy.statements],
        tag.is_variable,
    )
    plans: dict[int, Plan] = {}
    decided: dict[int, StatementDecision] = {}
    for at, written in enumerate(policy.statements):
        plan = plan_tagging(file.certain, at, tag, about)
        if not isinstance(plan, LeaveStatement):
            plans[at] = plan
        elif plan.why in (LeaveKind.UNKNOWN, LeaveKind.REFUSED):
            unknown = plan.why is LeaveKind.UNKNOWN
            if unknown and is_exact(policy, file.data_statements[at].get("Resource")):
                continue
            if unknown and _is_of_other_services(file.data_statements[at], about.services):
                continue
            decided[at] = StatementDecision(
                written, file.data_statements[at], problem=plan.reason, unknown=unknown
            )
    plans |= _plan_tag_keeping(file.certain, plans, decided, about)
    guards = {at: plan for at, plan in plans.items() if isinstance(plan, GuardStatement) and not plan.kept}
    covered = _find_covered(file.certain, plans, tag, about)
    for at, plan in plans.items():
        made, problem = _prove_changes(file, guards if at in covered else {at: plan})
        decided[at] = StatementDecision(
            policy.statements[at], file.data_statements[at], plan, made, problem, shared=at in covered
        )
    return _check_together(file, plans, [decided[at] for at in sorted(decided)])


def _plan_tag_keeping(
    seen: Sequence[Data], plans: Mapping[int, Plan], decided: Collection[int], about: PolicyFacts
) -> dict[int, Plan]:
    """What keeps the tags that limit statements, beside what other plans bring: of equal ones the first."""
    brought = _without_doubles(added for plan in plans.values() for added in plan.added)
    found: dict[int, Plan] = {}
    for at in range(len(seen)):
        if at in plans or at in decided:
            continue
        plan = plan_tag_keeping([*brought, *seen], at + len(brought), about)
        if plan is not None:
            also = tuple(each - len(brought) for each in plan.also if each >= len(brought))
            found[at] = replace(plan, also=also)
            brought = [*brought, *plan.added]
    return found


def _is_of_other_services(data: Data, services: frozenset[str]) -> bool:
    """Whether all actions, also what is written out of computed ones, are of other services."""
    named = [
        next((text for text in iterate_strings(each) if ":" in text), "")
        for each in as_list(data.get("Action"))
    ]
    return all(":" in text and text.lower().partition(":")[0] not in services for text in named)


@dataclass(frozen=True, slots=True)
class _PolicyFile:
    """A policy, its data, and what of its statements is surely there."""

    policy: Policy
    text: str
    whole: Data
    certain: list[Data]
    variable: bool

    @property
    def data_statements(self) -> list[Data]:
        listed = self.whole["Statement"]
        return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []

    def find_problem(self, plans: Mapping[int, Plan]) -> str | None:
        """What isn't proven of the document that those plans make; None where all is."""
        version = next((plan.version for plan in plans.values() if plan.version is not None), None)
        after: Data = {**self.whole, "Statement": list(_statements_after(self.data_statements, plans))}
        if version is not None:
            after["Version"] = version
        return prove_no_new_access(self.whole, after)


def _certain_data(written: Statement) -> Data:
    """What other statements may count on: a Deny in a branch may not be there."""
    data = read_statement_data(written)
    return {} if data.get("Effect") == "Deny" and is_conditional(written) else data


def _find_covered(
    seen: Sequence[Data], plans: Mapping[int, Plan], tag: EnvironmentTag, about: PolicyFacts
) -> set[int]:
    """The statements to be split that the guards of others limit already."""
    new = _without_doubles(
        added for plan in plans.values() if isinstance(plan, GuardStatement) for added in plan.added
    )
    guarded = [*new, *seen]
    return {
        at
        for at, plan in plans.items()
        if new
        and isinstance(plan, SplitStatement)
        and isinstance(plan_tagging(guarded, at + len(new), tag, about), LeaveStatement)
    }


def _without_doubles(statements: Iterable[Data]) -> list[Data]:
    found: list[Data] = []
    for each in statements:
        if each not in found:
            found.append(each)
    return found


def _statements_after(statements: Sequence[Data], plans: Mapping[int, Plan]) -> list[Data]:
    first = _without_doubles(
        new for plan in plans.values() if isinstance(plan, GuardStatement) for new in plan.added
    )
    rest: list[Data] = []
    for at, old in enumerate(statements):
        plan = plans.get(at)
        rest += [plan.statement, *plan.added] if isinstance(plan, SplitStatement) else [old]
    return [*first, *rest]


def _prove_changes(file: _PolicyFile, plans: Mapping[int, Plan]) -> tuple[tuple[Change, ...], str]:
    """The changes for some plans, proven to allow nothing new; else why there are none."""
    if any(is_conditional(file.policy.statements[at]) for at in plans):
        return (), _BRANCH
    if file.variable and is_filled_in(file.policy):
        return (), _TEMPLATE
    if (problem := file.find_problem(plans)) is not None:
        return (), f"it can't be proven that the result allows nothing new: {problem}"
    try:
        made = [
            change
            for at, plan in plans.items()
            for change in build_changes(file.policy.statements[at], plan, file.text)
        ]
    except CannotEdit as reason:
        return (), str(reason)
    return tuple(made), ""


def _check_together(
    file: _PolicyFile, plans: Mapping[int, Plan], decisions: list[StatementDecision]
) -> list[StatementDecision]:
    """The same, unless the plans don't fit together."""
    possible = [each.statement for each in decisions if each.changes]
    chosen = {at: plan for at, plan in plans.items() if file.policy.statements[at] in possible}
    problem = file.find_problem(chosen) if chosen else None
    if problem is None:
        return decisions
    reason = f"its statements can't be limited together: {problem}"
    return [replace(each, changes=(), problem=reason) if each.changes else each for each in decisions]
