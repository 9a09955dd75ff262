"""Container definitions in locals that lead to no task: a module's own, put together from its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fixbot.dialects.terraform.folder_index import FolderIndex
from fixbot.edit.tree import Node, NodeKind
from fixbot.source.project import Inventory

_OF_CONTAINERS = frozenset((
    "essential", "entryPoint", "logConfiguration", "memoryReservation", "mountPoints", "portMappings",
    "volumesFrom",
))  # fmt: skip


def report_leftovers(indices: Iterable[FolderIndex], reading: Inventory) -> None:
    """List what looks like a container in a local, and was neither read nor said to be unclear."""
    read = {id(container.node) for task in reading.tasks for container in task.containers}
    said = {(each.path, each.line) for each in reading.unread}
    for index in indices:
        for block in index.find_by_type("helm_release"):
            if any(
                block.node.list_items(key) or block.node.find_node(key) is not None
                for key in ("set", "values")
            ):
                what = f"the values that {block.address} gives to its chart are not looked at yet"
                reading.add_unread(block.document, block.node.start, what)
        for name, (document, value) in index.locals.items():
            for node in _find_container_shapes(value):
                place = document.path, document.locate_offset(node.start)[0]
                if id(node) not in read and place not in said:
                    reading.add_unread(
                        document, node.start, f"the container in local.{name} leads to no task here"
                    )


def _find_container_shapes(value: Node) -> Iterator[Node]:
    for node in value.walk_tree():
        keys = {entry.key for entry in node.entries} if node.kind is NodeKind.MAP else set()
        if {"image", "name"} <= keys and keys & _OF_CONTAINERS:
            yield node
