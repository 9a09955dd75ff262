"""Which of the stores' rooms a task's values go through."""

from __future__ import annotations

from collections.abc import Sequence

from fixbot.lens import Container, Task, Variable
from fixbot.model import Manual, Refusal
from fixbot.tree import CannotEdit
from fixbot.vault import cloudformation, kubernetes, raw_ecs, terraform
from fixbot.vault.leak import Judge, Leak, literal_part, raw_text
from fixbot.vault.source import Move, Source
from fixbot.world import World


def choose(task: Task, moved: Sequence[Leak], world: World) -> Move | Refusal:
    """Where the values go, and what that takes."""
    try:
        return _chosen(task, moved, world)
    except CannotEdit as reason:
        return _not_written(reason)


def _not_written(reason: CannotEdit) -> Refusal:
    return Refusal(f"There is no exact edit here: {reason}.")


def _chosen(task: Task, moved: Sequence[Leak], world: World) -> Move | Refusal:
    if task.kind == "k8s":
        return kubernetes.move(task, moved, world)
    if task.dialect == "cloudformation":
        return cloudformation.move(task, moved, world)
    if task.dialect == "terraform":
        return terraform.move(task, moved, world)
    return raw_ecs.move(task, moved, world)


def judge(task: Task, world: World) -> Judge:
    """Who knows the computed values of a task's dialect."""

    def plain(_container: Container, variable: Variable) -> Source | Refusal | Manual | None:
        text = raw_text(variable.value)
        if text is None or not literal_part(variable.name, text):
            return None
        return partly(variable.name)

    if task.dialect == "cloudformation":
        return cloudformation.judge(task)
    if task.dialect != "terraform":
        return plain
    judged = terraform.judge(task, world)

    def written(container: Container, variable: Variable) -> Source | Refusal | Manual | None:
        try:
            return judged(container, variable)
        except CannotEdit as reason:
            return _not_written(reason)

    return written


def partly(name: str) -> Refusal:
    """Why a value that is a template with a secret in it stays."""
    return Refusal(
        f"{name} is put together from parts, and a secret is written out in one of them. Store the whole "
        "value as one "
        "secret, or give the application the secret part in a variable of its own; then run again."
    )
