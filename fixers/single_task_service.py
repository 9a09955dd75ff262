"""One task carries the service: when AWS patches the platform below, nobody answers until the next runs."""

from __future__ import annotations

from fixbot.edit.tree import Node
from fixbot.knowledge.ways_out import find_user
from fixbot.lens import ABSENT, Module, Resource, ResourceType
from fixbot.model.findings import Severity
from fixbot.rules import EXPLAINED, Rule, Words, report
from fixbot.rules.context import Context

COUNT = "DesiredCount"
_INPUTS = Module({COUNT: "desired_count", "LoadBalancers": "load_balancer"}, {COUNT: 1})
SERVICE = ResourceType(
    "service", "services", "AWS::ECS::Service", name="ServiceName",
)  # fmt: skip
IN_TERRAFORM = ResourceType(
    "service", "services", terraform="aws_ecs_service", name="Name",
    renamed={"LoadBalancers": "load_balancer"},
    modules={"terraform-aws-modules/ecs/aws//modules/service": _INPUTS,
             "cloudposse/ecs-alb-service-task/aws":
             Module({COUNT: "desired_count", "LoadBalancers": "ecs_load_balancers"}, {COUNT: 1})},
)  # fmt: skip
SCALING = (
    ResourceType("scaling target", "scaling targets", "AWS::ApplicationAutoScaling::ScalableTarget",
                 "aws_appautoscaling_target"),
)  # fmt: skip


def find_lone_task(service: Resource, world: Context) -> Node | None:
    """A service of one task that a load balancer leads to, and that nothing scales."""
    count = service.slot(COUNT)
    balanced = service.slot("LoadBalancers")
    if count.value not in (1, "1", ABSENT) or (balanced.found is None and not balanced.items):
        return None
    if service.module is None:
        if service.slot("LaunchType").value in ("EC2", "EXTERNAL"):
            return None
        if service.slot("SchedulingStrategy").value == "DAEMON" or find_user(service, SCALING, world):
            return None
    return count.node


rule = Rule(
    title="Give {subject} a second task",
    topic="task-service",
    severity=Severity.LOW,
    controls={"nist-800-190": ("4.4.1",)},
    looks_at=(SERVICE, IN_TERRAFORM),
    beside=SCALING,
    check=report(
        find_lone_task,
        words=Words(problem="hangs on one task", change="", effect="", why=""),
        instead="Let it have two tasks (DesiredCount 2, MinimumHealthyPercent 100), unless only one may "
        "run. Fargate patches its platform by stopping tasks: with one, nobody answers until the next has "
        "started. How long it waits after the notice, fargateTaskRetirementWaitPeriod says: 0, 7 or 14 days.",
    ),
    profiles=EXPLAINED,
)  # fmt: skip
