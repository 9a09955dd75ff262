"""Scaling in stops an instance in the middle of its tasks' work, unless the capacity provider may hold it."""

from __future__ import annotations

from dataclasses import replace

from fixbot.edit.tree import CannotEdit
from fixbot.lens import Resource, ResourceType
from fixbot.model.findings import Fix, Refusal, Severity
from fixbot.rules import Rule, Words, must_be
from fixbot.rules.context import Context

_ABOVE = "AutoScalingGroupProvider"
HELD, SCALED = f"{_ABOVE}.ManagedTerminationProtection", f"{_ABOVE}.ManagedScaling.Status"
PROVIDER = ResourceType(
    "capacity provider", "capacity providers", "AWS::ECS::CapacityProvider", "aws_ecs_capacity_provider",
    name="Name",
)  # fmt: skip
KEPT = "NewInstancesProtectedFromScaleIn"
GROUP = ResourceType(
    "Auto Scaling group", "Auto Scaling groups", "AWS::AutoScaling::AutoScalingGroup",
    "aws_autoscaling_group", renamed={KEPT: "protect_from_scale_in"},
)  # fmt: skip


def find_group(provider: Resource, world: Context) -> Resource | None:
    """The group beside it that its ARN names."""
    at = provider.slot(f"{_ABOVE}.AutoScalingGroupArn").found
    groups = world.resources_beside(provider, GROUP)
    return next((each for each in groups if at is not None and world.mentions(at, each.address)), None)


def spare_others(provider: Resource, _world: Context) -> bool:
    """Instances that ECS manages itself."""
    return provider.node.find_node(*provider.type.path(provider.dialect, _ABOVE)) is None


def refuse_elsewhere(provider: Resource, world: Context) -> Refusal | None:
    """ECS takes the protection only where it scales, and where the group protects its instances too."""
    if provider.slot(SCALED).value == "DISABLED":
        return Refusal(f"Managed scaling of {provider.title} is off, and the protection goes only with it.")
    if find_group(provider, world) is None:
        return Refusal(
            f"The Auto Scaling group of {provider.title} stands elsewhere, and its instances must be "
            f"protected "
            "from scale-in too, or ECS refuses it."
        )
    return None


def protect_group(fix: Fix, provider: Resource, world: Context) -> Fix:
    """The other half, on the group; and managed scaling where nobody has said anything of it."""
    group = find_group(provider, world)
    changes = list(fix.changes)
    try:
        if group is not None and group.slot(KEPT).value is not True:
            changes.append(group.slot(KEPT).set(value=True))
        if provider.slot(SCALED).value != "ENABLED":
            changes.append(provider.slot(SCALED).set("ENABLED"))
    except CannotEdit:
        return fix
    return replace(fix, changes=tuple(changes))


rule = Rule(
    title="Let {subject} hold instances whose tasks still work",
    topic="task-service",
    severity=Severity.LOW,
    controls={"fsbp": ("ECS.19",)},
    looks_at=PROVIDER,
    beside=(GROUP,),
    check=must_be(
        {HELD: "ENABLED"},
        unwritten="DISABLED",
        spares=spare_others,
        unless=refuse_elsewhere,
        finish=protect_group,
        words=Words(
            problem="lets instances be stopped whose tasks still work",
            change="{who} {takes|take} an instance away only once no task works on it.",
            effect="Scaling in waits for tasks. The deletion of a stack waits for protected instances as "
            "well.",
            why="A job that runs for an hour is cut off by each scale-in, and its work is lost.",
        ),
    ),
)  # fmt: skip
