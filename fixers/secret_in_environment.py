"""Passwords and tokens in environments move to a secret store; the file keeps where they are.

In a task definition or manifest they can be read by everyone who may read the file, the running
configuration or any old revision of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

from fixbot.edit.change import Change
from fixbot.edit.tree import Node
from fixbot.knowledge.classify_secrets import SecretKind
from fixbot.lens import Resource, Task
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import ESSENTIAL, Rule
from fixbot.rules.context import Context
from fixbot.secret_stores.choose_move import build_judge, choose_move
from fixbot.secret_stores.command_leaks import find_command_leaks
from fixbot.secret_stores.computed_environments import find_computed_leaks
from fixbot.secret_stores.copies import plan_copies
from fixbot.secret_stores.listed_already import build_listed_fix, find_listed
from fixbot.secret_stores.move_entry import move_entry
from fixbot.secret_stores.other_environments import ENVIRONMENTS, KIND, read_environment
from fixbot.secret_stores.secret_leaks import SecretLeak, find_leaks
from fixbot.secret_stores.secret_source import SecretMove, SecretSource
from fixbot.secret_stores.store_places import describe_place
from fixbot.secret_stores.stored_literals import find_stored_literals
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

_COPIES = (
    "What stood a second time in the container's own commands takes the variable now: a shell, or the "
    "kubelet, fills it in when the command runs."
)
_LONGEST = 32
"""Characters of several names in a title; longer ones are counted."""


def find_secrets_in_environments(subject: Task | Resource, world: Context) -> Iterator[Found]:
    """Variables and log options whose value is a secret, written out or put there by a template."""
    task = read_environment(subject, world) if isinstance(subject, Resource) else subject
    found = find_leaks(task, build_judge(task, world))
    found += find_command_leaks(task, found)
    found += (*find_computed_leaks(task, world), *find_stored_literals(task, world))
    movable = [leak for leak in found if leak.is_movable and not task.partial]
    copies = plan_copies(movable, task, world)
    listed = {leak.id: node for leak in movable if (node := find_listed(leak)) is not None}
    moved = [leak for leak in movable if leak.id not in copies.refused and leak.id not in listed]
    choose = cache(lambda: choose_move(task, moved, world) if moved else Refusal(""))
    named = _name_subject(task, moved)
    for leak in found:
        if task.partial and leak.kind is SecretKind.PLACEHOLDER:
            continue
        yield Found(
            leak.variable.value or leak.variable.node,
            leak.container.title,
            leak.container.address,
            f"secret {leak.name} in {leak.place}",
            _describe_leak(leak),
            copies.refused.get(leak.id)
            or partial(_decide_outcome, leak, choose, listed.get(leak.id), copies.changes.get(leak.id, ())),
            subject=named if leak.is_movable else f"{leak.name} of {task.name}",
            severity=_choose_severity(leak),
        )


def _decide_outcome(
    leak: SecretLeak,
    choose: Callable[[], SecretMove | Refusal],
    listed: Node | None,
    copies: Sequence[Change],
) -> Outcome:
    """The way out, with the copies that take the variable from now on."""
    outcome = _choose_outcome(leak, choose, listed)
    if not copies or not isinstance(outcome, Fix):
        return outcome
    return replace(outcome, changes=(*outcome.changes, *copies), notes=(*outcome.notes, _COPIES))


def _name_subject(task: Task, moved: Sequence[SecretLeak]) -> str:
    names = tuple(dict.fromkeys(leak.name for leak in moved))
    short = len(names) == 1 or len(join_with_and(names)) <= _LONGEST
    return f"{join_with_and(names) if short else f'{len(names)} secrets'} of {task.name}"


def _describe_leak(leak: SecretLeak) -> str:
    title = leak.container.title
    where = title if leak.container.role == "values" else f"the {leak.place} of {title}"
    match leak.kind:
        case SecretKind.PLACEHOLDER:
            return f"{leak.name} in {where} has a placeholder where a secret belongs"
        case SecretKind.POSSIBLE:
            return f"{leak.name} in {where} may be a secret: {leak.why}"
        case _ if leak.text is None:
            task = leak.container.task
            what = task.workload if task.kind == KIND else "task"
            return f"{leak.name} in {where} is a secret that everyone who may see the {what} can read"
        case _:
            return f"{leak.name} in {where} is a secret in clear: {leak.why}"


def _choose_severity(leak: SecretLeak) -> Severity:
    match leak.kind:
        case SecretKind.PLACEHOLDER:
            return Severity.LOW
        case SecretKind.POSSIBLE:
            return Severity.MEDIUM
        case _:
            return Severity.HIGH if leak.option or leak.text is None else Severity.CRITICAL


def _choose_outcome(
    leak: SecretLeak, choose: Callable[[], SecretMove | Refusal], listed: Node | None
) -> Outcome:
    if leak.kind is SecretKind.PLACEHOLDER:
        return Manual(
            f"What {leak.name} holds here is a placeholder, so there is no value to move. Whoever fills it "
            "in should let it come from a secret store instead."
        )
    if leak.kind is SecretKind.POSSIBLE:
        return Manual(
            f"Whether {leak.name} holds a secret is not known: {leak.why}. If it does, store it in a "
            "secret store and refer to it; if not, a `fixbot:ignore` with the reason ends this."
        )
    if leak.container.task.partial:
        return Manual(leak.container.task.partial)
    if isinstance(leak.way, Refusal | Manual):
        return leak.way
    if leak.variable.conditional:
        return Refusal(
            f"{leak.name} is set inside a condition. Move the value in both branches by hand: `secrets` "
            "takes the same condition."
        )
    if listed is not None:
        return build_listed_fix(leak, listed, _describe_threat(leak))
    move = choose()
    if isinstance(move, Refusal):
        return move
    source = move.sources[leak.id]
    return source if isinstance(source, Refusal) else _build_fix(leak, source, move)


def _build_fix(leak: SecretLeak, source: SecretSource, move: SecretMove) -> Fix:
    clear = "in clear in the file" if leak.text is not None else "in clear in the task definition"
    return Fix(
        (*move_entry(leak, source), *source.changes, *move.changes),
        files=move.files,
        before=f"{mark_code(leak.name)} {clear}",
        after=f"from {source.says}",
        who=mark_code(leak.container.task.name),
        gist=move.gist,
        why=_describe_threat(leak),
        effect=move.effect,
        rollout=move.rollout,
        unknown=move.unknown,
        commands=move.commands,
        steps_before=move.steps_before,
        steps_after=move.steps_after,
        notes=move.notes,
        alike=move.alike,
        stores=(source.place or describe_place(leak, source),),
    )


def _describe_threat(leak: SecretLeak) -> str:
    task = leak.container.task
    if task.kind == "k8s":
        look = "read workloads in the cluster"
    elif task.kind == "batch":
        look = "call `batch:DescribeJobDefinitions`"
    else:
        look = "call `ecs:DescribeTaskDefinition`, which shows every revision ever registered"
    has = "with a copy of this repository" if leak.text is not None else "who may see what is deployed"
    return (
        f"Anyone {has} has the logins of {{who}}, and so has anyone who may {look}. "
        "In a store it takes a permission of its own to read them."
    )


rule = Rule(
    title="Take {subject} out of the file",
    many="Take {count} secrets in {folder} out of the files",
    topic="secrets",
    severity=Severity.CRITICAL,
    controls={
        "fsbp": ("ECS.8",),
        "cis-compute": ("3.6",),
        "cis-eks": ("4.4.1",),
        "cis-k8s": ("5.4.1",),
        "nist-800-190": ("4.1.4",),
    },
    looks_at=(Task, *ENVIRONMENTS),
    check=find_secrets_in_environments,
    profiles=ESSENTIAL,
    discloses=True,
    peers={
        "checkov": ("CKV_AWS_45", "CKV_SECRET_2", "CKV_SECRET_4", "CKV_SECRET_6"),
        "trivy": ("AWS-0036", "KSV-0109"),
        "kube-linter": ("env-var-secret",),
        "polaris": ("sensitiveContainerEnvVar",),
    },
    since="0.1",
)
