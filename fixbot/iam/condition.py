"""Does a Condition hold for a request: yes, no, or not to be known here.

After "IAM JSON policy elements: Condition operators", "…: Variables and tags" and "Set operators for
multivalued context keys" of the IAM user guide. Numbers, dates, addresses and whatever operator
comes next are MAYBE, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from fixbot.iam.pattern import Token, arn_like, matches_pattern, tokenize_pattern
from fixbot.iam.policy_document import as_list, read_tests
from fixbot.text.globs import Wildcard

if TYPE_CHECKING:
    from fixbot.edit.tree import Value

Context = Mapping[str, str | tuple[str, ...]]
"""Condition keys in lower case; a tuple is a multivalued key."""


class Truth(IntEnum):
    """Three values in order, so that `min` is AND and `max` is OR."""

    NO = 0
    MAYBE = 1
    YES = 2

    @property
    def negation(self) -> Truth:
        """NOT."""
        return Truth(2 - self)


Matcher = Callable[[Sequence[Token], str], bool]

_SHAPE = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
_VARIABLE = re.compile(r"\$\{(?:([*?$])|([^,'{}]+)(?:, '([^']*)')?)\}")


def _equals_text(pattern: Sequence[Token], text: str) -> bool:
    return list(pattern) == list(text)


def _equals_ignoring_case(pattern: Sequence[Token], text: str) -> bool:
    return "".join(map(str, pattern)).lower() == text.lower()


_OPERATORS: Mapping[str, tuple[Matcher, bool]] = {
    "StringEquals": (_equals_text, False),
    "StringEqualsIgnoreCase": (_equals_ignoring_case, False),
    "StringLike": (matches_pattern, True),
    "ArnEquals": (arn_like, True),
    "ArnLike": (arn_like, True),
}
"""How one value is compared, and whether `*` and `?` in the policy are wildcards."""


@dataclass(frozen=True, slots=True)
class ConditionScope:
    """What a value can depend on: the request's context, and whether the policy has variables."""

    context: Context
    variables: bool = True

    def fill_variables(self, text: str, *, wildcards: bool = True) -> tuple[tuple[Token, ...], bool] | None:
        """The pattern that a value stands for here, and whether that is certain.

        None where a variable has neither value nor default: nothing is equal to it then. One that
        has many values, or isn't written as AWS documents it, is uncertain and stands as `*`.
        """
        filled: list[Token] = []
        certain = True
        for each in tokenize_pattern(text, variables=self.variables, wildcards=wildcards):
            if isinstance(each, Wildcard) or len(each) == 1:
                filled.append(each)
                continue
            variable = _VARIABLE.fullmatch(each)
            value = self._variable_value(variable) if variable is not None else ()
            if value is None:
                return None
            certain = certain and isinstance(value, str)
            filled += value if isinstance(value, str) else (Wildcard.MANY,)
        return tuple(filled), certain

    def _variable_value(self, variable: re.Match[str]) -> str | tuple[str, ...] | None:
        escaped, key, default = variable.groups()
        return str(escaped) if escaped else self.context.get(key.lower(), default)


def evaluate_condition(condition: Value, scope: ConditionScope) -> Truth:
    """Whether all tests of a Condition hold."""
    written = read_tests(condition)
    if written is None:
        return Truth.MAYBE
    found = (_evaluate_test(operator, key, as_list(values), scope) for operator, key, values in written)
    return min(found, default=Truth.YES)


def _evaluate_test(operator: str, key: str, values: list[Value], scope: ConditionScope) -> Truth:
    shape = _SHAPE.fullmatch(operator)
    if shape is None:
        return Truth.MAYBE
    quantifier, written, if_exists = shape.groups()
    if written == "Null":
        return Truth.MAYBE if quantifier or if_exists else _evaluate_null(values, key in scope.context)
    base = written.replace("Not", "")
    negated = base != written
    if base not in _OPERATORS and written != "Bool":
        return Truth.MAYBE
    if key not in scope.context:
        return _evaluate_missing_key(quantifier, fails=not negated, if_exists=bool(if_exists))
    present = scope.context[key]
    given = (present,) if isinstance(present, str) else present
    if quantifier is None and len(given) != 1:
        return Truth.MAYBE
    each = (_equals_one(base, values, one, scope) for one in given)
    found = (truth.negation if negated else truth for truth in each)
    return max(found, default=Truth.NO) if quantifier == "ForAnyValue" else min(found, default=Truth.YES)


def _evaluate_missing_key(quantifier: str | None, *, fails: bool, if_exists: bool) -> Truth:
    """What a test says of a key that the request doesn't have."""
    if quantifier == "ForAnyValue":
        return Truth.MAYBE if if_exists else Truth.NO
    return Truth.YES if not fails or if_exists or quantifier == "ForAllValues" else Truth.NO


def _evaluate_null(values: list[Value], present: bool) -> Truth:
    return max((_equals_word(value, "false" if present else "true") for value in values), default=Truth.NO)


def _equals_word(value: Value, word: str) -> Truth:
    if not isinstance(value, str | bool) or str(value).lower() not in ("true", "false"):
        return Truth.MAYBE
    return Truth.YES if str(value).lower() == word else Truth.NO


def _equals_one(base: str, values: list[Value], given: str, scope: ConditionScope) -> Truth:
    """Whether one value of the request equals one of the policy's values."""
    if base == "Bool":
        return max((_equals_word(value, given.lower()) for value in values), default=Truth.NO)
    return max((_equals_value(base, value, given, scope) for value in values), default=Truth.NO)


def _equals_value(base: str, value: Value, given: str, scope: ConditionScope) -> Truth:
    if isinstance(value, bool):
        value = str(value).lower()
    if not isinstance(value, str | int):
        return Truth.MAYBE
    compare, wildcards = _OPERATORS[base]
    filled = scope.fill_variables(str(value), wildcards=wildcards)
    if filled is None:
        return Truth.NO
    pattern, certain = filled
    if not certain:
        return Truth.MAYBE
    return Truth.YES if compare(pattern, given) else Truth.NO
