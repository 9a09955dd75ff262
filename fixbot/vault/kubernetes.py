"""Pods: the value becomes a key of a Secret, which an operator fills where the repository has one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fixbot.knowledge.rollout import rollout
from fixbot.lens import Task, text_of
from fixbot.prose import code
from fixbot.vault import operator, steps
from fixbot.vault.leak import Leak
from fixbot.vault.secrets_beside import Beside, beside
from fixbot.vault.source import Move, Source, listed
from fixbot.world import World


def move(task: Task, moved: Sequence[Leak], world: World) -> Move:
    """Where the values of a pod go: into a Secret beside it, or into one of its own."""
    near = beside(task, world)
    name = near.free(secret_name(task))
    sources: dict[int, Source] = {}
    own: dict[str, None] = {}
    for leak in moved:
        known = near.holding(leak)
        if known is None:
            own[leak.key] = None
        sources[leak.id] = _source(known or name, leak.name if known else leak.key)
    made = _made(task, name, list(own), world)
    names = tuple(dict.fromkeys(leak.name for leak in moved))
    return Move(
        sources=dict(sources),
        changes=made.changes,
        files=made.files,
        gist=f"{code(task.name)} gets {listed([code(each) for each in names])} from a Secret at each start.",
        rollout=rollout(task),
        unknown=(
            "Whether the Secret exists in the cluster already is not known: until it does, new pods wait in "
            "`CreateContainerConfigError`, and a rolling update keeps the old ones."
        ),
        commands=tuple(
            dict.fromkeys(f"kubectl{_space(task)} get secret {each}" for each in _read(sources.values()))
        ),
        notes=(*made.notes, *_committed(near, moved)),
        steps_before=made.steps,
        steps_after=(
            f"Deploy, and see that the new pods start: `kubectl{_space(task)} get pods`.",
            (
                f"Change the value where it was issued ({steps.HISTORY}), store the new one, and "
                f"{_restart(task)}: a container keeps what it got at its start."
            ),
        ),
        alike=task.address,
    )


def _committed(near: Beside, moved: Sequence[Leak]) -> tuple[str, ...]:
    """A word on Secrets that stand here with the very value: moving to those hides nothing yet."""
    names = sorted(
        {name for leak in moved if (name := near.holding(leak)) is not None and near.values[name][leak.name]}
    )
    if not names:
        return ()
    return (
        (
            f"The Secret {listed(tuple(names))} stands in this repository with the same value, at best "
            "encoded; "
            "it should come from a store as well."
        ),
    )


def secret_name(task: Task) -> str:
    """`<workload>-secrets`, in the form that the API takes."""
    word = re.sub(r"[^a-z0-9-]+", "-", _workload(task).lower()).strip("-")
    return f"{word[:240] or 'workload'}-secrets"


def _workload(task: Task) -> str:
    named = text_of(task.owner.get("metadata", "name")) if task.owner is not None else None
    return named or task.name


def _source(secret: str, key: str) -> Source:
    return Source({"secretKeyRef": {"name": secret, "key": key}}, f"key {code(key)} of Secret {code(secret)}")


def _read(sources: Iterable[Source]) -> Iterator[str]:
    """The Secrets that are referred to."""
    for source in sources:
        if isinstance(source.value, dict) and isinstance(found := source.value["secretKeyRef"], dict):
            yield str(found["name"])


def _restart(task: Task) -> str:
    """How the pods come to read it again."""
    if task.workload in ("Deployment", "StatefulSet", "DaemonSet") and re.fullmatch("[a-z0-9.-]+", task.name):
        what = f"{task.workload.lower()}/{task.name}"
        return f"restart the pods (`kubectl{_space(task)} rollout restart {what}`)"
    return "start the pods anew"


def _space(task: Task) -> str:
    return f" -n {task.namespace}" if task.namespace else ""


def _made(task: Task, name: str, keys: Sequence[str], world: World) -> operator.Made:
    """How the Secret comes to be: by an operator that is used here already, or by hand."""
    if not keys:
        return operator.Made()
    made = operator.external_secret(task, name, keys, _workload(task), world) or operator.from_driver(
        task, name, keys, _workload(task), world
    )
    return made or operator.Made(steps=(_by_hand(task, name, keys),))


def _by_hand(task: Task, name: str, keys: Sequence[str]) -> str:
    space = f"\n  namespace: {task.namespace}" if task.namespace else ""
    lines = "".join(f"\n  {key}: ..." for key in keys)
    text = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}{space}\nstringData:{lines}".replace(
        "\n", "\n   "
    )
    return (
        "Create what the pods will read: `kubectl apply --server-side -f -`, then type this with each value "
        "for its dots, and Ctrl-D (a value with `:` or `#` in it goes in quotes):\n\n"
        f"   ```yaml\n   {text}\n   ```"
    )
