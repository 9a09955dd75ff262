"""Kubernetes objects: every kind with a pod template, alone, in a List, or in a custom resource."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.dialects import iam
from fixbot.document import Document
from fixbot.lens import KUBERNETES, Container, Task, Volume, text_of, truth, value_of
from fixbot.project import Project, Reading
from fixbot.tree import UNKNOWN, Kind, Node

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
_OWN_GROUPS = ("", "apps", "batch", "extensions")
"""Where Kubernetes has those kinds; `extensions` until 1.16."""
_ANY = "."
"""A group that a template fills in."""
_ROLES = (("initContainers", "init"), ("containers", "container"), ("ephemeralContainers", "ephemeral"))


def recognises(_document: Document, root: Node) -> bool:
    """Whether a document is a Kubernetes object."""
    return root.kind is Kind.MAP and all(
        root.entry(key) is not None or root.get(key) is not None for key in ("apiVersion", "kind")
    )


def read(_project: Project, document: Document, root: Node, reading: Reading) -> None:
    """Every pod template of an object, or of the objects of a List or an OpenShift Template."""
    kind, group = _word(root, "kind"), _group(root)
    if kind is None or group is None:
        _name(document, root, "what says that it is a Kubernetes object is no text", reading)
        return
    listed = "objects" if kind == "Template" else "items" if kind.endswith("List") else ""
    if kind == "List" or (listed and root.entry(listed) is not None):
        for item in root.many(listed):
            if recognises(document, item):
                read(_project, document, item, reading)
            else:
                _name(document, item, f"an item of a {kind} that is no object by itself", reading)
        return
    if kind != "CustomResourceDefinition":
        _read_object(document, root, kind, group, reading)


def _read_object(document: Document, root: Node, kind: str, group: str, reading: Reading) -> None:
    if group == "kyverno.io" or group.endswith(".kyverno.io"):
        reading.skip(document, root.start, "a Kyverno policy: what it says of containers is about other ones")
        return
    if _workload(kind, group):
        _say_computed(document, root, kind, reading)
    elif not _is_custom(group):
        _name(document, root, f"what a {kind} holds is no workload", reading)
        return
    for place, spec in _pods(root, kind, group):
        reading.tasks.append(_pod(document, root, kind, place, spec))
    if "aws" in group and '"Statement"' in document.text:
        _policies(document, root, kind, reading)


def _word(root: Node, key: str) -> str | None:
    """The text at a key; empty where a template fills it in, None where it is no text."""
    value = value_of(root.get(key))
    return value if isinstance(value, str) else "" if value is UNKNOWN and _scalar(root.get(key)) else None


def _scalar(node: Node | None) -> bool:
    return node is not None and node.kind in (Kind.SCALAR, Kind.CODE)


def _group(root: Node) -> str | None:
    """The API group; empty for the core one, `.` where a template fills it in; None where it is no text."""
    version = _word(root, "apiVersion")
    if version is None:
        return None
    return version.rpartition("/")[0] if version else _ANY


def _workload(kind: str, group: str) -> bool:
    """Whether an object is a workload of Kubernetes' own, or of a kind that isn't known."""
    return kind in _POD_AT and group in (_ANY, *_OWN_GROUPS)


def _is_custom(group: str) -> bool:
    """Whether an object is of a kind that somebody added: such groups have a dot in their names.

    Those of Kubernetes itself that have one end with `k8s.io`. Source: its API conventions.
    """
    own = group == "k8s.io" or group.endswith(".k8s.io")
    return group == _ANY or ("." in group and not own)


def _name(document: Document, root: Node, reason: str, reading: Reading) -> None:
    """Name an object that holds what looks like a pod; one of each kind in a document."""
    if (document.path, reason) not in reading.named and any(_shaped(root)):
        reading.named.add((document.path, reason))
        reading.skip(document, root.start, reason)


def _shaped(root: Node) -> Iterator[bool]:
    return (True for node in root.walk() if node.kind is Kind.MAP and _is_pod(node))


def _say_computed(document: Document, root: Node, kind: str, reading: Reading) -> None:
    """Say aloud that the containers of a workload are filled in elsewhere."""
    spec: Node | None = root
    for key in _POD_AT[kind]:
        spec = spec.get(key) if spec is not None and spec.kind is Kind.MAP else spec
    if spec is not None and spec.kind is Kind.CODE:
        reading.skip(document, spec.start, f"the pod of a {kind} is filled in by a template")
        return
    for listed, _ in _ROLES if spec is not None else ():
        node = spec.get(listed) if spec is not None else None
        if node is not None and (node.kind is Kind.CODE or any(i.kind is Kind.CODE for i in node.items)):
            reading.skip(document, node.start, f"{listed} of a {kind} are filled in by a template")


def _policies(document: Document, root: Node, kind: str, reading: Reading) -> None:
    """Policies that objects of an AWS controller (ACK, Crossplane) hold as text."""
    name = text_of(root.get("metadata", "name")) or "unnamed"
    for node in root.walk():
        for entry in node.entries:
            is_text = entry.value.kind is Kind.SCALAR and entry.value.style != ""
            if is_text and (found := iam.behind(document, entry.value, reading)) is not None:
                where = f"{kind}/{name}/{entry.key}"
                reading.policies.append(iam.policy(document, found, "kubernetes", name, where))


def _pods(root: Node, kind: str, group: str) -> Iterator[tuple[str, Node]]:
    if _workload(kind, group):
        spec = root.get(*_POD_AT[kind])
        if spec is not None and spec.kind is Kind.MAP:
            yield "", spec
        return
    spec = root.get(*_TEMPLATE)
    if spec is not None and _is_pod(spec):
        yield "", spec
    elif (wanted := root.get("spec")) is not None:
        yield from _nested(wanted, "spec")


def _is_pod(spec: Node) -> bool:
    containers = [*spec.many("containers"), *spec.many("initContainers")]
    return bool(containers) and all(
        c.kind is Kind.MAP and c.entry("name") and "{{" not in (text_of(c.get("name")) or "")
        for c in containers
    )


def _nested(root: Node, above: str) -> Iterator[tuple[str, Node]]:
    """Pods that a custom resource wants: a map with containers at any depth, and objects of workloads.

    What a policy or a patch says of pods is none, and neither is what another object holds: a record of
    what happened, a request, a definition.
    """
    stack: list[tuple[str, Node]] = [(above, root)]
    while stack:
        path, node = stack.pop()
        if "patch" in path.rpartition(".")[2].lower():
            continue
        if node.kind is Kind.MAP and node.get("apiVersion") and node.get("kind"):
            kind, group = _word(node, "kind"), _group(node)
            if kind is not None and group is not None and (_workload(kind, group) or _is_custom(group)):
                for place, spec in _pods(node, kind, group):
                    yield ".".join(filter(None, (path, place))), spec
            continue
        stack.extend((f"{path}.{entry.key}", entry.value) for entry in reversed(node.entries))
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
