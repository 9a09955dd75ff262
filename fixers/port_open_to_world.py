"""A port that is no web port and answers everybody is the way past the load balancer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Change, Drop, Put
from fixbot.edit.tree import CannotEdit, CodeExpression, Node, NodeKind, Value
from fixbot.knowledge.ingress_rules import (
    EVERYBODY,
    GROUP,
    GROUP_BLOCKS,
    INGRESS,
    INGRESS_TYPES,
    RULE,
    VPC_RULE,
    IngressRule,
    list_ingress_rules,
)
from fixbot.knowledge.ways_out import find_user
from fixbot.lens import (
    UNKNOWN,
    Module,
    Resource,
    ResourceType,
    build_reference,
    text_of,
)
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.secret_stores.cloudformation_functions import build_substitution
from fixbot.text.markdown_escape import mark_code

BALANCER = ResourceType(
    "load balancer", "load balancers", "AWS::ElasticLoadBalancingV2::LoadBalancer", "aws_lb", name="Name"
)
CLASSIC = ResourceType(
    "load balancer", "load balancers", "AWS::ElasticLoadBalancing::LoadBalancer", "aws_elb"
)
MODULE = ResourceType(
    "security group", "security groups",
    modules={"terraform-aws-modules/security-group/aws": Module({})},
)  # fmt: skip
_ADMIN: Final = (22, 3389, 445)
"""Ports that ssh-open-to-world speaks of."""
_GRAVE: Final = frozenset(
    (20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601, 8080,
     8088, 8888, 9200, 9300)
)  # fmt: skip
"""Source: Security Hub EC2.19, high-risk ports."""
_WEB: Final = ("http-80-tcp", "https-443-tcp", "http-8080-tcp", "ssh-tcp", "rdp-tcp")
_TRANSPORT: Final = frozenset(("tcp", "udp", "6", "17", "-1", "all"))
_FIELD: Final = {
    GROUP: ("SourceSecurityGroupId",), INGRESS: ("SourceSecurityGroupId",),
    GROUP_BLOCKS: ("security_groups",), RULE: ("source_security_group_id",),
    VPC_RULE: ("referenced_security_group_id",),
}  # fmt: skip


def find_open_ports(resource: Resource, world: Context) -> Iterator[Found]:
    """Every rule that lets everybody reach a port that is none of the public ones."""
    if resource.type == MODULE:
        yield from _find_in_module(resource, world)
        return
    for rule in list_ingress_rules(resource):
        opened = [each for each in rule.sources if each.is_everybody]
        if opened and _speaks_of(rule, world) and not _belongs_to_balancer(rule, world):
            said = (
                "all ports"
                if rule.lets_all_ports
                else f"port{'' if rule.low == rule.high else 's'} {rule.ports}"
            )
            yield Found(
                opened[0].item, resource.title, resource.address,
                f"{said} {' '.join(str(each.cidr) for each in opened)}",
                f"{resource.title} lets everybody reach {said}",
                partial(_choose_outcome, rule, world), subject=resource.subject,
                severity=Severity.CRITICAL if _is_grave(rule) else None,
            )  # fmt: skip


def _speaks_of(rule: IngressRule, world: Context) -> bool:
    if str(rule.protocol).lower() not in _TRANSPORT and rule.protocol is not UNKNOWN:
        return False
    if rule.lets_all_ports:
        return True
    if rule.low is None or rule.high is None or any(rule.low <= each <= rule.high for each in _ADMIN):
        return False
    return not (rule.low == rule.high and rule.low in world.settings.public_ports)


def _is_grave(rule: IngressRule) -> bool:
    if rule.lets_all_ports:
        return True
    return any((rule.low or 0) <= each <= (rule.high or 0) for each in _GRAVE)


def _belongs_to_balancer(rule: IngressRule, world: Context) -> bool:
    """Whether only load balancers carry the group: their listeners are what it is open for."""
    if rule.lets_all_ports or rule.resource.type not in (GROUP, GROUP_BLOCKS):
        return False
    kinds = (BALANCER, CLASSIC)
    return find_user(rule.resource, kinds, world) is not None and find_user(
        rule.resource, _CARRIERS, world
    ) is None  # fmt: skip


_CARRIERS: Final = (
    ResourceType("service", "services", "AWS::ECS::Service", "aws_ecs_service"),
    ResourceType("instance", "instances", "AWS::EC2::Instance", "aws_instance"),
    ResourceType("launch template", "launch templates", "AWS::EC2::LaunchTemplate", "aws_launch_template"),
    ResourceType("launch configuration", "launch configurations",
                 "AWS::AutoScaling::LaunchConfiguration", "aws_launch_configuration"),
    ResourceType("database", "databases", "AWS::RDS::DBInstance", "aws_db_instance"),
)  # fmt: skip


def _choose_outcome(rule: IngressRule, world: Context) -> Outcome:
    group, opened = rule.resource, [each for each in rule.sources if each.is_everybody]
    if decided := next((each for each in opened if each.why_not), None):
        why = f"{mark_code(decided.slot.written)} of {group.title} is not changed: {decided.why_not}"
        return Refusal(f"{why}. Give it a range of your own where its value comes from.")
    source = _find_caller(group, world)
    if source is None or rule.lets_all_ports or len(rule.sources) != len(opened):
        return Manual(
            f"Let {group.title} name who may come in: the security group of the load balancer or of the "
            "callers, or their ranges, and the ports that they need. What is meant for everybody stands in "
            "`public_ports` of the settings."
        )
    try:
        changes = _narrow(rule, source)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        changes,
        who=group.called,
        before=f"{mark_code(rule.ports)} from everywhere",
        after=f"from {mark_code(source.address)}",
        gist=f"{{who}} {{lets|let}} only {mark_code(source.address)}, the group of the load balancer, reach "
        f"port {rule.ports}.",
        effect="Who came straight to the port gets no answer any more: health checks from elsewhere, "
        "scripts, "
        "partners with the address.",
        why=f"Anybody can talk to what listens on port {rule.ports} behind {{who}}, past the load "
        f"balancer with "
        "its TLS, its logs and its firewall.",
        unknown="Who uses the port directly isn't in the files; VPC flow logs say so.",
    )


def _find_caller(group: Resource, world: Context) -> Resource | None:
    """The group of the one application load balancer here, unless that would refer in a circle."""
    balancers = world.resources_beside(group, BALANCER)
    if len(balancers) != 1:
        return None
    kind = GROUP if group.dialect == "cloudformation" else GROUP_BLOCKS
    groups = {each.address: each for each in world.resources_beside(group, kind)}
    found: list[Resource] = []
    for balancer in balancers:
        if balancer.slot("Type" if kind == GROUP else "LoadBalancerType").value in ("network", "gateway"):
            return None
        node = balancer.slot("SecurityGroups").found
        named = [groups[name] for name in world.names_in(node) if name in groups] if node is not None else []
        if len(named) != 1:
            return None
        found += named
    if len(found) != 1 or found[0].address == group.address or world.mentions(found[0].owner, group.address):
        return None
    own = group.slot("GroupId").found if group.type in (INGRESS, RULE, VPC_RULE) else None
    return None if own is not None and world.mentions(own, found[0].address) else found[0]


def _narrow(rule: IngressRule, source: Resource) -> tuple[Change, ...]:
    (field,) = _FIELD[rule.resource.type]
    if rule.node.find_node(field) is not None:
        raise CannotEdit(f"it has {field} already")
    gone = {id(each.slot.found): each.slot.found for each in rule.sources if each.slot.found is not None}
    if rule.resource.dialect == "cloudformation":
        json = not rule.node.root_node.grammar.has_tags
        value: Value = build_substitution(f"${{{source.address}.GroupId}}", json=json)
    else:
        if rule.node.style != "body":
            raise CannotEdit("it is written as JSON")
        reference: CodeExpression = build_reference(*source.address.split("."), "id")
        value = [reference] if field == "security_groups" else reference
    near = tuple(each.slot.path[-1] for each in rule.sources if each.slot.path)
    return (*(Drop(each) for each in gone.values()), Put(rule.node, (field,), value, near))


def _find_in_module(group: Resource, world: Context) -> Iterator[Found]:
    """Rules by name, and rules that bring ranges of their own."""
    shared = any(
        group.follow(item).value in EVERYBODY
        for name in ("ingress_cidr_blocks", "ingress_ipv6_cidr_blocks")
        for item in _items(group, name)
    )
    for item in _items(group, "ingress_rules"):
        name = text_of(item) or ""
        if shared and name and name not in _WEB:
            yield _report(group, item, name, f"what {name} means")
    for item in _items(group, "ingress_with_cidr_blocks"):
        own, port = item.find_node("cidr_blocks"), text_of(item.find_node("from_port")) or ""
        opened = shared if own is None else "0.0.0.0/0" in (text_of(own) or "").split(",")
        public = port.isdecimal() and int(port) in (*world.settings.public_ports, *_ADMIN)
        if opened and port.isdecimal() and not public:
            yield _report(group, item, port, f"port {port}")


def _items(module: Resource, name: str) -> list[Node]:
    given = module.node.find_node(name)
    return given.items if given is not None and given.kind is NodeKind.LIST else []


def _report(group: Resource, item: Node, wrong: str, what: str) -> Found:
    return Found(
        item, group.title, group.address, wrong, f"{group.title} lets everybody reach {what}",
        Manual(
            f"Let {group.title} name its callers: ingress_with_source_security_group_id, or ranges of "
            f"theirs. "
            "What is meant for everybody stands in `public_ports` of the settings."
        ),
        subject=group.subject,
    )  # fmt: skip


rule = Rule(
    title="Close the ports of {subject} that are open to everybody",
    topic="network",
    severity=Severity.HIGH,
    controls={"fsbp": ("EC2.18", "EC2.19"), "nist-800-190": ("4.3.3", "4.4.2"),
              "nist-800-53": ("AC-4", "AC-4(21)", "CA-9(1)", "CM-2", "CM-2(2)", "CM-7", "SC-7", "SC-7(4)",
                              "SC-7(5)", "SC-7(11)", "SC-7(16)", "SC-7(21)")},
    looks_at=(*INGRESS_TYPES, MODULE),
    beside=(BALANCER, CLASSIC, *_CARRIERS),
    check=find_open_ports,
    discloses=True,
    peers={"checkov": ("CKV_AWS_260", "CKV_AWS_277"), "trivy": ("AWS-0107",)},
)  # fmt: skip
