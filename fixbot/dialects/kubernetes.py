"""Kubernetes objects: every kind with a pod template, alone, in a List, or in a custom resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fixbot.dialects import chart_values, iam, pod_places
from fixbot.dialects.handed_values import read_operator_values
from fixbot.edit.tree import UNKNOWN, Node, NodeKind
from fixbot.lens import KUBERNETES, Container, Task, Volume, text_of, truth_of, value_of
from fixbot.lens.partial import build_settings, hold_in_map
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project

_TEMPLATE = ("spec", "template", "spec")
_POD_AT = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
    **dict.fromkeys(
        ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job"), _TEMPLATE
    ),
}
_WHOLE = (
    "dnsPolicy", "hostIPC", "hostNetwork", "hostPID", "priorityClassName", "restartPolicy",
    "terminationGracePeriodSeconds", "volumes",
)  # fmt: skip
"""What stands beside containers in a whole pod; of what operators take besides, only such takes volumes."""
NO_WORKLOADS = frozenset(
    ("CustomResourceDefinition", "ConfigMap", "Secret", "ClusterPolicy", "Policy", "ConstraintTemplate",
     "PodSecurityPolicy", "SecurityContextConstraints", "ImagePolicy", "List")
)  # fmt: skip
"""Kinds that speak of containers and start none."""
_OWN_GROUPS = ("", "apps", "batch", "extensions")
"""Where Kubernetes has those kinds; `extensions` until 1.16."""
_ANY = "."
"""A group that a template fills in."""
_ROLES = (("initContainers", "init"), ("containers", "container"), ("ephemeralContainers", "ephemeral"))


def is_of_dialect(_document: Document, root: Node) -> bool:
    """Whether a document is a Kubernetes object."""
    return root.kind is NodeKind.MAP and all(
        root.find_entry(key) is not None or root.find_node(key) is not None for key in ("apiVersion", "kind")
    )


def read_root(_project: Project, document: Document, root: Node, reading: Inventory) -> None:
    """Every pod template of an object, or of the objects of a List or an OpenShift Template."""
    kind, group = _read_word(root, "kind"), _api_group(root)
    if kind is None or group is None:
        _report_hidden_pods(document, root, "what says that it is a Kubernetes object is no text", reading)
        return
    listed = "objects" if kind == "Template" else "items" if kind.endswith("List") else ""
    if kind == "List" or (listed and root.find_entry(listed) is not None):
        for item in root.list_items(listed):
            if is_of_dialect(document, item):
                read_root(_project, document, item, reading)
            else:
                _report_hidden_pods(
                    document, item, f"an item of a {kind} that is no object by itself", reading
                )
        return
    if kind != "CustomResourceDefinition":
        _read_object(document, root, kind, group, reading)


def _read_object(document: Document, root: Node, kind: str, group: str, reading: Inventory) -> None:
    if group == "kyverno.io" or group.endswith(".kyverno.io"):
        reading.add_unread(
            document, root.start, "a Kyverno policy: what it says of containers is about other ones"
        )
        return
    if _is_workload(kind, group):
        _report_computed(document, root, kind, reading)
    elif kind == "ConfigMap" and group == "":
        _read_settings(root, reading)
        return
    elif not _is_custom(group):
        _report_hidden_pods(document, root, f"what a {kind} holds is no workload", reading)
        return
    tasks: list[Task] = []
    for pod in _find_pods(root, kind, group):
        task, part = build_pod(document, root, kind, pod)
        tasks += [task, part]
        reading.tasks.append(task)
        reading.partial += [part] if part.containers else []
    if _is_custom(group) and kind not in NO_WORKLOADS:
        read_operator_values(document, root, kind, tasks, reading)
    if kind == "Kustomization":
        chart_values.read_values(document, root, reading)
    if "aws" in group and '"Statement"' in document.text:
        _read_policies(document, root, kind, reading)


IN_SETTINGS = (
    "A ConfigMap is shown to everybody who may look into the namespace, and this one stands in Git. Keep the "
    "value in a Secret that comes from a secret store, and take it from there (`secretRef`, `secretKeyRef`)."
)


def _read_settings(root: Node, reading: Inventory) -> None:
    """What a ConfigMap holds for variables; its files are none."""
    data = root.find_node("data")
    entries = [
        (entry.key, entry.value)
        for entry in (data.entries if data is not None else ())
        if isinstance(entry.value.value, str) and "\n" not in entry.value.value.strip()
    ]
    if data is not None and entries:
        name = text_of(root.find_node("metadata", "name")) or "unnamed"
        space = text_of(root.find_node("metadata", "namespace")) or ""
        values = hold_in_map(entries, data)
        reading.partial.append(build_settings("ConfigMap", name, values, root, IN_SETTINGS, space))


def _read_word(root: Node, key: str) -> str | None:
    """The text at a key; empty where a template fills it in, None where it is no text."""
    value = value_of(root.find_node(key))
    return (
        value
        if isinstance(value, str)
        else ""
        if value is UNKNOWN and _is_scalar(root.find_node(key))
        else None
    )


def _is_scalar(node: Node | None) -> bool:
    return node is not None and node.kind in (NodeKind.SCALAR, NodeKind.CODE)


def _api_group(root: Node) -> str | None:
    """The API group; empty for the core one, `.` where a template fills it in; None where it is no text."""
    version = _read_word(root, "apiVersion")
    if version is None:
        return None
    return version.rpartition("/")[0] if version else _ANY


def _is_workload(kind: str, group: str) -> bool:
    """Whether an object is a workload of Kubernetes' own, or of a kind that isn't known."""
    return kind in _POD_AT and group in (_ANY, *_OWN_GROUPS)


def _is_custom(group: str) -> bool:
    """Whether an object is of a kind that somebody added: such groups have a dot in their names.

    Those of Kubernetes itself that have one end with `k8s.io`, and few others do. Source: its API
    conventions.
    """
    own = group == "k8s.io" or group.endswith(".k8s.io")
    return group == _ANY or ("." in group and (not own or pod_places.has_group(group)))


def _report_hidden_pods(document: Document, root: Node, reason: str, reading: Inventory) -> None:
    """Name an object that holds what looks like a pod; one of each kind in a document."""
    if (document.path, reason) not in reading.named and any(_find_pod_shapes(root)):
        reading.named.add((document.path, reason))
        reading.add_unread(document, root.start, reason)


def _find_pod_shapes(root: Node) -> Iterator[bool]:
    return (True for node in root.walk_tree() if node.kind is NodeKind.MAP and _is_pod(node))


def _report_computed(document: Document, root: Node, kind: str, reading: Inventory) -> None:
    """Say aloud that the containers of a workload are filled in elsewhere."""
    spec: Node | None = root
    for key in _POD_AT[kind]:
        spec = spec.find_node(key) if spec is not None and spec.kind is NodeKind.MAP else spec
    if spec is not None and spec.kind is NodeKind.CODE:
        reading.add_unread(document, spec.start, f"the pod of a {kind} is filled in by a template")
        return
    for listed, _ in _ROLES if spec is not None else ():
        node = spec.find_node(listed) if spec is not None else None
        if node is not None and (
            node.kind is NodeKind.CODE or any(i.kind is NodeKind.CODE for i in node.items)
        ):
            reading.add_unread(document, node.start, f"{listed} of a {kind} are filled in by a template")


def _read_policies(document: Document, root: Node, kind: str, reading: Inventory) -> None:
    """Policies that objects of an AWS controller (ACK, Crossplane) hold as text."""
    name = text_of(root.find_node("metadata", "name")) or "unnamed"
    for node in root.walk_tree():
        for entry in node.entries:
            is_text = entry.value.kind is NodeKind.SCALAR and entry.value.style != ""
            if is_text and (found := iam.find_policy_behind(document, entry.value, reading)) is not None:
                where = f"{kind}/{name}/{entry.key}"
                reading.policies.append(iam.build_policy(document, found, "kubernetes", name, where))


@dataclass(frozen=True, slots=True)
class Pod:
    """What is like a pod in an object: where, its containers with their keys, whether it takes volumes."""

    place: str
    spec: Node
    containers: tuple[tuple[Node, str], ...]
    volumes: bool = True


def _find_pods(root: Node, kind: str, group: str) -> Iterator[Pod]:
    if _is_workload(kind, group):
        spec = root.find_node(*_POD_AT[kind])
        if spec is not None and spec.kind is NodeKind.MAP:
            yield Pod("", spec, list_containers(spec))
        return
    known: set[int] = set()
    for place in pod_places.find_places(group, kind):
        for path, spec in place.follow(root):
            known.add(id(spec))
            found = [each for key in place.containers for each in pod_places.find_containers(spec, key)]
            if found:
                yield Pod(_shorten(path), spec, tuple(found), place.volumes)
    if (wanted := root.find_node("spec")) is not None:
        yield from _find_nested_pods(wanted, "spec", known)


def _shorten(path: str) -> str:
    """Where a pod stands, in a name; nothing for where most have it."""
    return "" if path == ".".join(_TEMPLATE) else path.removesuffix("spec").removesuffix(".")


def list_containers(spec: Node) -> tuple[tuple[Node, str], ...]:
    """The containers of a pod's own lists, each with the list's key."""
    return tuple(
        (item, key) for key, _ in _ROLES for item in spec.list_items(key) if item.kind is NodeKind.MAP
    )


def _is_pod(spec: Node) -> bool:
    containers = [*spec.list_items("containers"), *spec.list_items("initContainers")]
    return bool(containers) and all(
        c.kind is NodeKind.MAP and c.find_entry("name") and "{{" not in (text_of(c.find_node("name")) or "")
        for c in containers
    )


def _find_nested_pods(root: Node, above: str, known: set[int]) -> Iterator[Pod]:
    """Pods that a custom resource wants: a map with containers at any depth, and objects of workloads.

    What a policy or a patch says of pods is none, and neither is what another object holds: a record of
    what happened, a request, a definition.
    """
    stack: list[tuple[str, Node]] = [(above, root)]
    while stack:
        path, node = stack.pop()
        if "patch" in path.rpartition(".")[2].lower():
            continue
        if node.kind is NodeKind.MAP and node.find_node("apiVersion") and node.find_node("kind"):
            kind, group = _read_word(node, "kind"), _api_group(node)
            if kind is not None and group is not None and (_is_workload(kind, group) or _is_custom(group)):
                for found in _find_pods(node, kind, group):
                    yield replace(found, place=".".join(filter(None, (path, found.place))))
            continue
        stack.extend((f"{path}.{entry.key}", entry.value) for entry in reversed(node.entries))
        stack.extend((f"{path}[{i}]", item) for i, item in reversed(list(enumerate(node.items))))
        if node.kind is NodeKind.MAP and node.alias is None and id(node) not in known and _is_pod(node):
            yield Pod(_shorten(path), node, list_containers(node), _takes_volumes(path, node))


def _takes_volumes(path: str, node: Node) -> bool:
    """Whether a map of an unknown kind is a whole pod, and not a list that is only called containers."""
    whole = node.find_entry("containers") is not None and any(map(node.find_entry, _WHOLE))
    return whole or path.endswith("emplate.spec") or node.find_entry("volumes") is not None


PATCHED = (
    "It is laid over a container that is described elsewhere, as a patch or an operator's template is, so it "
    "is not changed here. Take it out, or say what is right in its place; a secret moves to a Secret "
    "(`secretKeyRef`)."
)


def build_pod(document: Document, root: Node, kind: str, pod: Pod) -> tuple[Task, Task]:
    """The pod of an object, and those of its containers that have no image: these are patches of others."""
    name = (
        text_of(root.find_node("metadata", "name"))
        or text_of(root.find_node("metadata", "generateName"))
        or "unnamed"
    )
    spec, place = pod.spec, pod.place
    namespace = text_of(root.find_node("metadata", "namespace")) or ""
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
        daemon=kind == "DaemonSet",
        network_mode="host" if truth_of(spec.find_node("hostNetwork")) is True else None,
        host_namespaces=tuple(
            k for k in ("hostNetwork", "hostPID", "hostIPC") if truth_of(spec.find_node(k)) is True
        ),
    )
    task.volumes, task.volumes_reason = read_pod_volumes(spec, "volumes")
    if not pod.volumes:
        task.volumes, task.volumes_reason = None, f"whether a {kind} takes volumes there is not known"
    part = replace(task, containers=[], partial=PATCHED, unknown={})
    for node, key in pod.containers:
        role = _role_of(key)
        owner = task if node.find_node("image") is not None else part
        position = sum(each.role == role for each in (*task.containers, *part.containers))
        own = "" if node.parent is not None and node.parent.kind is NodeKind.LIST else key
        if owner is task or node.find_entry("$patch") is None:
            owner.containers.append(Container(node, owner, KUBERNETES, position, role, key=own))
    return task, part


def _role_of(key: str) -> str:
    """`initContainers`, `vaultInitContainers`, `initContainer`: an init container, and so on."""
    return "init" if "init" in key.lower() else "ephemeral" if "ephemeral" in key else "container"


def read_pod_volumes(spec: Node, key: str) -> tuple[tuple[Volume, ...] | None, str]:
    """The pod's volumes; None and the reason where they can't be known."""
    node = spec.find_node(key)
    if node is None or (node.is_known and node.kind is NodeKind.SCALAR and node.value is None):
        return (), ""
    if node.kind is not NodeKind.LIST or node.tag is not None:
        return None, "the pod's volumes are computed"
    found = []
    for item in node.items:
        kinds = [entry.key for entry in item.entries if entry.key != "name"]
        found.append(Volume(text_of(item.find_node("name")) or "", kinds[0] if kinds else "", item))
    return tuple(found), ""
