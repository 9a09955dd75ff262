"""Whether what has no public address still gets out, and what is started in a subnet."""

from __future__ import annotations

import re
from typing import Final

from fixbot.lens import Resource, ResourceType
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


_NAME: Final = re.compile(r"[\w-]+(?:\.[\w-]+)?")


def find_user(subject: Resource, kinds: tuple[ResourceType, ...], world: Context) -> Resource | None:
    """One of these types beside it in whose text its address, or logical name, stands."""
    key = (find_user, kinds, subject.dialect, world.surroundings_of(subject))
    return world.compute_once(key, lambda: _list_named(subject, kinds, world)).get(subject.address)


def _list_named(subject: Resource, kinds: tuple[ResourceType, ...], world: Context) -> dict[str, Resource]:
    """Every name that stands in one of them, with the first in which it does."""
    named: dict[str, Resource] = {}
    for kind in kinds:
        for each in world.resources_beside(subject, kind) if subject.dialect in kind.dialects else ():
            text = world.project.documents[each.path].text[each.owner.start : each.owner.end]
            for word in _NAME.findall(text):
                named.setdefault(word, each)
                named.setdefault(word.partition(".")[0], each)
    return named
