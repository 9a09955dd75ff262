"""Copies of a secret in its own task that don't move with it: in commands, probes, other values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fixbot.edit.change import Change, Replace
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Container, Task
from fixbot.model.findings import Refusal
from fixbot.rules.context import Context
from fixbot.secret_stores.moved_copies import replace_copy
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


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """What becomes of copies, by the ids of their leaks: changes, or why a value has to stay."""

    changes: Mapping[int, tuple[Change, ...]]
    refused: Mapping[int, Refusal]


def plan_copies(moved: Sequence[SecretLeak], task: Task, world: Context) -> CopyPlan:
    """Copies that can take the variable do; a value with another one can't move: it would stay there."""
    leaving = {id(each.variable.value) for each in moved}
    sought = [leak for leak in moved if leak.text is not None and len(leak.text) >= _SHORTEST]
    planned: list[tuple[list[SecretLeak], Change | None, Refusal | None]] = []
    for container in task.containers if sought else ():
        for node in _iterate_texts(container):
            text = str(node.value)
            found = [leak for leak in sought if str(leak.text) in text] if id(node) not in leaving else []
            made: str | None = text
            for leak in sorted(found, key=lambda leak: -len(str(leak.text))):
                if made is not None and str(leak.text) in made:
                    own = leak.container is container and not leak.option
                    made = replace_copy(container, node, leak.name, str(leak.text), made) if own else None
            if found:
                refusal = _refuse_copy(found[0], container, node, world) if made is None else None
                planned.append((found, None if made is None else Replace(node, made), refusal))
    return _settle(planned)


def _settle(planned: Sequence[tuple[list[SecretLeak], Change | None, Refusal | None]]) -> CopyPlan:
    """One that stays keeps those in place that share a text with it."""
    refused: dict[int, Refusal] = {}
    again = True
    while again:
        again = False
        for found, _, refusal in planned:
            why = refusal or next((refused[leak.id] for leak in found if leak.id in refused), None)
            if why is None:
                continue
            for leak in found:
                again = again or leak.id not in refused
                refused.setdefault(leak.id, why)
    changes: dict[int, list[Change]] = defaultdict(list)
    for found, change, _ in planned:
        if change is not None and found[0].id not in refused:
            changes[found[0].id].append(change)
    return CopyPlan({key: tuple(each) for key, each in changes.items()}, refused)


def _refuse_copy(leak: SecretLeak, container: Container, node: Node, world: Context) -> Refusal:
    document = world.project.documents[node.root_node.source]
    line = document.locate_offset(node.start)[0]
    return Refusal(
        f"The value of {leak.name} stands a second time in the {_name_place(container, node)} of "
        f"{container.name} ({document.path}:{line}). Moving one alone leaves the secret in the file, and "
        "once it is changed the two differ. Take it from the variable there, then run again."
    )


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
