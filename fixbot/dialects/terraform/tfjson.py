"""`.tf.json`: what matters in it is JSON inside of strings, which has no exact edit. So it is said aloud."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixbot.document import Document
from fixbot.project import Project, Reading
from fixbot.tree import Kind, Node

_MATTERS = re.compile(
    r"aws_ecs_task_definition|aws_batch_job_definition|kubernetes_(?!service|namespace|secret|config)\w+|aws_iam_policy_document"
    r"|aws_iam_(?:user_|group_|role_)?policy|aws_iam_role|aws_ssoadmin_permission_set_inline_policy"
)


def read(project: Project, reading: Reading) -> None:
    """List what the `.tf.json` files of a project hold."""
    for document in project.documents.values():
        if document.path.endswith((".tf.json", ".tofu.json")) and document.syntax == "json":
            project.claimed.add(document.path)
            for address, node in _blocks(document):
                reading.skip(
                    document,
                    node.start,
                    f"{address} stands in a .tf.json file, which fixbot doesn't change yet",
                )


def _blocks(document: Document) -> Iterator[tuple[str, Node]]:
    for root in document.roots:
        for word in ("resource", "data"):
            for types in _maps(root.get(word)):
                for type_ in types.entries:
                    if _MATTERS.fullmatch(type_.key):
                        for names in _maps(type_.value):
                            prefix = "" if word == "resource" else "data."
                            yield from ((f"{prefix}{type_.key}.{e.key}", e.value) for e in names.entries)
        for modules in _maps(root.get("module")):
            for entry in modules.entries:
                if any("ontainer" in inner.key for inner in entry.value.entries):
                    yield f"module.{entry.key}", entry.value


def _maps(node: Node | None) -> list[Node]:
    """One object or a list of them, which JSON syntax allows everywhere."""
    items = node.items if node is not None and node.kind is Kind.LIST else [node] if node is not None else []
    return [item for item in items if item.kind is Kind.MAP]
