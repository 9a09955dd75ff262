"""Secrets that stand in the folder of a workload: a key that is there already need not be made."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from fixbot.edit.tree import Node
from fixbot.knowledge.classify_secrets import SecretKind, classify_value
from fixbot.lens import Task, text_of
from fixbot.rules.context import Context
from fixbot.secret_stores.secret_leaks import SecretLeak


@dataclass(frozen=True, slots=True)
class NeighbourSecrets:
    """The Secrets and their like of one folder and namespace: names, and what the keys hold."""

    values: dict[str, dict[str, str | None]]

    def find_holding(self, leak: SecretLeak) -> str | None:
        """The Secret that has a key of the leak's name, with the same value or with one that isn't known."""
        for name, keys in self.values.items():
            if leak.name in keys and keys[leak.name] in (None, leak.text):
                return name
        return None

    def find_free_name(self, name: str) -> str:
        """The name, or one like it that no Secret here has."""
        return name if name not in self.values else f"{name.removesuffix('-secrets')}-env-secrets"


def find_neighbour_secrets(task: Task, world: Context) -> NeighbourSecrets:
    """What the workload's folder holds of its namespace."""
    found: dict[str, dict[str, str | None]] = {}
    secrets, external = (
        world.project.objects_of_kind(task.path, kind) for kind in ("Secret", "ExternalSecret")
    )
    for root in secrets:
        if name := _name_in_namespace(root, task):
            found[name] = dict(_iterate_keys(root))
    for root in external:
        if name := _name_in_namespace(root, task):
            target = text_of(root.find_node("spec", "target", "name")) or name
            spec = root.find_node("spec")
            listed = spec.list_items("data") if spec is not None else ()
            found[target] = {key: None for item in listed if (key := text_of(item.find_node("secretKey")))}
    return NeighbourSecrets(found)


def _name_in_namespace(root: Node, task: Task) -> str | None:
    """What an object is called, if it can be of the task's namespace."""
    space = text_of(root.find_node("metadata", "namespace")) or ""
    return text_of(root.find_node("metadata", "name")) if space in ("", task.namespace) else None


def _iterate_keys(root: Node) -> Iterator[tuple[str, str | None]]:
    for section, encoded in (("data", True), ("stringData", False)):
        node = root.find_node(section)
        for entry in node.entries if node is not None else ():
            text = text_of(entry.value)
            yield entry.key, _decode_value(entry.key, text, encoded=encoded)


def _decode_value(key: str, text: str | None, *, encoded: bool) -> str | None:
    """What a key holds; None where a placeholder stands for it, or nothing."""
    if text is None:
        return None
    if encoded:
        try:
            text = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None if classify_value(key, text).kind is SecretKind.PLACEHOLDER or not text else text
