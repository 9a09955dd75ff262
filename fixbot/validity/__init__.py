"""Whether the result of a fix is still valid, offline: judged on plain data, before against after."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from fixbot import canonical
from fixbot.lens import Task
from fixbot.tree import UNKNOWN
from fixbot.validity.ecs import job_problems, task_problems
from fixbot.validity.kubernetes import pod_problems


def new_problems(before: Task, after: Task) -> tuple[str, ...]:
    """What is wrong with a task after a fix that wasn't wrong before."""
    found = problems(after)
    return added(problems(before), found) if found else ()


def problems(task: Task) -> tuple[str, ...]:
    """All that is wrong with a task, as far as reading alone can tell."""
    if task.kind == "k8s":
        return pod_problems(canonical.pod(task)) if task.node is not None else ()
    if task.kind == "batch":
        return job_problems(canonical.job(task)) if task.node is not None else ()
    data = canonical.task(task)
    if task.node is None or task.volumes is None:
        data["volumes"] = UNKNOWN
    return task_problems(data, _OPERATIONS.get(task.workload, "RegisterTaskDefinition"))


_OPERATIONS = {"daemon": "RegisterDaemonTaskDefinition"}


def added(before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    """The problems of `after` that `before` has not; positions in lists may have moved between them."""
    left = Counter(map(_anywhere, before))
    found: list[str] = []
    for problem in after:
        left[_anywhere(problem)] -= 1
        if left[_anywhere(problem)] < 0:
            found.append(problem)
    return tuple(found)


def _anywhere(problem: str) -> str:
    return re.sub(r"\[\d+\]", "[]", problem)
