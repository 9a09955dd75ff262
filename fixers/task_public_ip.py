"""A task with an address of its own can be reached past the load balancer, on every port that it opens."""

from __future__ import annotations

import re
from typing import Final

from fixbot.knowledge.ways_out import has_way_out
from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Manual, Severity
from fixbot.rules import Rule, Words, by_type, must_be
from fixbot.rules.context import Context

_AWSVPC: Final = "NetworkConfiguration.AwsvpcConfiguration"
ADDRESS: Final = f"{_AWSVPC}.AssignPublicIp"
_TARGET: Final = "EcsParameters.NetworkConfiguration"
IN_TARGET: Final = f"{_TARGET}.AwsVpcConfiguration.AssignPublicIp"
IN_SCHEDULE: Final = f"Target.{_TARGET}.AwsvpcConfiguration.AssignPublicIp"
SERVICE = ResourceType("service", "services", "AWS::ECS::Service", name="ServiceName")
TASK_SET = ResourceType(
    "task set", "task sets", "AWS::ECS::TaskSet",
    replaced_by=frozenset(["NetworkConfiguration.AwsVpcConfiguration.AssignPublicIp"]),
)  # fmt: skip
RULE = ResourceType("scheduled rule", "scheduled rules", "AWS::Events::Rule")
SCHEDULE = ResourceType("schedule", "schedules", "AWS::Scheduler::Schedule")
_INPUTS: Final = Module({ADDRESS: "assign_public_ip", f"{_AWSVPC}.Subnets": "subnet_ids"}, {ADDRESS: False})
IN_TERRAFORM = ResourceType(
    "service", "services", terraform="aws_ecs_service", name="Name",
    renamed={_AWSVPC: "network_configuration"},
    modules=dict.fromkeys(("terraform-aws-modules/ecs/aws//modules/service",
                           "cloudposse/ecs-alb-service-task/aws"), _INPUTS),
)  # fmt: skip
SETS_IN_TERRAFORM = ResourceType(
    "task set", "task sets", terraform="aws_ecs_task_set", renamed={_AWSVPC: "network_configuration"}
)
TARGET = ResourceType(
    "scheduled task", "scheduled tasks", terraform="aws_cloudwatch_event_target",
    renamed={f"{_TARGET}.AwsVpcConfiguration": "ecs_target.network_configuration"},
)  # fmt: skip
_WHERE: Final = {TASK_SET: "NetworkConfiguration.AwsVpcConfiguration.Subnets",
                 TARGET: f"{_TARGET}.AwsVpcConfiguration.Subnets",
                 SCHEDULE: f"Target.{_TARGET}.AwsvpcConfiguration.Subnets"}  # fmt: skip
_PRIVATE: Final = re.compile(r"private|intra|internal|isolated|app_subnet", re.IGNORECASE)
_REQUIRED: Final = (
    "Without the address a task in a public subnet has no way out: no image, no secrets, no logs. Put {who} "
    "into private subnets that lead to a NAT gateway, or make endpoints for ecr.api, ecr.dkr, logs and s3 "
    "(and secretsmanager, ssm, ssmmessages, as far as they are used); then switch it off. Where parameters "
    "name private subnets, `private_subnets: true` in the settings says so."
)


def explain_no_way_out(service: Resource, world: Context) -> Manual | None:
    """Whether the file shows how the task gets its image without a public address."""
    if service.type in (TASK_SET, SETS_IN_TERRAFORM):
        way = _REQUIRED.replace("{who}", "the next one")
        return Manual(f"{service.title} is made anew for it. {way}")
    if has_way_out(service, world) and _names_private(service):
        return None
    if world.settings.private_subnets and _names_given(service):
        return None
    return Manual(_REQUIRED.replace("{who}", service.title))


def _subnets(service: Resource) -> str:
    """What is written where the subnets are named: words that say which these are."""
    slot = service.slot(_WHERE.get(service.type, f"{_AWSVPC}.Subnets")) if service.type != RULE else None
    node = slot.found if slot is not None else None
    return " ".join(str(each.value) for each in node.walk_tree() if each.value is not None) if node else ""


def _names_private(service: Resource) -> bool:
    words = _subnets(service)
    return _PRIVATE.search(words) is not None and "public" not in words.lower()


def _names_given(service: Resource) -> bool:
    return "public" not in _subnets(service).lower()


WORDS = Words(
    problem="gives each task an address that everybody can reach",
    change="Tasks of {who} have addresses of the VPC alone.",
    effect="A deployment replaces the tasks. They reach ECR, secrets and logs through the NAT gateway or the "
    "endpoints that stand here; what came in past the load balancer comes in no more.",
    why="Every port that a task of {who} opens, and its security group lets through, answers the internet, "
    "past the load balancer with its TLS, its logs and its firewall.",
    unknown="Whether the subnets of {who} lead to that gateway is not proven: start one task by `aws ecs "
    "run-task` with assignPublicIp=DISABLED first.",
)
_PLAIN = must_be({ADDRESS: "DISABLED"}, words=WORDS, unwritten="DISABLED", unless=explain_no_way_out)
_FLAG = must_be({ADDRESS: False}, words=WORDS, unwritten=False, unless=explain_no_way_out)
rule = Rule(
    title="Take the public addresses from the tasks of {subject}",
    topic="task-service",
    severity=Severity.HIGH,
    controls={"fsbp": ("ECS.2", "ECS.16"), "cis-compute": ("3.2", "3.14"), "pci-dss": ("1.4.4",),
              "nist-800-190": ("4.3.3", "4.4.2"),
              "nist-800-53": ("AC-21", "AC-3", "AC-3(7)", "AC-4", "AC-4(21)", "AC-6", "SC-7", "SC-7(3)",
                              "SC-7(4)", "SC-7(9)", "SC-7(11)", "SC-7(16)", "SC-7(20)", "SC-7(21)")},
    looks_at=(SERVICE, IN_TERRAFORM, TASK_SET, SETS_IN_TERRAFORM, RULE, TARGET, SCHEDULE),
    check=by_type({
        SERVICE: _PLAIN,
        IN_TERRAFORM: _FLAG,
        TASK_SET: must_be({"NetworkConfiguration.AwsVpcConfiguration.AssignPublicIp": "DISABLED"},
                          words=WORDS, unwritten="DISABLED", unless=explain_no_way_out),
        SETS_IN_TERRAFORM: _FLAG,
        RULE: must_be({IN_TARGET: "DISABLED"}, in_each=("Targets",), words=WORDS, unwritten="DISABLED",
                      unless=explain_no_way_out),
        TARGET: must_be({IN_TARGET: False}, words=WORDS, unwritten=False, unless=explain_no_way_out),
        SCHEDULE: must_be({IN_SCHEDULE: "DISABLED"}, words=WORDS, unwritten="DISABLED",
                          unless=explain_no_way_out),
    }),
    peers={"checkov": ("CKV_AWS_333",)},
)  # fmt: skip
