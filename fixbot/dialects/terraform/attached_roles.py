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
_INLINE = re.compile(r"aws_iam_(role|user|group)_policy")
_OWNER = re.compile(r"(?<![\w.])aws_iam_(?:role|user|group)\.[\w-]+")
CARRIERS = {
    "aws_iam_policy": "managed",
    "aws_iam_role": "role",
    "aws_s3_bucket_policy": "bucket",
    "aws_kms_key": "key",
    "aws_kms_key_policy": "key",
}
"""What resources are to the policy that they hold."""


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


def find_carriers(index: FolderIndex, block: TerraformBlock, depth: int = 0) -> Iterator[tuple[str, str]]:
    """What takes the policy of a block in: (what kind of thing, which one). Trust policies are a kind."""
    if block.type in CARRIERS:
        yield CARRIERS[block.type], block.address
    elif (inline := _INLINE.fullmatch(block.type)) is not None:
        text = block.source_of(block.node.find_node(inline[1]))
        named = _OWNER.search(text)
        yield inline[1], named[0] if named else text
    elif block.type == "aws_iam_policy_document" and depth <= _DEEPEST:
        for user, key in index.find_takers(block.address):
            if user.type == "aws_iam_role" and key == "assume_role_policy":
                yield "trust", user.address
            elif user is not block and (key in SOURCES or user.type != block.type):
                yield from find_carriers(index, user, depth + 1)


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
