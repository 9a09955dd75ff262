"""Which roles of a folder a policy is attached to, and who may assume those."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fixbot.dialects import iam
from fixbot.dialects.terraform.index import Block, Index
from fixbot.dialects.terraform.values import Look
from fixbot.project import Project

_ROLE = re.compile(r"(?<![\w.])aws_iam_role\.([\w-]+)")
_ATTACHMENTS = (("aws_iam_role_policy_attachment", "role"), ("aws_iam_policy_attachment", "roles"))
SOURCES = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Attached:
    """Addresses of roles, and the services that their trust policies name."""

    roles: tuple[str, ...]
    services: tuple[str, ...]


def attached(project: Project, index: Index, block: Block) -> Attached:
    """The roles that a policy, or what takes a policy document, is attached to."""
    roles = {role.address: role for role in _roles(index, block, 0)}
    services = {service: None for role in roles.values() for service in _services(project, index, role)}
    return Attached(tuple(roles), tuple(services))


def users(index: Index, document: Block) -> Iterator[tuple[Block, str]]:
    """The blocks that take a policy document, each with the attribute that does."""
    for block, key in index.takers(document.address):
        if block is not document and block.word in ("resource", "module"):
            yield block, key


def _roles(index: Index, block: Block, depth: int) -> Iterator[Block]:
    match block.type:
        case "aws_iam_role":
            yield block
        case "aws_iam_role_policy":
            yield from _named(index, block.text(block.node.get("role")))
        case "aws_iam_policy":
            yield from _with_policy(index, block)
        case "aws_iam_policy_document" if depth <= _DEEPEST:
            yield from _with_document(index, block, depth)


def _with_policy(index: Index, block: Block) -> Iterator[Block]:
    """The roles that a managed policy is attached to."""
    for type_, key in _ATTACHMENTS:
        for each in index.of_type(type_):
            if index.mentions(each.text(each.node.get("policy_arn")), block.address):
                yield from _named(index, each.text(each.node.get(key)))
    for role in index.of_type("aws_iam_role"):
        if index.mentions(role.text(role.node.get("managed_policy_arns")), block.address):
            yield role


def _with_document(index: Index, block: Block, depth: int) -> Iterator[Block]:
    """The roles of the policies that take a document, themselves or through another document."""
    for user, key in users(index, block):
        if key != "assume_role_policy":
            yield from _roles(index, user, depth + 1)
    for other, key in index.takers(block.address):
        if other.type == "aws_iam_policy_document" and key in SOURCES:
            yield from _roles(index, other, depth + 1)


def _named(index: Index, text: str) -> Iterator[Block]:
    for name in _ROLE.findall(text):
        if (role := index.by_address.get(f"aws_iam_role.{name}")) is not None:
            yield role


def _services(project: Project, index: Index, role: Block) -> Iterator[str]:
    trust = role.node.get("assume_role_policy")
    if trust is None:
        return
    for document in index.of_type("aws_iam_policy_document", "data"):
        if index.mentions(role.text(trust), document.address):
            yield from iam.services(document.node)
    for place in Look(project, index).behind(role.document, trust):
        yield from iam.services(place.node)
