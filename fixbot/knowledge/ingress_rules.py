"""What security groups let in, in each of the ways to write it: entries, blocks, rules of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fixbot.edit.tree import UNKNOWN, Node, NodeKind, Scalar, UnsetValue
from fixbot.lens import Resource, ResourceType, Slot, is_function

_LIST: Final = "SecurityGroupIngress"
_NAMES: Final = {"IpProtocol": "protocol", "CidrIp": "cidr_blocks", "CidrIpv6": "ipv6_cidr_blocks"}
_NOUNS: Final = ("security group", "security groups")
GROUP: Final = ResourceType(*_NOUNS, "AWS::EC2::SecurityGroup", name="GroupName")
GROUP_BLOCKS: Final = ResourceType(
    *_NOUNS, terraform="aws_security_group", name="Name",
    renamed={_LIST: "ingress", **{f"{_LIST}.{name}": f"ingress.{other}" for name, other in _NAMES.items()}},
)  # fmt: skip
_ONE: Final = ("ingress rule", "ingress rules")
INGRESS: Final = ResourceType(*_ONE, "AWS::EC2::SecurityGroupIngress")
RULE: Final = ResourceType(
    *_ONE, terraform="aws_security_group_rule", renamed={**_NAMES, "GroupId": "security_group_id"}
)
VPC_RULE: Final = ResourceType(
    *_ONE, terraform="aws_vpc_security_group_ingress_rule",
    renamed={"CidrIp": "cidr_ipv4", "CidrIpv6": "cidr_ipv6", "GroupId": "security_group_id"},
)  # fmt: skip
INGRESS_TYPES: Final = (GROUP, GROUP_BLOCKS, INGRESS, RULE, VPC_RULE)
EVERYBODY: Final = frozenset(("0.0.0.0/0", "::/0", "0::/0", "0:0:0:0:0:0:0:0/0"))
_TCP: Final = frozenset(("tcp", "6", "-1", "all"))
_HIGHEST: Final = 65_535


@dataclass(frozen=True, slots=True)
class Source:
    """One range of addresses that may come in; `item` is what is dropped so that it no longer may."""

    cidr: Scalar | UnsetValue
    item: Node
    slot: Slot
    why_not: str = ""

    @property
    def is_everybody(self) -> bool:
        """Whether it is the whole internet."""
        return self.cidr in EVERYBODY


@dataclass(frozen=True, slots=True)
class IngressRule:
    """One rule: `node` is the entry, block or resource that says it; None as a port: not known."""

    resource: Resource
    node: Node
    protocol: Scalar | UnsetValue
    low: int | None
    high: int | None
    sources: tuple[Source, ...]

    @property
    def is_alone(self) -> bool:
        """Whether it is a resource of its own."""
        return self.node is self.resource.node

    @property
    def is_tcp(self) -> bool:
        """Whether it speaks of TCP, which most logins are."""
        return str(self.protocol).lower() in _TCP

    @property
    def lets_all_ports(self) -> bool:
        """Whether it names no ports, or all of them."""
        return str(self.protocol) in ("-1", "all") or (self.high == _HIGHEST and (self.low or 0) <= 1)

    @property
    def ports(self) -> str:
        """`22`, or `20-25`."""
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


def list_ingress_rules(resource: Resource) -> Iterator[IngressRule]:
    """The rules that a group holds, or the one that a resource is."""
    if resource.type in (GROUP, GROUP_BLOCKS):
        for entry in resource.slot(_LIST).items:
            if entry.kind is not NodeKind.MAP or is_function(entry):
                resource.unknown[_LIST] = entry
            else:
                yield _read_rule(resource, entry, [resource.slot_in(entry, f"{_LIST}.{n}") for n in _PARTS])
    elif resource.type is not RULE or resource.slot("Type").value == "ingress":
        yield _read_rule(resource, resource.node, [resource.slot(name) for name in _PARTS])


_PARTS: Final = ("IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6")


def _read_rule(resource: Resource, node: Node, slots: list[Slot]) -> IngressRule:
    protocol, low, high, *ranges = slots
    sources = tuple(source for slot in ranges for source in _list_sources(resource, slot))
    return IngressRule(resource, node, protocol.value, _port(low), _port(high), sources)


def _list_sources(resource: Resource, slot: Slot) -> Iterator[Source]:
    if slot.found is None:
        return
    if slot.found.kind is NodeKind.LIST and slot.found.is_known:
        for item in slot.found.items:
            said = resource.follow(item)
            yield Source(said.value, item, slot, said.why_not or slot.why_not)
    else:
        yield Source(slot.value, slot.found, slot, slot.why_not)


def _port(slot: Slot) -> int | None:
    value = slot.value
    if value is UNKNOWN or isinstance(value, bool):
        return None
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None
