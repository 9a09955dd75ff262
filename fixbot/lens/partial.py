"""Parts of containers that stand in patches, generators and ConfigMaps: read as containers of their own.

What is missing in them says nothing, since the rest stands elsewhere; what they say outright counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from fixbot.edit.tree import Entry, Node, NodeKind
from fixbot.lens.container import Container, Task
from fixbot.lens.spelling import KUBERNETES

VIRTUAL = "virtual"
"""The style of nodes that stand in no text: they only hold others."""


def hold_in_map(entries: Iterable[tuple[str, Node]], host: Node) -> Node:
    """A map of nodes that stand elsewhere, which keep their own places; `host` is what they stand in."""
    made = Node(NodeKind.MAP, host.start, host.end, host.grammar, VIRTUAL)
    made.entries = [Entry(key, value.start, value.start, value) for key, value in entries]
    made.parent = host
    return made


def hold_in_list(items: Iterable[Node], host: Node) -> Node:
    """The same as a list."""
    made = Node(NodeKind.LIST, host.start, host.end, host.grammar, VIRTUAL)
    made.items = list(items)
    made.parent = host
    return made


def hold_text(text: str, host: Node) -> Node:
    """A text that is a part of the scalar `host`, and is shown where that one stands."""
    made = Node(NodeKind.SCALAR, host.start, host.end, host.grammar, host.style)
    made.value = text
    made.parent = host
    return made


def build_settings(kind: str, name: str, values: Node, owner: Node, why: str, namespace: str = "") -> Task:
    """A map of settings that containers take for variables: `kind` and `name` say whose it is."""
    task = Task(
        owner.root_node.source, "k8s", "kubernetes", name, owner, KUBERNETES,
        address="/".join(filter(None, (kind, namespace, name))), workload=kind, owner=owner,
        namespace=namespace, volumes=None, volumes_reason=why, partial=why,
    )  # fmt: skip
    held = hold_in_map([("env", values)], owner)
    task.containers.append(Container(held, task, KUBERNETES, 0, "settings", key=name))
    return task
