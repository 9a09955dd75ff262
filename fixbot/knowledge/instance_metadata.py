"""The metadata of EC2 instances: what it is called, and the scripts that ask it in the old way."""

from __future__ import annotations

from typing import Final

from fixbot.lens import Resource
from fixbot.model.findings import Refusal
from fixbot.rules.context import Context

TOKENS: Final = "MetadataOptions.HttpTokens"
ENDPOINT: Final = "MetadataOptions.HttpEndpoint"


def refuse_old_scripts(resource: Resource, world: Context) -> Refusal | None:
    """A script that fetches metadata without a token would fail; what is never changed has another way."""
    if resource.type.noun == "launch configuration":
        return Refusal(
            f"{resource.title} can't be changed, only made anew. Describe the machines in a launch template "
            "that says it, and let the Auto Scaling group take that."
        )
    owner = resource.owner
    text = world.project.documents[resource.path].text[owner.start : owner.end]
    if "169.254.169.254" not in text or "x-aws-ec2-metadata-token" in text.lower():
        return None
    return Refusal(
        f"A script of {resource.title} fetches metadata without a token, and would fail. Let it fetch "
        "one first, by a PUT to /latest/api/token, and send it along as X-aws-ec2-metadata-token."
    )
