"""What runs behind a group without limits may call any address: its master's, and where the data goes."""

from __future__ import annotations

from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.ingress_rules import EVERYBODY
from fixbot.knowledge.ways_out import find_user
from fixbot.lens import ABSENT, Module, Resource, ResourceType, Slot
from fixbot.model.findings import Severity
from fixbot.rules import EXPLAINED, Rule, Words, report
from fixbot.rules.context import Context

_LIST: Final = "SecurityGroupEgress"
_NAMES: Final = {"IpProtocol": "protocol", "CidrIp": "cidr_blocks", "CidrIpv6": "ipv6_cidr_blocks"}
_NOUNS: Final = ("security group", "security groups")
GROUP = ResourceType(*_NOUNS, "AWS::EC2::SecurityGroup", name="GroupName")
GROUP_BLOCKS = ResourceType(
    *_NOUNS, terraform="aws_security_group", name="Name",
    renamed={_LIST: "egress", **{f"{_LIST}.{name}": f"egress.{other}" for name, other in _NAMES.items()}},
)  # fmt: skip
_ONE: Final = ("egress rule", "egress rules")
EGRESS = ResourceType(*_ONE, "AWS::EC2::SecurityGroupEgress")
RULE = ResourceType(*_ONE, terraform="aws_security_group_rule", renamed=_NAMES)
VPC_RULE = ResourceType(
    *_ONE, terraform="aws_vpc_security_group_egress_rule",
    renamed={"CidrIp": "cidr_ipv4", "CidrIpv6": "cidr_ipv6"},
)  # fmt: skip
MODULE = ResourceType(
    *_NOUNS, modules={"terraform-aws-modules/security-group/aws": Module({"Rules": "egress_rules"})}
)
BALANCERS = (
    ResourceType("load balancer", "load balancers", "AWS::ElasticLoadBalancingV2::LoadBalancer", "aws_lb"),
)
_PARTS: Final = ("IpProtocol", "CidrIp", "CidrIpv6")


def find_open_egress(group: Resource, world: Context) -> Node | None:
    """A group, or a rule, that lets what runs behind it call every address by every port."""
    if group.type == MODULE:
        named = group.node.find_node("egress_rules")
        every = named.items if named is not None and named.kind is NodeKind.LIST else ()
        return next((each for each in every if each.scalar == "all-all"), None)
    if group.type not in (GROUP, GROUP_BLOCKS):
        if group.type == RULE and group.slot("Type").value != "egress":
            return None
        slots = [group.slot(each) for each in _PARTS]
        return group.node if _is_open(group, slots) else None
    if find_user(group, BALANCERS, world) is not None:
        return None
    listed = group.slot(_LIST)
    if group.type == GROUP and listed.found is None and listed.value is ABSENT:
        return group.owner
    for entry in listed.items:
        if entry.kind is NodeKind.MAP and _is_open(
            group, [group.slot_in(entry, f"{_LIST}.{n}") for n in _PARTS]
        ):
            return entry
    return None


def _is_open(group: Resource, slots: list[Slot]) -> bool:
    protocol, *ranges = slots
    if str(protocol.value) not in ("-1", "all"):
        return False
    for slot in ranges:
        items = slot.found.items if slot.found is not None and slot.found.kind is NodeKind.LIST else ()
        if slot.value in EVERYBODY or any(group.follow(each).value in EVERYBODY for each in items):
            return True
    return False


rule = Rule(
    title="Narrow what {subject} may call",
    topic="network",
    severity=Severity.LOW,
    controls={"nist-800-190": ("4.3.3", "4.4.2")},
    looks_at=(GROUP, GROUP_BLOCKS, EGRESS, RULE, VPC_RULE, MODULE),
    beside=BALANCERS,
    check=report(
        find_open_egress,
        words=Words(problem="lets what runs behind it call every address", change="", effect="", why=""),
        instead="Name what is called: 443 to the group of the VPC endpoints or to the prefix list "
        "com.amazonaws.REGION.s3, the group of the database, DNS on port 53. VPC flow logs show what "
        "that is; "
        "watch them for two weeks first. For names in place of addresses there is the Network Firewall.",
    ),
    profiles=EXPLAINED,
    peers={"checkov": ("CKV_AWS_382",), "trivy": ("AWS-0104",)},
)  # fmt: skip
