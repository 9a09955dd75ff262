"""The names under which claims of a StatefulSet, or of an operator's object, stand beside a pod's volumes."""

from __future__ import annotations

from typing import Final

from fixbot.edit.tree import NodeKind
from fixbot.lens import Task, text_of

_WITHOUT: Final = frozenset({"Deployment", "DaemonSet", "Job", "CronJob", "Pod", "ReplicaSet"})
_TEMPLATES: Final = frozenset({"volumeclaimtemplates", "volumeclaimtemplate", "volumeclaims"})


def claimed_names(task: Task) -> set[str]:
    """Names that claim templates give volumes: such a claim takes the place of a volume of that name."""
    if task.kind != "k8s" or task.owner is None or task.workload in _WITHOUT:
        return set()
    found = set()
    for node in task.owner.walk_tree():
        for entry in node.entries if node.kind is NodeKind.MAP else ():
            if entry.key.replace("_", "").lower() in _TEMPLATES:
                claims = entry.value.items if entry.value.kind is NodeKind.LIST else [entry.value]
                for claim in claims:
                    for name in (claim.find_node("metadata", "name"), claim.find_node("name")):
                        if text := text_of(name):
                            found.add(text)
    return found
