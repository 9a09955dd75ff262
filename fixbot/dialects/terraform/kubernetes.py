"""Terraform's `kubernetes_*` workloads: a pod specification in blocks; and `kubernetes_manifest`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixbot.dialects import kubernetes
from fixbot.dialects.terraform.index import Block, Index
from fixbot.lens import TERRAFORM_KUBERNETES, Container, Task, Volume, camel, text_of, truth
from fixbot.project import Project, Reading
from fixbot.tree import Kind, Node

_TYPE = re.compile(
    r"kubernetes_(pod|deployment|daemonset|daemon_set|stateful_set|replication_controller|job|cron_job)(_v1|_v1beta1)?"
)
_TEMPLATE = ("spec", "template", "spec")
_POD_AT = {"pod": ("spec",), "cron_job": ("spec", "job_template", *_TEMPLATE)}
_KINDS = {"daemonset": "DaemonSet"}
_ROLES = (("init_container", "init"), ("container", "container"))
_DYNAMIC = ("container", "init_container", "env", "env_from", "volume", "volume_mount", "security_context")


def read(project: Project, index: Index, reading: Reading) -> None:
    """Every workload of a folder."""
    for block in index.blocks:
        found = _TYPE.fullmatch(block.type) if block.word == "resource" else None
        if found is not None:
            _workload(block, found[1], reading)
        elif block.type == "kubernetes_manifest" and block.word == "resource":
            _manifest(project, index, block, reading)
        elif block.type == "kubectl_manifest" and block.word == "resource":
            _text(block, block.node.get("yaml_body"), reading)


def _workload(block: Block, name: str, reading: Reading) -> None:
    spec = block.node.get(*_POD_AT.get(name, _TEMPLATE))
    if spec is None or spec.kind is not Kind.MAP or spec.style != "body":
        reading.skip(
            block.document, block.node.start, f"the pod template of {block.address} is not written out"
        )
        return
    metadata = block.node.get("metadata")
    called = text_of(metadata.get("name")) if metadata is not None else None
    namespace = text_of(metadata.get("namespace")) if metadata is not None else None
    kind = _KINDS.get(name) or "".join(word.capitalize() for word in name.split("_"))
    hosts = (("hostNetwork", "host_network"), ("hostPID", "host_pid"), ("hostIPC", "host_ipc"))
    task = Task(
        block.document.path, "k8s", "terraform", called or block.name, spec, TERRAFORM_KUBERNETES,
        address=block.address, workload=kind, owner=block.node, namespace=namespace or "",
        windows=_windows(spec), daemon=kind == "DaemonSet",
        network_mode="host" if truth(spec.get("host_network")) is True else None,
        host_namespaces=tuple(canonical for canonical, key in hosts if truth(spec.get(key)) is True),
        volumes=tuple(_volumes(spec)),
    )  # fmt: skip
    for listed, role in _ROLES:
        for position, node in enumerate(spec.many(listed)):
            if node.get("image") is not None:
                task.containers.append(Container(node, task, TERRAFORM_KUBERNETES, position, role))
    reading.tasks.append(task)
    for node in (spec, *(container.node for container in task.containers)):
        for each in node.many("dynamic"):
            if each.labels and each.labels[0] in _DYNAMIC:
                what = f"a dynamic {each.labels[0]} block of {block.address} is filled in when Terraform runs"
                reading.skip(block.document, each.start, what)


def _volumes(spec: Node) -> Iterator[Volume]:
    for node in spec.many("volume"):
        kinds = [entry.key for entry in node.entries if entry.value.style == "body"]
        yield Volume(text_of(node.get("name")) or "", camel(kinds[0]) if kinds else "", node)


def _windows(spec: Node) -> bool:
    selector = spec.get("node_selector")
    system = text_of(spec.get("os", "name"))
    chosen = [
        text_of(entry.value)
        for entry in (selector.entries if selector is not None else [])
        if entry.key in ("kubernetes.io/os", "beta.kubernetes.io/os")
    ]
    return "windows" in (system, *chosen)


def _manifest(project: Project, index: Index, block: Block, reading: Reading) -> None:
    written = block.node.get("manifest")
    node = index.settled(written)
    if written is None or node is None:
        return
    if node.kind is not Kind.MAP:
        _text(block, written, reading)
        return
    before = len(reading.tasks)
    if kubernetes.recognises(block.document, node):
        kubernetes.read(project, block.document, node, reading)
    for task in reading.tasks[before:]:
        task.dialect, task.path = "terraform", node.root.source
        task.address = f"{block.address}/{task.address}"


def _text(block: Block, node: Node | None, reading: Reading) -> None:
    """A manifest in a string: the file that a `file(…)` names is read by itself."""
    text = block.text(node)
    other = "file(" in text or ("<<" in text and "ontainers" not in text)
    if node is not None and not other:
        reading.skip(
            block.document, node.start, f"the manifest of {block.address} is given as a string or computed"
        )
