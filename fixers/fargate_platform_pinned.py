"""A service that names a platform version of Fargate stays on it, with the holes that the next one closes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Fix, Safety, Severity
from fixbot.rules import Rule, Words, by_type, must_be
from fixbot.rules.context import Context

VERSION, IN_TARGET = "PlatformVersion", "EcsParameters.PlatformVersion"
_MODULE = Module({VERSION: "platform_version", "LaunchType": "launch_type"}, {VERSION: "LATEST"})
SERVICE = ResourceType(
    "service", "services", "AWS::ECS::Service", "aws_ecs_service", name="ServiceName",
    renamed={"ServiceName": "name"},
    modules={"terraform-aws-modules/ecs/aws//modules/service": _MODULE,
             "cloudposse/ecs-alb-service-task/aws": _MODULE},
)  # fmt: skip
TASK_SET = ResourceType(
    "task set", "task sets", "AWS::ECS::TaskSet", "aws_ecs_task_set", replaced_by=frozenset([VERSION])
)
SCHEDULE = ResourceType("scheduled rule", "scheduled rules", "AWS::Events::Rule")
TARGET = ResourceType(
    "scheduled task", "scheduled tasks", terraform="aws_cloudwatch_event_target",
    renamed={IN_TARGET: "ecs_target.platform_version"},
)  # fmt: skip
SCHEDULER = ResourceType(
    "schedule", "schedules", "AWS::Scheduler::Schedule", "aws_scheduler_schedule",
    renamed={f"Target.{IN_TARGET}": "target.ecs_parameters.platform_version"},
)  # fmt: skip
_CURRENT: Final = ("1.4.0", "1.0.0")
"""What LATEST is today on Linux and on Windows. Source: Security Hub ECS.10, November 2026."""
_PLACES: Final = {SCHEDULE: "Targets", SCHEDULER: f"Target.{IN_TARGET}", TARGET: IN_TARGET}


def spare_current(service: Resource, world: Context) -> bool:
    """What has no platform, and what names the newest, unless the settings want none named."""
    if service.type in (SERVICE, TASK_SET) and service.slot("LaunchType").value in ("EC2", "EXTERNAL"):
        return True
    return not world.settings.pin_platform and names_current(service)


def names_current(service: Resource) -> bool:
    """Whether each version that it names is the one that LATEST is today."""
    if service.type == SCHEDULE:
        targets = service.slot("Targets").items
        named = [service.slot_in(each, f"Targets.{IN_TARGET}", "Targets").value for each in targets]
    else:
        named = [service.slot(_PLACES.get(service.type, VERSION)).value]
    written = [each for each in named if isinstance(each, str) and each != "LATEST"]
    return bool(written) and all(map(_CURRENT.__contains__, written))


def weigh_version(service: Resource, _world: Context) -> Severity | None:
    """A current version is one only until the next comes."""
    return Severity.LOW if names_current(service) else None


def complete_fix(fix: Fix, service: Resource, _world: Context) -> Fix:
    """The newest version and its name are the same thing today."""
    return replace(fix, safety=Safety.SAFE, unknown="") if names_current(service) else fix


WORDS = Words(
    problem="stays on one platform version of Fargate",
    change="{who} {runs|run} on the newest platform version when tasks are started.",
    effect="A deployment replaces the tasks. Version 1.4.0 has 20 GB of storage for all containers together, "
    "and its agent fetches images, secrets and logs through the network interface of the task.",
    why="AWS closes holes of the kernel and of the container runtime in newer versions; whoever runs code in "
    "{who} finds the old ones open.",
    unknown="Whether the endpoints and security groups of {who} let the task itself reach ECR, Secrets "
    "Manager and CloudWatch Logs is not known: start one with `aws ecs run-task --platform-version LATEST`.",
)
_LATEST = must_be({VERSION: "LATEST"}, words=WORDS, unwritten="LATEST", spares=spare_current,
                  weigh=weigh_version, finish=complete_fix)  # fmt: skip
rule = Rule(
    title="Let {subject} run on the newest Fargate platform",
    topic="task-service",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("ECS.10",), "cis-compute": ("3.8",), "pci-dss": ("6.3.3",),
              "nist-800-190": ("4.4.1", "4.5.3"),
              "nist-800-53": ("SI-2", "SI-2(2)", "SI-2(4)", "SI-2(5)")},
    looks_at=(SERVICE, TASK_SET, SCHEDULE, TARGET, SCHEDULER),
    check=by_type({
        **dict.fromkeys((SERVICE, TASK_SET), _LATEST),
        SCHEDULE: must_be({IN_TARGET: "LATEST"}, in_each=("Targets",), words=WORDS, unwritten="LATEST",
                          spares=spare_current, weigh=weigh_version, finish=complete_fix),
        TARGET: must_be({IN_TARGET: "LATEST"}, words=WORDS, unwritten="LATEST", spares=spare_current,
                        weigh=weigh_version, finish=complete_fix),
        SCHEDULER: must_be({f"Target.{IN_TARGET}": "LATEST"}, words=WORDS, unwritten="LATEST",
                           spares=spare_current, weigh=weigh_version, finish=complete_fix),
    }),
    peers={"checkov": ("CKV_AWS_332",)},
)  # fmt: skip
