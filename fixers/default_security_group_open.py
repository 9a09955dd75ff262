"""A VPC's default group lets all that is in it talk to each other, and whatever names no group is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Add, Change, Drop
from fixbot.edit.tree import CannotEdit, HclBlock
from fixbot.knowledge.ways_out import find_user
from fixbot.lens import (
    ABSENT,
    Module,
    Resource,
    ResourceType,
    build_reference,
)
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.command import build_command

VPC = ResourceType("VPC", "VPCs", terraform="aws_vpc")
IN_TEMPLATE = ResourceType("VPC", "VPCs", "AWS::EC2::VPC")
DEFAULT = ResourceType(
    "default security group", "default security groups", terraform="aws_default_security_group"
)
MODULE = ResourceType(
    "VPC", "VPCs",
    modules={"terraform-aws-modules/vpc/aws": Module(
        {"Managed": "manage_default_security_group", "In": "default_security_group_ingress",
         "Out": "default_security_group_egress"},
        {"Managed": True, "In": ABSENT, "Out": ABSENT},
    )},
)  # fmt: skip
_USED: Final = re.compile(r"\bdefault_security_group_id\b|\bDefaultSecurityGroup\b")
_BARE: Final = (
    ResourceType("instance", "instances", terraform="aws_instance"),
    ResourceType("function", "functions", terraform="aws_lambda_function"),
    ResourceType("database", "databases", terraform="aws_db_instance"),
    ResourceType("endpoint", "endpoints", terraform="aws_vpc_endpoint"),
)
_ASK: Final = build_command(
    "aws", "ec2", "describe-network-interfaces", "--filters", "Name=group-name,Values=default",
    note="must be empty: what has no other group loses its traffic",
)  # fmt: skip


def find_open_defaults(resource: Resource, world: Context) -> Iterator[Found]:
    """A default group with rules, and a VPC whose default group nobody has emptied."""
    if resource.type == DEFAULT:
        rules = [each for name in ("Ingress", "Egress") for each in resource.slot(name).items]
        if rules:
            yield _build_found(resource, partial(_empty, resource, tuple(map(Drop, rules)), world))
    elif resource.type == MODULE:
        given = [slot for name in ("In", "Out") if (slot := resource.slot(name)).items]
        if given and resource.slot("Managed").value is not False:
            changes = tuple(Drop(each) for slot in given for each in slot.items)
            yield _build_found(resource, partial(_empty, resource, changes, world))
    elif resource.type == IN_TEMPLATE:
        yield _build_found(resource, Manual(
            f"CloudFormation can't say anything of the default group of {resource.title}. Empty it by `aws "
            "ec2 revoke-security-group-ingress` and `revoke-security-group-egress`, and let the rule "
            "vpc-default-security-group-closed of AWS Config watch it."
        ))  # fmt: skip
    elif find_user(resource, (DEFAULT,), world) is None:
        yield _build_found(resource, partial(_adopt, resource, world))


def _build_found(resource: Resource, outlook: partial[Outcome] | Manual) -> Found:
    what = (
        "lets traffic through"
        if resource.type == DEFAULT
        else "has a default group that lets traffic through"
    )
    return Found(
        resource.owner, resource.title, resource.address, "default group",
        f"{resource.title} {what}", outlook,
        subject=resource.subject,
    )  # fmt: skip


def _adopt(vpc: Resource, world: Context) -> Outcome:
    if not vpc.lone:
        return Refusal(f"{vpc.title} is one of several that one block makes, each with a default group.")
    label = vpc.companion_name
    block = HclBlock(
        ("aws_default_security_group", label), {"vpc_id": build_reference(*vpc.address.split("."), "id")}
    )
    if vpc.node.style != "body":
        return Refusal(f"{vpc.title} is written as JSON; its default group is one more object there.")
    try:
        return _empty(vpc, (Add(vpc.node.root_node, ("resource",), block, (vpc.address,)),), world)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")


def _empty(resource: Resource, changes: tuple[Change, ...], world: Context) -> Outcome:
    key = (_USED, world.surroundings_of(resource))
    if world.compute_once(key, lambda: any(map(_USED.search, world.texts_beside(resource)))):
        return Refusal("Something here uses the default group by its id, and would lose its traffic.")
    if resource.module is None and (bare := _find_bare(resource, world)) is not None:
        return Refusal(
            f"{bare.title} names no security group, and so may live in the default one. Give it one first."
        )
    return Fix(
        changes,
        who=resource.called,
        before="rules that let traffic through",
        after="none",
        gist="The default security group of {who} lets nothing in and nothing out.",
        effect="What was started without a group goes dark. Groups with names of their own stay as they are.",
        why="Whoever has taken one machine that names no group reaches all others that don't, on every port.",
        unknown="What was started by hand, or by other files, without a group of its own isn't seen here. A "
        "revert does not bring the old rules back.",
        commands=(_ASK,),
    )


def _find_bare(resource: Resource, world: Context) -> Resource | None:
    """Something beside it that lives in a VPC and names no group."""
    names = ("VpcSecurityGroupIds", "SecurityGroups", "SecurityGroupIds", "NetworkInterface")
    for kind in _BARE:
        for each in world.resources_beside(resource, kind):
            if kind.noun == "function" and each.slot("VpcConfig").found is None:
                continue
            if kind.noun == "endpoint" and each.slot("VpcEndpointType").value != "Interface":
                continue
            if kind.noun != "function" and all(each.slot(name).found is None for name in names):
                return each
    return None


rule = Rule(
    title="Empty the default security group of {subject}",
    topic="network",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("EC2.2",), "cis-aws": ("6.5",),
              "nist-800-53": ("AC-4", "AC-4(21)", "SC-7", "SC-7(5)", "SC-7(11)", "SC-7(16)", "SC-7(21)")},
    looks_at=(VPC, DEFAULT, MODULE, IN_TEMPLATE),
    beside=_BARE,
    check=find_open_defaults,
    peers={"checkov": ("CKV2_AWS_12",), "trivy": ("AWS-0173",)},
)  # fmt: skip
