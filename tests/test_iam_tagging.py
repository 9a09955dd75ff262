"""What is proposed for the statements that people write, and what is left alone, with its reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixbot.edit.tree import UNKNOWN, CodeExpression, TaggedValue
from fixbot.iam.condition import Truth
from fixbot.iam.evaluate import IamRequest, evaluate_policy
from fixbot.iam.table import expand_pattern, find_action
from fixbot.iam.tagging import (
    ActionFate,
    EnvironmentTag,
    GuardStatement,
    LeaveKind,
    LeaveStatement,
    PolicyFacts,
    SplitStatement,
    plan_tagging,
    prove_no_new_access,
)

if TYPE_CHECKING:
    from fixbot.edit.tree import Value

ENV = EnvironmentTag("env", "dev")
OWN = EnvironmentTag("Environment", "${aws:PrincipalTag/Environment}")
VERSION = "2012-10-17"
Made = dict[str, Any]


def allow(*actions: Value, resource: Value = "*", **more: Value) -> Made:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def plan(
    *statements: Made, index: int = 0, tag: EnvironmentTag = ENV, about: PolicyFacts | None = None
) -> SplitStatement | GuardStatement | LeaveStatement:
    return plan_tagging(statements, index, tag, about or PolicyFacts())


def splits(*statements: Made, index: int = 0, tag: EnvironmentTag = ENV) -> SplitStatement:
    planned = plan(*statements, index=index, tag=tag)
    assert isinstance(planned, SplitStatement)
    return planned


def guards(
    *statements: Made, index: int = 0, tag: EnvironmentTag = ENV, about: PolicyFacts | None = None
) -> GuardStatement:
    planned = plan(*statements, index=index, tag=tag, about=about)
    assert isinstance(planned, GuardStatement)
    return planned


def leaves(
    *statements: Made, index: int = 0, tag: EnvironmentTag = ENV, about: PolicyFacts | None = None
) -> LeaveStatement:
    planned = plan(*statements, index=index, tag=tag, about=about)
    assert isinstance(planned, LeaveStatement)
    return planned


def carried_out(
    statements: list[Made], index: int, planned: SplitStatement | GuardStatement | LeaveStatement
) -> list[Made]:
    match planned:
        case SplitStatement():
            return [*statements[:index], planned.statement, *planned.added, *statements[index + 1 :]]
        case GuardStatement():
            return [*(each for each in planned.added if each not in statements), *statements]
        case LeaveStatement():
            return statements


def policy(statements: list[Made], version: str | None = VERSION) -> Made:
    return {"Version": version, "Statement": statements} if version else {"Statement": statements}


def fate(planned: SplitStatement | GuardStatement, fate: ActionFate) -> tuple[str, ...]:
    return next((group.actions for group in planned.groups if group.fate is fate), ())


def test_named_actions_are_split() -> None:
    old: Made = {
        "Sid": "Deploy",
        "Effect": "Allow",
        "Resource": "*",
        "Action": [
            "ecs:DescribeServices",
            "ecs:DeregisterTaskDefinition",
            "ecs:UpdateService",
            "ecs:DeleteService",
        ],
    }
    planned = splits(old)
    assert json.dumps(planned.statement) == json.dumps(
        {**old, "Action": ["ecs:DescribeServices", "ecs:DeregisterTaskDefinition"]}
    )
    assert json.dumps(planned.added) == json.dumps(
        [
            {
                "Sid": "DeployWithTag",
                "Effect": "Allow",
                "Resource": "*",
                "Action": ["ecs:UpdateService", "ecs:DeleteService"],
                "Condition": {"StringEquals": {"aws:ResourceTag/env": "dev"}},
            }
        ]
    )
    assert (planned.moved, planned.condition, planned.wants, planned.also) == ((2, 3), (), (), ())
    assert [(group.fate, group.actions) for group in planned.groups] == [
        (ActionFate.EXISTING, ("ecs:UpdateService", "ecs:DeleteService")),
        (ActionFate.READS, ("ecs:DescribeServices",)),
        (ActionFate.WITHOUT, ("ecs:DeregisterTaskDefinition",)),
    ]
    assert all(group.explanation for group in planned.groups)


def test_a_wildcard_is_guarded() -> None:
    planned = guards({"Sid": "Developers", "Effect": "Allow", "Action": "ecs:*", "Resource": "*"})
    own, stays = planned.added
    limited = [
        name
        for name in expand_pattern("ecs:*")
        if (known := find_action(name))
        and known.level.is_changing
        and known.resource_tag
        and name not in fate_of_agent()
    ]
    assert own == {
        "Sid": "OwnEnvironmentOnly",
        "Effect": "Deny",
        "Action": limited,
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:ResourceTag/env": "dev"}},
    }
    assert {"ecs:UpdateService", "ecs:DeleteService", "ecs:DeleteCluster", "ecs:StopTask"} < set(limited)
    assert stays == {
        "Sid": "TagStays",
        "Effect": "Deny",
        "Action": ["ecs:TagResource", "ecs:UntagResource"],
        "Resource": "*",
        "Condition": {
            "ForAnyValue:StringEquals": {"aws:TagKeys": ["env"]},
            "Null": {"ecs:CreateAction": "true"},
        },
    }
    assert "ecs:RunTask" in fate(planned, ActionFate.UNTOUCHED)
    assert "ecs:DeregisterTaskDefinition" in fate(planned, ActionFate.WITHOUT)


def fate_of_agent() -> tuple[str, ...]:
    return (*expand_pattern("ecs:Submit*"), "ecs:Poll", "ecs:StartTelemetrySession", "ecs:PutSystemLogEvents")


@pytest.mark.parametrize(
    ("resource", "tags", "answer"),
    [("service", "dev", Truth.YES), ("service", "prod", Truth.NO), ("service", None, Truth.NO)],
)
def test_the_wrong_environment_cannot_be_deleted(resource: str, tags: str | None, answer: Truth) -> None:
    context = {"aws:resourcetag/env": tags} if tags else {}
    request = IamRequest("ecs:DeleteService", f"arn:aws:ecs:eu-west-1:1:{resource}/a/b", context)
    for old in (allow("ecs:*"), allow("ecs:DeleteService", "ecs:ListTasks"), allow("ecs:Delete*")):
        new = policy(carried_out([old], 0, plan(old)))
        assert evaluate_policy(new, request) is answer
        assert prove_no_new_access(policy([old]), new) is None


def test_the_tag_cannot_be_changed_afterwards_but_given_while_creating() -> None:
    new = policy(carried_out([allow("ecs:*")], 0, guards(allow("ecs:*"))))

    def tags(**context: Any) -> Truth:
        keys = {key.replace("_", ":"): value for key, value in context.items()}
        return evaluate_policy(
            new, IamRequest("ecs:TagResource", "arn:aws:ecs:eu-west-1:1:service/a/b", keys)
        )

    assert tags(aws_tagkeys=("env",)) is Truth.NO
    assert tags(aws_tagkeys=("env", "team")) is Truth.NO
    assert tags(aws_tagkeys=("team",)) is Truth.YES
    assert tags(aws_tagkeys=("env",), ecs_createaction="RunTask") is Truth.YES


def test_what_creates_must_send_the_tag() -> None:
    planned = splits(
        allow("ecs:ListTasks", "ecs:UpdateService", "ecs:RunTask", "ecs:CreateService", Sid="Ci")
    )
    assert planned.statement["Action"] == ["ecs:ListTasks"]
    existing, creating = planned.added
    assert (existing["Sid"], creating["Sid"]) == ("CiWithTag", "CiOnCreate")
    assert creating["Action"] == ["ecs:RunTask", "ecs:CreateService"]
    assert creating["Condition"] == {
        "StringEquals": {"aws:RequestTag/env": "dev"},
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["env"]},
    }
    (wanted,) = planned.wants
    assert wanted["Action"] == "ecs:TagResource"
    assert wanted["Condition"] == {"StringEquals": {"ecs:CreateAction": ["RunTask", "CreateService"]}}


def test_nothing_is_asked_for_that_the_policy_grants_already() -> None:
    tagging = allow("ecs:TagResource", Condition={"StringEquals": {"ecs:CreateAction": ["RunTask"]}})
    planned = splits(allow("ecs:RunTask"), tagging)
    assert planned.wants == ()
    assert planned.added == ()  # tags can only be given while creating: nothing to keep


def test_where_all_actions_know_the_tag_the_statement_itself_gets_the_condition() -> None:
    planned = splits({"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*"})
    assert planned.statement == {
        "Effect": "Allow",
        "Action": "ecs:UpdateService",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/env": "dev"}},
    }
    assert (planned.added, planned.moved) == ((), ())
    assert planned.condition == (("StringEquals", "aws:ResourceTag/env", "dev"),)


def test_where_all_actions_create_likewise() -> None:
    planned = splits(allow("ecs:RunTask", "ecs:StartTask"))
    assert planned.added == ()
    assert planned.statement["Action"] == ["ecs:RunTask", "ecs:StartTask"]
    assert [test[1] for test in planned.condition] == ["aws:RequestTag/env", "aws:TagKeys"]


def test_of_two_kinds_the_first_stays() -> None:
    planned = splits(allow("ecs:RunTask", "ecs:StopTask", Sid="Run"))
    assert planned.statement["Action"] == ["ecs:StopTask"]
    assert planned.moved == (0,)
    assert [each["Sid"] for each in planned.added] == ["RunOnCreate"]


def test_conditions_that_are_there_are_kept_and_copied() -> None:
    condition: Made = {
        "StringEquals": {"aws:RequestedRegion": "eu-west-1"},
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
    }
    merged = {**condition, "StringEquals": {"aws:RequestedRegion": "eu-west-1", "aws:ResourceTag/env": "dev"}}
    assert splits(allow("ecs:StopTask", Condition=condition)).statement["Condition"] == merged
    planned = splits(allow("ecs:StopTask", "ecs:ListTasks", Condition=condition))
    assert planned.statement["Condition"] == condition
    assert planned.added[0]["Condition"] == merged


def test_other_services_and_computed_actions_stay() -> None:
    computed = CodeExpression("var.more")
    planned = splits(
        allow("rds:*", "ecs:Describe*", computed, "ecs:StopTask", "ecs:FlyToTheMoon", "ecs:stoptask")
    )
    assert planned.statement["Action"] == ["rds:*", "ecs:Describe*", computed, "ecs:FlyToTheMoon"]
    assert planned.added[0]["Action"] == ["ecs:StopTask", "ecs:stoptask"]
    assert fate(planned, ActionFate.ELSEWHERE) == ("rds:*", "(computed)")
    assert fate(planned, ActionFate.NOT_IN_TABLE) == ("ecs:FlyToTheMoon",)


def test_a_split_that_would_leave_the_tag_open_keeps_it() -> None:
    planned = splits(allow("ecs:StopTask", "ecs:TagResource", Sid="A"))
    assert [(each["Sid"], each["Effect"]) for each in planned.added] == [
        ("AWithTag", "Allow"),
        ("TagStays", "Deny"),
    ]
    assert planned.statement["Action"] == ["ecs:TagResource"]


def test_names_and_wildcards_in_one_statement_are_guarded_together() -> None:
    planned = guards(allow("ecs:UpdateService", "ecs:Stop*", "ecs:RunTask", "ecs:List*", Sid="Mixed"))
    own, creating = planned.added
    assert own["Action"] == ["ecs:StopServiceDeployment", "ecs:StopTask", "ecs:UpdateService"]
    assert creating["Action"] == ["ecs:RunTask"]
    assert creating["Sid"] == "OwnEnvironmentOnCreate"
    assert creating["Condition"] == {"StringNotEquals": {"aws:RequestTag/env": "dev"}}


def test_a_wildcard_that_only_creates_is_taken_at_its_word() -> None:
    (deny,) = guards(allow("ecs:Run*")).added
    assert deny["Action"] == ["ecs:RunTask"]
    assert deny["Condition"] == {"StringNotEquals": {"aws:RequestTag/env": "dev"}}


def test_a_guard_reaches_no_further_than_the_grant() -> None:
    arn = "arn:aws:ecs:eu-west-1:1:service/shop/*"
    planned = guards(
        allow("ecs:Update*", resource=[arn]),
        allow("ecs:UpdateService", resource="arn:aws:ecs:eu-west-1:1:service/a/b"),
    )
    assert planned.added[0]["Resource"] == [arn]
    assert planned.also == (1,)


def test_without_sids_none_is_written() -> None:
    assert all("Sid" not in each for each in guards(allow("ecs:*")).added)
    assert all(
        "Sid" not in each for each in splits(allow("ecs:StopTask", "ecs:RunTask", "ecs:ListTasks")).added
    )
    named = allow("s3:GetObject", Sid="Read")
    assert "Sid" not in splits(allow("ecs:StopTask", "ecs:ListTasks"), named).added[0]
    assert guards(allow("ecs:*"), named).added[0]["Sid"] == "OwnEnvironmentOnly"


def test_sids_are_unique_letters_and_digits() -> None:
    planned = splits(allow("ecs:StopTask", "ecs:ListTasks", Sid="a-b"), allow("x:y", Sid="abWithTag"))
    assert planned.added[0]["Sid"] == "abWithTag2"
    assert "Sid" not in splits(allow("ecs:StopTask", "ecs:ListTasks", Sid="${var.x}")).added[0]
    assert (
        guards(allow("ecs:*", Sid="A"), tag=EnvironmentTag("cost center", "1")).added[0]["Sid"]
        == "OwnCostcenterOnly"
    )


def test_guards_of_several_statements_share_what_is_equal_and_differ_in_sid() -> None:
    statements = [
        allow("ecs:Update*", Sid="A"),
        allow("ecs:Delete*", Sid="B"),
        allow("ecs:Update*", Sid="C"),
        allow("ecs:Tag*", Sid="D"),
    ]
    planned = [guards(*statements, index=at) for at in range(3)]
    sids = [[each["Sid"] for each in each.added] for each in planned]
    assert sids == [
        ["OwnEnvironmentOnly", "TagStays"],
        ["OwnEnvironmentOnly2", "TagStays"],
        ["OwnEnvironmentOnly", "TagStays"],
    ]
    assert planned[0].added == planned[2].added
    assert planned[0].added[1] == planned[1].added[1]


def test_one_fix_after_the_other_finds_free_sids() -> None:
    statements = [allow("ecs:Update*", Sid="A"), allow("ecs:Delete*", Sid="B")]
    first = carried_out(statements, 0, guards(*statements))
    second = guards(*first, index=len(first) - 1)
    assert [each["Sid"] for each in second.added] == ["OwnEnvironmentOnly2"]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ({"Effect": "Deny", "Action": "ecs:*", "Resource": "*"}, "allows nothing"),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, "NotAction"),
        ({"Effect": "Allow", "Action": "ecs:*", "NotResource": "arn:x"}, "NotResource"),
        (allow("ecs:*", Principal="*"), "Principal"),
        (allow("*"), "wildcard-action"),
        (allow("ecs:UpdateService", "*"), "wildcard-action"),
        (allow("ecs:Describe*", "ecs:ListTasks"), "changes nothing"),
        (allow("ecs:DeregisterTaskDefinition"), "changes nothing"),
        (allow("ecs:TagResource"), "changes nothing"),
        (allow("ec2:RunInstances", "ec2:CreateSecurityGroup"), "changes nothing"),
        (allow("rds:StopDBInstance"), "changes nothing"),
        (allow("ecs:Nothing"), "changes nothing"),
        (allow("ecs:UpdateService", resource="arn:aws:ecs:eu-west-1:1:service/a/b"), "exact"),
        (
            allow("ecs:UpdateService", Condition={"StringEquals": {"aws:ResourceTag/team": "x"}}),
            "aws:resourcetag/team",
        ),
        (allow("ecs:*", Condition={"StringLike": {"ecs:ResourceTag/env": "*"}}), "ecs:resourcetag/env"),
        (allow("ecs:*", Condition={"ArnEquals": {"ecs:cluster": "arn:x"}}), "ecs:cluster"),
        (
            allow(
                "ecs:*",
                resource=CodeExpression("var.r"),
                Condition={"ArnEquals": {"ecs:cluster": CodeExpression("var.c")}},
            ),
            "ecs:cluster",
        ),
        (allow("ecs:RunTask", Condition={"StringEquals": {"AWS:requesttag/env": "x"}}), "aws:requesttag/env"),
        (
            allow("ecs:*", Condition={"StringEquals": {"aws:PrincipalTag/admin": "yes"}}),
            "aws:principaltag/admin",
        ),
        (allow("ecs:*", resource="arn:aws:ecs:*:*:service/${aws:PrincipalTag/env}/*"), "aws:PrincipalTag"),
        ({}, "allows nothing"),
        ({"Effect": "Allow"}, "changes nothing"),
    ],
)
def test_what_is_no_finding(statement: Made, reason: str) -> None:
    left = leaves(statement)
    assert left.why is LeaveKind.CLEAN
    assert reason in left.reason


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": CodeExpression("var.effect"), "Action": "ecs:*", "Resource": "*"},
        {"Effect": "Allow", "Action": CodeExpression("local.actions"), "Resource": "*"},
        allow("ecs:UpdateService", resource=CodeExpression("aws_ecs_service.web[*].id")),
        allow("ecs:UpdateService", resource=TaggedValue("!Ref", "Service")),
        allow("ecs:UpdateService", resource={"Ref": "Service"}),
        allow("ecs:UpdateService", resource="${aws_ecs_service.web.id}"),
        allow("ecs:UpdateService", Condition=CodeExpression("var.condition")),
        allow("ecs:UpdateService", Condition={"StringEquals": CodeExpression("var.tests")}),
    ],
)
def test_what_cannot_be_known_is_not_called_clean(statement: Made) -> None:
    assert leaves(statement).why is LeaveKind.UNKNOWN


def test_values_of_the_tree_that_are_no_values_are_unknown() -> None:
    assert leaves({"Effect": UNKNOWN, "Action": "ecs:*", "Resource": "*"}).why is LeaveKind.UNKNOWN
    assert leaves({"Effect": "Allow", "Action": "ecs:*", "Resource": UNKNOWN}).why is LeaveKind.UNKNOWN


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:ecs:*:*:service/*",
        ["arn:aws:ecs:eu-west-1:1:service/a/b", "arn:aws:ecs:eu-west-1:1:task/*"],
        TaggedValue("!Sub", "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/*"),
        {"Fn::Join": ["", ["arn:aws:ecs:", {"Ref": "AWS::Region"}, ":*"]]},
        CodeExpression('"${aws_ecs_cluster.shop.arn}/*"'),
        CodeExpression('join("/", [local.base, "*"])'),
    ],
)
def test_a_wildcard_is_seen_also_inside_what_is_computed(resource: Value) -> None:
    planned = splits(allow("ecs:UpdateService", "ecs:ListTasks", resource=resource))
    assert planned.added[0]["Resource"] == resource
    old = [allow("ecs:UpdateService", "ecs:ListTasks", resource=resource)]
    assert prove_no_new_access(policy(old), policy(carried_out(old, 0, planned))) is None


AGENT = allow(
    *("ec2:DescribeTags", "ecs:CreateCluster", "ecs:DeregisterContainerInstance", "ecs:DiscoverPollEndpoint"),
    *(
        "ecs:Poll",
        "ecs:RegisterContainerInstance",
        "ecs:StartTelemetrySession",
        "ecs:UpdateContainerInstancesState",
    ),
    *("ecs:Submit*", "ecr:GetAuthorizationToken", "logs:PutLogEvents"),
)


@pytest.mark.parametrize(
    ("statement", "about"),
    [
        (AGENT, PolicyFacts()),
        (allow("ecs:Submit*", "ecs:Poll"), PolicyFacts()),
        (allow("ecs:*"), PolicyFacts(principal_services=("ec2.amazonaws.com",))),
        (
            allow("ecs:UpdateService"),
            PolicyFacts(principal_services=("ecs.application-autoscaling.amazonaws.com",)),
        ),
        (
            allow("ecs:UpdateService"),
            PolicyFacts(principal_services=("ecs.amazonaws.com", "ec2.amazonaws.com.cn")),
        ),
        (allow("ecs:RunTask"), PolicyFacts(principal_services=["events.amazonaws.com"])),
        (allow("ecs:UpdateService"), PolicyFacts(names=("AWSServiceRoleForECS",))),
        (allow("ecs:UpdateService"), PolicyFacts(names=("shop", "ecsAutoscaleRole"))),
        (allow("ecs:*"), PolicyFacts(names=("ecs-instance-role",))),
    ],
)
def test_what_belongs_to_services_is_exempt(statement: Made, about: PolicyFacts) -> None:
    assert leaves(statement, about=about).why is LeaveKind.EXEMPT


def test_an_agents_action_in_a_persons_statement_stays_without_condition() -> None:
    planned = splits(allow("ecs:Poll", "ecs:UpdateService", "ecs:RegisterContainerInstance"))
    assert planned.statement["Action"] == ["ecs:Poll", "ecs:RegisterContainerInstance"]


@pytest.mark.parametrize("who", ["codebuild", "codepipeline", "ecs-tasks", "lambda"])
def test_pipelines_and_programs_count(who: str) -> None:
    about = PolicyFacts(principal_services=(f"{who}.amazonaws.com",))
    assert isinstance(plan(allow("ecs:UpdateService"), about=about), SplitStatement)
    assert isinstance(
        plan(
            allow("ecs:UpdateService"),
            about=PolicyFacts(principal_services=(*about.principal_services, "ec2.amazonaws.com")),
        ),
        SplitStatement,
    )


@pytest.mark.parametrize(
    "deny",
    [
        {"Condition": {"StringNotEquals": {"aws:ResourceTag/team": "web"}}},
        {"Condition": {"StringNotLike": {"ecs:ResourceTag/env": "dev*"}}},
        {
            "Condition": {
                "StringNotEquals": {"aws:ResourceTag/env": "dev"},
                "ArnNotLike": {"aws:PrincipalArn": "arn:*"},
            }
        },
        {},
    ],
)
def test_a_deny_that_does_it_already_is_enough(deny: Made) -> None:
    there = {**allow("ecs:*"), "Effect": "Deny", **deny}
    assert leaves(there, allow("ecs:Update*"), index=1).why is LeaveKind.CLEAN
    assert (
        leaves(there, allow("ecs:UpdateService", resource="arn:aws:ecs:*:*:*"), index=1).why
        is LeaveKind.CLEAN
    )


@pytest.mark.parametrize(
    "deny",
    [
        {"Condition": {"StringEquals": {"aws:ResourceTag/env": "prod"}}},  # what has no tag stays open
        {"Condition": {"ForAnyValue:StringNotEquals": {"aws:ResourceTag/env": "dev"}}},
        {
            "Condition": {
                "StringNotEquals": {"aws:ResourceTag/env": "dev"},
                "Bool": {"aws:SecureTransport": "true"},
            }
        },
        {"Condition": CodeExpression("var.c")},
        {"Resource": "arn:aws:ecs:*:*:cluster/*"},
        {"Action": "ecs:Delete*"},
    ],
)
def test_a_deny_that_leaves_a_gap_is_not(deny: Made) -> None:
    there = {**allow("ecs:*"), "Effect": "Deny", **deny}
    assert isinstance(plan(there, allow("ecs:Update*"), index=1), GuardStatement)


def test_a_deny_on_the_same_computed_resource_is_enough() -> None:
    resource: Value = {"Fn::Sub": "arn:aws:ecs:${AWS::Region}:*"}
    condition: Made = {"StringNotEquals": {"aws:ResourceTag/env": "dev"}}
    there = {**allow("ecs:*", resource=resource, Condition=condition), "Effect": "Deny"}
    assert leaves(there, allow("ecs:Update*", resource=resource), index=1).why is LeaveKind.CLEAN
    other = TaggedValue("!Sub", "arn:aws:ecs:*")
    assert isinstance(plan(there, allow("ecs:Update*", resource=other), index=1), GuardStatement)


def test_all_but_what_a_deny_names_is_limited_already() -> None:
    condition: Made = {"StringNotEquals": {"aws:ResourceTag/env": "dev"}}
    there: Made = {"Effect": "Deny", "NotAction": "ecs:Stop*", "Resource": "*", "Condition": condition}
    planned = splits(there, allow("ecs:UpdateService", "ecs:StopTask"), index=1)
    assert fate(planned, ActionFate.EXISTING) == ("ecs:StopTask",)
    assert fate(planned, ActionFate.GUARDED) == ("ecs:UpdateService",)


def test_tags_that_are_kept_already_are_not_kept_twice() -> None:
    condition: Made = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["env"]}}
    keeps = {**allow("ecs:*agResource", Condition=condition), "Effect": "Deny"}
    assert len(guards(keeps, allow("ecs:*"), index=1).added) == 1
    others = {**keeps, "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}}
    assert len(guards(others, allow("ecs:*"), index=1).added) == 2
    about = PolicyFacts(services=frozenset({"ecr"}))
    statements = [allow("ecr:Delete*"), allow("ecr:Put*", "ecr:TagResource")]
    first = guards(*statements, about=about)
    assert [each["Action"] for each in first.added[1:]] == [["ecr:TagResource", "ecr:UntagResource"]]
    both = carried_out(statements, 0, first)
    assert len(guards(*both, index=3, about=about).added) == 1


def test_where_a_service_does_not_check_tag_keys_only_the_value_is_asked() -> None:
    about = PolicyFacts(services=frozenset({"backup"}))
    planned = plan(allow("backup:CopyIntoBackupVault"), about=about)
    assert isinstance(planned, SplitStatement)
    assert planned.condition == (("StringEquals", "aws:RequestTag/env", "dev"),)


def test_only_the_gap_is_filled() -> None:
    there = {
        **allow("ecs:Delete*", Condition={"StringNotEquals": {"aws:ResourceTag/env": "dev"}}),
        "Effect": "Deny",
    }
    planned = splits(there, allow("ecs:DeleteService", "ecs:StopTask"), index=1)
    assert planned.statement["Action"] == ["ecs:DeleteService"]
    assert fate(planned, ActionFate.GUARDED) == ("ecs:DeleteService",)


def test_the_users_own_tag_gets_a_default() -> None:
    assert OWN.value == "${aws:PrincipalTag/Environment, 'none'}"
    assert EnvironmentTag("Team", "${aws:PrincipalTag/Team, 'x'}").value == "${aws:PrincipalTag/Team, 'x'}"
    planned = splits(allow("ecs:StopTask"), tag=OWN)
    assert planned.statement["Condition"] == {"StringEquals": {"aws:ResourceTag/Environment": OWN.value}}


@pytest.mark.parametrize("version", [None, "2008-10-17"])
@pytest.mark.parametrize(
    "resource",
    [
        "*",
        TaggedValue("!Sub", "arn:aws:ecs:${AWS::Region}:*"),
        {"Fn::Sub": ["${A}:*", {"A": "x"}]},
        CodeExpression('"${x}*"'),
    ],
)
def test_a_variable_brings_the_policy_version_that_has_them(version: str | None, resource: Value) -> None:
    old = [allow("ecs:*", resource=resource)]
    planned = guards(*old, tag=OWN, about=PolicyFacts(version=version))
    assert planned.version == VERSION
    new = carried_out(old, 0, planned)
    assert prove_no_new_access(policy(old, version), policy(new)) is None
    assert "Version differs" in (prove_no_new_access(policy(old, version), policy(new, "2008-10-18")) or "")
    assert guards(*old, about=PolicyFacts(version=version)).version is None
    assert guards(*old, tag=OWN).version is None


@pytest.mark.parametrize(
    "other",
    [
        "arn:aws:s3:::b/${aws:username}",
        TaggedValue("!Sub", "arn:aws:s3:::b/${!aws:username}"),
        {"Fn::Sub": "arn:aws:s3:::b/${!aws:username}"},
        [TaggedValue("!Join", ["", ["arn:aws:s3:::b/", "${aws:username}"]])],
        CodeExpression('"arn:aws:s3:::${local.b}/$${aws:username}"'),
    ],
)
def test_what_the_version_would_turn_into_a_variable_is_not_touched(other: Value) -> None:
    statements = [allow("ecs:*"), allow("s3:GetObject", resource=other)]
    left = leaves(*statements, tag=OWN, about=PolicyFacts(version="2008-10-17"))
    assert left.why is LeaveKind.REFUSED
    assert "Version 2008-10-17" in left.reason
    assert "no Version" in leaves(*statements, tag=OWN, about=PolicyFacts(version=None)).reason
    assert "Version differs" in (prove_no_new_access(policy(statements, None), policy(statements)) or "")


@pytest.mark.parametrize(
    ("key", "value"),
    [("", "x"), ("env", ""), ("env", "${aws:username}"), ("env", "a*"), ("e$v", "x"), ("k" * 129, "x")],
)
def test_what_cannot_be_a_tag_is_refused(key: str, value: str) -> None:
    with pytest.raises(ValueError, match="can't be a tag's"):
        EnvironmentTag(key, value)


def test_other_services_when_they_are_asked_for() -> None:
    about = PolicyFacts(services=frozenset({"ec2", "ecr"}))
    ec2 = guards(allow("ec2:*Instances", "ec2:*Tags", Sid="A"), about=about)
    assert "ec2:TerminateInstances" in str(ec2.added[0]["Action"])
    assert "ec2:RunInstances" not in str(ec2.added[0]["Action"])
    assert ec2.added[1]["Condition"] == {
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["env"]},
        "Null": {"ec2:CreateAction": "true"},
    }
    old = [allow("ecr:*", Sid="A")]
    ecr = guards(*old, about=about)
    stays = ecr.added[1]
    assert (stays["Sid"], stays["Action"]) == ("TagStaysEcr", ["ecr:TagResource", "ecr:UntagResource"])
    new = policy(carried_out(old, 0, ecr))
    assert prove_no_new_access(policy(old), new) is None
    assert leaves(*new["Statement"], index=2, about=about).why is LeaveKind.CLEAN
    arn = "arn:aws:ecr:eu-west-1:1:repository/a"
    assert (
        evaluate_policy(new, IamRequest("ecr:TagResource", arn, {"aws:resourcetag/env": "prod"})) is Truth.NO
    )
    assert (
        evaluate_policy(new, IamRequest("ecr:TagResource", arn)) is Truth.YES
    )  # while creating there is no tag yet


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (
            allow("ecs:ListClusters", Condition={"StringEquals": {"aws:ResourceTag/env": "dev"}}),
            "ecs:ListClusters doesn't know",
        ),
        (
            allow("ecs:RunTask", Condition={"StringEquals": {"aws:ResourceTag/env": "dev"}}),
            "ecs:RunTask doesn't know",
        ),
        (
            allow("ecs:StopTask", Condition={"StringEquals": {"aws:RequestTag/env": "dev"}}),
            "ecs:StopTask doesn't know",
        ),
        (allow("ecs:StopTask", Condition={"Null": {"aws:TagKeys": "false"}}), "ecs:StopTask doesn't know"),
        (
            allow("ecs:Fly", Condition={"StringEquals": {"aws:ResourceTag/env": "dev"}}),
            "isn't in the service reference",
        ),
        (
            allow(CodeExpression("var.a"), Condition={"StringEquals": {"aws:ResourceTag/env": "dev"}}),
            "computed action",
        ),
        (allow("ecs:*", "iam:PassRole"), "allows something"),
    ],
)
def test_a_wrong_fix_is_not_proven(new: Made, reason: str) -> None:
    old = policy([allow("ecs:*", CodeExpression("var.a"))])
    assert reason in (prove_no_new_access(old, policy([new])) or "")


def test_a_condition_that_was_there_is_its_authors() -> None:
    odd = allow("ecs:ListClusters", "ecs:StopTask", Condition={"Null": {"aws:TagKeys": "false"}})
    assert prove_no_new_access(policy([odd]), policy(carried_out([odd], 0, plan(odd)))) is None


def test_a_policy_longer_than_aws_takes_is_not_read() -> None:
    statements = [allow("ecs:*", Sid=f"S{at}") for at in range(5000)]
    assert all(leaves(*statements, index=at).why is LeaveKind.UNKNOWN for at in (0, 4999))
    most = statements[:500]
    assert guards(*most, index=499).added[0]["Sid"] == "OwnEnvironmentOnly"


NAMES = st.sampled_from(
    [
        *(
            "ecs:*",
            "ecs:Update*",
            "ecs:Run*",
            "ecs:Describe*",
            "ecs:UpdateService",
            "ecs:StopTask",
            "ECS:runtask",
        ),
        *(
            "ecs:CreateService",
            "ecs:TagResource",
            "ecs:ListTasks",
            "ecs:DeregisterTaskDefinition",
            "ecs:Poll",
        ),
        *("ec2:*", "iam:PassRole", "ecs:Fly", "ecs:?pdate*"),
    ]
)
RESOURCES = st.sampled_from(["*", "arn:aws:ecs:*:*:service/*", "arn:aws:ecs:eu-west-1:1:service/a/b"])
CONDITIONS = st.sampled_from(
    [{"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, {"StringEquals": {"aws:ResourceTag/env": "x"}}]
)
STATEMENTS = st.builds(
    lambda actions, resource, effect, more: {**allow(*actions, resource=resource), "Effect": effect, **more},
    st.lists(NAMES, min_size=1, max_size=4),
    RESOURCES,
    st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
    st.fixed_dictionaries({}, optional={"Condition": CONDITIONS, "Sid": st.sampled_from(["A", "B", "Read"])}),
)
REQUESTS = st.builds(
    IamRequest,
    st.sampled_from(
        ["ecs:UpdateService", "ecs:RunTask", "ecs:StopTask", "ecs:ListTasks", "ecs:TagResource", "ecs:Poll"]
    ),
    st.sampled_from(["*", "arn:aws:ecs:eu-west-1:1:service/a/b", "arn:aws:ecs:eu-west-1:1:task/a/b"]),
    st.fixed_dictionaries(
        {},
        optional={
            "aws:requestedregion": st.just("eu-west-1"),
            "aws:resourcetag/env": st.sampled_from(["dev", "prod"]),
            "aws:requesttag/env": st.sampled_from(["dev", "prod"]),
            "aws:tagkeys": st.sampled_from([("env",), ("team",)]),
            "ecs:createaction": st.just("RunTask"),
        },
    ),
)


def all_carried_out(statements: list[Made], tag: EnvironmentTag) -> list[Made]:
    """Every fix of the document as planned beforehand, all at once, the way a run composes them."""
    planned = [plan_tagging(statements, at, tag) for at in range(len(statements))]
    result: list[Made] = []
    for old, each in zip(statements, planned, strict=True):
        new = carried_out([old], 0, each)
        result += [one for one in new if one is old or one not in result]
    return result


@settings(max_examples=200)
@given(
    st.lists(STATEMENTS, min_size=1, max_size=3),
    st.sampled_from([ENV, OWN]),
    st.lists(REQUESTS, min_size=4, max_size=4),
)
def test_every_fix_is_proven_complete_and_final(
    statements: list[Made], tag: EnvironmentTag, requests: list[IamRequest]
) -> None:
    before = policy(statements)
    for at in range(len(statements)):
        alone = carried_out(statements, at, plan_tagging(statements, at, tag))
        assert prove_no_new_access(before, policy(alone)) is None
    after = all_carried_out(statements, tag)
    assert prove_no_new_access(before, policy(after)) is None
    assert all(isinstance(plan_tagging(after, at, tag), LeaveStatement) for at in range(len(after)))
    had = [each["Sid"] for each in statements if "Sid" in each]
    if len(had) == len(set(had)):
        has = [each["Sid"] for each in after if "Sid" in each]
        assert len(has) == len(set(has))
    for request in requests:
        assert evaluate_policy(policy(after), request) <= evaluate_policy(before, request)


@settings(max_examples=100)
@given(st.lists(STATEMENTS.filter(lambda each: each["Effect"] == "Allow"), min_size=1, max_size=2), REQUESTS)
def test_in_ones_own_environment_nothing_is_lost(statements: list[Made], request: IamRequest) -> None:
    own: dict[str, str | tuple[str, ...]] = {
        "aws:resourcetag/env": "dev",
        "aws:requesttag/env": "dev",
        "aws:tagkeys": ("env",),
        "ecs:createaction": "RunTask",
    }
    at_home = IamRequest(request.action, request.resource, {**request.context, **own})
    after = all_carried_out(statements, ENV)
    assert evaluate_policy(policy(after), at_home) is evaluate_policy(policy(statements), at_home)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 9)
    | st.text("ecs:*U${}", max_size=9)
    | st.sampled_from(["Allow", "ecs:*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
ELEMENTS = st.sampled_from(["Effect", "Action", "Resource", "Condition", "Sid", "NotAction", "Principal"])


@given(
    st.lists(
        st.dictionaries(ELEMENTS, ANY).map(lambda made: {"Effect": "Allow", **made}), min_size=1, max_size=3
    )
)
def test_any_data_gets_an_answer(statements: list[Made]) -> None:
    planned = plan_tagging(statements, 0, OWN)
    assert prove_no_new_access(policy(statements), policy(carried_out(statements, 0, planned))) is None
