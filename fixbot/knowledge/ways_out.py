"""Whether what runs without a public address still gets out: NAT gateways, and endpoints of the VPC."""

from __future__ import annotations

import re
from typing import Final

from fixbot.lens import Resource
from fixbot.rules.context import Context

_NAT: Final = re.compile(r"AWS::EC2::NatGateway|\"aws_nat_gateway\"|\benable_nat_gateway\s*=\s*true")
_ENDPOINTS: Final = ("ecr.api", "ecr.dkr", "logs", "s3")
_ENDPOINT: Final = re.compile(r"AWS::EC2::VPCEndpoint\b|\"aws_vpc_endpoint\"")
_NEEDED: Final = (
    ("secretsmanager", re.compile(r"secretsmanager")),
    ("ssm", re.compile(r"ssm:|:parameter/|aws_ssm_parameter|AWS::SSM::")),
    ("ssmmessages", re.compile(r"EnableExecuteCommand|enable_execute_command")),
)


def has_way_out(subject: Resource, world: Context) -> bool:
    """Whether a NAT gateway stands beside it, or endpoints of all that a task needs to start and to log."""
    key = (has_way_out, subject.dialect, world.surroundings_of(subject))
    return world.compute_once(key, lambda: _find_way("\n".join(world.texts_beside(subject))))


def _find_way(text: str) -> bool:
    if _NAT.search(text):
        return True
    if _ENDPOINT.search(text) is None:
        return False
    needed = (*_ENDPOINTS, *(name for name, used in _NEEDED if used.search(text)))
    return all(re.search(rf"[.\"'{{]{re.escape(name)}[\"'\s}}]", text) for name in needed)
