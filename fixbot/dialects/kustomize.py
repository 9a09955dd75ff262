"""Kustomizations: patches of both kinds, in files or written inside, and what generators make of literals."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import Final

from fixbot.dialects import chart_values, kubernetes
from fixbot.dialects.handed_values import HandedValues, read_handed_values
from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.lens import text_of
from fixbot.lens.partial import build_settings, hold_in_list, hold_in_map, hold_text
from fixbot.source.document import Document, parse_embedded_scalar
from fixbot.source.partition import KUSTOMIZATIONS
from fixbot.source.project import Inventory, Project

_UNREAD = (
    "helmCharts", "helmChartInflationGenerator", "replacements", "transformers", "generators", "vars",
)  # fmt: skip
"""What a kustomization may hold or name besides, and what isn't looked at."""
_LISTS = ("containers", "initContainers", "ephemeralContainers")
_GENERATORS = {
    "configMapGenerator": kubernetes.IN_SETTINGS,
    "secretGenerator": (
        "The Secret is made of a text that stands in Git, in clear. Keep the value in a secret store, and "
        "let the Secret be made from there, or of a file that Git ignores."
    ),
}


GROUP: Final = "kustomize.config.k8s.io"


def is_of_dialect(document: Document, root: Node) -> bool:
    """Whether a document is a kustomization, or a patch by operations (JSON 6902)."""
    if root.kind is NodeKind.LIST:
        return bool(root.items) and all(_is_operation(item) for item in root.items)
    if root.kind is not NodeKind.MAP:
        return False
    kind = text_of(root.find_node("kind"))
    version = text_of(root.find_node("apiVersion")) or f"{GROUP}/"
    named = posixpath.basename(document.path).lower() in KUSTOMIZATIONS and kind is None
    return named or (kind in ("Kustomization", "Component") and version.startswith(f"{GROUP}/"))


def read_root(_project: Project, document: Document, root: Node, reading: Inventory) -> None:
    """What a kustomization patches and generates, or what the operations of a patch say."""
    if root.kind is NodeKind.LIST:
        _read_operations(document, root, reading)
        return
    for key in ("patches", "patchesJson6902"):
        for item in root.list_items(key):
            inner = item.find_node("patch") if item.kind is NodeKind.MAP else None
            if inner is not None:
                _read_inline(document, inner, reading)
    for item in root.list_items("patchesStrategicMerge"):
        if "\n" in (text_of(item) or ""):
            _read_inline(document, item, reading)
    for key, why in _GENERATORS.items():
        for item in root.list_items(key):
            _read_generator(document, item, key, why, reading)
    chart_values.read_values(document, root, reading)
    if any(root.find_node(key) is not None for key in _UNREAD):
        reading.add_unread(document, None, "a kustomization: not all that it does is looked at yet")


def _is_operation(item: Node) -> bool:
    return item.kind is NodeKind.MAP and all(item.find_node(key) is not None for key in ("op", "path"))


def _read_inline(document: Document, inner: Node, reading: Inventory) -> None:
    """A patch that is written as a text inside the kustomization."""
    if inner.kind is not NodeKind.SCALAR or inner.style not in ("|", ">", "'"):
        reading.add_unread(
            document, inner.start, "a patch stands here as a quoted text; as a block it can be read"
        )
        return
    try:
        root = parse_embedded_scalar(inner, document.text, "yaml")
    except SyntaxProblem:
        root = None
    if root is None:
        reading.add_unread(document, inner.start, "a patch in a kustomization can't be read by itself")
        return
    if root.kind is NodeKind.LIST:
        _read_operations(document, root, reading)
    elif kubernetes.is_of_dialect(document, root):
        kubernetes.read_root(Project({}), document, root, reading)
    else:
        read_handed_values(
            HandedValues(document, root, "patch", "unnamed", kubernetes.PATCHED, root), reading
        )


def _read_operations(document: Document, root: Node, reading: Inventory) -> None:
    """What operations add or replace, put where their paths say."""
    for item in root.items:
        path, value = text_of(item.find_node("path")), item.find_node("value")
        if path is None or value is None or text_of(item.find_node("op")) not in ("add", "replace"):
            continue
        whole = _build_object(_split_path(path), value, item)
        for spec in _find_specs(whole):
            pod = kubernetes.Pod(path, spec, kubernetes.list_containers(spec))
            task, part = kubernetes.build_pod(document, whole, "patch", pod)
            task.partial, task.owner = kubernetes.PATCHED, item
            task.containers += part.containers
            for container in task.containers:
                container.task = task
            reading.partial.append(task)
        if path.startswith("/data/") or path == "/data":
            data = (
                value if value.kind is NodeKind.MAP else hold_in_map([(_split_path(path)[-1], value)], item)
            )
            reading.partial.append(build_settings("patch", path, data, item, kubernetes.IN_SETTINGS))


def _split_path(path: str) -> list[str]:
    """The steps of a JSON pointer (RFC 6901)."""
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _build_object(steps: Sequence[str], value: Node, host: Node) -> Node:
    """A value within as many maps and lists as its path has steps."""
    for step in reversed(steps):
        in_list = step == "-" or step.isdigit()
        value = hold_in_list([value], host) if in_list else hold_in_map([(step, value)], host)
    return value


def _find_specs(whole: Node) -> Iterator[Node]:
    """Pods of an object that was put together: wherever containers are, or where a template says so."""
    stack = [whole]
    while stack:
        node = stack.pop()
        if node.kind is not NodeKind.MAP:
            stack.extend(node.items)
            continue
        if any(node.list_items(key) for key in _LISTS):
            yield node
        elif (spec := node.find_node("template", "spec")) is not None and spec.kind is NodeKind.MAP:
            yield spec
        else:
            stack.extend(entry.value for entry in node.entries)


def _read_generator(document: Document, item: Node, kind: str, why: str, reading: Inventory) -> None:
    """The literals of a generator; the files that it takes in are named."""
    name = text_of(item.find_node("name")) or "unnamed" if item.kind is NodeKind.MAP else "unnamed"
    pairs = []
    for literal in item.list_items("literals"):
        key, sign, value = (text_of(literal) or "").partition("=")
        if sign and key:
            pairs.append((key, hold_text(value.strip("\"'"), literal)))
    if pairs:
        values = hold_in_map(pairs, item)
        reading.partial.append(build_settings(kind, name, values, item, why))
    files = [*item.list_items("envs"), *filter(None, (item.find_node("env"),))]
    for each in files:
        if (named := text_of(each)) is not None:
            what = (
                f"the variables that {kind} {name} takes from {posixpath.basename(named)} are not looked at"
            )
            reading.add_unread(document, each.start, what)
