"""The action table and the proof held against others: py-iam-expand for wildcards, z3 for what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fixbot.edit.tree import CannotEdit, CodeExpression
from fixbot.iam.outcome import GuardStatement
from fixbot.iam.passing import KEY, find_passing, limit_passing
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


def policy_of(**elements: Any) -> dict[str, Any]:
    """A document that allows one action, with these elements besides."""
    made = {"Effect": "Allow", "Action": "a:b", "Resource": "*", **elements}
    return {"Version": "2012-10-17", "Statement": [made]}


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


def holds(condition: dict[str, dict[str, Any]], told: dict[str, tuple[Any, Any]]) -> Any:
    """Whether a Condition holds; `told` has, by key, whether a request says it, and what."""
    claims = []
    for operator, block in condition.items():
        for key, values in block.items():
            said, value = told[key]
            texts = values if isinstance(values, list) else [values]
            equal = operator.startswith("StringEquals") or operator == "StringNotEquals"
            same = [value == z3.StringVal(t) if equal else z3.InRe(value, language(t)) for t in texts]
            found = z3.And(said, z3.Or(*same))
            claims.append(z3.Not(found) if operator == "StringNotEquals" else found)
    return z3.And(*claims) if claims else z3.BoolVal(True)


def grants(statements: list[dict[str, Any]], action: Any, resource: Any, told: dict[str, Any]) -> Any:
    """The same as `allows`, with lists of actions and any of the keys that are told."""

    def matches(each: dict[str, Any]) -> Any:
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        return z3.And(
            z3.Or(*(z3.InRe(action, language(one)) for one in actions)),
            z3.InRe(resource, language(each["Resource"])),
            holds(each.get("Condition", {}), told),
        )

    some = [matches(each) for each in statements if each["Effect"] == "Allow"]
    none = [matches(each) for each in statements if each["Effect"] == "Deny"]
    return z3.And(z3.Or(*some), z3.Not(z3.Or(*none)))


PASSING = st.lists(
    st.builds(
        lambda action, resource, condition: {
            "Effect": "Allow", "Action": action, "Resource": resource,
            **({} if condition is None else {"Condition": condition}),
        },
        st.lists(
            st.sampled_from(["iam:PassRole", "iam:Pass*", "ecs:RunTask", "ecs:*", "s3:GetObject"]),
            min_size=1, max_size=3, unique=True,
        ),
        st.sampled_from(["*", "role/x", "role/*"]),
        st.sampled_from([None, None, {"StringEquals": {"t": "x"}}, {"StringEquals": {KEY: "lambda"}}]),
    ),
    min_size=1, max_size=3,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(old=PASSING, services=st.sampled_from([["ecs-tasks"], ["ecs-tasks", "lambda"]]))
def test_a_role_is_handed_to_nobody_new(old: list[dict[str, Any]], services: list[str]) -> None:
    found = [(at, places) for at, each in enumerate(old) if (places := find_passing(each))]
    assume(found)
    at, places = found[0]
    try:
        plan = limit_passing(old, at, places, services)
    except CannotEdit:
        return
    new: list[dict[str, Any]] = [dict(each) for each in old]
    if isinstance(plan, GuardStatement):
        new = [*plan.added, *new]
    else:
        narrowed: dict[str, Any] = dict(plan.statement)
        for operator, key, value in plan.condition:
            block = narrowed.get("Condition", {}).get(operator, {})
            narrowed["Condition"] = {**narrowed.get("Condition", {}), operator: {**block, key: value}}
        new[at : at + 1] = [narrowed, *plan.added]
    told = {KEY: (z3.Bool("said"), z3.String("service")), "t": (z3.Bool("tagged"), z3.String("tag"))}
    request = (z3.String("action"), z3.String("resource"), told)
    assert not is_possible(grants(new, *request), z3.Not(grants(old, *request)))
    said, service = told[KEY]
    outside = z3.And(said, *(service != z3.StringVal(each) for each in (*services, "lambda")))
    asked = z3.And(outside, request[0] == z3.StringVal("iam:PassRole"))
    others = [each for n, each in enumerate(old) if n != at]
    assert not is_possible(asked, grants(new, *request), z3.Not(grants(others, *request)))


TESTS = st.builds(
    lambda operator, values: {operator: {"k": values}},
    st.sampled_from(["StringEquals", "StringLike"]),
    st.lists(st.text("ab:*?", min_size=1, max_size=5), min_size=1, max_size=2),
)


@settings(max_examples=80, deadline=None)
@given(wide=TESTS, narrow=TESTS)
def test_a_condition_that_is_proven_narrower_is(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    if find_excess(policy_of(Condition=wide), policy_of(Condition=narrow)) is None:
        told = {"k": (z3.Bool("said"), z3.String("value"))}
        assert not is_possible(holds(narrow, told), z3.Not(holds(wide, told)))


PARTS_OF_ARN = st.lists(st.sampled_from(["${a}", "${b::c}", "x", "*", "/", "${a}y"]), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(wide=PARTS_OF_ARN, narrow=PARTS_OF_ARN, fills=st.tuples(*[st.text("xy/:*", max_size=3)] * 2))
def test_a_computed_resource_that_is_proven_inside_is_so_however_it_is_filled(
    wide: list[str], narrow: list[str], fills: tuple[str, str]
) -> None:
    ours, theirs = (f"arn:aws:s:${{b::c}}:1:{''.join(each)}" for each in (wide, narrow))
    one, two = (policy_of(Resource=CodeExpression(f'"{each}"')) for each in (ours, theirs))
    if find_excess(one, two) is not None:
        return
    filled = [each.replace("${a}", fills[0]).replace("${b::c}", fills[1]) for each in (ours, theirs)]
    text = z3.String("text")
    assert not is_possible(z3.InRe(text, language(filled[1])), z3.Not(z3.InRe(text, language(filled[0]))))
