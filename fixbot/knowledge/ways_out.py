"""Whether what has no public address still gets out, and what is started in a subnet."""

from __future__ import annotations

import re
from typing import Final

from fixbot.lens import Resource, ResourceType
from fixbot.rules.context import Context
from fixbot.text.block_lines import list_block_lines

_NAT: Final = re.compile(r"AWS::EC2::NatGateway|\"aws_nat_gateway\"|\benable_nat_gateway\s*=\s*true")
_ENDPOINTS: Final = ("ecr.api", "ecr.dkr", "logs", "s3")
_ENDPOINT: Final = re.compile(r"AWS::EC2::VPCEndpoint\b|\"aws_vpc_endpoint\"")
_NEEDED: Final = (
    ("secretsmanager", re.compile(r"secretsmanager")),
    ("ssm", re.compile(r"ssm:|:parameter/|aws_ssm_parameter|AWS::SSM::")),
    ("ssmmessages", re.compile(r"EnableExecuteCommand|enable_execute_command")),
)
_BEFORE: Final = frozenset(".\"'{")
_BEHIND: Final = frozenset("\"'}")


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
    return all(_is_named(text, name) for name in needed)


def _is_named(text: str, service: str) -> bool:
    """Whether a service stands there whole: in quotes, in a hole, or as the end of an endpoint's name."""
    at = text.find(service)
    while at >= 0:
        before, behind = text[max(at - 1, 0) : at], text[at + len(service) : at + len(service) + 1]
        if before in _BEFORE and (behind.isspace() or behind in _BEHIND):
            return True
        at = text.find(service, at + 1)
    return False


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


def is_handed_out(subject: Resource, world: Context) -> bool:
    """Whether outputs of its template, or of its folder of Terraform, name it to others."""
    key = (is_handed_out, subject.dialect, world.surroundings_of(subject))
    return subject.address in world.compute_once(key, lambda: _list_outputs(subject, world))


def _list_outputs(subject: Resource, world: Context) -> frozenset[str]:
    if subject.dialect == "cloudformation":
        outputs = subject.node.root_node.find_node("Outputs")
        text = world.project.documents[subject.path].text
        parts = [text[outputs.start : outputs.end]] if outputs is not None else []
    else:
        parts = [each for text in world.texts_beside(subject) for each in list_block_lines(text, "output")]
    words = {word for part in parts for word in _NAME.findall(part)}
    return frozenset(words | {word.partition(".")[0] for word in words})
