"""A task that can ask its instance's metadata gets the instance's role, and all that the instance may do."""

from __future__ import annotations

import re
from typing import Final

from fixbot.edit.tree import Node
from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Severity
from fixbot.rules import Rule, Words, report
from fixbot.rules.context import Context

_NOUNS: Final = ("launch template", "launch templates")
MACHINES = (
    ResourceType(*_NOUNS, "AWS::EC2::LaunchTemplate", "aws_launch_template"),
    ResourceType("instance", "instances", "AWS::EC2::Instance", "aws_instance"),
    ResourceType("launch configuration", "launch configurations",
                 "AWS::AutoScaling::LaunchConfiguration", "aws_launch_configuration"),
    ResourceType("Auto Scaling group", "Auto Scaling groups",
                 modules={"terraform-aws-modules/autoscaling/aws": Module({})}),
)  # fmt: skip
_JOINS: Final = re.compile(r"ECS_CLUSTER\s*=|\[settings\.ecs\]")
_BLOCKED: Final = re.compile(
    r"ECS_AWSVPC_BLOCK_IMDS\s*=\s*[\"']?true"
    r"|169\.254\.169\.254.{0,40}(?:DROP|REJECT)|(?:DROP|REJECT).{0,80}169\.254\.169\.254"
)


def find_open_metadata(machine: Resource, world: Context) -> Node | None:
    """A script that joins a cluster of ECS and leaves the metadata to its tasks."""
    text = world.project.documents[machine.path].text[machine.owner.start : machine.owner.end]
    joins = _JOINS.search(text)
    if joins is None or _BLOCKED.search(text):
        return None
    at = machine.owner.start + joins.start()
    inside = [each for each in machine.owner.walk_tree() if each.start <= at < each.end]
    return max(inside, key=lambda each: each.start, default=machine.owner)


rule = Rule(
    title="Keep tasks from the metadata of {subject}",
    topic="node",
    severity=Severity.HIGH,
    controls={"nist-800-190": ("4.4.3", "4.5.4")},
    looks_at=MACHINES,
    check=report(
        find_open_metadata,
        words=Words(
            problem="joins a cluster of ECS and leaves its metadata, and its role, to the tasks",
            change="", effect="", why="",
        ),
        instead="Write `ECS_AWSVPC_BLOCK_IMDS=true` beside ECS_CLUSTER into /etc/ecs/ecs.config of {who}, "
        "and let its instances be made anew. Give each task that calls AWS a "
        "role of its own first. For tasks in bridge mode it takes a rule of the firewall: `iptables --insert "
        "DOCKER-USER --destination 169.254.169.254/32 --jump DROP`.",
    ),
)  # fmt: skip
