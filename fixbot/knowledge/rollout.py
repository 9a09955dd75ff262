"""When a changed file begins to count, by the kind of task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fixbot.lens import Task

_TASKS: Final = {
    "ecs": "The next deployment registers a new task revision and rolls it out; until then nothing changes.",
    "batch": "Jobs that start with the next revision of the definition are affected.",
}
_REPLACED = "Applying it replaces the pods, as every change of their template does."
_WORKLOADS: Final = {
    "Deployment": _REPLACED,
    "StatefulSet": _REPLACED,
    "DaemonSet": _REPLACED,
    "Pod": "A Pod that runs can't be changed in this way: delete it, then apply the file.",
    "Job": "A Job that exists can't be changed in this way: delete it, then apply the file.",
    "CronJob": "A CronJob changes from its next run on.",
    "ReplicaSet": "A ReplicaSet changes new pods only; those that run stay until they are deleted.",
    "ReplicationController": (
        "A ReplicationController changes new pods only; those that run stay until they are deleted."
    ),
}
"""What the API server and the controllers do with a changed pod template.

Source: Kubernetes documentation, the page of each workload; a Pod's and a Job's specs are immutable but for
a few fields.
"""
_OTHERS = "Pods that start after it is applied are affected."


_ADD_NOTHING: Final = frozenset({*_WORKLOADS, "Rollout", "CloneSet", "Service", "Configuration", "Revision"})
"""Whose pods hold the containers of the file, and beside them none that asks the cluster's API anything.

Knative's queue-proxy asks the activator only. Of others not: Agones' sidecar, and the executor of Argo
Workflows, report through the API with the pod's own token.
Sources: googleforgames/agones, pkg/apis/agones/v1/gameserver.go (DisableServiceAccount);
argoproj/argo-workflows, docs/service-accounts.md.
"""


def keeps_to_its_containers(task: Task) -> bool:
    """Whether nothing is known to add containers to the pods of this workload but what any cluster may."""
    return task.workload in _ADD_NOTHING


def describe_rollout(task: Task) -> str:
    """When a change of this task begins to count, as a sentence."""
    return _TASKS.get(task.kind) or _WORKLOADS.get(task.workload, _OTHERS)
