"""Kubernetes objects: every kind with a pod template, alone, in a List, or in a custom resource."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.dialects import iam
from fixbot.document import Document
from fixbot.lens import KUBERNETES, Container, Task, Volume, text_of, truth
from fixbot.project import Project, Reading
from fixbot.tree import Kind, Node

_TEMPLATE = ("spec", "template", "spec")
_POD_AT = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
    **dict.fromkeys(
        ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job"), _TEMPLATE
    ),
}
_POD_ONLY = (
    "volumes", "initContainers", "serviceAccountName", "restartPolicy", "nodeSelector", "tolerations",
    "affinity", "imagePullSecrets", "hostNetwork", "hostPID", "hostIPC", "dnsPolicy", "priorityClassName",
    "terminationGracePeriodSeconds",
)  # fmt: skip
"""What stands beside containers in a pod, and hardly anywhere else."""
_ROLES = (("initContainers", "init"), ("containers", "container"), ("ephemeralContainers", "ephemeral"))


def recognises(_document: Document, root: Node) -> bool:
    """Whether a document is a Kubernetes object."""
    return root.kind is Kind.MAP and root.entry("apiVersion") is not None and root.entry("kind") is not None


def read(_project: Project, document: Document, root: Node, reading: Reading) -> None:
    """Every pod template of an object, or of the objects of a List."""
    kind = text_of(root.get("kind")) or ""
    if kind == "List" or (kind.endswith("List") and root.entry("items") is not None):
        for item in root.many("items"):
            if recognises(document, item):
                read(_project, document, item, reading)
        return
    if kind == "CustomResourceDefinition":
        return
    group = text_of(root.get("apiVersion")) or ""
    if group.startswith("kyverno.io/"):
        reading.skip(document, root.start, "a Kyverno policy: what it says of containers is about other ones")
        return
    for place, spec in _pods(root, kind):
        reading.tasks.append(_pod(document, root, kind, place, spec))
    if "aws" in group and '"Statement"' in document.text:
        _policies(document, root, kind, reading)


def _policies(document: Document, root: Node, kind: str, reading: Reading) -> None:
    """Policies that objects of an AWS controller (ACK, Crossplane) hold as text."""
    name = text_of(root.get("metadata", "name")) or "unnamed"
    for node in root.walk():
        for entry in node.entries:
            is_text = entry.value.kind is Kind.SCALAR and entry.value.style != ""
            if is_text and (found := iam.behind(document, entry.value, reading)) is not None:
                where = f"{kind}/{name}/{entry.key}"
                reading.policies.append(iam.policy(document, found, "kubernetes", name, where))


def _pods(root: Node, kind: str) -> Iterator[tuple[str, Node]]:
    path = _POD_AT.get(kind)
    if path is not None:
        spec = root.get(*path)
        if spec is not None and spec.kind is Kind.MAP:
            yield "", spec
        return
    spec = root.get(*_TEMPLATE)
    if spec is not None and _is_pod(spec):
        yield "", spec
    elif kind not in ("ConfigMap", "Secret"):
        yield from _nested(root)


def _is_pod(spec: Node) -> bool:
    containers = [*spec.many("containers"), *spec.many("initContainers")]
    return bool(containers) and all(
        c.kind is Kind.MAP and c.entry("name") and "{{" not in (text_of(c.get("name")) or "")
        for c in containers
    )


def _nested(root: Node) -> Iterator[tuple[str, Node]]:
    """Pods of custom resources: the `spec` of a template or Pod, or a map with containers, at any depth.

    What a policy or a patch says of pods is none.
    """
    stack: list[tuple[str, Node]] = [("", root)]
    while stack:
        path, node = stack.pop()
        if "patch" in path.rpartition(".")[2].lower():
            continue
        stack.extend((f"{path}.{entry.key}".lstrip("."), entry.value) for entry in reversed(node.entries))
        stack.extend((f"{path}[{i}]", item) for i, item in reversed(list(enumerate(node.items))))
        if node.kind is Kind.MAP and node.alias is None and _is_pod(node):
            yield path.removesuffix("spec").removesuffix("."), node


def _pod(document: Document, root: Node, kind: str, place: str, spec: Node) -> Task:
    name = text_of(root.get("metadata", "name")) or text_of(root.get("metadata", "generateName")) or "unnamed"
    namespace = text_of(root.get("metadata", "namespace")) or ""
    task = Task(
        path=document.path,
        kind="k8s",
        dialect="kubernetes",
        name=name + (f" ({place})" if place else ""),
        node=spec,
        spelling=KUBERNETES,
        address="/".join(filter(None, (kind, namespace, name, place))),
        workload=kind,
        owner=root,
        namespace=namespace,
        windows=_windows(spec),
        daemon=kind == "DaemonSet",
        network_mode="host" if truth(spec.get("hostNetwork")) is True else None,
        host_namespaces=tuple(k for k in ("hostNetwork", "hostPID", "hostIPC") if truth(spec.get(k)) is True),
    )
    task.volumes, task.volumes_reason = volumes(spec, "volumes")
    if place and not place.endswith("emplate") and not any(spec.entry(name) for name in _POD_ONLY):
        task.volumes, task.volumes_reason = None, f"whether a {kind} takes volumes there is not known"
    for listed, role in _ROLES:
        for position, item in enumerate(spec.many(listed)):
            if item.kind is Kind.MAP and item.get("image") is not None:
                task.containers.append(Container(item, task, KUBERNETES, position, role))
    return task


def _windows(spec: Node) -> bool | None:
    system = text_of(spec.get("os", "name"))
    selector = spec.get("nodeSelector")
    chosen = [
        text_of(entry.value)
        for entry in (selector.entries if selector is not None else [])
        if entry.key in ("kubernetes.io/os", "beta.kubernetes.io/os")
    ]
    return "windows" in (system, *chosen)


def volumes(spec: Node, key: str) -> tuple[tuple[Volume, ...] | None, str]:
    """The pod's volumes; None and the reason where they can't be known."""
    node = spec.get(key)
    if node is None or (node.known and node.kind is Kind.SCALAR and node.value is None):
        return (), ""
    if node.kind is not Kind.LIST or node.tag is not None:
        return None, "the pod's volumes are computed"
    found = []
    for item in node.items:
        kinds = [entry.key for entry in item.entries if entry.key != "name"]
        found.append(Volume(text_of(item.get("name")) or "", kinds[0] if kinds else "", item))
    return tuple(found), ""
