"""Metadata that answers without a token gives a machine's credentials to whoever can make it fetch a URL."""

from __future__ import annotations

from fixbot.knowledge.instance_metadata import (
    CLUSTER,
    ENDPOINT,
    NODE_GROUPS,
    TOKENS,
    refuse_configuration,
    refuse_old_scripts,
)
from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Severity
from fixbot.rules import ESSENTIAL, Rule, Words, by_type, must_be
from fixbot.rules.context import Context

_MODULE = Module(
    {TOKENS: "metadata_options.http_tokens", ENDPOINT: "metadata_options.http_endpoint"},
    {TOKENS: "required", ENDPOINT: "enabled"},
)
TEMPLATE = ResourceType(
    "launch template", "launch templates", "AWS::EC2::LaunchTemplate", renamed={"LaunchTemplateData": ""}
)
INSTANCE = ResourceType("instance", "instances", "AWS::EC2::Instance")
CONFIGURATION = ResourceType(
    "launch configuration", "launch configurations", "AWS::AutoScaling::LaunchConfiguration",
    "aws_launch_configuration", replaced_by=frozenset([TOKENS]),
)  # fmt: skip
TERRAFORM = (
    ResourceType("launch template", "launch templates", terraform="aws_launch_template"),
    ResourceType("instance", "instances", terraform="aws_instance"),
    ResourceType("spot request", "spot requests", terraform="aws_spot_instance_request"),
    ResourceType(
        "Auto Scaling group", "Auto Scaling groups",
        modules={"terraform-aws-modules/autoscaling/aws": _MODULE},
    ),
)  # fmt: skip
KARPENTER = ResourceType("node class", "node classes", kubernetes="karpenter.k8s.aws/EC2NodeClass")
EKSCTL = ResourceType("cluster", "clusters", kubernetes="eksctl.io/ClusterConfig")
DEFAULTS = ResourceType(
    "metadata default", "metadata defaults", terraform="aws_ec2_instance_metadata_defaults"
)


def spare_settled(resource: Resource, world: Context) -> bool:
    """Metadata that is off, tokens by the account's default, and instances that take a template's word."""
    above = "LaunchTemplateData." if resource.type == TEMPLATE else ""
    if resource.slot(f"{above}{ENDPOINT}").value == "disabled":
        return True
    if resource.slot(f"{above}{TOKENS}").value == "required":
        return True
    if resource.module is None and resource.slot("LaunchTemplate").found is not None:
        return True
    return any(
        each.slot("HttpTokens").value == "required" for each in world.resources_beside(resource, DEFAULTS)
    )


WORDS = Words(
    problem="answers requests for metadata without a token",
    change="{who} {gives its|give their} metadata, credentials among it, to requests with a token alone.",
    effect="SDKs from before November 2019 and scripts that fetch metadata by a bare GET fail.",
    why="A program on {who} that can be made to fetch a URL hands out the credentials of the machine's role.",
    unknown="CloudWatch's MetadataNoToken says whether all programs on {who} send a token: it must be 0.",
)
_BOTH = must_be(
    {ENDPOINT: "enabled", TOKENS: "required"}, words=WORDS, spares=spare_settled, unless=refuse_old_scripts
)
"""The provider sends what is said of tokens only where the endpoint is said to be enabled."""
rule = Rule(
    title="Let {subject} answer with tokens alone",
    topic="node",
    severity=Severity.HIGH,
    controls={"fsbp": ("EC2.8", "EC2.170", "AutoScaling.3"), "cis-aws": ("6.7",), "cis-compute": ("2.8",),
              "nist-800-190": ("4.5.4",), "pci-dss": ("2.2.6",), "nist-800-53": ("AC-3", "AC-6")},
    looks_at=(TEMPLATE, INSTANCE, CONFIGURATION, *TERRAFORM, CLUSTER, KARPENTER, EKSCTL),
    beside=(DEFAULTS,),
    check=by_type({
        TEMPLATE: must_be({f"LaunchTemplateData.{TOKENS}": "required"}, words=WORDS, spares=spare_settled,
                          unless=refuse_old_scripts),
        INSTANCE: must_be({TOKENS: "required"}, words=WORDS, spares=spare_settled, unless=refuse_old_scripts),
        CONFIGURATION: must_be({TOKENS: "required"}, words=WORDS, spares=spare_settled,
                               unless=refuse_configuration),
        **dict.fromkeys(TERRAFORM, _BOTH),
        CLUSTER: must_be({TOKENS: "required"}, in_each=NODE_GROUPS, words=WORDS, unwritten="required"),
        KARPENTER: must_be({"spec.metadataOptions.httpTokens": "required"}, words=WORDS,
                           unwritten="required"),
        EKSCTL: must_be({"disableIMDSv1": True}, in_each=("nodeGroups", "managedNodeGroups"), words=WORDS,
                        unwritten=True),
    }),
    peers={"checkov": ("CKV_AWS_79",), "trivy": ("AWS-0028", "AWS-0130")},
    profiles=ESSENTIAL,
)  # fmt: skip
