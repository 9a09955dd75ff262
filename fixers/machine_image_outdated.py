"""A machine that starts from an image without updates has every hole that was found since."""

from __future__ import annotations

import re
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Resource, ResourceType, text_of
from fixbot.model.findings import Severity
from fixbot.rules import Rule, Words, report
from fixbot.rules.context import Context
from fixbot.text.block_lines import list_block_lines

TEMPLATE = ResourceType("launch template", "launch templates", "AWS::EC2::LaunchTemplate")
MACHINES = (
    ResourceType("launch template", "launch templates", terraform="aws_launch_template",
                 renamed={"LaunchTemplateData": ""}),
    ResourceType("launch configuration", "launch configurations",
                 "AWS::AutoScaling::LaunchConfiguration", "aws_launch_configuration"),
    ResourceType("instance", "instances", "AWS::EC2::Instance", "aws_instance", renamed={"ImageId": "ami"}),
)  # fmt: skip
EKSCTL = ResourceType("cluster", "clusters", kubernetes="eksctl.io/ClusterConfig")
KARPENTER = ResourceType("node class", "node classes", kubernetes="karpenter.k8s.aws/EC2NodeClass")
_OLD: Final = re.compile(
    r"amzn2?-ami|amazon-linux-2(?!023)(?:/|-arm64/|-gpu/|-inf/)|/ami-amazon-linux-latest/amzn|\bal2@|AmazonLinux2$"
)
"""Paths and names of Amazon Linux 1 and 2, which get no updates any more since June 2026."""
_LITERAL: Final = re.compile(r"ami-[0-9a-f]{8,17}")


def find_old_image(machine: Resource, world: Context) -> Node | None:
    """Where an image is named by its number, or one of a system that is over."""
    if machine.type == EKSCTL:
        return _find_in_groups(machine)
    if machine.type == KARPENTER:
        terms = machine.slot("spec.amiSelectorTerms").items
        named = [each.find_node(name) for each in terms for name in ("id", "alias")]
        return next((each for each in named if each is not None and _is_old(text_of(each) or "")), None)
    slot = machine.slot(
        "LaunchTemplateData.ImageId" if machine.type in (TEMPLATE, MACHINES[0]) else "ImageId"
    )
    if slot.found is None:
        return None
    behind = _behind(machine, slot.found, world)
    if behind:
        machine.unknown.pop(slot.written, None)
    texts = [slot.value, *behind]
    return slot.found if any(isinstance(each, str) and _is_old(each) for each in texts) else None


def _is_old(text: str) -> bool:
    return _LITERAL.fullmatch(text) is not None or _OLD.search(text) is not None


def _behind(machine: Resource, node: Node, world: Context) -> list[str]:
    """What the data source that an expression names asks for, in Terraform."""
    if machine.dialect != "terraform" or node.kind is not NodeKind.CODE:
        return [str(node.value)] if isinstance(node.value, str) and "resolve:ssm:" in node.value else []
    named = re.match(r"data\.(aws_ami|aws_ssm_parameter)\.([\w-]+)\.", str(node.value))
    if named is None:
        return []
    head = ("data", f'"{named[1]}"', f'"{named[2]}"')
    lines = [line for text in world.texts_beside(machine) for line in list_block_lines(text, *head)]
    return [each for line in lines for each in re.findall(r'"([^"]+)"', line) if not _LITERAL.fullmatch(each)]


def _find_in_groups(cluster: Resource) -> Node | None:
    for at in ("nodeGroups", "managedNodeGroups"):
        for entry in cluster.slot(at).items:
            for name in ("ami", "amiFamily"):
                node = entry.find_node(name) if entry.kind is NodeKind.MAP else None
                if node is not None and _is_old(text_of(node) or ""):
                    return node
    return None


rule = Rule(
    title="Start {subject} from an image with updates",
    topic="node",
    severity=Severity.MEDIUM,
    controls={"cis-compute": ("2.1.4",), "nist-800-190": ("4.5.3",)},
    looks_at=(TEMPLATE, *MACHINES, EKSCTL, KARPENTER),
    check=report(
        find_old_image,
        words=Words(problem="starts from an image that gets no updates", change="", effect="", why=""),
        instead="Let {who} ask for the newest image when it starts: the parameter "
        "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id for container instances, "
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64 for others, "
        "AmazonLinux2023 or "
        "al2023@ for nodes. Scripts that use yum, amazon-linux-extras or cgroup v1 need a look; try one "
        "first.",
    ),
)  # fmt: skip
