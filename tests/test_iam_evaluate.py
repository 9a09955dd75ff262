"""Truth tables of IAM's condition operators, after AWS's user guide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.edit.tree import CodeExpression, TaggedValue
from fixbot.iam.condition import ConditionScope, Context, Truth, evaluate_condition
from fixbot.iam.evaluate import IamRequest, evaluate_policy

if TYPE_CHECKING:
    from fixbot.edit.tree import Value

YES, MAYBE, NO = Truth.YES, Truth.MAYBE, Truth.NO
ARN = "arn:aws:ecs:eu-west-1:111122223333:service/shop/web"


def truth(operator: str, key: str, value: Value, context: Context) -> Truth:
    return evaluate_condition({operator: {key: value}}, ConditionScope(context))


@pytest.mark.parametrize(
    ("operator", "value", "given_value", "present", "absent"),
    [
        ("StringEquals", "dev", "dev", YES, NO),
        ("StringEquals", "dev", "Dev", NO, NO),
        ("StringEquals", "d*", "dev", NO, NO),
        ("StringEquals", ["prod", "dev"], "dev", YES, NO),
        ("StringNotEquals", "dev", "dev", NO, YES),
        ("StringNotEquals", "dev", "prod", YES, YES),
        ("StringNotEquals", ["prod", "dev"], "dev", NO, YES),
        ("StringEqualsIgnoreCase", "DEV", "dev", YES, NO),
        ("StringNotEqualsIgnoreCase", "DEV", "dev", NO, YES),
        ("StringLike", "d?v*", "dev-1", YES, NO),
        ("StringLike", "d?v*", "Dev-1", NO, NO),
        ("StringNotLike", "d*", "dev", NO, YES),
        ("StringEqualsIfExists", "dev", "dev", YES, YES),
        ("StringEqualsIfExists", "dev", "prod", NO, YES),
        ("StringNotEqualsIfExists", "dev", "dev", NO, YES),
        ("ArnLike", "arn:aws:ecs:*:111122223333:service/*", ARN, YES, NO),
        ("ArnEquals", "arn:aws:ecs:*:111122223333:service/*", ARN, YES, NO),  # AWS: the two behave alike
        ("ArnLike", "arn:aws:ecs:*:service/shop/web", ARN, NO, NO),  # each part is matched on its own
        ("ArnNotLike", "arn:aws:ecs:*:*:cluster/*", ARN, YES, YES),
        ("ArnLike", "*", "no-arn", YES, NO),
        ("ArnLike", "arn:aws:*", "no-arn", NO, NO),
        ("Bool", "true", "true", YES, NO),
        ("Bool", True, "true", YES, NO),
        ("Bool", False, "true", NO, NO),
        ("BoolIfExists", "true", "false", NO, YES),
        ("Null", "true", "x", NO, YES),
        ("Null", "false", "x", YES, NO),
        ("Null", True, "x", NO, YES),
        ("StringEquals", [], "dev", NO, NO),
        ("StringEquals", 5, "5", YES, NO),
        ("StringEquals", True, "true", YES, NO),
        ("ForAllValues:StringEquals", ["env"], "env", YES, YES),
        ("ForAnyValue:StringEquals", ["env"], "env", YES, NO),
        ("ForAnyValue:StringNotEquals", ["env"], "env", NO, NO),
    ],
)
def test_a_condition(operator: str, value: Value, given_value: str, present: Truth, absent: Truth) -> None:
    assert truth(operator, "aws:ResourceTag/env", value, {"aws:resourcetag/env": given_value}) is present
    assert truth(operator, "aws:ResourceTag/env", value, {}) is absent


@pytest.mark.parametrize(
    ("operator", "asked", "result"),
    [
        ("ForAllValues:StringEquals", ("env",), YES),
        ("ForAllValues:StringEquals", ("env", "team"), YES),
        ("ForAllValues:StringEquals", ("env", "cost"), NO),
        ("ForAllValues:StringEquals", (), YES),
        ("ForAnyValue:StringEquals", ("env", "cost"), YES),
        ("ForAnyValue:StringEquals", ("cost",), NO),
        ("ForAnyValue:StringEquals", (), NO),
        ("ForAllValues:StringNotEquals", ("cost",), YES),
        ("ForAllValues:StringNotEquals", ("env", "cost"), NO),
        ("ForAnyValue:StringNotEquals", ("env", "cost"), YES),
        ("ForAnyValue:StringNotEquals", ("env",), NO),
        ("ForAnyValue:StringLike", ("environment",), NO),
        ("StringEquals", ("env", "team"), MAYBE),
        ("StringEquals", ("env",), YES),
    ],
)
def test_keys_with_many_values(operator: str, asked: tuple[str, ...], result: Truth) -> None:
    assert truth(operator, "aws:TagKeys", ["env", "team"], {"aws:tagkeys": asked}) is result


@pytest.mark.parametrize(
    "operator",
    [
        "NumericLessThan",
        "DateGreaterThan",
        "IpAddress",
        "NotIpAddress",
        "BinaryEquals",
        "StringStartsWith",
        "stringequals",
        "",
        "For:x",
    ],
)
def test_what_is_not_read_here_is_neither_yes_nor_no(operator: str) -> None:
    assert truth(operator, "k", "1", {"k": "1"}) is MAYBE
    assert truth(operator, "k", "1", {}) is MAYBE


@pytest.mark.parametrize(
    ("operator", "value"),
    [("Null", "perhaps"), ("ForAnyValue:Null", "true"), ("ForAnyValue:StringEqualsIfExists", "x")],
)
def test_what_aws_leaves_open_stays_open(operator: str, value: str) -> None:
    assert truth(operator, "k", value, {}) is MAYBE


@pytest.mark.parametrize(
    "value", [CodeExpression("var.env"), TaggedValue("!Ref", "Env"), {"Ref": "Env"}, 1.5]
)
def test_a_computed_value_is_not_known(value: Value) -> None:
    assert truth("StringEquals", "k", value, {"k": "dev"}) is MAYBE
    assert truth("StringEquals", "k", [value, "dev"], {"k": "dev"}) is YES
    assert truth("StringNotEquals", "k", [value, "dev"], {"k": "dev"}) is NO


def test_different_tests_must_all_hold() -> None:
    condition: Value = {"StringEquals": {"a": "1", "b": "2"}, "Null": {"c": "true"}}
    assert evaluate_condition(condition, ConditionScope({"a": "1", "b": "2"})) is YES
    assert evaluate_condition(condition, ConditionScope({"a": "1", "b": "2", "c": "3"})) is NO
    assert evaluate_condition(None, ConditionScope({})) is YES
    assert evaluate_condition(CodeExpression("local.condition"), ConditionScope({})) is MAYBE
    assert evaluate_condition({"StringEquals": CodeExpression("local.tests")}, ConditionScope({})) is MAYBE


OWN = "${aws:PrincipalTag/Environment, 'none'}"


@pytest.mark.parametrize(
    ("value", "principal", "resource", "equal", "unequal"),
    [
        (OWN, "dev", "dev", YES, NO),
        (OWN, "dev", "prod", NO, YES),
        (OWN, "dev", None, NO, YES),
        (OWN, None, "dev", NO, YES),
        (OWN, None, "none", YES, NO),  # the default is a value like others
        ("${aws:PrincipalTag/Environment}", None, "dev", NO, YES),
        ("${AWS:principaltag/environment}", "dev", "dev", YES, NO),
        ("${*}", None, "*", YES, NO),
        ("x${$}y", None, "x$y", YES, NO),
        ("${aws:PrincipalTag/Environment", "dev", "${aws:PrincipalTag/Environment", YES, NO),
        ("${a, none}", None, "none", MAYBE, MAYBE),  # not the documented way to write a default
    ],
)
def test_variables(
    value: str, principal: str | None, resource: str | None, equal: Truth, unequal: Truth
) -> None:
    keys = {"aws:principaltag/environment": principal, "aws:resourcetag/environment": resource}
    context = {key: found for key, found in keys.items() if found is not None}
    assert truth("StringEquals", "aws:ResourceTag/Environment", value, context) is equal
    assert truth("StringNotEquals", "aws:ResourceTag/Environment", value, context) is unequal


def test_a_variable_with_many_values_is_not_known() -> None:
    assert truth("StringEquals", "k", "${aws:TagKeys}", {"k": "a", "aws:tagkeys": ("a", "b")}) is MAYBE


def test_a_wildcard_that_a_variable_brings_is_plain_text() -> None:
    assert truth("StringLike", "k", "${v}", {"k": "anything", "v": "*"}) is NO
    assert truth("StringLike", "k", "${*}*", {"k": "*x"}) is YES


def policy(*statements: Value, version: str = "2012-10-17") -> dict[str, Value]:
    return {"Version": version, "Statement": list(statements)}


ALLOW: Value = {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}
DENY: Value = {
    "Effect": "Deny",
    "Action": ["ecs:UpdateService"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:ResourceTag/env": "dev"}},
}


def test_deny_wins_and_a_missing_tag_is_denied() -> None:
    guarded = policy(ALLOW, DENY)
    assert (
        evaluate_policy(guarded, IamRequest("ecs:UpdateService", ARN, {"aws:resourcetag/env": "dev"})) is YES
    )
    assert (
        evaluate_policy(guarded, IamRequest("ecs:UpdateService", ARN, {"aws:resourcetag/env": "prod"})) is NO
    )
    assert evaluate_policy(guarded, IamRequest("ecs:UpdateService", ARN)) is NO
    assert evaluate_policy(guarded, IamRequest("ecs:StopTask", ARN)) is YES
    assert evaluate_policy(guarded, IamRequest("ec2:StopInstances", ARN)) is NO
    assert evaluate_policy(policy(), IamRequest("ecs:StopTask", ARN)) is NO


def test_one_statement_needs_no_list() -> None:
    assert evaluate_policy({"Statement": ALLOW}, IamRequest("ECS:stoptask", ARN)) is YES


def test_not_action_and_not_resource() -> None:
    but: Value = {
        "Effect": "Allow",
        "NotAction": ["ecs:Delete*", "iam:*"],
        "NotResource": "arn:aws:ecs:*:*:service/prod/*",
    }
    assert evaluate_policy(policy(but), IamRequest("ecs:StopTask", ARN)) is YES
    assert evaluate_policy(policy(but), IamRequest("ecs:DeleteService", ARN)) is NO
    assert evaluate_policy(policy(but), IamRequest("ecs:StopTask", ARN.replace("shop", "prod"))) is NO


def test_variables_in_resources() -> None:
    own: Value = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}/*"}
    assert (
        evaluate_policy(
            policy(own), IamRequest("s3:GetObject", "arn:aws:s3:::b/ann/x", {"aws:username": "ann"})
        )
        is YES
    )
    assert (
        evaluate_policy(
            policy(own), IamRequest("s3:GetObject", "arn:aws:s3:::b/bob/x", {"aws:username": "ann"})
        )
        is NO
    )
    assert evaluate_policy(policy(own), IamRequest("s3:GetObject", "arn:aws:s3:::b/bob/x")) is NO
    literal = "arn:aws:s3:::b/${aws:username}/x"
    assert evaluate_policy(policy(own, version="2008-10-17"), IamRequest("s3:GetObject", literal)) is YES
    many = {"aws:username": ("ann", "bob")}
    assert evaluate_policy(policy(own), IamRequest("s3:GetObject", "arn:aws:s3:::b/bob/x", many)) is MAYBE


@pytest.mark.parametrize(
    "statement",
    [
        CodeExpression("data.aws_iam_policy_document.x.json"),
        {"Effect": CodeExpression("var.effect"), "Action": "ecs:*", "Resource": "*"},
        {"Effect": "Allow", "Action": CodeExpression("var.actions"), "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "Resource": TaggedValue("!GetAtt", "Cluster.Arn")},
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"},
        {"Effect": "Allow", "Action": "*"},
        {"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"},
    ],
)
def test_a_statement_that_is_not_plain_is_neither_yes_nor_no(statement: Value) -> None:
    assert evaluate_policy(policy(statement), IamRequest("ecs:StopTask", ARN)) is MAYBE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text("a*?${},: '", max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ELEMENTS = st.sampled_from(["Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Sid"])


@given(st.lists(st.dictionaries(ELEMENTS, JSON | st.sampled_from(["Allow", "Deny"])), max_size=3))
def test_any_data_gets_an_answer(statements: list[Value]) -> None:
    assert (
        evaluate_policy({"Version": "2012-10-17", "Statement": statements}, IamRequest("a:b", "a")) in Truth
    )
