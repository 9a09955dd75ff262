"""What fills a Secret in the cluster: External Secrets or the CSI driver, where the repository has one."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from fixbot.change import Add, Change
from fixbot.lens import Task, text_of
from fixbot.model import NewFile
from fixbot.tree import Kind, Node, Value
from fixbot.vault import steps
from fixbot.vault.reference import store_name
from fixbot.world import World

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True)
class Made:
    """What brings a Secret about: changes, new files, and what a person does."""

    changes: tuple[Change, ...] = ()
    files: tuple[NewFile, ...] = ()
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    """How an object begins."""

    version: str
    name: str
    space: str

    def lines(self, kind: str) -> list[str]:
        named = [f"apiVersion: {self.version}", f"kind: {kind}", "metadata:", f"  name: {self.name}"]
        return [*named, *([f"  namespace: {self.space}"] if self.space else [])]


def external_secret(task: Task, name: str, keys: Sequence[str], workload: str, world: World) -> Made | None:
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
    remote = store_name(world.settings.secrets.prefix, "/".join(filter(None, (task.namespace, workload))))
    text = _external_secret(_Head(version, name, task.namespace), (store, kind), remote, keys)
    file = _new(task, f"{workload}-external-secret.yaml", text, world)
    return Made(
        changes=_listed(task, file, world),
        files=(file,),
        steps=(
            f"Store the value where {kind} `{store}` reads: key `{remote}`, "
            f"{'properties' if len(keys) > 1 else 'property'} "
            f"{', '.join(f'`{key}`' for key in keys)}. Where that is Secrets Manager: "
            + steps.create(remote, keys, None).removeprefix("Create the secret: "),
            f"Let the operator's role read `{remote}`, if it may not read everything with that beginning.",
        ),
        notes=_notes(version, store, kind, file, task),
    )


def _notes(version: str, store: str, kind: str, file: NewFile, task: Task) -> tuple[str, ...]:
    found = [
        (
            f"`{posixpath.basename(file.path)}` is new; it must be applied together with the "
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
            f"`{store}` is a SecretStore, which serves one namespace only; whether this workload's has one "
            "is not known."
        )
    return tuple(found)


def _external_secret(head: _Head, store: tuple[str, str], remote: str, keys: Sequence[str]) -> str:
    lines = head.lines("ExternalSecret")
    lines += [
        "spec:",
        "  refreshInterval: 1h",
        "  secretStoreRef:",
        f"    name: {store[0]}",
        f"    kind: {store[1]}",
    ]
    lines += ["  target:", f"    name: {head.name}", "  data:"]
    for key in keys:
        lines += [
            f"    - secretKey: {key}",
            "      remoteRef:",
            f"        key: {remote}",
            f"        property: {key}",
        ]
    return "\n".join(lines) + "\n"


def _new(task: Task, name: str, text: str, world: World) -> NewFile:
    """A file beside the workload; named after the workload's file too where the folder has its twin."""
    own = text_of(task.owner.get("metadata", "name")) if task.owner is not None else None
    same = world.project.of_name(task.path, own) if own is not None else []
    twins = [root for root in same if root.get("spec", "template") is not None]
    if len(twins) > 1:
        stem = posixpath.basename(task.path).rsplit(".", 1)[0]
        parts = (stem, task.namespace, task.workload.lower(), name)
        name = "-".join(dict.fromkeys(filter(None, parts)))
    return NewFile(_path(task, name), text)


def _path(task: Task, name: str) -> str:
    return posixpath.join(posixpath.dirname(task.path), name)


def _listed(task: Task, file: NewFile, world: World) -> tuple[Change, ...]:
    """The line in the folder's kustomization, where that lists its resources."""
    for name in _KUSTOMIZATIONS:
        document = world.project.documents.get(_path(task, name))
        if document is not None and document.roots and document.roots[0].get("resources") is not None:
            return (Add(document.roots[0], ("resources",), posixpath.basename(file.path), last=True),)
    return ()


def from_driver(task: Task, name: str, keys: Sequence[str], workload: str, world: World) -> Made | None:
    """A SecretProviderClass with the volume and mounts that it takes, where the folder has one for AWS."""
    version = world.surroundings.secret_provider_class
    if version is None or task.node is None or task.dialect != "kubernetes" or not _for_aws(task, world):
        return None
    remote = store_name(world.settings.secrets.prefix, "/".join(filter(None, (task.namespace, workload))))
    text = _provider(_Head(version, name, task.namespace), remote, keys)
    file = _new(task, f"{workload}-secret-provider.yaml", text, world)
    volume: dict[str, Value] = {
        "name": name,
        "csi": {
            "driver": "secrets-store.csi.k8s.io",
            "readOnly": True,
            "volumeAttributes": {"secretProviderClass": name},
        },
    }
    mounts: list[Change] = [
        container.add("volumeMounts", {"name": name, "mountPath": f"/mnt/{name}", "readOnly": True})
        for container in task.containers[:1]
    ]
    return Made(
        changes=(
            *_listed(task, file, world),
            Add(task.node, task.spelling.path("volumes"), volume, ("containers",)),
            *mounts,
        ),
        files=(file,),
        steps=(
            steps.create(remote, keys, None),
            (
                f"Let the pod's service account read `{remote}` (`secretsmanager:GetSecretValue` and "
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


def _provider(head: _Head, remote: str, keys: Sequence[str]) -> str:
    lines = head.lines("SecretProviderClass")
    lines += ["spec:", "  provider: aws", "  parameters:", "    objects: |"]
    lines += [f"      - objectName: {remote}", "        objectType: secretsmanager", "        jmesPath:"]
    for key in keys:
        lines += [f"          - path: '\"{key}\"'", f"            objectAlias: {key}"]
    lines += ["  secretObjects:", f"    - secretName: {head.name}", "      type: Opaque", "      data:"]
    for key in keys:
        lines += [f"        - objectName: {key}", f"          key: {key}"]
    return "\n".join(lines) + "\n"


def _for_aws(task: Task, world: World) -> bool:
    def provider(root: Node) -> str | None:
        return text_of(root.get("spec", "provider")) if root.kind is Kind.MAP else None

    return any(provider(root) == "aws" for root in world.project.of_kind(task.path, "SecretProviderClass"))
