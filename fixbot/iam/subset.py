"""Proof that a new policy allows nothing that the old one didn't, by how it is built and not by trying.

Every allow of the new document must lie inside one allow of the old one, and every deny of the old
one inside one deny of the new one. What isn't plain text counts only as equal to itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fixbot.edit.tree import CodeExpression, TaggedValue
from fixbot.iam.pattern import (
    Token,
    action_matches,
    is_wild,
    matches_pattern,
    resource_covers,
    tokenize_pattern,
)
from fixbot.iam.policy_document import (
    Policy,
    Statement,
    as_list,
    has_variables,
    is_same,
    list_statements,
    may_gain_variables,
    read_tests,
)

if TYPE_CHECKING:
    from fixbot.edit.tree import Value

_HOLE = re.compile(r"\$\{([^{}]*)\}")
_PLAIN_TESTS = frozenset({"StringEquals", "StringLike"})
"""Operators whose values can be compared; of the others only equal values count."""
_COMPARED = frozenset(
    {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)


def find_excess(old: Policy, new: Policy) -> str | None:
    """None where all that `new` allows was allowed by `old`; otherwise why that isn't proven."""
    variables = has_variables(new)
    before, after = list_statements(old), list_statements(new)
    if old.get("Version") != new.get("Version") and not (variables and may_gain_variables(before)):
        return "the policy's Version differs, and with it how `${` is read"
    for at, statement in enumerate(after):
        if _effect_of(statement) != "Deny" and not any(
            _is_inside(each, statement, variables) for each in before
        ):
            return f"{_name_statement(at, statement)} allows something that no single old statement allows"
    for at, statement in enumerate(before):
        if _effect_of(statement) != "Allow" and not any(
            _is_inside(each, statement, variables) for each in after
        ):
            return f"{_name_statement(at, statement)} denied something that no single new statement denies"
    return None


def _effect_of(statement: Value) -> Value:
    return statement.get("Effect") if isinstance(statement, dict) else None


def _name_statement(at: int, statement: Value) -> str:
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    return f"statement {sid}" if isinstance(sid, str) and sid else f"statement {at + 1}"


def _is_inside(wide: Value, narrow: Value, variables: bool) -> bool:
    """Whether `wide` applies wherever `narrow` does."""
    if is_same(wide, narrow):
        return True
    if not isinstance(wide, dict) or not isinstance(narrow, dict):
        return False
    if wide.get("Effect") != narrow.get("Effect") or wide.get("Effect") not in ("Allow", "Deny"):
        return False
    others = {*wide, *narrow} - _COMPARED
    if not all(key in wide and key in narrow and is_same(wide[key], narrow[key]) for key in others):
        return False
    return (
        _are_principals_inside(wide.get("Principal"), narrow.get("Principal"))
        and _are_actions_inside(wide, narrow)
        and _are_resources_inside(wide, narrow, variables)
        and _is_condition_inside(wide.get("Condition"), narrow.get("Condition"))
    )


def _are_principals_inside(wide: Value, narrow: Value) -> bool:
    """Whether each that the narrow one lets in is named by the wide one, in the same words."""
    if is_same(wide, narrow):
        return True
    if not isinstance(wide, dict) or not isinstance(narrow, dict):
        return False
    return all(
        kind in wide
        and all(any(is_same(each, one) for each in as_list(wide[kind])) for one in as_list(named))
        for kind, named in narrow.items()
    )


def _compare_element(
    element: str, wide: Statement, narrow: Statement
) -> tuple[list[Value], list[Value]] | None:
    """Both lists of an element that both write the plain way; None where one doesn't."""
    if f"Not{element}" in wide or f"Not{element}" in narrow or element not in wide or element not in narrow:
        return None
    return as_list(wide[element]), as_list(narrow[element])


def _are_actions_inside(wide: Statement, narrow: Statement) -> bool:
    lists = _compare_element("Action", wide, narrow)
    if lists is None:
        return _has_same_exclusion("Action", wide, narrow)
    ours, theirs = lists
    return all(any(_is_action_inside(each, one) for each in ours) for one in theirs)


def _is_action_inside(wide: Value, narrow: Value) -> bool:
    if isinstance(wide, str) and isinstance(narrow, str):
        return action_matches(wide, narrow)
    return is_same(wide, narrow)


def _are_resources_inside(wide: Statement, narrow: Statement, variables: bool) -> bool:
    lists = _compare_element("Resource", wide, narrow)
    if lists is None:
        return _has_same_exclusion("Resource", wide, narrow)
    ours, theirs = lists
    return all(any(_is_resource_inside(each, one, variables) for each in ours) for one in theirs)


def _is_resource_inside(wide: Value, narrow: Value, variables: bool) -> bool:
    if isinstance(wide, str) and isinstance(narrow, str):
        return resource_covers(wide, narrow, variables=variables)
    if wide == "*" or is_same(wide, narrow):
        return True
    ours, theirs = _text_with_holes(wide), _text_with_holes(narrow)
    return ours is not None and theirs is not None and resource_covers(ours, theirs)


def _text_with_holes(value: Value) -> str | None:
    """A computed text, each hole in it a variable by its expression: what fills equal ones is equal."""
    match value:
        case CodeExpression() if len(value.text) > 1 and value.text[0] == value.text[-1] == '"':
            text = value.text[1:-1]
        case TaggedValue(tag="!Sub", value=str() as text) | {"Fn::Sub": str() as text}:
            pass
        case _:
            return None
    return _HOLE.sub(lambda hole: f"${{{hole[1].encode().hex()}}}", text)


def _has_same_exclusion(element: str, wide: Statement, narrow: Statement) -> bool:
    """NotAction and NotResource count only where the narrow one leaves out all that the wide one does."""
    if element in wide or element in narrow:
        return False
    if element == "Resource" and "NotResource" not in wide and "NotResource" not in narrow:
        return "Principal" in wide  # a trust policy has no Resource: it is about its own role
    ours, theirs = as_list(wide.get(f"Not{element}")), as_list(narrow.get(f"Not{element}"))
    return bool(ours) and all(any(is_same(each, one) for one in theirs) for each in ours)


def _is_condition_inside(wide: Value, narrow: Value) -> bool:
    """More tests mean fewer requests: the narrow one must make every test of the wide one."""
    if wide is None or is_same(wide, narrow):
        return True
    ours, theirs = read_tests(wide), read_tests(narrow)
    if ours is None or theirs is None:
        return False
    made = list(theirs)
    return all(any(_is_test_inside(each, one) for one in made) for each in ours)


def _is_test_inside(wide: tuple[str, str, Value], narrow: tuple[str, str, Value]) -> bool:
    """Whether one test fails wherever the other does; values of one test are alternatives."""
    (operator, key, values), (its_operator, its_key, its_values) = wide, narrow
    if key != its_key or {operator, its_operator} - _PLAIN_TESTS:
        return (operator, key) == (its_operator, its_key) and is_same(values, its_values)
    ours, theirs = as_list(values), as_list(its_values)
    return all(any(_is_value_inside(operator, each, its_operator, one) for each in ours) for one in theirs)


def _is_value_inside(operator: str, wide: Value, its_operator: str, narrow: Value) -> bool:
    if not isinstance(wide, str) or not isinstance(narrow, str) or "${" in wide + narrow:
        return operator == its_operator and is_same(wide, narrow)
    if operator == "StringEquals":
        return wide == narrow and (its_operator == operator or not is_wild(narrow))
    text: str | tuple[Token, ...] = narrow
    if its_operator == "StringLike":
        text = tokenize_pattern(narrow, variables=False)
    return matches_pattern(tokenize_pattern(wide, variables=False), text)
