"""`.tf.json`: what matters in it is JSON inside of strings, which has no exact edit. So it is said aloud."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixbot.dialects.terraform.json_policies import read_json_policies
from fixbot.edit.tree import Node, NodeKind
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project

_MATTERS = re.compile(
    r"aws_ecs_task_definition|aws_batch_job_definition|kubernetes_(?!service|namespace|secret|config)\w+|aws_iam_policy_document"
    r"|aws_iam_(?:user_|group_|role_)?policy|aws_iam_role|aws_ssoadmin_permission_set_inline_policy"
)


def report_json_blocks(project: Project, reading: Inventory) -> None:
    """List what the `.tf.json` files of a project hold."""
    for document in project.documents.values():
        if document.path.endswith((".tf.json", ".tofu.json")) and document.syntax == "json":
            project.claimed.add(document.path)
            blocks = list(_list_relevant_blocks(document))
            read = set(read_json_policies(document, blocks, reading))
            for address, node in blocks:
                if address not in read:
                    what = f"{address} stands in a .tf.json file, which fixbot doesn't change yet"
                    reading.add_unread(document, node.start, what)


def _list_relevant_blocks(document: Document) -> Iterator[tuple[str, Node]]:
    for root in document.roots:
        for word in ("resource", "data"):
            for types in _list_maps(root.find_node(word)):
                for type_ in types.entries:
                    if _MATTERS.fullmatch(type_.key):
                        for names in _list_maps(type_.value):
                            prefix = "" if word == "resource" else "data."
                            yield from ((f"{prefix}{type_.key}.{e.key}", e.value) for e in names.entries)
        for modules in _list_maps(root.find_node("module")):
            for entry in modules.entries:
                if any("ontainer" in inner.key for inner in entry.value.entries):
                    yield f"module.{entry.key}", entry.value


def _list_maps(node: Node | None) -> list[Node]:
    """One object or a list of them, which JSON syntax allows everywhere."""
    items = (
        node.items if node is not None and node.kind is NodeKind.LIST else [node] if node is not None else []
    )
    return [item for item in items if item.kind is NodeKind.MAP]
