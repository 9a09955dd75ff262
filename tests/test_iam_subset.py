"""What the proof accepts, what it doesn't, and that it never accepts a new permission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from fixbot.edit.tree import CodeExpression
from fixbot.iam.condition import Truth
from fixbot.iam.evaluate import IamRequest, evaluate_policy
from fixbot.iam.subset import find_excess

if TYPE_CHECKING:
    from fixbot.edit.tree import Value

VERSION = "2012-10-17"


def policy(*statements: Value, version: str = VERSION) -> dict[str, Value]:
    return {"Version": version, "Statement": list(statements)}


def allow(action: Value, resource: Value = "*", condition: Value = None, **more: Value) -> dict[str, Value]:
    made: dict[str, Value] = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return made if condition is None else {**made, "Condition": condition}


DEV: dict[str, Value] = {"StringEquals": {"aws:ResourceTag/env": "dev"}}
NOT_DEV: Value = {"StringNotEquals": {"aws:ResourceTag/env": "dev"}}


def deny(action: Value, condition: Value = None) -> dict[str, Value]:
    return {**allow(action, "*", condition), "Effect": "Deny"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (policy(allow("ecs:*")), policy(allow("ecs:*"))),
        (policy(allow("ecs:*")), policy(allow("ECS:Update*"), allow(["ecs:StopTask"]))),
        (policy(allow("ecs:*")), policy(allow("ecs:*"), deny("ecs:StopTask", NOT_DEV))),
        (policy(allow("ecs:*")), policy()),
        (policy(allow("ecs:*", "*", DEV)), policy(allow("ecs:*", "arn:x", {**DEV, "Null": {"k": "true"}}))),
        (policy(deny("ecs:*", NOT_DEV)), policy(deny("ecs:*"))),
        (policy(allow(CodeExpression("var.a"))), policy(allow(CodeExpression("var.a"), "*", DEV))),
        (policy(allow("*", CodeExpression("var.r"))), policy(allow("a:b", CodeExpression("var.r")))),
        (policy(allow("*")), policy(allow("a:b", CodeExpression("var.r")))),
        (policy(CodeExpression("local.s")), policy(CodeExpression("local.s"))),
        (policy(allow("*"), version="2008-10-17"), policy(allow("*", "*", {"StringEquals": {"k": "${x}"}}))),
        (policy(allow("*", Principal="*")), policy(allow("a:b", Principal="*"))),
        (policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),) * 2,
        (
            policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            policy({"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*", "Condition": DEV}),
        ),
        (
            policy(allow("*", "*", CodeExpression("local.c"))),
            policy(allow("a:b", "*", CodeExpression("local.c"))),
        ),
    ],
)
def test_proven(old: dict[str, Value], new: dict[str, Value]) -> None:
    assert find_excess(old, new) is None


NEW_ALLOW = "allows something that no single old statement allows"
GONE = "denied something that no single new statement denies"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (policy(allow("ecs:StopTask")), policy(allow("ecs:Stop*")), NEW_ALLOW),
        (policy(allow("ecs:*", "arn:x")), policy(allow("ecs:*")), NEW_ALLOW),
        (policy(allow("ecs:*", "*", DEV)), policy(allow("ecs:*")), NEW_ALLOW),
        (policy(allow("ecs:*", "*", DEV)), policy(allow("ecs:*", "*", NOT_DEV)), NEW_ALLOW),
        (
            policy(allow("ecs:*", "*", {"Bool": {"k": True}})),
            policy(allow("ecs:*", "*", {"Bool": {"k": 1}})),
            NEW_ALLOW,
        ),
        (policy(allow("ecs:*"), deny("ecs:StopTask")), policy(allow("ecs:*")), GONE),
        (policy(deny("ecs:*")), policy(deny("ecs:*", NOT_DEV)), GONE),
        (policy(allow("ecs:*")), policy(allow("ecs:*"), CodeExpression("local.more")), NEW_ALLOW),
        (policy(CodeExpression("local.s")), policy(), GONE),
        (policy(allow(CodeExpression("var.a"))), policy(allow(CodeExpression("var.b"))), NEW_ALLOW),
        (policy(allow("*", "*", CodeExpression("local.c"))), policy(allow("*", "*", DEV)), NEW_ALLOW),
        (policy(allow("*", Principal="*")), policy(allow("*")), NEW_ALLOW),
        (
            policy({"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}),
            policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            NEW_ALLOW,
        ),
        (
            policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            policy(allow("iam:PassRole")),
            NEW_ALLOW,
        ),
        (policy(allow("a:b")), policy(allow("a:b"), version="2008-10-17"), "Version differs"),
        (policy(allow("a:b", "${x}"), version="2008-10-17"), policy(allow("a:b", "${x}")), "Version differs"),
    ],
)
def test_not_proven(old: dict[str, Value], new: dict[str, Value], reason: str) -> None:
    assert reason in (find_excess(old, new) or "")


def test_the_statement_is_named() -> None:
    assert (find_excess(policy(), policy(allow("a:b", Sid="Ops"))) or "").startswith("statement Ops allows")
    assert (find_excess(policy(), policy(deny("a:b"), allow("a:b"))) or "").startswith("statement 2 allows")


ACTIONS = st.sampled_from(
    ["*", "ecs:*", "ecs:Update*", "ecs:UpdateService", "ECS:StopTask", "ecs:St?pTask", "iam:*"]
)
RESOURCES = st.sampled_from(
    [
        "*",
        "arn:aws:ecs:*:1:service/*",
        "arn:aws:ecs:eu:1:service/a",
        "arn:aws:ecs:eu:*:service/?",
        "arn:aws:ecs:eu:1:service/${aws:username}",
        "arn:aws:ecs:eu:1:service/${aws:username, 'a'}",
        "arn:aws:ecs:eu:1:${odd, one}",
    ]
)
VALUES = st.sampled_from(["dev", "prod", "${aws:username}", "${aws:username, 'dev'}", "d*"])
OPERATORS = st.sampled_from(
    [
        *("StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists", "Null", "NumericLessThan"),
        *("ForAnyValue:StringEquals", "ForAllValues:StringEquals"),
    ]
)
KEYS = st.sampled_from(["aws:ResourceTag/env", "AWS:resourcetag/ENV", "aws:TagKeys"])
CONDITIONS = st.dictionaries(
    OPERATORS, st.dictionaries(KEYS, VALUES | st.just("true"), max_size=2), max_size=2
)
OPAQUE = st.sampled_from([CodeExpression("var.a"), CodeExpression("var.b")])


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return values | st.lists(values | OPAQUE, min_size=1, max_size=2)


def statements(effects: list[str]) -> st.SearchStrategy[dict[str, Value]]:
    return st.builds(
        lambda effect, action, resource, condition: {
            "Effect": effect,
            action[0]: action[1],
            resource[0]: resource[1],
            **({"Condition": condition} if condition else {}),
        },
        st.sampled_from(effects),
        st.tuples(st.sampled_from(["Action", "Action", "Action", "NotAction"]), some(ACTIONS)),
        st.tuples(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]), some(RESOURCES)),
        CONDITIONS,
    )


STATEMENTS = statements(["Allow", "Allow", "Allow", "Deny"])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Value], dict[str, Value]]:
    """A policy and what somebody made of it: narrowed, widened, reordered, replaced."""
    old = draw(st.lists(STATEMENTS, min_size=1, max_size=3))
    new: list[Value] = []
    for statement in draw(st.permutations(old)):
        changed: dict[str, Any] = dict(statement)
        for element, values in (("Action", ACTIONS), ("Resource", RESOURCES)):
            if element in changed and draw(st.integers(0, 2)) == 0:
                changed[element] = draw(some(values))
        if draw(st.booleans()):
            changed["Condition"] = {**changed.get("Condition", {}), **draw(CONDITIONS)}
        if draw(st.integers(0, 5)):
            new.append(changed)
    new += draw(st.lists(statements(["Deny"]), max_size=1))
    version = draw(st.sampled_from([VERSION, VERSION, "2008-10-17"]))
    return policy(*old, version=version), policy(*new, version=draw(st.sampled_from([VERSION, version])))


REQUESTS = st.builds(
    IamRequest,
    st.sampled_from(["ecs:UpdateService", "ecs:StopTask", "ecs:UpdateCluster", "iam:PassRole"]),
    st.sampled_from(
        ["*", *(f"arn:aws:ecs:eu:{n}:service/{name}" for n in "12" for name in ("a", "b", "ann"))]
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "aws:resourcetag/env": st.sampled_from(["dev", "prod", "ann", "d*"]),
            "aws:tagkeys": st.sampled_from([(), ("dev",), ("dev", "prod")]),
            "aws:username": st.sampled_from(["ann", "a", "dev"]) | st.just(("a", "b")),
        },
    ),
)


@settings(max_examples=400)
@given(pairs(), st.lists(REQUESTS, min_size=8, max_size=8))
def test_nothing_is_newly_allowed_where_the_proof_holds(
    both: tuple[dict[str, Value], dict[str, Value]], requests: list[IamRequest]
) -> None:
    old, new = both
    proven = find_excess(old, new) is None
    event(f"proven: {proven}")
    for request in requests:
        before, after = evaluate_policy(old, request), evaluate_policy(new, request)
        event(f"proven: {proven}, {before.name} to {after.name}")
        if proven:
            assert after <= before
        if after is Truth.YES and before is Truth.NO:
            assert not proven


@given(st.lists(STATEMENTS, max_size=3))
def test_a_policy_lies_inside_itself(written: list[Value]) -> None:
    assert find_excess(policy(*written), policy(*written)) is None
