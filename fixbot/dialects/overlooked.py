"""What looks like a container in a Kubernetes object that no dialect reads: named, not passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import text_of, truth_of
from fixbot.source.document import Document
from fixbot.source.project import Inventory

_BESIDE_AN_IMAGE = frozenset(
    ("args", "command", "env", "envFrom", "ports", "resources", "securityContext", "volumeMounts")
)
_NEEDLES = ("image", "privileged", "securityContext")
_NO_WORKLOADS = frozenset(
    ("CustomResourceDefinition", "ConfigMap", "Secret", "ClusterPolicy", "Policy", "ConstraintTemplate",
     "PodSecurityPolicy", "SecurityContextConstraints", "ImagePolicy", "List")
)  # fmt: skip


def say_overlooked(documents: Iterable[Document], reading: Inventory) -> None:
    """List each object with something like a container in it of which nothing was read."""
    read = {id(c.node.root_node) for task in (*reading.tasks, *reading.partial) for c in task.containers}
    said = {each.path for each in reading.unread}
    for document in documents:
        if document.syntax == "hcl" or not any(needle in document.text for needle in _NEEDLES):
            continue
        for root in document.roots:
            kind = text_of(root.find_node("kind")) if root.kind is NodeKind.MAP else None
            if (
                kind is None
                or kind in _NO_WORKLOADS
                or id(root) in read
                or root.find_node("apiVersion") is None
            ):
                continue
            node = next(_find_container_shapes(root), None)
            if node is not None and document.path not in said:
                what = f"what looks like containers in a {kind} is not read yet"
                reading.add_unread(document, node.start, what)


def _find_container_shapes(root: Node) -> Iterator[Node]:
    for node in root.walk_tree():
        if node.kind is NodeKind.MAP and node.entries:
            keys = {entry.key for entry in node.entries}
            shaped = (
                "image" in keys and keys & _BESIDE_AN_IMAGE and text_of(node.find_node("image")) is not None
            )
            patched = "image" not in keys and keys & _BESIDE_AN_IMAGE and _is_listed_as_container(node)
            if shaped or patched or ("privileged" in keys and truth_of(node.find_node("privileged")) is True):
                yield node


def _is_listed_as_container(node: Node) -> bool:
    """Whether it is an item of a list called containers: a patch of one, where it has no image."""
    listed = node.parent
    owner = listed.parent if listed is not None and listed.kind is NodeKind.LIST else None
    return owner is not None and any(
        entry.value is listed and entry.key in ("containers", "initContainers") for entry in owner.entries
    )
