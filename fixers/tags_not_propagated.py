"""A condition on a tag, and a bill by tags, end where a task or a snapshot is made without them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from fixbot.edit.change import Change
from fixbot.edit.tree import CannotEdit
from fixbot.lens import ABSENT, Module, Resource, ResourceType, Slot
from fixbot.model.findings import Fix, Found, Outcome, Refusal, Safety, Severity
from fixbot.rules import SAME_CALLERS, Rule, Words, by_type, must_be
from fixbot.rules.context import Context
from fixbot.rules.outcomes import find_hindrance
from fixbot.text.markdown_escape import mark_code

FROM, MANAGED, COPIED = "PropagateTags", "EnableECSManagedTags", "CopyTagsToSnapshot"
_INPUTS: Final = {FROM: "propagate_tags", MANAGED: "enable_ecs_managed_tags", "Tags": "tags"}
SERVICE = ResourceType(
    "service", "services", "AWS::ECS::Service", "aws_ecs_service", name="ServiceName",
    renamed={"ServiceName": "name", MANAGED: "enable_ecs_managed_tags"},
    modules={
        "terraform-aws-modules/ecs/aws//modules/service":
            Module(_INPUTS, {FROM: ABSENT, MANAGED: True, "Tags": ABSENT}),
        "cloudposse/ecs-alb-service-task/aws":
            Module(_INPUTS, {FROM: ABSENT, MANAGED: False, "Tags": ABSENT}),
    },
)  # fmt: skip
DAEMON = ResourceType("daemon", "daemons", "AWS::ECS::Daemon", name="DaemonName")
TASK = ResourceType(
    "task definition", "task definitions", "AWS::ECS::TaskDefinition", "aws_ecs_task_definition"
)
_COPIES: Final = Module({COPIED: "copy_tags_to_snapshot"}, {COPIED: True})
DATABASES = (
    ResourceType("database", "databases", "AWS::RDS::DBInstance", "aws_db_instance",
                 name="DBInstanceIdentifier", renamed={"DBInstanceIdentifier": "identifier"},
                 modules=dict.fromkeys(("terraform-aws-modules/rds/aws", "cloudposse/rds/aws"), _COPIES)),
    ResourceType("database cluster", "database clusters", "AWS::RDS::DBCluster", "aws_rds_cluster",
                 modules={"terraform-aws-modules/rds-aurora/aws": _COPIES}),
    ResourceType("document database", "document databases", "AWS::DocDB::DBCluster"),
    ResourceType("graph database", "graph databases", "AWS::Neptune::DBCluster", "aws_neptune_cluster"),
)  # fmt: skip
GROUP = ResourceType(
    "Auto Scaling group", "Auto Scaling groups", "AWS::AutoScaling::AutoScalingGroup",
    "aws_autoscaling_group", renamed={"Tags": "tag"},
)  # fmt: skip
_TAGGED: Final = re.compile(r"[\"']?\b(?:Tags|tags|common_tags|default_tags)\b[\"']?\s*[:={]")


def spare_untagged(service: Resource, world: Context) -> bool:
    """Where nothing here has tags, and the settings ask for none, there is nothing to pass on."""
    if world.settings.required_tags:
        return False
    key = (spare_untagged, service.dialect, world.surroundings_of(service))
    return not world.compute_once(key, lambda: any(map(_TAGGED.search, world.texts_beside(service))))


def complete_service(fix: Fix, service: Resource, world: Context) -> Fix:
    """Whose tags: those of the service, or of the task definition where that alone has any."""
    changes = list(fix.changes)
    if service.module is None and service.type == SERVICE and _tagged_by_task(service, world):
        changes = [service.slot(FROM).set("TASK_DEFINITION")]
        fix = replace(fix, after=f"{mark_code(service.slot(FROM).written)}: the task definition's")
    managed = service.slot(MANAGED)
    if managed.value is not True and not managed.why_not:
        changes.append(managed.set(value=True))
    return replace(fix, changes=tuple(changes))


def _tagged_by_task(service: Resource, world: Context) -> bool:
    if service.slot("Tags").found is not None:
        return False
    tasks = world.resources_beside(service, TASK)
    return bool(tasks) and all(each.slot("Tags").found is not None for each in tasks)


def spare_members(database: Resource, _world: Context) -> bool:
    """Instances of a cluster: their own flag has no effect."""
    if database.module is not None or database.type != DATABASES[0]:
        return False
    member = database.slot("DBClusterIdentifier").found is not None
    return member or str(database.slot("Engine").value).startswith(("aurora", "neptune", "docdb"))


def find_kept_back(group: Resource, world: Context) -> Iterator[Found]:
    """Tags of an Auto Scaling group that its instances should carry and don't get."""
    wanted = world.settings.required_tags
    said = [
        (key, group.slot_in(entry, "Tags.PropagateAtLaunch"))
        for entry in (group.slot("Tags").items if wanted else ())
        if (key := group.slot_in(entry, "Tags.Key").value) in wanted
    ]
    held = {str(key): slot for key, slot in said if str(slot.value).lower() != "true"}
    if held:
        yield Found(
            next(iter(held.values())).node, group.title, group.address, " ".join(held),
            f"{group.title} keeps the tag {', '.join(held)} from its instances",
            partial(_pass_on, group, held), subject=group.subject,
        )  # fmt: skip


def _pass_on(group: Resource, held: dict[str, Slot]) -> Outcome:
    if (hindrance := find_hindrance(group, held.values())) is not None:
        return hindrance
    try:
        changes: list[Change] = [slot.set(value=True) for slot in held.values()]
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        tuple(changes),
        who=group.called,
        before="kept from instances",
        after="passed on",
        gist=f"Instances of {{who}} get {', '.join(map(mark_code, held))} when they are made.",
        effect="Instances that run stay as they are.",
        access=SAME_CALLERS,
        why="An instance of {who} without the tag falls out of every condition that asks for it.",
    )


WORDS = Words(
    problem="passes no tags on to its tasks",
    change="Tasks of {who} get its tags, and those of ECS itself (cluster and service).",
    effect="A new deployment starts. Whoever deploys needs `ecs:TagResource`, or it fails with AccessDenied.",
    why="A policy that lets people stop the tasks of their own environment, by a tag, says nothing of tasks "
    "of {who}, which have none.",
    unknown="Whether the role that deploys {who} has `ecs:TagResource` isn't in the files.",
)
SNAPSHOTS = Words(
    problem="makes snapshots without its tags",
    change="Snapshots of {who} get its tags from now on.",
    effect="Nothing that runs notices. Snapshots that are there stay as they are.",
    access=SAME_CALLERS,
    why="A snapshot holds all the data of {who}, and without tags no condition on them protects it.",
)
_SERVICE = must_be({FROM: "SERVICE"}, words=WORDS, unwritten="NONE", spares=spare_untagged,
                   good=lambda value: value == "TASK_DEFINITION", finish=complete_service)  # fmt: skip
rule = Rule(
    title="Pass the tags of {subject} on",
    topic={"AWS::ECS::*": "task-service", "AWS::AutoScaling::AutoScalingGroup": "node",
           "default": "database"},
    severity=Severity.LOW,
    controls={"fsbp": ("ECS.13", "ECS.14", "ECS.15", "RDS.16", "RDS.17", "Neptune.8"),
              "cis-compute": ("2.14", "3.10", "3.11", "3.12"), "nist-800-190": ("4.3.1",),
              "nist-800-53": ("CA-9(1)", "CM-2", "CM-2(2)")},
    looks_at=(SERVICE, DAEMON, *DATABASES, GROUP),
    beside=(TASK,),
    check=by_type({
        SERVICE: _SERVICE,
        DAEMON: must_be({FROM: "DAEMON"}, words=WORDS, unwritten="NONE", spares=spare_untagged,
                        finish=complete_service),
        **dict.fromkeys(DATABASES, must_be({COPIED: True}, words=SNAPSHOTS, unwritten=False,
                                           spares=spare_members, safety=Safety.SAFE)),
        GROUP: find_kept_back,
    }),
    peers={"checkov": ("CKV_AWS_313", "CKV2_AWS_60", "CKV_AWS_153")},
)  # fmt: skip
