"""Copies of a secret in its own task that don't move with it: in commands, probes, other values."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Container, Task
from fixbot.model.findings import Refusal
from fixbot.rules.context import Context
from fixbot.secret_stores.secret_leaks import SecretLeak

_SHORTEST = 6
"""Characters of a value that is looked for inside of others."""
_PLACES = {
    "command": "command",
    "args": "arguments",
    "entrypoint": "entry point",
    "healthcheck": "health check",
    "livenessprobe": "liveness probe",
    "readinessprobe": "readiness probe",
    "startupprobe": "startup probe",
    "lifecycle": "lifecycle hook",
    "dockerlabels": "labels",
    "logconfiguration": "log options",
}


def refuse_copy(
    leak: SecretLeak, moved: Collection[SecretLeak], task: Task, world: Context
) -> Refusal | None:
    """Why a value can't move: it stands in the task once more, where it stays."""
    if leak.text is None or len(leak.text) < _SHORTEST:
        return None
    leaving = {id(each.variable.value) for each in moved}
    for container in task.containers:
        for node in _iterate_texts(container):
            if id(node) not in leaving and leak.text in str(node.value):
                place = _name_place(container, node)
                document = world.project.documents[node.root_node.source]
                line = document.locate_offset(node.start)[0]
                return Refusal(
                    f"The value of {leak.name} stands a second time in the {place} of {container.name} "
                    f"({document.path}:{line}). Moving one alone leaves the secret in the file, and "
                    "once it is changed the two differ. Take it from the variable there, then run again."
                )
    return None


def _iterate_texts(container: Container) -> Iterator[Node]:
    for node in container.node.walk_tree():
        if node.kind in (NodeKind.SCALAR, NodeKind.CODE) and isinstance(node.value, str):
            yield node


def _name_place(container: Container, node: Node) -> str:
    """The field of the container that a text stands in, as a reader calls it."""
    at, key = node, ""
    while at.parent is not None and at is not container.node:
        key = next((entry.key for entry in at.parent.entries if entry.value is at), key)
        at = at.parent
    folded = key.replace("_", "").lower()
    return _PLACES.get(folded, "environment" if folded.startswith("env") else key or "definition")
