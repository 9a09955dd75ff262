"""A policy document as plain data, read the way IAM reads it: one or many, keys in any case.

Whatever isn't a plain string where IAM wants one (`!Ref`, `var.x`, `{"Fn::If": …}`) stays as it is:
equal to itself, and otherwise unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from fixbot.edit.tree import CodeExpression, TaggedValue, Value
from fixbot.iam.pattern import action_matches

Statement = Mapping[str, Value]
Policy = Mapping[str, Value]

VARIABLES_SINCE: Final = "2012-10-17"
"""The policy version that has variables; in others, and without one, `${` is plain text."""

_HCL_PART = re.compile(r"\$\{[^}]*+(?:\}|\Z)")
_HCL_STRING = re.compile(r'"([^"]*)"')


def as_list(value: Value) -> list[Value]:
    """One or many, as a list; nothing where nothing is written."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def list_statements(policy: Policy) -> list[Value]:
    """The statements of a document; they may be one map or a list."""
    return as_list(policy.get("Statement"))


def has_variables(policy: Policy) -> bool:
    """Whether `${aws:…}` is a variable in this document."""
    return policy.get("Version") == VARIABLES_SINCE


def may_gain_variables(written: Value) -> bool:
    """Whether these statements mean the same once `${aws:…}` is read as a variable: they have none.

    What a reference or an HCL expression brings is taken to bring none either; in `Fn::Sub`,
    `${Name}` is CloudFormation's own and `${!name}` is IAM's.
    """
    match written:
        case str():
            return "${" not in written
        case TaggedValue(tag="!Sub"):
            return not any("${!" in text for text in iterate_strings(written))
        case TaggedValue():
            return may_gain_variables(written.value)
        case list():
            return all(map(may_gain_variables, written))
        case dict():
            sub = written.get("Fn::Sub")
            others = [value for key, value in written.items() if key != "Fn::Sub"]
            return may_gain_variables(others) and not any("${!" in text for text in iterate_strings(sub))
        case _:
            return not isinstance(written, CodeExpression) or "$${" not in written.text


def read_tests(condition: Value) -> Iterator[tuple[str, str, Value]] | None:
    """Operator, key in lower case and values of every test; None where they can't all be known."""
    if condition is None:
        return iter(())
    if not isinstance(condition, dict) or not all(isinstance(block, dict) for block in condition.values()):
        return None
    return (
        (operator, key.lower(), values)
        for operator, block in condition.items()
        if isinstance(block, dict)
        for key, values in block.items()
    )


def names_action(statement: Statement, action: str) -> bool:
    """Whether a statement surely speaks of that action, by Action or NotAction."""
    if "NotAction" in statement:
        listed = as_list(statement["NotAction"])
        return all(isinstance(each, str) and not action_matches(each, action) for each in listed)
    return any(
        isinstance(each, str) and action_matches(each, action) for each in as_list(statement.get("Action"))
    )


def is_same(one: Value, two: Value) -> bool:
    """Whether two values are the same also by type: `true` isn't 1."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(is_same(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(is_same, one, two))
    return type(one) is type(two) and one == two


def list_whole_texts(value: Value) -> list[str]:
    """The one text that a value is or computes, holes as written; nothing of what is put together."""
    if isinstance(value, CodeExpression):
        return [value.text.strip('"')]
    found = list(iterate_strings(value))
    return found if len(found) == 1 else []


def iterate_strings(value: Value) -> Iterator[str]:
    """All text that is written out inside a value, also inside one that is computed."""
    match value:
        case str():
            yield value
        case TaggedValue():
            yield from iterate_strings(value.value)
        case CodeExpression():
            yield from _HCL_STRING.findall(_HCL_PART.sub("", value.text))
        case list():
            for item in value:
                yield from iterate_strings(item)
        case dict():
            for item in value.values():
                yield from iterate_strings(item)
        case _:
            return
