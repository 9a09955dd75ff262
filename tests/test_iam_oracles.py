"""The action table and the proof held against others: py-iam-expand for wildcards, z3 for what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fixbot.iam.pattern import resource_covers
from fixbot.iam.subset import find_excess
from fixbot.iam.table import expand_pattern

expand = pytest.importorskip("py_iam_expand.actions")
z3 = pytest.importorskip("z3")

NAMES = st.sampled_from(["ecs", "ec2", "s3", "iam", "lambda"])
PARTS = st.lists(
    st.sampled_from(["*", "?", "Get", "Task", "Instances", "Stop", "Create", "e", "Tags"]),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(service=NAMES, parts=PARTS)
def test_wildcards_hold_what_another_program_says(service: str, parts: list[str]) -> None:
    pattern = f"{service}:{''.join(parts)}"
    assume("*" in pattern or "?" in pattern)
    assert {each.lower() for each in expand_pattern(pattern)} == {
        each.lower() for each in expand.expand_actions(pattern)
    }


def language(pattern: str) -> Any:
    """The strings that an IAM pattern holds, as z3 has them."""
    each: dict[str, Any] = {"*": z3.Star(z3.AllChar(z3.ReSort(z3.StringSort()))),
                            "?": z3.AllChar(z3.ReSort(z3.StringSort()))}  # fmt: skip
    parts = [each.get(char) if char in each else z3.Re(char) for char in pattern]
    return z3.Concat(*parts) if len(parts) > 1 else parts[0] if parts else z3.Re("")


def is_possible(*claims: Any) -> bool:
    """Whether z3 finds a request of which all this is true; what it can't tell in time is none."""
    solver = z3.Solver()
    solver.set("rlimit", 2_000_000)
    solver.add(*claims)
    return bool(solver.check() == z3.sat)


TEXTS = st.text("ab:*?", min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(wide=TEXTS, narrow=TEXTS)
def test_what_covers_holds_every_string_of_the_other(wide: str, narrow: str) -> None:
    if resource_covers(wide, narrow):
        text = z3.String("text")
        assert not is_possible(z3.InRe(text, language(narrow)), z3.Not(z3.InRe(text, language(wide))))


TAG = {"aws:ResourceTag/env": "dev"}
CONDITIONS: list[dict[str, Any] | None] = [None, {"StringEquals": TAG}, {"StringNotEquals": TAG}]
STATEMENTS = st.lists(
    st.builds(
        lambda effect, action, resource, condition: {
            "Effect": effect, "Action": action, "Resource": resource,
            **({} if condition is None else {"Condition": condition}),
        },
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sampled_from(["a:*", "a:get", "a:g*", "*", "b:*", "a:?et"]),
        st.sampled_from(["*", "x*", "x1", "x?", "y"]),
        st.sampled_from(CONDITIONS),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


def allows(statements: list[dict[str, Any]], action: Any, resource: Any, tag: Any, tagged: Any) -> Any:
    """Whether a policy allows a request, as IAM decides it."""

    def matches(each: dict[str, Any]) -> Any:
        claims = [z3.InRe(action, language(each["Action"])), z3.InRe(resource, language(each["Resource"]))]
        equal = z3.And(tagged, tag == z3.StringVal("dev"))
        made = each.get("Condition", {})
        claims += [equal] if "StringEquals" in made else [z3.Not(equal)] if "StringNotEquals" in made else []
        return z3.And(*claims)

    granted = [matches(each) for each in statements if each["Effect"] == "Allow"]
    denied = [matches(each) for each in statements if each["Effect"] == "Deny"]
    return z3.And(z3.Or(*granted), z3.Not(z3.Or(*denied)))


@settings(max_examples=80, deadline=None)
@given(old=STATEMENTS, new=STATEMENTS)
def test_what_is_proven_to_allow_nothing_new_allows_nothing_new(
    old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> None:
    one: dict[str, Any] = {"Version": "2012-10-17", "Statement": old}
    two: dict[str, Any] = {"Version": "2012-10-17", "Statement": new}
    if find_excess(one, two) is not None:
        return
    request = (z3.String("action"), z3.String("resource"), z3.String("tag"), z3.Bool("tagged"))
    assert not is_possible(allows(new, *request), z3.Not(allows(old, *request)))
