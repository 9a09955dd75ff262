"""Does an identity policy allow a request: an allow that matches, and no deny that does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fixbot.iam.condition import Context, Scope, Truth, holds
from fixbot.iam.pattern import action_matches, matches
from fixbot.iam.policy import Policy, Statement, has_variables, many, statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixbot.tree import Value

_ELEMENTS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks is part of the context, as in IAM: `aws:PrincipalTag/…`. Keys in lower case."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


def allows(policy: Policy, request: Request) -> Truth:
    """Whether the document allows the request; MAYBE where something in it can't be known."""
    scope = Scope(request.context, has_variables(policy))
    allow = deny = Truth.NO
    for statement in statements(policy):
        if not isinstance(statement, dict):
            allow, deny = max(allow, Truth.MAYBE), max(deny, Truth.MAYBE)
            continue
        truth = applies(statement, request, scope)
        effect = statement.get("Effect")
        if effect != "Deny":
            allow = max(allow, truth if effect == "Allow" else min(truth, Truth.MAYBE))
        if effect != "Allow":
            deny = max(deny, truth if effect == "Deny" else min(truth, Truth.MAYBE))
    return min(allow, deny.negated)


def applies(statement: Statement, request: Request, scope: Scope) -> Truth:
    """Whether a statement speaks of the request, whatever its effect."""
    truth = min(
        Truth.YES if _ELEMENTS.issuperset(statement) else Truth.MAYBE,
        _listed(statement, "Action", lambda value: _action(value, request)),
        _listed(statement, "Resource", lambda value: _resource(value, request, scope)),
    )
    return truth if truth is Truth.NO else min(truth, holds(statement.get("Condition"), scope))


def _action(value: Value, request: Request) -> Truth:
    if not isinstance(value, str):
        return Truth.MAYBE
    return Truth.YES if action_matches(value, request.action) else Truth.NO


def _resource(value: Value, request: Request, scope: Scope) -> Truth:
    if not isinstance(value, str):
        return Truth.MAYBE
    filled = scope.fill(value)
    if filled is None or not matches(filled[0], request.resource):
        return Truth.NO
    return Truth.YES if filled[1] else Truth.MAYBE


def _listed(statement: Statement, element: str, test: Callable[[Value], Truth]) -> Truth:
    """One of the list, or none of the Not… list; MAYBE where neither or both are written."""
    excluded = f"Not{element}"
    if (element in statement) is (excluded in statement):
        return Truth.MAYBE
    values = many(statement[element if element in statement else excluded])
    found = max(map(test, values), default=Truth.NO)
    return found if element in statement else found.negated
