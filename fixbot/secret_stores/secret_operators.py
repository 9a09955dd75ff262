"""What fills a Secret in the cluster: External Secrets or the CSI driver, where the repository has one.

The new objects are data with names that the API takes; what can't be one is refused before anything is made
of it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fixbot.edit.change import Add, Change
from fixbot.edit.tree import CannotEdit, Node, NodeKind, Value
from fixbot.lens import Task, text_of
from fixbot.model.findings import NewFile, Refusal
from fixbot.rules.context import Context
from fixbot.secret_stores import secret_steps
from fixbot.secret_stores.aws_names import build_store_name
from fixbot.source.own_documents import write_document
from fixbot.text.command import NAMESPACE, OBJECT, SECRET
from fixbot.text.markdown_escape import mark_code
from fixbot.text.step import Step, build_step

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_STORES = ("SecretStore", "ClusterSecretStore")


@dataclass(frozen=True, slots=True)
class ProvidedSecret:
    """What brings a Secret about: changes, new files, and what a person does."""

    changes: tuple[Change, ...] = ()
    files: tuple[NewFile, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _ObjectHead:
    """How an object begins."""

    version: str
    name: str
    space: str

    def build_object(self, kind: str, spec: dict[str, Value]) -> dict[str, Value]:
        """The object, as data."""
        named: dict[str, Value] = {"name": self.name, **({"namespace": self.space} if self.space else {})}
        return {"apiVersion": self.version, "kind": kind, "metadata": named, "spec": spec}


def provide_external_secret(
    task: Task, name: str, keys: Sequence[str], workload: str, world: Context
) -> ProvidedSecret | Refusal | None:
    """An ExternalSecret beside the workload, where the repository uses the operator and a store is known."""
    found = world.surroundings.external_secrets
    if found is None or task.dialect != "kubernetes":
        return None
    version, store, kind = found
    settings = world.settings.external_secrets
    if settings.store is not None:
        store, kind = settings.store, settings.kind
    if not store:
        return None
    remote = build_store_name(
        world.settings.secrets.prefix, "/".join(filter(None, (task.namespace, workload)))
    )
    if (refusal := _why_impossible(task, workload, remote)) is not None:
        return refusal
    if not OBJECT.is_fitting(store) or kind not in _STORES:
        return Refusal(
            "The store that an ExternalSecret here names is none that Kubernetes would take; name one under "
            "`external_secrets` in `.fixbot.yml`, then run again."
        )
    data = _build_external_secret(_ObjectHead(version, name, task.namespace), (store, kind), remote, keys)
    file = _new_file_beside(task, f"{workload}-external-secret.yaml", data, world)
    where = (
        f"Store the value where {kind} {mark_code(store)} reads: key {mark_code(remote)}, "
        f"{'properties' if len(keys) > 1 else 'property'} {', '.join(map(mark_code, keys))}. Where that is "
        "Secrets Manager: "
    )
    return ProvidedSecret(
        changes=_add_to_kustomization(task, file, world),
        files=(file,),
        steps=(
            secret_steps.create_secret_step(remote, keys, None, says=where),
            build_step(
                f"Let the operator's role read {mark_code(remote)}, if it may not read everything with that "
                "beginning."
            ),
        ),
        notes=_list_notes(version, store, kind, file, task),
    )


def _why_impossible(task: Task, workload: str, remote: str) -> Refusal | None:
    """Why no object can be made for a workload whose names the API would refuse."""
    if task.namespace and not NAMESPACE.is_fitting(task.namespace):
        what = "namespace"
    elif not OBJECT.is_fitting(workload):
        what = "name"
    elif not SECRET.is_fitting(remote):
        return Refusal(
            "What `secrets.prefix` makes of this workload's name is no name that Secrets Manager would take; "
            "mend it in `.fixbot.yml`, then run again."
        )
    else:
        return None
    return Refusal(
        f"What the manifest says for its {what} is no {what} that Kubernetes would take as it stands, so no "
        "object can be made for it. Move the value by hand, where that is filled in."
    )


def _list_notes(version: str, store: str, kind: str, file: NewFile, task: Task) -> tuple[str, ...]:
    found = [
        (
            f"{mark_code(posixpath.basename(file.path))} is new; it must be applied together with the "
            f"{task.workload or 'workload'}."
        )
    ]
    if version.endswith("beta1"):
        found.append(
            f"It is of version {version}, as the others here; operators from 0.17 on serve v1 and this one "
            "only on demand."
        )
    if kind == "SecretStore":
        found.append(
            f"{mark_code(store)} is a SecretStore, which serves one namespace only; whether this "
            "workload's has "
            "one is not known."
        )
    return tuple(found)


def _build_external_secret(
    head: _ObjectHead, store: tuple[str, str], remote: str, keys: Sequence[str]
) -> dict[str, Value]:
    return head.build_object("ExternalSecret", build_external_spec(head.name, store, remote, keys))


def build_external_spec(
    name: str, store: tuple[str, str], remote: str, keys: Sequence[str]
) -> dict[str, Value]:
    """The `spec` that makes the Secret `name` of keys of `remote`; `store` is name and kind."""
    data: list[Value] = [{"secretKey": key, "remoteRef": {"key": remote, "property": key}} for key in keys]
    return {
        "refreshInterval": "1h",
        "secretStoreRef": {"name": store[0], "kind": store[1]},
        "target": {"name": name},
        "data": data,
    }


def find_store(world: Context) -> tuple[str, str, str] | None:
    """Version, store and kind for an ExternalSecret, where the repository uses the operator."""
    found = world.surroundings.external_secrets
    if found is None:
        return None
    version, store, kind = found
    settings = world.settings.external_secrets
    if settings.store is not None:
        store, kind = settings.store, settings.kind
    return (version, store, kind) if OBJECT.is_fitting(store) and kind in _STORES else None


def _new_file_beside(task: Task, name: str, data: dict[str, Value], world: Context) -> NewFile:
    """A file beside the workload; named after the workload's file too where the folder has its twin."""
    own = text_of(task.owner.find_node("metadata", "name")) if task.owner is not None else None
    same = world.project.objects_of_name(task.path, own) if own is not None else []
    twins = [root for root in same if root.find_node("spec", "template") is not None]
    if len(twins) > 1:
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", posixpath.basename(task.path).rsplit(".", 1)[0])
        parts = (stem, task.namespace, task.workload.lower(), name)
        name = "-".join(dict.fromkeys(filter(None, parts)))
    return NewFile(_path_beside(task, name), data)


def _path_beside(task: Task, name: str) -> str:
    return posixpath.join(posixpath.dirname(task.path), name)


def _add_to_kustomization(task: Task, file: NewFile, world: Context) -> tuple[Change, ...]:
    """The line in the folder's kustomization, where that lists its resources."""
    for name in _KUSTOMIZATIONS:
        document = world.project.documents.get(_path_beside(task, name))
        if document is not None and document.roots and document.roots[0].find_node("resources") is not None:
            return (Add(document.roots[0], ("resources",), posixpath.basename(file.path), last=True),)
    return ()


def provide_from_driver(
    task: Task, name: str, keys: Sequence[str], workload: str, world: Context
) -> ProvidedSecret | Refusal | None:
    """A SecretProviderClass with the volume and mounts that it takes, where the folder has one for AWS."""
    version = world.surroundings.secret_provider_class
    if (
        version is None
        or task.node is None
        or task.dialect != "kubernetes"
        or not _uses_aws_provider(task, world)
    ):
        return None
    remote = build_store_name(
        world.settings.secrets.prefix, "/".join(filter(None, (task.namespace, workload)))
    )
    if (refusal := _why_impossible(task, workload, remote)) is not None:
        return refusal
    try:
        data = _build_provider_class(_ObjectHead(version, name, task.namespace), remote, keys)
    except CannotEdit as reason:
        return Refusal(f"No SecretProviderClass can be written for it: {reason}.")
    file = _new_file_beside(task, f"{workload}-secret-provider.yaml", data, world)
    mounts: list[Change] = [
        container.add("volumeMounts", {"name": name, "mountPath": f"/mnt/{name}", "readOnly": True})
        for container in task.containers[:1]
    ]
    return ProvidedSecret(
        changes=(
            *_add_to_kustomization(task, file, world),
            Add(task.node, task.spelling.spell_path("volumes"), _build_driver_volume(name), ("containers",)),
            *mounts,
        ),
        files=(file,),
        steps=(
            secret_steps.create_secret_step(remote, keys, None),
            build_step(
                f"Let the pod's service account read {mark_code(remote)} "
                "(`secretsmanager:GetSecretValue` and "
                "`secretsmanager:DescribeSecret`)."
            ),
        ),
        notes=(
            (
                "The driver makes the Secret only while a pod mounts the volume, so the volume and its mount "
                "come along."
            ),
        ),
    )


def _build_driver_volume(name: str) -> dict[str, Value]:
    attributes: dict[str, Value] = {"secretProviderClass": name}
    source: dict[str, Value] = {"driver": "secrets-store.csi.k8s.io", "readOnly": True}
    return {"name": name, "csi": {**source, "volumeAttributes": attributes}}


def _build_provider_class(head: _ObjectHead, remote: str, keys: Sequence[str]) -> dict[str, Value]:
    """The driver reads `objects` as YAML once more: a text that holds a document of its own."""
    paths: list[Value] = [{"path": f'"{key}"', "objectAlias": key} for key in keys]
    objects: list[Value] = [{"objectName": remote, "objectType": "secretsmanager", "jmesPath": paths}]
    taken: list[Value] = [{"objectName": key, "key": key} for key in keys]
    return head.build_object(
        "SecretProviderClass",
        {
            "provider": "aws",
            "parameters": {"objects": write_document(objects, "yaml")},
            "secretObjects": [{"secretName": head.name, "type": "Opaque", "data": taken}],
        },
    )


def _uses_aws_provider(task: Task, world: Context) -> bool:
    def provider_of(root: Node) -> str | None:
        return text_of(root.find_node("spec", "provider")) if root.kind is NodeKind.MAP else None

    return any(
        provider_of(root) == "aws" for root in world.project.objects_of_kind(task.path, "SecretProviderClass")
    )
