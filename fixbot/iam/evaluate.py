"""Does an identity policy allow a request: an allow that matches, and no deny that does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fixbot.iam.condition import ConditionScope, Context, Truth, evaluate_condition
from fixbot.iam.pattern import action_matches, matches_pattern
from fixbot.iam.policy_document import Policy, Statement, as_list, has_variables, list_statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixbot.edit.tree import Value

_ELEMENTS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})


@dataclass(frozen=True, slots=True)
class IamRequest:
    """Who asks is part of the context, as in IAM: `aws:PrincipalTag/…`. Keys in lower case."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


def evaluate_policy(policy: Policy, request: IamRequest) -> Truth:
    """Whether the document allows the request; MAYBE where something in it can't be known."""
    scope = ConditionScope(request.context, has_variables(policy))
    allow = deny = Truth.NO
    for statement in list_statements(policy):
        if not isinstance(statement, dict):
            allow, deny = max(allow, Truth.MAYBE), max(deny, Truth.MAYBE)
            continue
        truth = evaluate_statement(statement, request, scope)
        effect = statement.get("Effect")
        if effect != "Deny":
            allow = max(allow, truth if effect == "Allow" else min(truth, Truth.MAYBE))
        if effect != "Allow":
            deny = max(deny, truth if effect == "Deny" else min(truth, Truth.MAYBE))
    return min(allow, deny.negation)


def evaluate_statement(statement: Statement, request: IamRequest, scope: ConditionScope) -> Truth:
    """Whether a statement speaks of the request, whatever its effect."""
    truth = min(
        Truth.YES if _ELEMENTS.issuperset(statement) else Truth.MAYBE,
        _evaluate_element(statement, "Action", lambda value: _evaluate_action(value, request)),
        _evaluate_element(statement, "Resource", lambda value: _evaluate_resource(value, request, scope)),
    )
    return truth if truth is Truth.NO else min(truth, evaluate_condition(statement.get("Condition"), scope))


def _evaluate_action(value: Value, request: IamRequest) -> Truth:
    if not isinstance(value, str):
        return Truth.MAYBE
    return Truth.YES if action_matches(value, request.action) else Truth.NO


def _evaluate_resource(value: Value, request: IamRequest, scope: ConditionScope) -> Truth:
    if not isinstance(value, str):
        return Truth.MAYBE
    filled = scope.fill_variables(value)
    if filled is None or not matches_pattern(filled[0], request.resource):
        return Truth.NO
    return Truth.YES if filled[1] else Truth.MAYBE


def _evaluate_element(statement: Statement, element: str, test: Callable[[Value], Truth]) -> Truth:
    """One of the list, or none of the Not… list; MAYBE where neither or both are written."""
    excluded = f"Not{element}"
    if (element in statement) is (excluded in statement):
        return Truth.MAYBE
    values = as_list(statement[element if element in statement else excluded])
    found = max(map(test, values), default=Truth.NO)
    return found if element in statement else found.negation
