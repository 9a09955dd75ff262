"""Kubernetes objects that rules look at beside workloads: namespaces, descriptions of clusters and nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fixbot.dialects import kubernetes
from fixbot.document import Document
from fixbot.lens import Resource, ResourceType, text_of
from fixbot.project import Reading
from fixbot.tree import Node


def read_resources(document: Document, root: Node, types: Iterable[ResourceType], reading: Reading) -> None:
    """Every object of these types, alone or in a List."""
    wanted = {each.kubernetes: each for each in types if each.kubernetes}
    for node in _objects(document, root) if wanted else ():
        group = (text_of(node.get("apiVersion")) or "").rpartition("/")[0]
        kind = wanted.get("/".join(filter(None, (group, text_of(node.get("kind"))))))
        if kind is not None:
            name = text_of(node.get("metadata", "name")) or "unnamed"
            space = text_of(node.get("metadata", "namespace"))
            address = "/".join(filter(None, (kind.kubernetes, space, name)))
            reading.resources.append(Resource(kind, document.path, "kubernetes", name, address, node, node))


def _objects(document: Document, root: Node) -> Iterator[Node]:
    kind = text_of(root.get("kind")) or ""
    if not kind.endswith("List") or root.entry("items") is None:
        yield root
        return
    for item in root.many("items"):
        if kubernetes.recognises(document, item):
            yield from _objects(document, item)
