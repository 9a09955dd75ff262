"""While tasks run nobody watches them: whoever gets in stays until somebody notices the bill."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Add, Change, Put
from fixbot.edit.tree import ArgumentMap, CannotEdit, NodeKind, Value
from fixbot.lens import ABSENT, Resource, ResourceType
from fixbot.model.findings import Fix, Found, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

CLUSTER = ResourceType(
    "cluster", "clusters", "AWS::ECS::Cluster", "aws_ecs_cluster", name="ClusterName",
    renamed={"ClusterName": "name"},
)  # fmt: skip
TAG: Final = "GuardDutyManaged"


def find_unwatched_clusters(cluster: Resource, world: Context) -> Iterator[Found]:
    """A cluster without the tag by which GuardDuty adds its sensor to the tasks."""
    if not world.settings.runtime_monitoring:
        return
    tags = cluster.slot("Tags")
    names = [cluster.slot_in(each, "Tags.Key").value for each in tags.items]
    if tags.found is not None and tags.found.kind is NodeKind.MAP and tags.found.is_known:
        names += [each.key for each in tags.found.entries]
    if TAG in names:
        return
    yield Found(
        tags.node, cluster.title, cluster.address, TAG,
        f"Nobody watches what tasks of {cluster.title} do while they run",
        partial(_choose_outcome, cluster), subject=cluster.subject,
    )  # fmt: skip


def _choose_outcome(cluster: Resource) -> Outcome:
    tags = cluster.slot("Tags")
    known = tags.found is None or (tags.found.is_known and tags.found.kind in (NodeKind.LIST, NodeKind.MAP))
    if tags.why_not or not known or (tags.found is None and tags.value is not ABSENT):
        return Refusal(
            f"{mark_code(tags.written)} of {cluster.title} are put together where the file is used: add "
            f"{TAG} = true there."
        )
    try:
        change = _add_tag(cluster)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        (change,),
        who=cluster.called,
        before="not watched",
        after=mark_code(f"{TAG}: true"),
        gist="GuardDuty adds its sensor to tasks of {who} on Fargate that start from now on.",
        effect="Each task gets one more container, with memory and CPU of the task, and its execution role "
        "must be allowed to pull it. GuardDuty bills by vCPU.",
        why="Someone who has got into a task of {who} stays for weeks: miners, shells and new programs look "
        "like any other load.",
        unknown="Whether GuardDuty's Runtime Monitoring with ECS_FARGATE_AGENT_MANAGEMENT is on in the "
        "account "
        "isn't in the files, nor which tasks of {who} are short of memory already.",
    )


def _add_tag(cluster: Resource) -> Change:
    path = (*cluster.prefix, "Tags")
    if cluster.dialect == "cloudformation":
        return Add(cluster.node, path, {"Key": TAG, "Value": "true"}, ("ClusterName",))
    found = cluster.slot("Tags").found
    if found is not None:
        return Put(found, (TAG,), "true")
    value: Value = ArgumentMap({TAG: "true"}) if cluster.node.style == "body" else {TAG: "true"}
    return Put(cluster.node, ("tags",), value, ("name",))


rule = Rule(
    title="Watch the tasks of {subject} while they run",
    topic="task-service",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("GuardDuty.11", "GuardDuty.12", "GuardDuty.7"), "nist-800-190": ("4.4.4", "4.4.5")},
    looks_at=CLUSTER,
    check=find_unwatched_clusters,
    off_without="runtime_monitoring",
    peers={"checkov": ("CKV_AWS_238", "CKV2_AWS_3")},
)  # fmt: skip
