"""Formats that hold containers and that fixbot doesn't fix yet: recognised, and listed as unread."""

from __future__ import annotations

import posixpath

from fixbot.document import Document
from fixbot.lens import text_of
from fixbot.project import Project, Reading
from fixbot.tree import Kind, Node

_COPILOT_TYPES = (
    "Load Balanced Web Service", "Backend Service", "Request-Driven Web Service", "Worker Service",
    "Scheduled Job", "Static Site", "Environment", "Pipeline",
)  # fmt: skip


def reason(document: Document, root: Node) -> str | None:
    """Why a document is listed as unread, if it is of such a format."""
    if root.kind is not Kind.MAP:
        return None
    name = posixpath.basename(document.path).lower()
    kind = text_of(root.get("type"))
    if kind in _COPILOT_TYPES and root.get("name") is not None:
        return "an AWS Copilot manifest; fixbot doesn't change these yet"
    services = root.get("services")
    if services is not None and services.kind is Kind.MAP and root.get("Resources") is None:
        described = [e.value for e in services.entries if e.value.kind is Kind.MAP]
        if "compose" in name or any(s.get("image") or s.get("build") for s in described):
            return "a Compose file; fixbot doesn't change these yet"
    if (handed := _handed_on(name, root)) is not None:
        return handed
    if root.get("task_definition") is not None and root.get("version") is not None:
        return "ecs-cli parameters; fixbot doesn't change these yet"
    return None


_KUSTOMIZE = (
    "patches", "patchesStrategicMerge", "patchesJson6902", "configMapGenerator", "secretGenerator",
    "helmCharts", "replacements", "transformers",
)  # fmt: skip


def _handed_on(name: str, root: Node) -> str | None:
    """What a file is that hands values, or whole templates, to something that isn't here."""
    kind, spec = text_of(root.get("kind")), root.get("spec")
    if kind in ("HelmRelease", "HelmChart", "HelmChartConfig") and spec is not None:
        return f"a {kind}: the values for its chart are not looked at yet"
    keys = (entry.key for node in root.walk() for entry in node.entries)
    if kind in ("Application", "ApplicationSet") and "helm" in keys:
        return "an Argo CD application: the values for its chart are not looked at yet"
    kustomization = kind in ("Kustomization", "Component") or name.startswith("kustomization.")
    if kustomization and any(root.get(key) is not None for key in _KUSTOMIZE):
        return "a kustomization: what it patches and generates is not looked at yet"
    if name in ("fleet.yaml", "fleet.yml") and root.get("helm") is not None:
        return "a Fleet bundle: the values for its chart are not looked at yet"
    if root.get("service") is not None and root.get("provider") is not None:
        return "a Serverless Framework file; fixbot doesn't change these yet"
    if root.get("runtime") is not None and root.get("resources") is not None and root.get("name") is not None:
        return "a Pulumi program; fixbot doesn't change these"
    releases = root.get("releases")
    if releases is not None and any(
        each.get("chart") is not None for each in releases.items if each.kind is Kind.MAP
    ):
        return "a Helmfile: the values for its charts are not looked at yet"
    return None


def recognises(document: Document, root: Node) -> bool:
    """Whether a document is of a format that is only listed."""
    return reason(document, root) is not None


def read(_project: Project, document: Document, root: Node, reading: Reading) -> None:
    """Say that the document was not read."""
    reading.skip(document, None, reason(document, root) or "")
