"""What is to be done about each statement of one policy, decided and proven for the whole document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixbot.iam.policy import many, strings
from fixbot.iam.tagging import Guard, Leave, Split, Why, plan_tagging, prove
from fixbot.policies.changes import changes, conditional
from fixbot.policies.data import Data, document, filled_in, statement
from fixbot.policies.exact import exact
from fixbot.tree import CannotEdit, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fixbot.change import Change
    from fixbot.iam.tagging import About, Tag
    from fixbot.lens import Policy, Statement

Plan = Split | Guard

_TEMPLATE = (
    "the file is a template, and what fills it in may take the `${aws:…}` of a tag's variable for its own; "
    "a literal tag value in the settings can be written"
)
_BRANCH = "it stands in a condition of the template, and what is added would have to stand in the same"


@dataclass(frozen=True, slots=True)
class Decision:
    """One statement that is, or may be, too wide.

    `plan` is None where nothing can be planned; `problem` says why nothing is carried out, and
    `unknown` that it may well be right as it is. `shared` says that what limits other statements
    of the document limits this one too: `changes` are theirs.
    """

    statement: Statement
    data: Data
    plan: Plan | None = None
    changes: tuple[Change, ...] = ()
    problem: str = ""
    unknown: bool = False
    shared: bool = False


def touches(policy: Policy, services: Collection[str]) -> bool:
    """Whether a policy names one of the services, or something computed; told without its data."""
    key = "actions" if policy.in_blocks else "Action"
    nodes = [node for each in policy.statements if (node := each.node.get(key)) is not None]
    texts = [item.text for node in nodes for item in (node.items if node.kind is Kind.LIST else [node])]
    return any(text is None or "${" in text or text.lower().partition(":")[0] in services for text in texts)


def decide(policy: Policy, text: str, tag: Tag, about: About) -> list[Decision]:
    """Every statement that changes something of any environment, in their order; `text` is the file's."""
    file = _File(policy, text, document(policy), [_certain(each) for each in policy.statements], tag.variable)
    plans: dict[int, Plan] = {}
    decided: dict[int, Decision] = {}
    for at, written in enumerate(policy.statements):
        plan = plan_tagging(file.certain, at, tag, about)
        if not isinstance(plan, Leave):
            plans[at] = plan
        elif plan.why in (Why.UNKNOWN, Why.REFUSED):
            unknown = plan.why is Why.UNKNOWN
            if unknown and exact(policy, file.statements[at].get("Resource")):
                continue
            if unknown and _elsewhere(file.statements[at], about.services):
                continue
            decided[at] = Decision(written, file.statements[at], problem=plan.reason, unknown=unknown)
    guards = {at: plan for at, plan in plans.items() if isinstance(plan, Guard)}
    covered = _covered(file.certain, plans, tag, about)
    for at, plan in plans.items():
        made, problem = _carried_out(file, guards if at in covered else {at: plan})
        decided[at] = Decision(
            policy.statements[at], file.statements[at], plan, made, problem, shared=at in covered
        )
    return _together(file, plans, [decided[at] for at in sorted(decided)])


def _elsewhere(data: Data, services: frozenset[str]) -> bool:
    """Whether all actions, also what is written out of computed ones, are of other services."""
    named = [next((text for text in strings(each) if ":" in text), "") for each in many(data.get("Action"))]
    return all(":" in text and text.lower().partition(":")[0] not in services for text in named)


@dataclass(frozen=True, slots=True)
class _File:
    """A policy, its data, and what of its statements is surely there."""

    policy: Policy
    text: str
    whole: Data
    certain: list[Data]
    variable: bool

    @property
    def statements(self) -> list[Data]:
        listed = self.whole["Statement"]
        return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []

    def problem(self, plans: Mapping[int, Plan]) -> str | None:
        """What isn't proven of the document that those plans make; None where all is."""
        version = next((plan.version for plan in plans.values() if plan.version is not None), None)
        after: Data = {**self.whole, "Statement": list(_after(self.statements, plans))}
        if version is not None:
            after["Version"] = version
        return prove(self.whole, after)


def _certain(written: Statement) -> Data:
    """What other statements may count on: a Deny in a branch may not be there."""
    data = statement(written)
    return {} if data.get("Effect") == "Deny" and conditional(written) else data


def _covered(seen: Sequence[Data], plans: Mapping[int, Plan], tag: Tag, about: About) -> set[int]:
    """The statements to be split that the guards of others limit already."""
    new = _unique(added for plan in plans.values() if isinstance(plan, Guard) for added in plan.added)
    guarded = [*new, *seen]
    return {
        at
        for at, plan in plans.items()
        if new
        and isinstance(plan, Split)
        and isinstance(plan_tagging(guarded, at + len(new), tag, about), Leave)
    }


def _unique(statements: Iterable[Data]) -> list[Data]:
    found: list[Data] = []
    for each in statements:
        if each not in found:
            found.append(each)
    return found


def _after(statements: Sequence[Data], plans: Mapping[int, Plan]) -> list[Data]:
    first = _unique(new for plan in plans.values() if isinstance(plan, Guard) for new in plan.added)
    rest: list[Data] = []
    for at, old in enumerate(statements):
        plan = plans.get(at)
        rest += [plan.statement, *plan.added] if isinstance(plan, Split) else [old]
    return [*first, *rest]


def _carried_out(file: _File, plans: Mapping[int, Plan]) -> tuple[tuple[Change, ...], str]:
    """The changes for some plans, proven to allow nothing new; else why there are none."""
    if any(conditional(file.policy.statements[at]) for at in plans):
        return (), _BRANCH
    if file.variable and filled_in(file.policy):
        return (), _TEMPLATE
    if (problem := file.problem(plans)) is not None:
        return (), f"it can't be proven that the result allows nothing new: {problem}"
    try:
        made = [
            change
            for at, plan in plans.items()
            for change in changes(file.policy.statements[at], plan, file.text)
        ]
    except CannotEdit as reason:
        return (), str(reason)
    return tuple(made), ""


def _together(file: _File, plans: Mapping[int, Plan], decisions: list[Decision]) -> list[Decision]:
    """The same, unless the plans don't fit together."""
    possible = [each.statement for each in decisions if each.changes]
    chosen = {at: plan for at, plan in plans.items() if file.policy.statements[at] in possible}
    problem = file.problem(chosen) if chosen else None
    if problem is None:
        return decisions
    reason = f"its statements can't be limited together: {problem}"
    return [replace(each, changes=(), problem=reason) if each.changes else each for each in decisions]
