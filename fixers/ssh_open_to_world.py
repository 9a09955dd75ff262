"""A port for administration that answers everybody is tried by everybody, every minute of the day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from fixbot.edit.change import Add, Change, Drop, Replace
from fixbot.edit.tree import ABSENT, UNKNOWN, CannotEdit, Node, NodeKind, Value
from fixbot.knowledge.hardening import is_privileged
from fixbot.knowledge.ingress_rules import (
    EVERYBODY,
    GROUP_BLOCKS,
    INGRESS_TYPES,
    RULE,
    VPC_RULE,
    IngressRule,
    Source,
    list_ingress_rules,
)
from fixbot.lens import Module, Resource, ResourceType, text_of
from fixbot.model.findings import Fix, Found, Manual, Outcome, Outlook, Refusal, Severity
from fixbot.rules import ESSENTIAL, Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

PORTS: Final = {22: "SSH", 3389: "RDP", 445: "SMB"}
_NAMED: Final = {"ssh-tcp": 22, "rdp-tcp": 3389}
"""Rules that the module terraform-aws-modules/security-group has by name."""
MODULE = ResourceType(
    "security group", "security groups", modules={"terraform-aws-modules/security-group/aws": Module({})}
)
CLOUDPOSSE = ResourceType(
    "security group", "security groups", modules={"cloudposse/security-group/aws": Module({})}
)
EKSCTL = ResourceType("cluster", "clusters", kubernetes="eksctl.io/ClusterConfig")
NODES = ResourceType(
    "node group", "node groups", "AWS::EKS::Nodegroup", "aws_eks_node_group", name="NodegroupName",
    renamed={"NodegroupName": "node_group_name",
             "RemoteAccess.SourceSecurityGroups": "remote_access.source_security_group_ids"},
)  # fmt: skip
_SESSION_MANAGER = re.compile(r"AmazonSSMManaged\w+|AmazonEC2RoleforSSM|ssmmessages")
_LOGS_IN = re.compile(r"\bprovisioner\s+\"(?:remote-exec|file)\"")
_HOST_WITH_ROLE = re.compile(r"\b(?:IamInstanceProfile|iam_instance_profile)\b")
_BASTION = re.compile(r"bastion|jump.?(?:box|host|server)", re.IGNORECASE)
_OTHERS: Final = ("security_groups", "self", "prefix_list_ids")


def find_open_ports(resource: Resource, world: Context) -> Iterator[Found]:
    """Every rule of a group, and every group of nodes, that lets the whole internet reach such a port."""
    if resource.type == MODULE:
        yield from _find_in_module(resource, world)
    elif resource.type == CLOUDPOSSE:
        yield from _find_in_cloudposse(resource, world)
    elif resource.type == EKSCTL:
        yield from _find_in_clusters(resource)
    elif resource.type == NODES:
        yield from _find_remote_access(resource)
    else:
        for rule in list_ingress_rules(resource):
            yield from _judge_rule(rule, world)


def _judge_rule(rule: IngressRule, world: Context) -> Iterator[Found]:
    low, high = rule.low, rule.high if rule.high is not None else rule.low
    if low is None or high is None or not rule.is_tcp or rule.lets_all_ports:
        return
    if not any(low <= port <= high for port in PORTS):
        return
    if opened := [each for each in rule.sources if each.is_everybody]:
        said = " ".join(str(each.cidr) for each in opened)
        outlook = partial(_choose_outcome, rule, opened, world)
        found = _build_found(rule.resource, rule.ports, opened[0].item, outlook, said)
        exposed = _describe_exposed(rule.resource, world)
        yield (
            replace(found, severity=Severity.CRITICAL, message=found.message + exposed) if exposed else found
        )
    for each in rule.sources:
        if each.cidr is UNKNOWN:
            rule.resource.unknown[each.slot.written] = each.item


def _build_found(resource: Resource, ports: str, node: Node, outlook: Outlook, said: str = "") -> Found:
    name = PORTS.get(int(ports)) if ports.isdecimal() else None
    what = f"port {ports} ({name})" if name else f"ports {ports}"
    return Found(
        node, resource.title, resource.address, f"{ports} {said}".strip(),
        f"{resource.title} lets everybody reach {what}", outlook, subject=resource.subject,
    )  # fmt: skip


def _describe_exposed(group: Resource, world: Context) -> str:
    """What makes the way in worse: a privileged task beside it, on hosts that have a role."""
    exposed = [
        task
        for task in world.tasks
        if task.kind == "ecs"
        and task.fargate is False
        and (task.path == group.path if task.dialect == "cloudformation" else task.dialect == group.dialect)
        and task.path.rpartition("/")[0] == group.path.rpartition("/")[0]
        and any(map(is_privileged, task.containers))
    ]
    if not exposed or not any(map(_HOST_WITH_ROLE.search, world.texts_beside(group))):
        return ""
    return f"{exposed[0].title} runs privileged beside it, on hosts that have a role: who gets in has both"


def _choose_outcome(rule: IngressRule, opened: list[Source], world: Context) -> Outcome:
    group = rule.resource
    if decided := next((each for each in opened if each.why_not), None):
        why = f"{mark_code(decided.slot.written)} of {group.title} is not changed: {decided.why_not}"
        return Refusal(f"{why}. Give it a range of your own where its value comes from.")
    if rule.low != rule.high:
        return Refusal(
            f"The rule opens the ports {rule.ports} together, and who needs the others isn't known. Make one "
            "rule of each that is needed, and none for administration."
        )
    if group.type == GROUP_BLOCKS and any(
        world.resources_naming(group, each, "GroupId") for each in (RULE, VPC_RULE)
    ):
        return Refusal(f"{group.title} has rules of its own and rules beside it, which undo each other.")
    cidrs = world.settings.admin_cidrs
    try:
        if cidrs:
            return _build_fix(rule, tuple(_narrow(rule, opened, cidrs)), ", ".join(cidrs))
        return _why_kept(rule, world) or _build_fix(rule, tuple(_remove(rule, opened)), "")
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")


def _why_kept(rule: IngressRule, world: Context) -> Refusal | Manual | None:
    """Why the rule can't go: nobody would get in any more, or something speaks of it."""
    group = rule.resource
    texts = world.texts_beside(group)
    if any(map(_LOGS_IN.search, texts)) or _BASTION.search(f"{group.name} {group.address}"):
        return Manual(f"{group.title} is how somebody logs in. {_ADVICE}")
    if not any(map(_SESSION_MANAGER.search, texts)):
        return Manual(f"Nothing here shows another way to log in behind {group.title}. {_ADVICE}")
    if rule.is_alone and world.count_mentions(group.address, group) > (group.dialect == "cloudformation"):
        return Refusal(f"Something refers to {group.title}. {_ADVICE}")
    return None


_ADVICE: Final = (
    "Name the ranges of your administrators as `admin_cidrs` in the settings, and it is narrowed to these; "
    "or log in by Session Manager (AmazonSSMManagedInstanceCore on the role of the instances), and it can go."
)


def _narrow(rule: IngressRule, opened: list[Source], cidrs: Sequence[str]) -> Iterator[Change]:
    """The whole internet becomes the ranges of the settings, each family by itself."""
    kept = len(rule.sources) - len(opened)
    fitting = [(each, [c for c in cidrs if (":" in c) == (":" in str(each.cidr))]) for each in opened]
    if not kept and not any(found for _, found in fitting):
        yield from _remove(rule, opened)
        return
    for source, (first, *rest) in ((each, found) for each, found in fitting if found):
        yield Replace(source.item, first)
        listed = source.slot.found if source.item is not source.slot.found else None
        for each in rest:
            if listed is not None:
                yield Add(listed, (), each)
            else:
                yield _add_entry(rule, source, each)
    yield from (Drop(each.item) for each, found in fitting if not found)


def _add_entry(rule: IngressRule, source: Source, cidr: str) -> Change:
    """One more entry beside the first, in CloudFormation, whose entries hold one range each."""
    if rule.is_alone or rule.node.parent is None:
        raise CannotEdit("it holds one range, and admin_cidrs in the settings has several")
    name = source.slot.written.rpartition(".")[2]
    entry: dict[str, Value] = {"IpProtocol": "tcp", "FromPort": rule.low, "ToPort": rule.high, name: cidr}
    return Add(rule.node.parent, (), entry)


def _remove(rule: IngressRule, opened: list[Source]) -> Iterator[Change]:
    others = any(_is_given(rule.node.find_node(name)) for name in _OTHERS)
    if len(opened) == len(rule.sources) and not others:
        yield Drop(rule.resource.owner if rule.is_alone else rule.node)
    else:
        yield from (Drop(each.item) for each in opened)


def _is_given(node: Node | None) -> bool:
    if node is None or node.is_nothing or node.scalar is False:
        return False
    return node.kind is not NodeKind.LIST or bool(node.items)


def _build_fix(rule: IngressRule, changes: tuple[Change, ...], cidrs: str) -> Fix:
    return _build_words(rule.resource, rule.ports, changes, cidrs)


def _build_words(group: Resource, ports: str, changes: tuple[Change, ...], cidrs: str) -> Fix:
    return Fix(
        changes,
        who=group.called,
        before=f"{mark_code(ports)} from everywhere",
        after=f"from {mark_code(cidrs)}" if cidrs else "closed",
        gist=f"{{who}} {{lets|let}} {f'only {cidrs}' if cidrs else 'nobody'} reach port {ports} "
        "from outside.",
        effect="New logins from elsewhere fail within seconds: SSH, Ansible, provisioners. What is joined "
        "stays until it ends.",
        why="Whoever scans the internet finds the port of {who} within the hour, and tries stolen keys, "
        "common passwords and the newest hole of the server behind it.",
        unknown="Who logs in to {who} from outside, VPC flow logs and the logs of the server say.",
    )


def _find_in_clusters(cluster: Resource) -> Iterator[Found]:
    for at in ("nodeGroups", "managedNodeGroups"):
        for number, entry in enumerate(cluster.slot(at).items):
            said = cluster.slot_in(entry, f"{at}.ssh.allow", at)
            groups = cluster.slot_in(entry, f"{at}.ssh.sourceSecurityGroupIds", at).found
            if said.value is True and groups is None:
                fix = _build_words(cluster, "22", (said.set(value=False),), "")
                yield _build_found(cluster, "22", said.node, fix, f"{at} {number}")


def _find_remote_access(nodes: Resource) -> Iterator[Found]:
    key, groups = nodes.slot("RemoteAccess.Ec2SshKey"), nodes.slot("RemoteAccess.SourceSecurityGroups")
    if key.found is None or key.value is ABSENT or groups.found is not None or groups.why_not:
        return
    yield _build_found(nodes, "22", key.node, Manual(
        f"With a key and no source groups EKS opens the port of {nodes.title} to everybody, and a change of "
        f"it makes the group anew. Make a second one without {mark_code(key.written)}, move the pods over, "
        "and log in by Session Manager."
    ))  # fmt: skip


def _find_in_module(group: Resource, world: Context) -> Iterator[Found]:
    """Rules by name, which take the module's ranges, and rules that bring their own."""
    ranges = ("ingress_cidr_blocks", "ingress_ipv6_cidr_blocks")
    shared = any(
        group.follow(item).value in EVERYBODY for name in ranges for item in _list_items(group, name)
    )
    for item in _list_items(group, "ingress_rules"):
        if (port := _NAMED.get(text_of(item) or "")) and shared:
            yield _build_found(group, str(port), item, partial(_drop_item, group, port, item, world), "named")
    for item in _list_items(group, "ingress_with_cidr_blocks"):
        port = _NAMED.get(text_of(item.find_node("rule")) or "") or _only_port(item)
        own = item.find_node("cidr_blocks")
        if port in PORTS and (shared if own is None else "0.0.0.0/0" in (text_of(own) or "").split(",")):
            yield _build_found(group, str(port), item, partial(_drop_item, group, port, item, world), "own")


def _find_in_cloudposse(group: Resource, world: Context) -> Iterator[Found]:
    """Rules in a list, in lists by name, and in a matrix, whose rules share its ranges."""
    named = group.node.find_node("rules_map")
    lists = [each.value.items for each in named.entries] if named is not None else []
    for item in (each for items in (_list_items(group, "rules"), *lists) for each in items):
        yield from _judge_item(group, item, item, world)
    for matrix in _list_items(group, "rule_matrix"):
        rules = matrix.find_node("rules")
        for item in rules.items if rules is not None else ():
            yield from _judge_item(group, item, matrix, world)


def _judge_item(group: Resource, item: Node, ranges: Node, world: Context) -> Iterator[Found]:
    kind, port = item.find_node("type"), _only_port(item)
    if port not in PORTS or (kind is not None and kind.scalar not in ("ingress", UNKNOWN)):
        return
    listed = [
        each
        for name in ("cidr_blocks", "ipv6_cidr_blocks")
        if (found := ranges.find_node(name)) is not None and found.kind is NodeKind.LIST
        for each in found.items
    ]
    opened = [each for each in listed if group.follow(each).value in EVERYBODY]
    if not opened:
        return
    cidrs = tuple(each for each in world.settings.admin_cidrs if ":" not in each)
    outlook: Outlook = Manual(f"Nothing here shows another way to log in behind {group.title}. {_ADVICE}")
    if len(cidrs) == len(opened) == 1 and ranges is item:
        outlook = _build_words(group, str(port), (Replace(opened[0], cidrs[0]),), cidrs[0])
    elif any(map(_SESSION_MANAGER.search, world.texts_beside(group))) and len(opened) == len(listed):
        outlook = _build_words(group, str(port), (Drop(item),), "")
    yield _build_found(group, str(port), opened[0], outlook, "own")


def _list_items(module: Resource, name: str) -> list[Node]:
    given = module.node.find_node(name)
    return given.items if given is not None and given.kind is NodeKind.LIST else []


def _only_port(item: Node) -> int | None:
    low, high = item.find_node("from_port"), item.find_node("to_port")
    same = low is not None and high is not None and low.scalar == high.scalar
    return int(str(low.scalar)) if low is not None and same and str(low.scalar).isdecimal() else None


def _drop_item(group: Resource, port: int | None, item: Node, world: Context) -> Outcome:
    own = item.find_node("cidr_blocks") if item.kind is NodeKind.MAP else None
    cidrs = ",".join(each for each in world.settings.admin_cidrs if ":" not in each)
    if cidrs and own is not None and text_of(own) == "0.0.0.0/0":
        return _build_words(group, str(port), (Replace(own, cidrs),), cidrs)
    if not any(map(_SESSION_MANAGER.search, world.texts_beside(group))):
        return Manual(f"Nothing here shows another way to log in behind {group.title}. {_ADVICE}")
    return _build_words(group, str(port), (Drop(item),), "")


rule = Rule(
    title="Close the ports for administration of {subject}",
    topic="network",
    severity=Severity.HIGH,
    controls={"fsbp": ("EC2.13", "EC2.14", "EC2.19"), "cis-aws": ("6.3", "6.4", "6.1.2"),
              "nist-800-190": ("4.3.3", "4.5.1"), "pci-dss": ("1.3.1",),
              "nist-800-53": ("AC-4", "AC-4(21)", "CM-7", "SC-7")},
    discloses=True,
    looks_at=(*INGRESS_TYPES, MODULE, CLOUDPOSSE, EKSCTL, NODES),
    check=find_open_ports,
    peers={"checkov": ("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_100"), "trivy": ("AWS-0107",)},
    profiles=ESSENTIAL,
)  # fmt: skip
