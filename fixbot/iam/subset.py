"""Proof that a new policy allows nothing that the old one didn't, by how it is built and not by trying.

Every allow of the new document must lie inside one allow of the old one, and every deny of the old
one inside one deny of the new one. What isn't plain text counts only as equal to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam.pattern import action_matches, resource_covers
from fixbot.iam.policy import (
    Policy,
    Statement,
    has_variables,
    many,
    may_gain_variables,
    same,
    statements,
    tests,
)

if TYPE_CHECKING:
    from fixbot.tree import Value

_COMPARED = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})


def subset(old: Policy, new: Policy) -> str | None:
    """None where all that `new` allows was allowed by `old`; otherwise why that isn't proven."""
    variables = has_variables(new)
    before, after = statements(old), statements(new)
    if old.get("Version") != new.get("Version") and not (variables and may_gain_variables(before)):
        return "the policy's Version differs, and with it how `${` is read"
    for at, statement in enumerate(after):
        if _effect(statement) != "Deny" and not any(_inside(each, statement, variables) for each in before):
            return f"{_name(at, statement)} allows something that no single old statement allows"
    for at, statement in enumerate(before):
        if _effect(statement) != "Allow" and not any(_inside(each, statement, variables) for each in after):
            return f"{_name(at, statement)} denied something that no single new statement denies"
    return None


def _effect(statement: Value) -> Value:
    return statement.get("Effect") if isinstance(statement, dict) else None


def _name(at: int, statement: Value) -> str:
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    return f"statement {sid}" if isinstance(sid, str) and sid else f"statement {at + 1}"


def _inside(wide: Value, narrow: Value, variables: bool) -> bool:
    """Whether `wide` applies wherever `narrow` does."""
    if same(wide, narrow):
        return True
    if not isinstance(wide, dict) or not isinstance(narrow, dict):
        return False
    if wide.get("Effect") != narrow.get("Effect") or wide.get("Effect") not in ("Allow", "Deny"):
        return False
    others = {*wide, *narrow} - _COMPARED
    if not all(key in wide and key in narrow and same(wide[key], narrow[key]) for key in others):
        return False
    return (
        _actions_inside(wide, narrow)
        and _resources_inside(wide, narrow, variables)
        and _condition_inside(wide.get("Condition"), narrow.get("Condition"))
    )


def _one_of(element: str, wide: Statement, narrow: Statement) -> tuple[list[Value], list[Value]] | None:
    """Both lists of an element that both write the plain way; None where one doesn't."""
    if f"Not{element}" in wide or f"Not{element}" in narrow or element not in wide or element not in narrow:
        return None
    return many(wide[element]), many(narrow[element])


def _actions_inside(wide: Statement, narrow: Statement) -> bool:
    lists = _one_of("Action", wide, narrow)
    if lists is None:
        return _same_exclusion("Action", wide, narrow)
    ours, theirs = lists
    return all(any(_action_inside(each, one) for each in ours) for one in theirs)


def _action_inside(wide: Value, narrow: Value) -> bool:
    if isinstance(wide, str) and isinstance(narrow, str):
        return action_matches(wide, narrow)
    return same(wide, narrow)


def _resources_inside(wide: Statement, narrow: Statement, variables: bool) -> bool:
    lists = _one_of("Resource", wide, narrow)
    if lists is None:
        return _same_exclusion("Resource", wide, narrow)
    ours, theirs = lists
    return all(any(_resource_inside(each, one, variables) for each in ours) for one in theirs)


def _resource_inside(wide: Value, narrow: Value, variables: bool) -> bool:
    if isinstance(wide, str) and isinstance(narrow, str):
        return resource_covers(wide, narrow, variables=variables)
    return wide == "*" or same(wide, narrow)


def _same_exclusion(element: str, wide: Statement, narrow: Statement) -> bool:
    """NotAction and NotResource count only where the narrow one leaves out all that the wide one does."""
    if element in wide or element in narrow:
        return False
    ours, theirs = many(wide.get(f"Not{element}")), many(narrow.get(f"Not{element}"))
    return bool(ours) and all(any(same(each, one) for one in theirs) for each in ours)


def _condition_inside(wide: Value, narrow: Value) -> bool:
    """More tests mean fewer requests: the narrow one must make every test of the wide one."""
    if wide is None or same(wide, narrow):
        return True
    ours, theirs = tests(wide), tests(narrow)
    if ours is None or theirs is None:
        return False
    made = list(theirs)
    return all(
        any((operator, key) == test[:2] and same(values, test[2]) for test in made)
        for operator, key, values in ours
    )
