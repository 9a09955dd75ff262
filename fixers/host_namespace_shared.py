"""A task or pod that shares its machine's processes can read what all others there keep to themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fixbot.edit.change import Change, Drop, Replace
from fixbot.edit.tree import UNKNOWN, Node
from fixbot.knowledge.host_signals import refuse_node_work
from fixbot.knowledge.image_tables import find_sensor
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import Container, Task
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Safety, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

_FIELDS = {
    "k8s": {"hostPID": "true", "hostIPC": "true"},
    "ecs": {"pidMode": "host", "ipcMode": "host"},
    "daemon": {"pidMode": "shared", "ipcMode": "shared"},
}
_DEBUGGERS = ("gdb", "strace", "perf", "bpftrace", "netshoot", "nsenter", "py-spy", "delve")


def find_shared_namespaces(task: Task, _world: Context) -> Iterator[Found]:
    """A task or pod that shares processes, or memory, with its machine: one finding."""
    if task.node is None or task.kind == "batch":
        return
    k8s = task.spelling.vocabulary == "k8s"
    fields = _FIELDS["k8s" if k8s else "daemon" if task.workload == "daemon" else "ecs"]
    shared: dict[str, Node] = {}
    for field, bad in fields.items():
        said = task.followed(field)
        if said is not None and str(said.value).lower() == bad:
            if said.why_not:
                task.unknown[task.slot(field).written] = said.node
            shared[field] = task.get(field) or said.node
    if not shared:
        return
    written = [task.slot(each).written for each in shared]
    what = join_with_and(["processes" if "pid" in each.lower() else "shared memory" for each in shared])
    yield Found(
        next(iter(shared.values())), task.title, task.address, " ".join(shared),
        f"{task.title} shares the {what} of its {'node' if k8s else 'instance'} ({', '.join(written)})",
        partial(_choose_outcome, task, shared), subject=task.subject,
    )  # fmt: skip


def _choose_outcome(task: Task, shared: dict[str, Node]) -> Outcome:
    for field, node in shared.items():
        if task.value(field) is UNKNOWN or not node.is_known:
            return Refusal(f"{mark_code(task.slot(field).written)} of {task.title} is set from elsewhere.")
    others = len(task.containers) > 1
    beside = next((each.name for each in task.containers if _looks_on(each)), "") if others else ""
    keeps = beside if "pidMode" in shared else ""
    if not task.fargate and (kept := _explain_needs(task) or refuse_node_work(task, but=keeps)) is not None:
        return kept
    changes: list[Change] = []
    for field, node in shared.items():
        changes.append(Replace(node, "task") if keeps and field == "pidMode" else Drop(node))
    names = ", ".join(mark_code(task.slot(each).written) for each in shared)
    return Fix(
        tuple(changes),
        safety=Safety.SAFE if task.fargate else Safety.REVIEW,
        who=task.called,
        before=names,
        after="its own",
        gist="{who} {has|have} processes and shared memory of {its|their} own.",
        effect="Fargate refuses a task definition that shares its host's. Now it can be registered."
        if task.fargate
        else "What reads other processes in `/proc`, signals them, or talks through shared memory "
        "of the machine finds none of it any more."
        + (f" {mark_code(keeps)} goes on seeing the others of its task." if keeps else ""),
        why="Code in {who} can read the environment of every process on the machine, with the secrets that "
        "others get there, and end or trace them.",
        unknown="" if task.fargate else "Whether a program in {who} looks at other processes is not known.",
        rollout=describe_rollout(task),
    )


def _looks_on(container: Container) -> bool:
    image = ImageReference.parse_reference(container.image_with_holes)
    return find_sensor(image, container.name) is not None


def _explain_needs(task: Task) -> Manual | None:
    if task.workload == "daemon":
        return Manual(f"{task.title} is an agent on each machine. Take it away, unless it watches processes.")
    for each in task.containers:
        words = " ".join((each.image or "", *each.words("command"), *each.words("args"))).split()
        names = {part for word in words for part in (word.rpartition("/")[2].partition(":")[0],)}
        if found := names & set(_DEBUGGERS):
            return Manual(
                f"{each.name} runs {mark_code(min(found))}, which looks into other processes. Take it "
                "away when the search is over; `kubectl debug` and ECS Exec come and go."
            )
    return None


rule = Rule(
    title="Keep {subject} from the processes and memory of the host",
    topic="workload-hardening",
    severity=Severity.HIGH,
    controls={"fsbp": ("ECS.3",), "cis-compute": ("3.3",), "cis-eks": ("4.2.2", "4.2.3"),
              "cis-k8s": ("5.2.3", "5.2.4"), "pss-baseline": ("hostPID", "hostIPC"),
              "nist-800-190": ("4.4.3",), "nist-800-53": ("CA-9(1)", "CM-2")},
    looks_at=Task,
    check=find_shared_namespaces,
    peers={"checkov": ("CKV_AWS_335", "CKV_K8S_17", "CKV_K8S_18"), "trivy": ("KSV-0008", "KSV-0010"),
           "kube-linter": ("host-pid", "host-ipc"), "polaris": ("hostPIDSet", "hostIPCSet"),
           "kubescape": ("C-0038",)},
)  # fmt: skip
