"""`data "aws_iam_policy_document"`: a policy in `statement` blocks."""

from __future__ import annotations

from fixbot.dialects.terraform.attached_roles import (
    SOURCES,
    find_attached_roles,
    find_carriers,
    find_document_users,
)
from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Policy, Statement, text_of
from fixbot.source.project import Inventory, Project
from fixbot.text.markdown_escape import mark_code

_IDENTITY = ("aws_iam_", "aws_ssoadmin_")


def read_policy_document(
    project: Project, index: FolderIndex, block: TerraformBlock, reading: Inventory
) -> Policy:
    """The policy of a data source, with the statements that are written out."""
    found = Policy(
        block.document.path, "terraform", block.name, block.node, block.address,
        owner=block.node, escape=_escape_interpolation, unescape=_unescape_interpolation,
    )  # fmt: skip
    found.statements = [
        Statement(node, found, position) for position, node in enumerate(block.node.list_items("statement"))
    ]
    found.kind = classify_document(index, block)
    to = find_attached_roles(project, index, block)
    found.roles, found.principals = to.roles, to.services
    found.carriers = tuple(dict.fromkeys(find_carriers(index, block)))
    takers = find_document_users(index, block) if found.kind != "identity" else ()
    found.holders = tuple(dict.fromkeys(taker.type for taker, _ in takers if taker.word == "resource"))
    for node in block.node.list_items("dynamic"):
        if node.labels == ("statement",):
            found.others = "some of its statements are in a dynamic block"
            reading.add_unread(
                block.document, node.start, f"statements of {block.address} are in a dynamic block"
            )
    merged = next((name for name in SOURCES if block.node.find_entry(name) is not None), None)
    if merged is not None:
        found.others = f"{mark_code(merged)} brings statements of other documents in"
    return found


def classify_document(index: FolderIndex, block: TerraformBlock) -> str:
    """What a document is, told from its principals, else from the resources that take it."""
    statements = block.node.list_items("statement")
    if any(each.list_items("principals") or each.list_items("not_principals") for each in statements):
        actions = {
            text_of(item) or "" for each in statements for item in _list_items(each.find_node("actions"))
        }
        return "trust" if any(each.lower().startswith("sts:assumerole") for each in actions) else "resource"
    takers = list(find_document_users(index, block))
    if any(key == "assume_role_policy" for _, key in takers):
        return "trust"
    foreign = [
        taker for taker, _ in takers if taker.word == "resource" and not taker.type.startswith(_IDENTITY)
    ]
    return "unknown" if takers and len(foreign) == len(takers) else "identity"


def _list_items(node: Node | None) -> list[Node]:
    return node.items if node is not None and node.kind is NodeKind.LIST else []


def _escape_interpolation(text: str) -> str:
    return text.replace("${", "&{")


def _unescape_interpolation(text: str) -> str:
    return text.replace("&{", "${")
