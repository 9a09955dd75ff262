"""Terraform's `kubernetes_*` workloads: a pod specification in blocks; and `kubernetes_manifest`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixbot.dialects import kubernetes
from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import TERRAFORM_KUBERNETES, Container, Task, Volume, text_of, to_camel_case, truth_of
from fixbot.lens.partial import build_settings, hold_in_map
from fixbot.source.project import Inventory, Project

_TYPE = re.compile(
    r"kubernetes_(pod|deployment|daemonset|daemon_set|stateful_set|replication_controller|job|cron_job)(_v1|_v1beta1)?"
)
_SETTINGS = re.compile(r"kubernetes_config_map(?:_v1)?(?:_data)?")
_TEMPLATE = ("spec", "template", "spec")
_POD_AT = {"pod": ("spec",), "cron_job": ("spec", "job_template", *_TEMPLATE)}
_KINDS = {"daemonset": "DaemonSet"}
_ROLES = (("init_container", "init"), ("container", "container"))
_DYNAMIC = ("container", "init_container", "env", "env_from", "volume", "volume_mount", "security_context")


def read_workloads(project: Project, index: FolderIndex, reading: Inventory) -> None:
    """Every workload of a folder."""
    for block in index.blocks:
        found = _TYPE.fullmatch(block.type) if block.word == "resource" else None
        if found is not None:
            _read_workload(block, found[1], reading)
        elif block.word == "resource" and _SETTINGS.fullmatch(block.type) is not None:
            _read_settings(block, reading)
        elif block.type == "kubernetes_manifest" and block.word == "resource":
            _read_manifest(project, index, block, reading)
        elif block.type == "kubectl_manifest" and block.word == "resource":
            _read_manifest_text(block, block.node.find_node("yaml_body"), reading)


def _read_settings(block: TerraformBlock, reading: Inventory) -> None:
    """What a ConfigMap holds for variables."""
    data = block.node.find_node("data")
    entries = [
        (entry.key.strip('"'), entry.value)
        for entry in (data.entries if data is not None and data.kind is NodeKind.MAP else ())
        if isinstance(entry.value.value, str) and "\n" not in entry.value.value.strip()
    ]
    if data is not None and entries:
        values = hold_in_map(entries, data)
        task = build_settings("ConfigMap", block.name, values, block.node, kubernetes.IN_SETTINGS)
        task.address = block.address
        reading.partial.append(task)


def _read_workload(block: TerraformBlock, name: str, reading: Inventory) -> None:
    spec = block.node.find_node(*_POD_AT.get(name, _TEMPLATE))
    if spec is None or spec.kind is not NodeKind.MAP or spec.style != "body":
        reading.add_unread(
            block.document, block.node.start, f"the pod template of {block.address} is not written out"
        )
        return
    metadata = block.node.find_node("metadata")
    called = text_of(metadata.find_node("name")) if metadata is not None else None
    namespace = text_of(metadata.find_node("namespace")) if metadata is not None else None
    kind = _KINDS.get(name) or "".join(word.capitalize() for word in name.split("_"))
    hosts = (("hostNetwork", "host_network"), ("hostPID", "host_pid"), ("hostIPC", "host_ipc"))
    task = Task(
        block.document.path, "k8s", "terraform", called or block.name, spec, TERRAFORM_KUBERNETES,
        address=block.address, workload=kind, owner=block.node, namespace=namespace or "",
        daemon=kind == "DaemonSet",
        network_mode="host" if truth_of(spec.find_node("host_network")) is True else None,
        host_namespaces=tuple(canonical for canonical, key in hosts if truth_of(spec.find_node(key)) is True),
        volumes=tuple(_read_volumes(spec)),
    )  # fmt: skip
    for listed, role in _ROLES:
        for position, node in enumerate(spec.list_items(listed)):
            if node.find_node("image") is not None:
                task.containers.append(Container(node, task, TERRAFORM_KUBERNETES, position, role))
    reading.tasks.append(task)
    for node in (spec, *(container.node for container in task.containers)):
        for each in node.list_items("dynamic"):
            if each.labels and each.labels[0] in _DYNAMIC:
                what = f"a dynamic {each.labels[0]} block of {block.address} is filled in when Terraform runs"
                reading.add_unread(block.document, each.start, what)


def _read_volumes(spec: Node) -> Iterator[Volume]:
    for node in spec.list_items("volume"):
        kinds = [entry.key for entry in node.entries if entry.value.style == "body"]
        yield Volume(text_of(node.find_node("name")) or "", to_camel_case(kinds[0]) if kinds else "", node)


def _read_manifest(project: Project, index: FolderIndex, block: TerraformBlock, reading: Inventory) -> None:
    written = block.node.find_node("manifest")
    node = index.resolve_local(written)
    if written is None or node is None:
        return
    if node.kind is not NodeKind.MAP:
        _read_manifest_text(block, written, reading)
        return
    before = len(reading.tasks)
    if kubernetes.is_of_dialect(block.document, node):
        kubernetes.read_root(project, block.document, node, reading)
    for task in reading.tasks[before:]:
        task.dialect, task.path = "terraform", node.root_node.source
        task.address = f"{block.address}/{task.address}"


def _read_manifest_text(block: TerraformBlock, node: Node | None, reading: Inventory) -> None:
    """A manifest in a string: the file that a `file(…)` names is read by itself."""
    text = block.source_of(node)
    other = "file(" in text or ("<<" in text and "ontainers" not in text)
    if node is not None and not other:
        reading.add_unread(
            block.document, node.start, f"the manifest of {block.address} is given as a string or computed"
        )
