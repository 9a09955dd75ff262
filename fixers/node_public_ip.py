"""A machine with a public address is scanned within minutes, and what its security group forgets is found."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from fixbot.edit.tree import Node
from fixbot.knowledge.ways_out import find_user, has_way_out, is_handed_out
from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Manual, Severity
from fixbot.rules import Rule, Words, by_type, must_be, report
from fixbot.rules.context import Context

ADDRESS, MAPPED = "AssociatePublicIpAddress", "MapPublicIpOnLaunch"
_DATA: Final = "LaunchTemplateData.NetworkInterfaces"
_NOUNS: Final = ("launch template", "launch templates")
TEMPLATE = ResourceType(*_NOUNS, "AWS::EC2::LaunchTemplate")
IN_TERRAFORM = ResourceType(
    *_NOUNS, terraform="aws_launch_template",
    modules={"terraform-aws-modules/autoscaling/aws": Module({"NetworkInterfaces": "network_interfaces"})},
)  # fmt: skip
SUBNET = ResourceType(
    "subnet", "subnets", "AWS::EC2::Subnet", "aws_subnet"
)  # fmt: skip
VPC = ResourceType(
    "VPC", "VPCs",
    modules={"terraform-aws-modules/vpc/aws": Module({MAPPED: "map_public_ip_on_launch"}, {MAPPED: False})},
)  # fmt: skip
INSTANCE = ResourceType(
    "instance", "instances", "AWS::EC2::Instance",
    replaced_by=frozenset([f"NetworkInterfaces.{ADDRESS}"]),
)  # fmt: skip
MACHINE = ResourceType("instance", "instances", terraform="aws_instance")
CONFIGURATION = ResourceType(
    "launch configuration", "launch configurations", "AWS::AutoScaling::LaunchConfiguration",
    "aws_launch_configuration", replaced_by=frozenset([ADDRESS]),
)  # fmt: skip
EKSCTL = ResourceType("cluster", "clusters", kubernetes="eksctl.io/ClusterConfig")
KARPENTER = ResourceType("node class", "node classes", kubernetes="karpenter.k8s.aws/EC2NodeClass")
LAUNCHING = (
    ResourceType("Auto Scaling group", "Auto Scaling groups", "AWS::AutoScaling::AutoScalingGroup",
                 "aws_autoscaling_group"),
    ResourceType("service", "services", "AWS::ECS::Service", "aws_ecs_service"),
    ResourceType("node group", "node groups", "AWS::EKS::Nodegroup", "aws_eks_node_group"),
    INSTANCE, MACHINE,
)  # fmt: skip
"""What starts machines, or tasks, in the subnets that it names."""
BALANCERS = (
    ResourceType("load balancer", "load balancers", "AWS::ElasticLoadBalancingV2::LoadBalancer", "aws_lb"),
    ResourceType("NAT gateway", "NAT gateways", "AWS::EC2::NatGateway", "aws_nat_gateway"),
)
_DOORS: Final = re.compile(r"bastion|jump|\bnat\b|vpn|proxy", re.IGNORECASE)


def explain_machine(machine: Resource, _world: Context) -> Manual:
    """An address comes with the machine and goes with it."""
    if _DOORS.search(f"{machine.name} {machine.address}".replace("_", " ")):
        return Manual(
            f"By its name {machine.title} is a way in or out. Session Manager logs in without an address, a "
            "NAT gateway leads out without a machine."
        )
    return Manual(
        f"Only a new one loses its address. Make {machine.title} anew in a private subnet, with a NAT "
        "gateway or endpoints to lead out, and a load balancer to lead in."
    )


def explain_no_way_out(template: Resource, world: Context) -> Manual | None:
    """Whether the file shows a way out for machines without an address."""
    if world.settings.private_subnets or has_way_out(template, world):
        return None
    return Manual(
        f"Nothing here leads out of a subnet but a public address: machines of {template.title} would reach "
        "no image, no update and no AWS API. Make a NAT gateway or endpoints first; or, where the subnets "
        "are private ones, say `private_subnets: true` in the settings."
    )


def explain_users(subnet: Resource, world: Context) -> Manual | None:
    """What is started in a public subnet needs its address to get out."""
    if subnet.module is not None:
        return explain_no_way_out(subnet, world)
    user = find_user(subnet, LAUNCHING, world)
    if user is None and is_handed_out(subnet, world):
        return Manual(
            f"{subnet.title} is handed to other stacks, and what these start in it may have no other way "
            f"out. "
            "Look there first: load balancers and NAT gateways bring addresses of their own."
        )
    if user is None:
        return None
    return Manual(
        f"{user.title} starts what runs in {subnet.title}, and has no other way out of it. Move it to a "
        f"private subnet with a route to a NAT gateway, and leave {subnet.title} to load balancers."
    )


def weigh_subnet(subnet: Resource, world: Context) -> Severity | None:
    """A subnet of load balancers and NAT gateways gives no address that isn't meant."""
    if subnet.module is not None or find_user(subnet, LAUNCHING, world) is not None:
        return None
    return Severity.LOW if find_user(subnet, BALANCERS, world) is not None else Severity.MEDIUM


def find_public_groups(cluster: Resource, _world: Context) -> Node | None:
    """A group of nodes of eksctl that isn't private, as none is by itself."""
    for at in ("nodeGroups", "managedNodeGroups"):
        for entry in cluster.slot(at).items:
            said = cluster.slot_in(entry, f"{at}.privateNetworking")
            if said.value is not True and not said.why_not:
                return said.node
    return None


WORDS = Words(
    problem="gives machines an address that everybody can reach",
    change="Machines that {who} {makes|make} from now on have addresses of the VPC alone.",
    effect="Machines that run keep what they have. New ones get out by the NAT gateway or the endpoints.",
    why="Whatever a machine of {who} listens on, and its security group lets through, answers the internet.",
    unknown="Whether the subnets of {who} lead to that gateway is not proven: start one by `aws ec2 "
    "run-instances --no-associate-public-ip-address` first.",
)
MAPPING = replace(
    WORDS,
    problem="gives everything that is started in it an address that everybody can reach",
    change="What is started in {who} gets a public address only where it asks for one itself.",
    effect="What runs keeps its address; load balancers and NAT gateways bring their own.",
    unknown="What other stacks start in {who} isn't in these files; without the address it has no way out.",
)
_TEMPLATE = must_be({ADDRESS: False}, in_each=(_DATA,), words=WORDS, unwritten=False,
                    unless=explain_no_way_out)  # fmt: skip
_MACHINE = must_be({ADDRESS: False}, words=WORDS, unwritten=False, unless=explain_machine)
_SUBNET = must_be({MAPPED: False}, words=MAPPING, unwritten=False, unless=explain_users, weigh=weigh_subnet)
rule = Rule(
    title="Give machines of {subject} no public address",
    topic={"AWS::EC2::Subnet": "network", "default": "node"},
    severity=Severity.HIGH,
    controls={"fsbp": ("EC2.25", "EC2.9", "EC2.15", "AutoScaling.5"), "cis-eks": ("5.4.3",),
              "nist-800-190": ("4.3.3",), "pci-dss": ("1.4.4",),
              "nist-800-53": ("AC-21", "AC-3", "AC-3(7)", "AC-4", "AC-4(21)", "AC-6", "SC-7", "SC-7(3)",
                              "SC-7(4)", "SC-7(9)", "SC-7(11)", "SC-7(16)", "SC-7(20)", "SC-7(21)")},
    looks_at=(TEMPLATE, IN_TERRAFORM, SUBNET, VPC, INSTANCE, MACHINE, CONFIGURATION, EKSCTL, KARPENTER),
    beside=(*LAUNCHING, *BALANCERS),
    check=by_type({
        TEMPLATE: _TEMPLATE,
        IN_TERRAFORM: must_be({ADDRESS: False}, in_each=("NetworkInterfaces",), words=WORDS,
                              unwritten=False, unless=explain_no_way_out),
        **dict.fromkeys((SUBNET, VPC), _SUBNET),
        INSTANCE: must_be({ADDRESS: False}, in_each=("NetworkInterfaces",), words=WORDS, unwritten=False,
                          unless=explain_machine),
        **dict.fromkeys((MACHINE, CONFIGURATION), _MACHINE),
        EKSCTL: report(find_public_groups, words=WORDS, instead="Make another node group of {who} with "
                       "`privateNetworking: true`, in subnets that lead to a NAT gateway, move the pods over "
                       "(`eksctl drain nodegroup`), and delete this one."),
        KARPENTER: must_be({"spec.associatePublicIPAddress": False}, words=WORDS, unwritten=False),
    }),
    peers={"checkov": ("CKV_AWS_88", "CKV_AWS_130", "CKV_AWS_389"), "trivy": ("AWS-0009", "AWS-0164")},
)  # fmt: skip
