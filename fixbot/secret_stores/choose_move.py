"""Which of the stores' rooms a task's values go through."""

from __future__ import annotations

from collections.abc import Sequence

from fixbot.edit.tree import CannotEdit
from fixbot.knowledge.classify_variables import classify_variable
from fixbot.knowledge.secret_words import find_written_default
from fixbot.lens import Container, Task, Variable
from fixbot.model.findings import Manual, Refusal
from fixbot.rules.context import Context
from fixbot.secret_stores import (
    cloudformation_secrets,
    kubernetes_secrets,
    task_definition_secrets,
    terraform_secrets,
)
from fixbot.secret_stores.secret_leaks import Judge, SecretLeak, holds_literal_secret, text_as_written
from fixbot.secret_stores.secret_source import SecretMove, SecretSource


def choose_move(task: Task, moved: Sequence[SecretLeak], world: Context) -> SecretMove | Refusal:
    """Where the values go, and what that takes."""
    try:
        return _dispatch_move(task, moved, world)
    except CannotEdit as reason:
        return _explain_not_written(reason)


def _explain_not_written(reason: CannotEdit) -> Refusal:
    return Refusal(f"There is no exact edit here: {reason}.")


def _dispatch_move(task: Task, moved: Sequence[SecretLeak], world: Context) -> SecretMove | Refusal:
    if task.kind == "k8s":
        return kubernetes_secrets.move_to_kubernetes_secret(task, moved, world)
    if task.dialect == "cloudformation":
        return cloudformation_secrets.move_to_template_secret(task, moved, world)
    if task.dialect == "terraform":
        return terraform_secrets.move_to_terraform_secret(task, moved, world)
    return task_definition_secrets.move_to_named_secret(task, moved, world)


def build_judge(task: Task, world: Context) -> Judge:
    """Who knows the computed values of a task's dialect."""

    def judge_plain(_container: Container, variable: Variable) -> SecretSource | Refusal | Manual | None:
        text = text_as_written(variable.value)
        if text is not None and (given := find_written_default(text)) is not None:
            if classify_variable(variable.name, given).is_secret:
                return Manual(
                    f"{variable.name} is filled in elsewhere, but with a secret in clear where nothing is "
                    "given: that default is in Git. Change the value where it was issued, take the default "
                    "out, and let the variable come from a secret store."
                )
            return None
        if text is None or not holds_literal_secret(variable.name, text):
            return None
        return refuse_partial(variable.name)

    if task.dialect == "cloudformation":
        return cloudformation_secrets.build_template_judge(task, world)
    if task.dialect != "terraform":
        return judge_plain
    judged = terraform_secrets.build_terraform_judge(task, world)

    def judge_terraform(container: Container, variable: Variable) -> SecretSource | Refusal | Manual | None:
        try:
            return judged(container, variable)
        except CannotEdit as reason:
            return _explain_not_written(reason)

    return judge_terraform


def refuse_partial(name: str) -> Refusal:
    """Why a value that is a template with a secret in it stays."""
    return Refusal(
        f"{name} is put together from parts, and a secret is written out in one of them. Store the whole "
        "value as one "
        "secret, or give the application the secret part in a variable of its own; then run again."
    )
