"""Kubernetes objects that rules look at beside workloads: namespaces, descriptions of clusters and nodes."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.dialects import kubernetes, kustomize
from fixbot.edit.tree import Node
from fixbot.lens import Resource, text_of
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project


def read_object_resources(project: Project, document: Document, root: Node, reading: Inventory) -> None:
    """Every object of the types that are looked at, alone or in a List."""
    wanted = project.types_called("kubernetes")
    for node in _list_objects(document, root) if wanted else ():
        group = (text_of(node.find_node("apiVersion")) or "").rpartition("/")[0]
        named = text_of(node.find_node("kind"))
        if named is None and kustomize.is_of_dialect(document, node):
            group, named = kustomize.GROUP, "Kustomization"  # a kustomization may go without both
        for kind in wanted.get("/".join(filter(None, (group, named))), ()):
            name = text_of(node.find_node("metadata", "name")) or "unnamed"
            space = text_of(node.find_node("metadata", "namespace"))
            address = "/".join(filter(None, (kind.kubernetes, space, name)))
            reading.resources.append(Resource(kind, document.path, "kubernetes", name, address, node, node))


def _list_objects(document: Document, root: Node) -> Iterator[Node]:
    kind = text_of(root.find_node("kind")) or ""
    if not kind.endswith("List") or root.find_entry("items") is None:
        yield root
        return
    for item in root.list_items("items"):
        if kubernetes.is_of_dialect(document, item):
            yield from _list_objects(document, item)
