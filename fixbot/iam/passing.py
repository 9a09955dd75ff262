"""Which service a role is handed to, by the actions that hand one on, and a statement that says so.

Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service", and the pages of the
service authorization reference (November 2026): actions with `iam:PassRole` among what they depend on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.edit.tree import CannotEdit
from fixbot.iam.outcome import GuardStatement, New, SplitStatement
from fixbot.iam.pattern import action_matches, is_wild
from fixbot.iam.policy_document import as_list, list_whole_texts, read_tests
from fixbot.iam.statement_plan import number_name

if TYPE_CHECKING:
    from fixbot.edit.tree import Value
    from fixbot.iam.policy_document import Statement

ACTION: Final = "iam:PassRole"
KEY: Final = "iam:PassedToService"
_SETTLING: Final = (KEY.lower(), "iam:associatedresourcearn")
_ADMIN: Final = ("*", "*:*", "iam:*")
_TAKERS: Final[Mapping[str, tuple[str, ...]]] = {
    "ecs-tasks.amazonaws.com": (
        "ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:StartTask", "ecs:CreateService",
        "ecs:UpdateService", "ecs:CreateTaskSet", "batch:RegisterJobDefinition",
    ),
    "lambda.amazonaws.com": ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"),
    "ec2.amazonaws.com": (
        "ec2:RunInstances", "ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation",
        "ec2:RequestSpotInstances", "autoscaling:CreateLaunchConfiguration",
        "autoscaling:CreateAutoScalingGroup", "elasticbeanstalk:CreateEnvironment",
    ),
    "elasticbeanstalk.amazonaws.com": ("elasticbeanstalk:CreateEnvironment",),
    "opsworks.amazonaws.com": ("opsworks:CreateStack", "opsworks:UpdateStack"),
    "monitoring.rds.amazonaws.com": ("rds:CreateDBInstance", "rds:ModifyDBInstance"),
    "application-autoscaling.amazonaws.com": ("application-autoscaling:RegisterScalableTarget",),
    "eks.amazonaws.com": ("eks:CreateCluster", "eks:CreateNodegroup"),
    "codebuild.amazonaws.com": ("codebuild:CreateProject", "codebuild:UpdateProject"),
    "codepipeline.amazonaws.com": ("codepipeline:CreatePipeline", "codepipeline:UpdatePipeline"),
    "codedeploy.amazonaws.com": ("codedeploy:CreateDeploymentGroup", "codedeploy:UpdateDeploymentGroup"),
    "cloudformation.amazonaws.com": (
        "cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:CreateChangeSet",
        "cloudformation:CreateStackSet", "cloudformation:UpdateStackSet",
    ),
    "events.amazonaws.com": ("events:PutTargets", "events:PutRule"),
    "scheduler.amazonaws.com": ("scheduler:CreateSchedule", "scheduler:UpdateSchedule"),
    "pipes.amazonaws.com": ("pipes:CreatePipe", "pipes:UpdatePipe"),
    "states.amazonaws.com": ("states:CreateStateMachine", "states:UpdateStateMachine"),
    "glue.amazonaws.com": (
        "glue:CreateJob", "glue:UpdateJob", "glue:CreateCrawler", "glue:UpdateCrawler",
        "glue:CreateDevEndpoint",
    ),
    "sagemaker.amazonaws.com": (
        "sagemaker:CreateTrainingJob", "sagemaker:CreateModel", "sagemaker:CreateNotebookInstance",
        "sagemaker:CreateProcessingJob", "sagemaker:CreateDomain", "sagemaker:CreateUserProfile",
        "sagemaker:CreatePipeline",
    ),
    "firehose.amazonaws.com": ("firehose:CreateDeliveryStream", "firehose:UpdateDestination"),
    "backup.amazonaws.com": (
        "backup:StartBackupJob", "backup:StartRestoreJob", "backup:CreateBackupSelection",
    ),
    "cloudtrail.amazonaws.com": ("cloudtrail:CreateTrail", "cloudtrail:UpdateTrail"),
    "transfer.amazonaws.com": ("transfer:CreateServer", "transfer:CreateUser", "transfer:UpdateUser"),
    "vpc-flow-logs.amazonaws.com": ("ec2:CreateFlowLogs",),
}  # fmt: skip


def find_passing(statement: Statement) -> tuple[int, ...] | None:
    """The places in Action that hand roles on; None where it does not, or is an administrator's."""
    if statement.get("Effect") != "Allow" or "Action" not in statement:
        return None
    listed = as_list(statement["Action"])
    if any(isinstance(each, str) and each.lower() in _ADMIN for each in listed):
        return None
    at = [n for n, each in enumerate(listed) if isinstance(each, str) and action_matches(each, ACTION)]
    return tuple(at) or None


def is_settled(statement: Statement, statements: Iterable[Statement]) -> bool:
    """Whether a test says to what roles are handed, in the statement itself or in a Deny beside it."""
    if _asks(statement):
        return True
    return any(
        each.get("Effect") == "Deny"
        and any(isinstance(a, str) and action_matches(a, ACTION) for a in as_list(each.get("Action")))
        and (_asks(each) or (each.get("Condition") is None and "*" in as_list(each.get("Resource"))))
        for each in statements
    )


def _asks(statement: Statement) -> bool:
    tests = read_tests(statement.get("Condition"))
    return any(key in _SETTLING and "*" not in as_list(values) for _, key, values in tests or ())


def excludes_others(statement: Statement) -> bool:
    """Whether a statement allows all that it doesn't name, and PassRole with it."""
    listed = as_list(statement.get("NotAction"))
    named = any(isinstance(each, str) and action_matches(each, ACTION) for each in listed)
    return statement.get("Effect") == "Allow" and bool(listed) and not named and _holds_roles(statement)


def _holds_roles(statement: Statement) -> bool:
    """Whether a Resource can be a role: an ARN of another service can't."""
    listed = as_list(statement.get("Resource")) or ["*"]
    return not all(isinstance(each, str) and re.match(r"arn:[^:*]*:(?!iam:)[^:*]+:", each) for each in listed)


def has_computed_condition(statement: Statement) -> bool:
    """Whether what a statement asks for can't be read."""
    return read_tests(statement.get("Condition")) is None


def is_wide(statement: Statement) -> bool:
    """Whether any role can be handed on: its Resource is `*`, or all roles of an account."""
    texts = (text for each in as_list(statement.get("Resource")) for text in list_whole_texts(each))
    return any(each == "*" or each.endswith((":role/*", ":*")) for each in texts)


def infer_services(statements: Iterable[Statement]) -> dict[str, list[str]]:
    """The services that get roles by actions which these statements allow, with the entries that say so."""
    allowed = [
        each
        for statement in statements
        if statement.get("Effect") == "Allow"
        for each in as_list(statement.get("Action"))
        if isinstance(each, str) and ":" in each
    ]
    found: dict[str, list[str]] = {}
    for service, takers in _TAKERS.items():
        entries = [each for each in allowed if any(action_matches(each, taker) for taker in takers)]
        if entries:
            found[service] = list(dict.fromkeys(entries))
    return found


def list_granted_services(statements: Iterable[Statement]) -> list[str]:
    """The services that statements of a document name already: a Deny beside them must leave these."""
    tests = [
        (operator, values)
        for each in statements
        if each.get("Effect") == "Allow"
        for operator, key, values in read_tests(each.get("Condition")) or ()
        if key == KEY.lower()
    ]
    named = [each for _, values in tests for each in as_list(values)]
    if any(operator != "StringEquals" for operator, _ in tests) or not all(isinstance(e, str) for e in named):
        raise CannotEdit("another statement names services by a pattern, and a Deny would reach those too")
    return [str(each) for each in named]


def limit_passing(
    statements: Sequence[Statement], at: int, places: Sequence[int], services: Sequence[str]
) -> SplitStatement | GuardStatement:
    """The statement without PassRole, and one of its own for it; a wildcard stays, with a Deny beside it.

    Raises CannotEdit where a Deny would reach what can't be told.
    """
    statement = statements[at]
    listed = as_list(statement["Action"])
    asked = [(operator, key) for operator, key, _ in read_tests(statement.get("Condition")) or ()]
    if ("StringEquals", KEY.lower()) in asked:
        raise CannotEdit("it names a service already, and another in its place would allow more")
    if any(is_wild(str(listed[n])) for n in places):
        services = [*dict.fromkeys((*services, *list_granted_services(statements)))]
    sids = {sid for each in statements if isinstance(sid := each.get("Sid"), str) and sid}
    wanted: Value = services[0] if len(services) == 1 else list(services)
    head: New = {"Sid": number_name("PassRole", sids)} if sids else {}
    if any(is_wild(str(listed[n])) for n in places):
        test: dict[str, Value] = {"StringNotEquals": {KEY: wanted}}
        deny: New = {**head, "Effect": "Deny", "Action": ACTION, "Resource": "*", "Condition": test}
        return GuardStatement((deny,), ())
    if len(places) == len(listed):
        return SplitStatement(dict(statement), (), (), (("StringEquals", KEY, wanted),), ())
    old = statement.get("Condition")
    made: dict[str, Value] = dict(old) if isinstance(old, dict) else {}
    block = made.get("StringEquals")
    made["StringEquals"] = {**(block if isinstance(block, dict) else {}), KEY: wanted}
    own = {key: value for key, value in statement.items() if key not in ("Sid", "Condition")}
    added: New = {**head, **own, "Action": ACTION, "Condition": made}
    rest: New = {**statement, "Action": [each for n, each in enumerate(listed) if n not in places]}
    return SplitStatement(rest, (added,), tuple(places), (), ())
