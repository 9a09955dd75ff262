"""Pods: the value becomes a key of a Secret, which an operator fills where the repository has one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fixbot.edit.tree import Value
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import Task, text_of
from fixbot.model.findings import Refusal
from fixbot.rules.context import Context
from fixbot.secret_stores import secret_operators, secret_steps
from fixbot.secret_stores.neighbour_secrets import NeighbourSecrets, find_neighbour_secrets
from fixbot.secret_stores.secret_leaks import SecretLeak
from fixbot.secret_stores.secret_source import SecretMove, SecretSource
from fixbot.source.own_documents import print_document
from fixbot.text.command import NAMESPACE, OBJECT, Command, CommandWord, build_command, join_words
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and
from fixbot.text.step import Step, build_step

_RESTARTED = {"Deployment": "deployment/", "StatefulSet": "statefulset/", "DaemonSet": "daemonset/"}


def move_to_kubernetes_secret(
    task: Task, moved: Sequence[SecretLeak], world: Context
) -> SecretMove | Refusal:
    """Where the values of a pod go: into a Secret beside it, or into one of its own."""
    near = find_neighbour_secrets(task, world)
    name = near.find_free_name(name_secret(task))
    sources: dict[int, SecretSource] = {}
    own: dict[str, None] = {}
    for leak in moved:
        known = near.find_holding(leak)
        if known is None:
            own[leak.key] = None
        sources[leak.id] = _key_source(known or name, leak.name if known else leak.key)
    made = _provide_secret(task, name, list(own), world)
    if isinstance(made, Refusal):
        return made
    names = tuple(dict.fromkeys(leak.name for leak in moved))
    return SecretMove(
        sources=dict(sources),
        changes=made.changes,
        files=made.files,
        gist=(
            f"{mark_code(task.name)} gets {join_with_and([mark_code(each) for each in names])} from a "
            "Secret at each start."
        ),
        rollout=describe_rollout(task),
        unknown=(
            "Whether the Secret exists in the cluster already is not known: until it does, new pods wait in "
            "`CreateContainerConfigError`, and a rolling update keeps the old ones."
        ),
        commands=tuple(
            dict.fromkeys(
                _build_kubectl(task, "get", "secret", OBJECT(each))
                for each in _list_secrets_read(sources.values())
            )
        ),
        notes=(*made.notes, *_warn_of_committed(near, moved)),
        steps_before=made.steps,
        steps_after=(
            build_step("Deploy, and see that the new pods start: ", _build_kubectl(task, "get", "pods"), "."),
            build_step(
                f"Change the value where it was issued ({secret_steps.HISTORY}), store the new one, and ",
                *_build_restart(task),
                ": a container keeps what it got at its start.",
            ),
        ),
        alike=task.address,
    )


def _warn_of_committed(near: NeighbourSecrets, moved: Sequence[SecretLeak]) -> tuple[str, ...]:
    """A word on Secrets that stand here with the very value: moving to those hides nothing yet."""
    names = sorted(
        {
            name
            for leak in moved
            if (name := near.find_holding(leak)) is not None and near.values[name][leak.name]
        }
    )
    if not names:
        return ()
    return (
        (
            f"The Secret {join_with_and([mark_code(name) for name in names])} stands in this "
            "repository with the same "
            "value, at best encoded; it should come from a store as well."
        ),
    )


def name_secret(task: Task) -> str:
    """`<workload>-secrets`, in the form that the API takes."""
    word = re.sub(r"[^a-z0-9-]+", "-", _name_workload(task).lower()).strip("-")
    return f"{word[:240] or 'workload'}-secrets"


def _name_workload(task: Task) -> str:
    named = text_of(task.owner.find_node("metadata", "name")) if task.owner is not None else None
    return named or task.name


def _key_source(secret: str, key: str) -> SecretSource:
    return SecretSource(
        {"secretKeyRef": {"name": secret, "key": key}}, f"key {mark_code(key)} of Secret {mark_code(secret)}"
    )


def _list_secrets_read(sources: Iterable[SecretSource]) -> Iterator[str]:
    """The Secrets that are referred to."""
    for source in sources:
        if isinstance(source.value, dict) and isinstance(found := source.value["secretKeyRef"], dict):
            yield str(found["name"])


def _build_restart(task: Task) -> tuple[str | Command, ...]:
    """How the pods come to read it again."""
    kind = _RESTARTED.get(task.workload)
    if kind is None or not OBJECT.is_fitting(task.name):
        return ("start the pods anew",)
    return (
        "restart the pods (",
        _build_kubectl(task, "rollout", "restart", join_words(kind, OBJECT(task.name))),
        ")",
    )


def _build_kubectl(task: Task, *words: str | CommandWord) -> Command:
    """`kubectl` in the task's namespace, where its file names one."""
    return build_command("kubectl", *(("-n", NAMESPACE(task.namespace)) if task.namespace else ()), *words)


def _provide_secret(
    task: Task, name: str, keys: Sequence[str], world: Context
) -> secret_operators.ProvidedSecret | Refusal:
    """How the Secret comes to be: by an operator that is used here already, or by hand."""
    if not keys:
        return secret_operators.ProvidedSecret()
    made = secret_operators.provide_external_secret(
        task, name, keys, _name_workload(task), world
    ) or secret_operators.provide_from_driver(task, name, keys, _name_workload(task), world)
    return made or secret_operators.ProvidedSecret(steps=(_create_by_hand(task, name, keys),))


def _create_by_hand(task: Task, name: str, keys: Sequence[str]) -> Step:
    space = NAMESPACE(task.namespace)
    named: dict[str, Value] = {"name": name, **({"namespace": space.text} if task.namespace else {})}
    data: dict[str, Value] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": named,
        "stringData": dict.fromkeys(keys, "..."),
    }
    elsewhere = (
        f" ({'; '.join(space.explain_placeholders)})" if task.namespace and space.missing_kinds else ""
    )
    return build_step(
        "Create what the pods will read: ",
        build_command("kubectl", "apply", "--server-side", "-f", "-"),
        ", then type this with each value in the place of its dots, between the quotes, and "
        f"Ctrl-D{elsewhere}:",
        document=print_document(data, "yaml"),
    )
