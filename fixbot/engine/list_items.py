"""What was read of some files, for the inventory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fixbot.edit.tree import Node
from fixbot.lens import Container, Policy, Subject, Task
from fixbot.model.inventory_item import InventoryItem
from fixbot.source.document import Document
from fixbot.source.project import Inventory


def list_items(documents: Mapping[str, Document], reading: Inventory) -> list[InventoryItem]:
    """Workloads, policies and resources, each once, where they stand in a file that was read."""
    return list(dict.fromkeys(_list_all(documents, reading)))


def _list_all(documents: Mapping[str, Document], reading: Inventory) -> Iterator[InventoryItem]:
    for subject in reading.subjects:
        node = next(iter(subject.around), None)
        if isinstance(subject, Container) or node is None:
            continue
        path = node.root_node.source
        if path in documents:
            yield InventoryItem(_name_kind(subject), path, _line_of(documents[path], node), subject.title)


def _line_of(document: Document, node: Node) -> int:
    return document.locate_offset(node.start)[0]


def _name_kind(subject: Subject) -> str:
    if isinstance(subject, Task):
        return "workload"
    return "policy" if isinstance(subject, Policy) else subject.label.noun
