"""Whether the result of a fix is still valid, offline: judged on plain data, before against after."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from fixbot.edit.tree import UNKNOWN
from fixbot.lens import Task
from fixbot.validity import canonical
from fixbot.validity.ecs_rules import find_job_problems, find_task_problems
from fixbot.validity.kubernetes_rules import find_pod_problems
from fixbot.validity.windows import is_windows_pod, is_windows_task


def find_new_problems(before: Task, after: Task) -> tuple[str, ...]:
    """What is wrong with a task after a fix that wasn't wrong before."""
    found = find_problems(after)
    return find_added(find_problems(before), found) if found else ()


def find_problems(task: Task) -> tuple[str, ...]:
    """All that is wrong with a task, as far as reading alone can tell."""
    if task.kind == "k8s":
        return find_pod_problems(canonical.canonical_pod(task)) if task.node is not None else ()
    if task.kind == "batch":
        return find_job_problems(canonical.canonical_job(task)) if task.node is not None else ()
    data = canonical.canonical_task(task)
    if task.node is None or task.volumes is None:
        data["volumes"] = UNKNOWN
    return find_task_problems(data, _OPERATIONS.get(task.workload, "RegisterTaskDefinition"))


def runs_on_windows(task: Task) -> bool | None:
    """Whether a task or pod runs on Windows by all that it says itself; None where it may."""
    if task.kind == "k8s":
        return is_windows_pod(canonical.canonical_pod(task))
    if task.kind == "batch" and task.node is not None:
        return is_windows_task(canonical.canonical_pod(task))
    return is_windows_task(canonical.canonical_task(task))


_OPERATIONS = {"daemon": "RegisterDaemonTaskDefinition"}


def find_added(before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    """The problems of `after` that `before` has not; positions in lists may have moved between them."""
    left = Counter(map(_without_positions, before))
    found: list[str] = []
    for problem in after:
        left[_without_positions(problem)] -= 1
        if left[_without_positions(problem)] < 0:
            found.append(problem)
    return tuple(found)


def _without_positions(problem: str) -> str:
    return re.sub(r"\[\d+\]", "[]", problem)
