"""`data "aws_iam_policy_document"`: a policy in `statement` blocks."""

from __future__ import annotations

from fixbot.dialects.terraform.index import Block, Index
from fixbot.dialects.terraform.roles import SOURCES, attached, users
from fixbot.lens import Policy, Statement, text_of
from fixbot.project import Project, Reading
from fixbot.prose import code
from fixbot.tree import Kind, Node

_IDENTITY = ("aws_iam_", "aws_ssoadmin_")


def read_document(project: Project, index: Index, block: Block, reading: Reading) -> Policy:
    """The policy of a data source, with the statements that are written out."""
    found = Policy(
        block.document.path, "terraform", block.name, block.node, block.address,
        owner=block.node, escape=_escape, unescape=_unescape,
    )  # fmt: skip
    found.statements = [
        Statement(node, found, position) for position, node in enumerate(block.node.many("statement"))
    ]
    found.kind = kind(index, block)
    to = attached(project, index, block)
    found.roles, found.principals = to.roles, to.services
    for node in block.node.many("dynamic"):
        if node.labels == ("statement",):
            found.others = "some of its statements are in a dynamic block"
            reading.skip(block.document, node.start, f"statements of {block.address} are in a dynamic block")
    merged = next((name for name in SOURCES if block.node.entry(name) is not None), None)
    if merged is not None:
        found.others = f"{code(merged)} brings statements of other documents in"
    return found


def kind(index: Index, block: Block) -> str:
    """What a document is, told from its principals, else from the resources that take it."""
    statements = block.node.many("statement")
    if any(each.many("principals") or each.many("not_principals") for each in statements):
        actions = {text_of(item) or "" for each in statements for item in _items(each.get("actions"))}
        return "trust" if any(each.lower().startswith("sts:assumerole") for each in actions) else "resource"
    takers = list(users(index, block))
    if any(key == "assume_role_policy" for _, key in takers):
        return "trust"
    foreign = [
        taker for taker, _ in takers if taker.word == "resource" and not taker.type.startswith(_IDENTITY)
    ]
    return "unknown" if takers and len(foreign) == len(takers) else "identity"


def _items(node: Node | None) -> list[Node]:
    return node.items if node is not None and node.kind is Kind.LIST else []


def _escape(text: str) -> str:
    return text.replace("${", "&{")


def _unescape(text: str) -> str:
    return text.replace("&{", "${")
