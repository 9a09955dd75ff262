"""Which roles of a folder a policy is attached to, and who may assume those."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fixbot.dialects import iam
from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.dialects.terraform.literal_values import ValueSearch
from fixbot.source.project import Project

_ROLE = re.compile(r"(?<![\w.])aws_iam_role\.([\w-]+)")
_ATTACHMENTS = (("aws_iam_role_policy_attachment", "role"), ("aws_iam_policy_attachment", "roles"))
SOURCES = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class AttachedRoles:
    """Addresses of roles, and the services that their trust policies name."""

    roles: tuple[str, ...]
    services: tuple[str, ...]


def find_attached_roles(project: Project, index: FolderIndex, block: TerraformBlock) -> AttachedRoles:
    """The roles that a policy, or what takes a policy document, is attached to."""
    roles = {role.address: role for role in _find_roles(index, block, 0)}
    services = {
        service: None for role in roles.values() for service in _trusted_services(project, index, role)
    }
    return AttachedRoles(tuple(roles), tuple(services))


def find_document_users(index: FolderIndex, document: TerraformBlock) -> Iterator[tuple[TerraformBlock, str]]:
    """The blocks that take a policy document, each with the attribute that does."""
    for block, key in index.find_takers(document.address):
        if block is not document and block.word in ("resource", "module"):
            yield block, key


def _find_roles(index: FolderIndex, block: TerraformBlock, depth: int) -> Iterator[TerraformBlock]:
    match block.type:
        case "aws_iam_role":
            yield block
        case "aws_iam_role_policy":
            yield from _roles_named_in(index, block.source_of(block.node.find_node("role")))
        case "aws_iam_policy":
            yield from _roles_with_policy(index, block)
        case "aws_iam_policy_document" if depth <= _DEEPEST:
            yield from _roles_with_document(index, block, depth)


def _roles_with_policy(index: FolderIndex, block: TerraformBlock) -> Iterator[TerraformBlock]:
    """The roles that a managed policy is attached to."""
    for type_, key in _ATTACHMENTS:
        for each in index.find_by_type(type_):
            if index.is_mentioned(each.source_of(each.node.find_node("policy_arn")), block.address):
                yield from _roles_named_in(index, each.source_of(each.node.find_node(key)))
    for role in index.find_by_type("aws_iam_role"):
        if index.is_mentioned(role.source_of(role.node.find_node("managed_policy_arns")), block.address):
            yield role


def _roles_with_document(index: FolderIndex, block: TerraformBlock, depth: int) -> Iterator[TerraformBlock]:
    """The roles of the policies that take a document, themselves or through another document."""
    for user, key in find_document_users(index, block):
        if key != "assume_role_policy":
            yield from _find_roles(index, user, depth + 1)
    for other, key in index.find_takers(block.address):
        if other.type == "aws_iam_policy_document" and key in SOURCES:
            yield from _find_roles(index, other, depth + 1)


def _roles_named_in(index: FolderIndex, text: str) -> Iterator[TerraformBlock]:
    for name in _ROLE.findall(text):
        if (role := index.by_address.get(f"aws_iam_role.{name}")) is not None:
            yield role


def _trusted_services(project: Project, index: FolderIndex, role: TerraformBlock) -> Iterator[str]:
    trust = role.node.find_node("assume_role_policy")
    if trust is None:
        return
    for document in index.find_by_type("aws_iam_policy_document", "data"):
        if index.is_mentioned(role.source_of(trust), document.address):
            yield from iam.trusted_services(document.node)
    for place in ValueSearch(project, index).find_literals(role.document, trust):
        yield from iam.trusted_services(place.node)
