"""Secrets that stand in the folder of a workload: a key that is there already need not be made."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from fixbot.knowledge.secrets import Kind, classify
from fixbot.lens import Task, text_of
from fixbot.tree import Node
from fixbot.vault.leak import Leak
from fixbot.world import World


@dataclass(frozen=True, slots=True)
class Beside:
    """The Secrets and their like of one folder and namespace: names, and what the keys hold."""

    values: dict[str, dict[str, str | None]]

    def holding(self, leak: Leak) -> str | None:
        """The Secret that has a key of the leak's name, with the same value or with one that isn't known."""
        for name, keys in self.values.items():
            if leak.name in keys and keys[leak.name] in (None, leak.text):
                return name
        return None

    def free(self, name: str) -> str:
        """The name, or one like it that no Secret here has."""
        return name if name not in self.values else f"{name.removesuffix('-secrets')}-env-secrets"


def beside(task: Task, world: World) -> Beside:
    """What the workload's folder holds of its namespace."""
    found: dict[str, dict[str, str | None]] = {}
    secrets, external = (world.project.of_kind(task.path, kind) for kind in ("Secret", "ExternalSecret"))
    for root in secrets:
        if name := _name(root, task):
            found[name] = dict(_keys(root))
    for root in external:
        if name := _name(root, task):
            target = text_of(root.get("spec", "target", "name")) or name
            spec = root.get("spec")
            listed = spec.many("data") if spec is not None else ()
            found[target] = {key: None for item in listed if (key := text_of(item.get("secretKey")))}
    return Beside(found)


def _name(root: Node, task: Task) -> str | None:
    """What an object is called, if it can be of the task's namespace."""
    space = text_of(root.get("metadata", "namespace")) or ""
    return text_of(root.get("metadata", "name")) if space in ("", task.namespace) else None


def _keys(root: Node) -> Iterator[tuple[str, str | None]]:
    for section, encoded in (("data", True), ("stringData", False)):
        node = root.get(section)
        for entry in node.entries if node is not None else ():
            text = text_of(entry.value)
            yield entry.key, _value(entry.key, text, encoded=encoded)


def _value(key: str, text: str | None, *, encoded: bool) -> str | None:
    """What a key holds; None where a placeholder stands for it, or nothing."""
    if text is None:
        return None
    if encoded:
        try:
            text = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None if classify(key, text).kind is Kind.PLACEHOLDER or not text else text
