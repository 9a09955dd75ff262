"""Without flow logs nobody can say afterwards who talked to whom in a VPC, and how much left it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from fixbot.edit.change import Add, Change, Put
from fixbot.edit.tree import CannotEdit, HclBlock, Value
from fixbot.knowledge.log_retention import choose_retention
from fixbot.knowledge.ways_out import find_user
from fixbot.lens import (
    ABSENT,
    Module,
    Resource,
    ResourceType,
    build_reference,
    build_template,
    text_of,
)
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import SAME_CALLERS, Rule, Words, must_be
from fixbot.rules.context import Context
from fixbot.secret_stores.cloudformation_functions import build_substitution
from fixbot.secret_stores.secret_steps import preview_change_set

VPC = ResourceType("VPC", "VPCs", "AWS::EC2::VPC", "aws_vpc")
_SWITCHES: Final = ("enable_flow_log", "create_flow_log_cloudwatch_log_group",
                    "create_flow_log_cloudwatch_iam_role")  # fmt: skip
DAYS: Final = "retention_in_days"
MODULE = ResourceType(
    "VPC", "VPCs",
    modules={"terraform-aws-modules/vpc/aws": Module(
        {**dict(zip(_SWITCHES, _SWITCHES, strict=True)), DAYS: f"flow_log_cloudwatch_log_group_{DAYS}"},
        {**dict.fromkeys(_SWITCHES, False), DAYS: ABSENT},
    )},
)  # fmt: skip
LOG = ResourceType("flow log", "flow logs", "AWS::EC2::FlowLog", "aws_flow_log")
ROLES = (
    ResourceType("role", "roles", "AWS::IAM::Role"),
    ResourceType("role", "roles", terraform="aws_iam_role"),
)
_WRITES: Final = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups",
                  "logs:DescribeLogStreams")  # fmt: skip
_SERVICE: Final = "vpc-flow-logs.amazonaws.com"


def find_silent_networks(vpc: Resource, world: Context) -> Iterator[Found]:
    """A VPC of which no flow log speaks, unless somebody else makes them for all."""
    if world.settings.flow_logs == "elsewhere":
        return
    if vpc.type == MODULE:
        if vpc.slot("enable_flow_log").value is not True:
            yield from _IN_MODULE(vpc, world)
    elif find_user(vpc, (LOG,), world) is None:
        yield Found(
            vpc.owner, vpc.title, vpc.address, "no flow log", f"{vpc.title} keeps no record of its traffic",
            partial(_choose_outcome, vpc, world), subject=vpc.subject,
        )  # fmt: skip


def _choose_outcome(vpc: Resource, world: Context) -> Outcome:
    makes_roles = any(world.resources_beside(vpc, each) for each in ROLES if vpc.dialect in each.dialects)
    if not makes_roles:
        return Manual(
            f"A flow log of {vpc.title} needs a log group and a role that may write to it, and nothing here "
            "makes a role. Make one for vpc-flow-logs.amazonaws.com, or send the records to a bucket, which "
            "needs none and is cheaper for much traffic; `flow_logs: elsewhere` says that another stack does."
        )
    if not vpc.lone:
        return Manual(f"{vpc.title} is one of several that one block makes: give each a flow log beside it.")
    try:
        template = vpc.dialect == "cloudformation"
        changes = _log_in_template(vpc, world) if template else _log_in_folder(vpc, world)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        changes,
        who=vpc.called,
        before="no record of its traffic",
        after="a flow log, its log group and its role",
        gist="Who talks to whom in {who} is recorded in CloudWatch Logs, what was refused included.",
        effect="Nothing that runs notices. CloudWatch bills the volume; for much traffic a bucket with "
        "Parquet "
        "files is cheaper." + (" The stack then needs `--capabilities CAPABILITY_IAM`." if template else ""),
        access=SAME_CALLERS,
        why="After a break-in nobody can say which machines of {who} the intruder went to, and how much he "
        "took along.",
        unknown="Whether somebody records {who} from outside of these files, `aws ec2 "
        "describe-flow-logs` says.",
        commands=preview_change_set(vpc.path) if template else (),
    )


def _log_in_template(vpc: Resource, world: Context) -> tuple[Change, ...]:
    root = vpc.node.root_node
    listed, json = root.find_node("Resources"), not root.grammar.has_tags
    log, group, role = (f"{vpc.address}{each}" for each in ("FlowLog", "FlowLogGroup", "FlowLogRole"))
    if listed is None or not vpc.address.isalnum() or any(listed.find_entry(e) for e in (log, group, role)):
        raise CannotEdit(f"the template has a resource of the name {log}, {group} or {role} already")
    condition = text_of(vpc.owner.find_node("Condition"))

    def declare(kind: str, properties: dict[str, Value]) -> dict[str, Value]:
        head: dict[str, Value] = {"Type": kind}
        if condition is not None:
            head["Condition"] = condition
        return {**head, "Properties": properties} if properties else head

    def refer(text: str) -> Value:
        return build_substitution(text, json=json)

    retention: Value = choose_retention(world.settings.log_retention_days)
    trust: dict[str, Value] = {
        "Effect": "Allow", "Principal": {"Service": _SERVICE}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": refer("${AWS::AccountId}")}},
    }  # fmt: skip
    allowed: dict[str, Value] = {
        "Effect": "Allow", "Action": list(_WRITES), "Resource": refer(f"${{{group}.Arn}}")
    }  # fmt: skip
    policy: dict[str, Value] = {
        "PolicyName": "write-flow-logs",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]},
    }
    made = {
        group: declare("AWS::Logs::LogGroup", {"RetentionInDays": retention}),
        role: declare("AWS::IAM::Role", {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [policy],
        }),
        log: declare("AWS::EC2::FlowLog", {
            "ResourceId": refer(f"${{{vpc.address}}}"), "ResourceType": "VPC", "TrafficType": "ALL",
            "LogDestinationType": "cloud-watch-logs", "LogGroupName": refer(f"${{{group}}}"),
            "DeliverLogsPermissionArn": refer(f"${{{role}.Arn}}"),
        }),
    }  # fmt: skip
    return tuple(Put(listed, (name,), value, (vpc.address,)) for name, value in made.items())


def _log_in_folder(vpc: Resource, world: Context) -> tuple[Change, ...]:
    if vpc.node.style != "body":
        raise CannotEdit("it is written as JSON, and what comes beside it is one more object there")
    label = f"{vpc.companion_name}_flow_log"
    if any(f'"{label}"' in text for text in world.texts_beside(vpc)):
        raise CannotEdit(f"the name {label} is taken in this folder")
    group = ("aws_cloudwatch_log_group", label)
    trust: dict[str, Value] = {
        "actions": ["sts:AssumeRole"],
        "principals": {"type": "Service", "identifiers": [_SERVICE]},
        "condition": {"test": "StringEquals", "variable": "aws:SourceAccount",
                      "values": [build_reference("data", "aws_caller_identity", label, "account_id")]},
    }  # fmt: skip
    allowed: dict[str, Value] = {
        "actions": list(_WRITES),
        "resources": [build_template(build_reference(*group, "arn"), ":*")],
    }
    document, role = "aws_iam_policy_document", ("aws_iam_role", label)
    name = label.replace("_", "-")
    blocks: tuple[tuple[str, tuple[str, str], dict[str, Value]], ...] = (
        ("data", ("aws_caller_identity", label), {}),
        ("data", (document, f"{label}_trust"), {"statement": [trust]}),
        ("data", (document, label), {"statement": [allowed]}),
        ("resource", group, {"name": build_template("/vpc/", build_reference(*vpc.address.split("."), "id")),
                             "retention_in_days": choose_retention(world.settings.log_retention_days)}),
        ("resource", role, {"name": name, "assume_role_policy":
                            build_reference("data", document, f"{label}_trust", "json")}),
        ("resource", ("aws_iam_role_policy", label), {
            "name": name, "role": build_reference(*role, "id"),
            "policy": build_reference("data", document, label, "json")}),
        ("resource", ("aws_flow_log", label), {
            "vpc_id": build_reference(*vpc.address.split("."), "id"), "traffic_type": "ALL",
            "log_destination": build_reference(*group, "arn"),
            "iam_role_arn": build_reference(*role, "arn")}),
    )  # fmt: skip
    root = vpc.node.root_node
    return tuple(Add(root, (word,), HclBlock(at, body), (vpc.address,)) for word, at, body in blocks)


def keep_for_long(fix: Fix, vpc: Resource, world: Context) -> Fix:
    """The module keeps its log group for ever, unless it is told how long."""
    days = vpc.slot(DAYS)
    if days.value is not ABSENT:
        return fix
    retention = days.set(choose_retention(world.settings.log_retention_days))
    return replace(fix, changes=(*fix.changes, retention))


_IN_MODULE = must_be(
    dict.fromkeys(_SWITCHES, True),
    finish=keep_for_long,
    words=Words(
        problem="keeps no record of its traffic",
        change="Who talks to whom in {who} is recorded in CloudWatch Logs, what was refused included.",
        effect="Nothing that runs notices. The module makes a log group and a role; CloudWatch bills the "
        "volume.",
        access=SAME_CALLERS,
        why="After a break-in nobody can say which machines of {who} the intruder went to.",
        unknown="Whether somebody records {who} from elsewhere, `aws ec2 describe-flow-logs` says.",
    ),
)
rule = Rule(
    title="Record the traffic of {subject}",
    topic="network",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("EC2.6",), "cis-aws": ("4.7",), "nist-800-190": ("4.3.3",),
              "nist-800-53": ("AC-4(26)", "AU-2", "AU-3", "AU-12", "AU-6(3)", "AU-6(4)", "CA-7", "SI-7(8)")},
    looks_at=(VPC, MODULE),
    beside=(LOG, *ROLES),
    check=find_silent_networks,
    peers={"checkov": ("CKV2_AWS_11",), "trivy": ("AWS-0178",)},
)  # fmt: skip
