"""Where values for charts, and patches of workloads, stand in files of Kubernetes' tools.

Sources: the schemas of Flux (helm.toolkit.fluxcd.io, kustomize.toolkit.fluxcd.io), Argo CD (argoproj.io),
k3s (helm.cattle.io), Crossplane's provider-helm and Rancher Fleet; the guides of Kustomize and Helmfile.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from fixbot.dialects.handed_values import HandedValues, parse_values, read_handed_values
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import text_of
from fixbot.source.document import Document
from fixbot.source.project import Inventory

_CHART = "what the chart makes of it isn't known here. Change the value by hand, if the chart takes it so"
_PATCH = "it is changed by hand, in the patch or where the patched object is written"
_SUBSTITUTED = "what is filled in with it isn't known here. Take it from a Secret (`substituteFrom`)"
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
_WAYS = {
    "HelmRelease": (("spec", "values"),),
    "HelmChart": (("spec", "valuesContent"), ("spec", "set")),
    "HelmChartConfig": (("spec", "valuesContent"),),
    "Release": (("spec", "forProvider", "values"), ("spec", "forProvider", "set")),
}
"""Where the values of a kind stand that is a chart's."""


def find_handed_values(document: Document, root: Node) -> Iterator[HandedValues]:
    """All that a document hands on."""
    name = posixpath.basename(document.path).lower()
    kind = text_of(root.find_node("kind")) or ""
    called = text_of(root.find_node("metadata", "name")) or posixpath.basename(document.path)
    if kind in _WAYS:
        nodes = [root.find_node(*way) for way in _WAYS[kind]]
        yield from _hand_on(document, root, kind, called, _CHART, nodes)
        yield from _hand_on(document, root, kind, called, _PATCH, _find_patches(root.find_node("spec")))
    elif kind in ("Application", "ApplicationSet"):
        yield from _hand_on(document, root, kind, called, _CHART, _find_helm_sources(root))
        yield from _hand_on(document, root, kind, called, _PATCH, _find_patches(root.find_node("spec")))
    elif root.find_node("helmCharts") is not None:
        charts = [each.find_node("valuesInline") for each in root.list_items("helmCharts")]
        yield from _hand_on(document, root, "Kustomization", called, _CHART, charts)
    elif kind == "Kustomization" and (spec := root.find_node("spec")) is not None:
        yield from _hand_on(document, root, kind, called, _PATCH, _find_patches(spec))
        yield from _hand_on(
            document, root, kind, called, _SUBSTITUTED, [spec.find_node("postBuild", "substitute")]
        )
    elif name in ("fleet.yaml", "fleet.yml"):
        yield from _hand_on(document, root, "Fleet bundle", called, _CHART, _find_helm_sources(root))
    for release in root.list_items("releases") if not kind else ():
        nodes = [*release.list_items("values"), *release.list_items("set"), *release.list_items("secrets")]
        chart = text_of(release.find_node("name")) or called
        yield from _hand_on(document, root, "Helmfile release", chart, _CHART, nodes)


def _hand_on(
    document: Document, root: Node, kind: str, name: str, why: str, nodes: list[Node | None]
) -> Iterator[HandedValues]:
    for node in nodes:
        found = parse_values(document, node) if node is not None else None
        if found is not None:
            yield HandedValues(document, found, kind, name, f"Not changed here: {why}.", root)


def _find_helm_sources(root: Node) -> list[Node | None]:
    """What every `helm` of an application is given: values as text, as a map, and single parameters."""
    found: list[Node | None] = []
    for node in root.walk_tree():
        for entry in node.entries:
            if entry.key == "helm" and entry.value.kind is NodeKind.MAP:
                keys = ("values", "valuesObject", "parameters", "valuesContent")
                found += [entry.value.find_node(key) for key in keys]
    return found


def _find_patches(root: Node | None) -> list[Node | None]:
    """The patches of both kinds that stand below a map, wherever they are written out."""
    found: list[Node | None] = []
    for node in root.walk_tree() if root is not None else ():
        for entry in node.entries:
            if entry.key in _PATCHES and entry.value.kind is NodeKind.LIST:
                for item in entry.value.items:
                    inline = item.find_node("patch") if item.kind is NodeKind.MAP else item
                    found.append(inline or item)
    return found


def read_values(document: Document, root: Node, reading: Inventory) -> None:
    """Take in what a document hands on."""
    for each in find_handed_values(document, root):
        read_handed_values(each, reading)
