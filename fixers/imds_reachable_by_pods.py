"""A pod that can ask its node's metadata gets the node's credentials, and all that the node may do."""

from __future__ import annotations

import re
from dataclasses import replace

from fixbot.edit.tree import Node
from fixbot.knowledge.instance_metadata import (
    CLUSTER,
    ENDPOINT,
    NODE_GROUPS,
    TOKENS,
    refuse_configuration,
    refuse_old_scripts,
)
from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Fix, Manual, Severity
from fixbot.rules import Rule, Words, by_type, each_of, must_be, report
from fixbot.rules.context import Context

HOPS, ABOVE = "MetadataOptions.HttpPutResponseHopLimit", "LaunchTemplateData."
_NOUNS = ("launch template", "launch templates")
TEMPLATE = ResourceType(*_NOUNS, "AWS::EC2::LaunchTemplate")
TERRAFORM = ResourceType(*_NOUNS, terraform="aws_launch_template")
CONFIGURATION = ResourceType(
    "launch configuration", "launch configurations", "AWS::AutoScaling::LaunchConfiguration",
    "aws_launch_configuration", replaced_by=frozenset([TOKENS, HOPS]),
)  # fmt: skip
NODES = ResourceType(
    "node group", "node groups", "AWS::EKS::Nodegroup", "aws_eks_node_group", name="NodegroupName",
    renamed={"NodegroupName": "node_group_name"},
)  # fmt: skip
GROUP = ResourceType(
    "Auto Scaling group", "Auto Scaling groups",
    modules={"terraform-aws-modules/autoscaling/aws": Module(
        {HOPS: "metadata_options.http_put_response_hop_limit", ENDPOINT: "metadata_options.http_endpoint"},
        {HOPS: 1, ENDPOINT: "enabled"},
    )},
)  # fmt: skip
EKSCTL = ResourceType("cluster", "clusters", kubernetes="eksctl.io/ClusterConfig")
KARPENTER = ResourceType("node class", "node classes", kubernetes="karpenter.k8s.aws/EC2NodeClass")
_BOOTSTRAPS = re.compile(r"/etc/eks/bootstrap\.sh|\bnodeadm\b|\bnode\.eks\.aws\b")


def spare_others(template: Resource, world: Context) -> bool:
    """What makes no nodes of a cluster, and machines without metadata."""
    above = ABOVE if template.type == TEMPLATE else ""
    if template.slot(f"{above}{ENDPOINT}").value == "disabled":
        return True
    text = world.project.documents[template.path].text[template.owner.start : template.owner.end]
    return not (_BOOTSTRAPS.search(text) or world.resources_naming(template, NODES, "LaunchTemplate"))


def takes_flag(cluster: Resource, at: str, group: Node) -> bool:
    """Whether eksctl takes `disablePodIMDS` for a group: it refuses it beside these two."""
    policies = cluster.slot_in(group, f"{at}.iam.withAddonPolicies", at).found
    return policies is None and cluster.slot_in(group, f"{at}.launchTemplate").found is None


def needs_roles_first(cluster: Resource, at: str, group: Node) -> bool:
    """Groups whose add-ons take the node's rights."""
    return not takes_flag(cluster, at, group) and cluster.slot_in(group, f"{at}.launchTemplate").found is None


def explain_addons(cluster: Resource, _world: Context) -> Manual:
    """The flag beside such policies is an error of eksctl's."""
    return Manual(
        f"A node group of {cluster.title} has iam.withAddonPolicies, and eksctl refuses disablePodIMDS "
        "beside it. Give each add-on a role of its own (iam.serviceAccounts, or Pod Identity) first."
    )


def find_bare_groups(nodes: Resource, _world: Context) -> Node | None:
    """A managed group without a launch template, whose limit is 2."""
    return nodes.owner if nodes.slot("LaunchTemplate").found is None else None


def name_service_accounts(fix: Fix, _subject: Resource, world: Context) -> Fix:
    """Where service accounts have roles of their own, somebody has begun to do without the node's."""
    if not any(kind == "service account" for _, kind, _ in world.surroundings.role_callers):
        return fix
    note = "Service accounts here have roles of their own; what still takes the node's must get one."
    return replace(fix, notes=(*fix.notes, note))


WORDS = Words(
    problem="lets pods ask the node's metadata, and get its credentials",
    change="{who} {gives|give} metadata to the node itself, and to pods on the node's network, no more to "
    "others.",
    effect="Nodes are made anew one after another. Controllers that take Region, VPC or rights from the node "
    "stop: AWS Load Balancer Controller without --aws-region and --aws-vpc-id, cluster-autoscaler without "
    "AWS_REGION.",
    why="Someone who gets code to run in any pod of {who} asks 169.254.169.254 and is the node: its role "
    "pulls every image, changes network interfaces, and reads what the node may.",
    unknown="Which pods of {who} use the node's role isn't known; CloudTrail names it as the caller.",
)
rule = Rule(
    title="Keep pods from the metadata of {subject}",
    topic="node",
    severity=Severity.HIGH,
    controls={"fsbp": ("AutoScaling.4",), "cis-eks": ("5.2.1",), "nist-800-190": ("4.3.2", "4.5.4")},
    looks_at=(TEMPLATE, TERRAFORM, CONFIGURATION, NODES, CLUSTER, GROUP, EKSCTL, KARPENTER),
    check=by_type({
        TEMPLATE: must_be(
            {f"{ABOVE}{TOKENS}": "required", f"{ABOVE}{HOPS}": 1}, words=WORDS, spares=spare_others,
            unless=refuse_old_scripts, finish=name_service_accounts, good=lambda value: value == "1",
        ),
        TERRAFORM: must_be(
            {ENDPOINT: "enabled", TOKENS: "required", HOPS: 1}, words=WORDS, spares=spare_others,
            unless=refuse_old_scripts, finish=name_service_accounts, good=lambda value: value == "1",
        ),
        CONFIGURATION: must_be({TOKENS: "required", HOPS: 1}, words=WORDS, spares=spare_others,
                               unless=refuse_configuration),
        NODES: report(
            find_bare_groups, words=WORDS,
            instead="Give {who} a launch template with HttpTokens required and HttpPutResponseHopLimit 1: "
            "without one EKS makes nodes whose limit is 2. That makes the group anew.",
        ),
        CLUSTER: must_be({HOPS: 1}, in_each=NODE_GROUPS, words=WORDS, unwritten=1,
                         finish=name_service_accounts),
        GROUP: must_be({HOPS: 1}, words=WORDS, spares=spare_others, finish=name_service_accounts),
        EKSCTL: each_of(
            must_be({"disablePodIMDS": True}, in_each=("nodeGroups", "managedNodeGroups"), words=WORDS,
                    among=takes_flag, finish=name_service_accounts),
            must_be({"disablePodIMDS": True}, in_each=("nodeGroups", "managedNodeGroups"), words=WORDS,
                    among=needs_roles_first, unless=explain_addons),
        ),
        KARPENTER: must_be({"spec.metadataOptions.httpPutResponseHopLimit": 1}, words=WORDS, unwritten=1,
                           finish=name_service_accounts),
    }),
    peers={"checkov": ("CKV_AWS_341",), "kubescape": ("C-0052",)},
)  # fmt: skip
