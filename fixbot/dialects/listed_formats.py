"""Formats that hold containers and that fixbot doesn't fix yet: recognised, and listed as unread."""

from __future__ import annotations

import posixpath

from fixbot.dialects import chart_values
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import text_of
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project

_COPILOT_TYPES = (
    "Load Balanced Web Service", "Backend Service", "Request-Driven Web Service", "Worker Service",
    "Scheduled Job", "Static Site", "Environment", "Pipeline",
)  # fmt: skip


def why_unread(document: Document, root: Node) -> str | None:
    """Why a document is listed as unread, if it is of such a format."""
    if root.kind is not NodeKind.MAP:
        return None
    name = posixpath.basename(document.path).lower()
    kind = text_of(root.find_node("type"))
    if kind in _COPILOT_TYPES and root.find_node("name") is not None:
        return "an AWS Copilot manifest; fixbot doesn't change these yet"
    services = root.find_node("services")
    if services is not None and services.kind is NodeKind.MAP and root.find_node("Resources") is None:
        described = [e.value for e in services.entries if e.value.kind is NodeKind.MAP]
        if "compose" in name or any(s.find_node("image") or s.find_node("build") for s in described):
            return "a Compose file; fixbot doesn't change these yet"
    if (handed := _handed_on(name, root)) is not None:
        return handed
    if root.find_node("task_definition") is not None and root.find_node("version") is not None:
        return "ecs-cli parameters; fixbot doesn't change these yet"
    return None


def _handed_on(name: str, root: Node) -> str | None:
    """What a file is that hands values, or whole templates, to something that isn't here."""
    kind, spec = text_of(root.find_node("kind")), root.find_node("spec")
    if kind in ("HelmRelease", "HelmChart", "HelmChartConfig") and spec is not None:
        return f"a {kind}: the values for its chart are not looked at yet"
    if kind == "Release" and root.find_node("spec", "forProvider", "chart") is not None:
        return "a Release of Crossplane: the values for its chart are not looked at yet"
    keys = (entry.key for node in root.walk_tree() for entry in node.entries)
    if kind in ("Application", "ApplicationSet") and "helm" in keys:
        return "an Argo CD application: the values for its chart are not looked at yet"
    if name in ("fleet.yaml", "fleet.yml") and root.find_node("helm") is not None:
        return "a Fleet bundle: the values for its chart are not looked at yet"
    if root.find_node("service") is not None and root.find_node("provider") is not None:
        return "a Serverless Framework file; fixbot doesn't change these yet"
    if (
        root.find_node("runtime") is not None
        and root.find_node("resources") is not None
        and root.find_node("name") is not None
    ):
        return "a Pulumi program; fixbot doesn't change these"
    releases = root.find_node("releases")
    if releases is not None and any(
        each.find_node("chart") is not None for each in releases.items if each.kind is NodeKind.MAP
    ):
        return "a Helmfile: the values for its charts are not looked at yet"
    return None


def is_of_dialect(document: Document, root: Node) -> bool:
    """Whether a document is of a format that is only listed."""
    return why_unread(document, root) is not None


def read_root(_project: Project, document: Document, root: Node, reading: Inventory) -> None:
    """Say that the document was not read, but for what it says outright."""
    reading.add_unread(document, None, why_unread(document, root) or "")
    chart_values.read_values(document, root, reading)
