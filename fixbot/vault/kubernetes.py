"""Pods: the value becomes a key of a Secret, which an operator fills where the repository has one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fixbot.command import NAMESPACE, OBJECT, Command, Word, joined, run
from fixbot.knowledge.rollout import rollout
from fixbot.lens import Task, text_of
from fixbot.model import Refusal
from fixbot.prose import code
from fixbot.step import Step, step
from fixbot.tree import Value
from fixbot.vault import operator, steps
from fixbot.vault.leak import Leak
from fixbot.vault.secrets_beside import Beside, beside
from fixbot.vault.source import Move, Source, listed
from fixbot.world import World
from fixbot.written import print_document

_RESTARTED = {"Deployment": "deployment/", "StatefulSet": "statefulset/", "DaemonSet": "daemonset/"}


def move(task: Task, moved: Sequence[Leak], world: World) -> Move | Refusal:
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
    if isinstance(made, Refusal):
        return made
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
            dict.fromkeys(_kubectl(task, "get", "secret", OBJECT(each)) for each in _read(sources.values()))
        ),
        notes=(*made.notes, *_committed(near, moved)),
        steps_before=made.steps,
        steps_after=(
            step("Deploy, and see that the new pods start: ", _kubectl(task, "get", "pods"), "."),
            step(
                f"Change the value where it was issued ({steps.HISTORY}), store the new one, and ",
                *_restart(task),
                ": a container keeps what it got at its start.",
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
            f"The Secret {listed([code(name) for name in names])} stands in this repository with the same "
            "value, at best encoded; it should come from a store as well."
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


def _restart(task: Task) -> tuple[str | Command, ...]:
    """How the pods come to read it again."""
    kind = _RESTARTED.get(task.workload)
    if kind is None or not OBJECT.fits(task.name):
        return ("start the pods anew",)
    return ("restart the pods (", _kubectl(task, "rollout", "restart", joined(kind, OBJECT(task.name))), ")")


def _kubectl(task: Task, *words: str | Word) -> Command:
    """`kubectl` in the task's namespace, where its file names one."""
    return run("kubectl", *(("-n", NAMESPACE(task.namespace)) if task.namespace else ()), *words)


def _made(task: Task, name: str, keys: Sequence[str], world: World) -> operator.Made | Refusal:
    """How the Secret comes to be: by an operator that is used here already, or by hand."""
    if not keys:
        return operator.Made()
    made = operator.external_secret(task, name, keys, _workload(task), world) or operator.from_driver(
        task, name, keys, _workload(task), world
    )
    return made or operator.Made(steps=(_by_hand(task, name, keys),))


def _by_hand(task: Task, name: str, keys: Sequence[str]) -> Step:
    space = NAMESPACE(task.namespace)
    named: dict[str, Value] = {"name": name, **({"namespace": space.text} if task.namespace else {})}
    data: dict[str, Value] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": named,
        "stringData": dict.fromkeys(keys, "..."),
    }
    elsewhere = f" ({'; '.join(space.explained)})" if task.namespace and space.missing else ""
    return step(
        "Create what the pods will read: ",
        run("kubectl", "apply", "--server-side", "-f", "-"),
        ", then type this with each value in the place of its dots, between the quotes, and "
        f"Ctrl-D{elsewhere}:",
        document=print_document(data, "yaml"),
    )
