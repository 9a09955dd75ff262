"""The metadata of EC2 instances: what it is called, and the scripts that ask it in the old way."""

from __future__ import annotations

from typing import Final

from fixbot.lens import ABSENT, Module, Resource, ResourceType
from fixbot.model.findings import Refusal
from fixbot.rules.context import Context

TOKENS: Final = "MetadataOptions.HttpTokens"
ENDPOINT: Final = "MetadataOptions.HttpEndpoint"
NODE_GROUPS: Final = ("EksManagedNodeGroups", "SelfManagedNodeGroups")
CLUSTER: Final = ResourceType(
    "cluster", "clusters",
    modules={"terraform-aws-modules/eks/aws": Module(
        dict(zip(NODE_GROUPS, ("eks_managed_node_groups", "self_managed_node_groups"), strict=True)),
        dict.fromkeys(NODE_GROUPS, ABSENT),
    )},
)  # fmt: skip
"""A cluster with groups of nodes, as a module makes it."""


def refuse_configuration(configuration: Resource, _world: Context) -> Refusal:
    """A launch configuration is never changed: what comes after it is."""
    return Refusal(
        f"{configuration.title} can't be changed, only made anew. Describe the machines in a launch template "
        "that says it, and let the Auto Scaling group take that."
    )


def refuse_old_scripts(resource: Resource, world: Context) -> Refusal | None:
    """A script that fetches metadata without a token would fail at the next start."""
    owner = resource.owner
    text = world.project.documents[resource.path].text[owner.start : owner.end]
    if "169.254.169.254" not in text or "x-aws-ec2-metadata-token" in text.lower():
        return None
    return Refusal(
        f"A script of {resource.title} fetches metadata without a token, and would fail. Let it fetch "
        "one first, by a PUT to /latest/api/token, and send it along as X-aws-ec2-metadata-token."
    )
