"""Container definitions in locals that lead to no task: a module's own, put together from its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fixbot.dialects.terraform.index import Index
from fixbot.project import Reading
from fixbot.tree import Kind, Node

_OF_CONTAINERS = frozenset((
    "essential", "entryPoint", "logConfiguration", "memoryReservation", "mountPoints", "portMappings",
    "volumesFrom",
))  # fmt: skip


def say(indices: Iterable[Index], reading: Reading) -> None:
    """List what looks like a container in a local, and was neither read nor said to be unclear."""
    read = {id(container.node) for task in reading.tasks for container in task.containers}
    said = {(each.path, each.line) for each in reading.unread}
    for index in indices:
        for block in index.of_type("helm_release"):
            if any(block.node.many(key) or block.node.get(key) is not None for key in ("set", "values")):
                what = f"the values that {block.address} gives to its chart are not looked at yet"
                reading.skip(block.document, block.node.start, what)
        for name, (document, value) in index.locals.items():
            for node in _containers(value):
                place = document.path, document.position(node.start)[0]
                if id(node) not in read and place not in said:
                    reading.skip(document, node.start, f"the container in local.{name} leads to no task here")


def _containers(value: Node) -> Iterator[Node]:
    for node in value.walk():
        keys = {entry.key for entry in node.entries} if node.kind is Kind.MAP else set()
        if {"image", "name"} <= keys and keys & _OF_CONTAINERS:
            yield node
