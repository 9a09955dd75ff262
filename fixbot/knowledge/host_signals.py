"""Signs that a container works on its host: what it mounts, shares, or where it is started."""

from __future__ import annotations

from collections.abc import Sequence

from fixbot.edit.tree import Node
from fixbot.knowledge.image_tables import why_name_asks, why_needs_privileged
from fixbot.knowledge.images import ImageReference
from fixbot.lens import Container, Task, text_of
from fixbot.model.findings import Refusal

_HOST_PATHS = (
    "/proc",
    "/sys",
    "/dev",
    "/lib/modules",
    "/boot",
    "/run",
    "/var/run",
    "/var/lib/kubelet",
    "/var/lib/docker",
    "/etc/cni",
    "/opt/cni",
)
_SYSTEM_NAMESPACES = ("kube-system", "monitoring", "observability")


def find_host_signals(container: Container) -> tuple[str, ...]:
    """What speaks for work on the host, in the reader's words; empty where nothing does."""
    task = container.task
    signals = [f"a {task.workload}, one on every node"] if task.daemon else []
    if task.namespace in _SYSTEM_NAMESPACES or task.namespace.endswith("-system"):
        signals.append(f"in the namespace {task.namespace}")
    return (*signals, *find_host_access(container))


def refuse_node_work(task: Task, but: str = "") -> Refusal | None:
    """What speaks for a task or pod, `but` for one container, that needs what it has of its machine."""
    if task.daemon:
        return Refusal(f"{task.title} runs once on every machine, as agents do, which need it mostly.")
    if task.namespace in _SYSTEM_NAMESPACES or task.namespace.endswith("-system"):
        return Refusal(
            f"{task.title} is in the namespace {task.namespace}, where what serves the nodes runs."
        )
    for each in (each for each in task.containers if each.name != but):
        image = ImageReference.parse_reference(each.image_with_holes)
        need = why_needs_privileged(image, each.name) or why_name_asks(image, each.name)
        if need is not None:
            return Refusal(f"{each.name} is known to work on its machine: {need.why}.")
        if any(each.flag(flag) is True for flag in ("privileged", "securityContext.privileged")):
            return Refusal(f"{each.name} is privileged, as what works on its machine is.")
        if paths := _find_host_paths(each):
            return Refusal(f"{each.name} works on its machine: the host's {paths[0]} is mounted.")
    return None


def find_host_access(container: Container) -> tuple[str, ...]:
    """What it has of its host, in the reader's words: network, processes, paths, devices."""
    task, signals = container.task, []
    if task.network_mode == "host" and "hostNetwork" not in task.host_namespaces:
        signals.append("network mode host")
    signals += [f"{each} shared" for each in task.host_namespaces]
    signals += [f"the host's {path} mounted" for path in _find_host_paths(container)]
    if container.get("linuxParameters.devices") is not None:
        signals.append("devices of the host")
    return tuple(signals)


def rule_ending_access(task: Task, signals: Sequence[str]) -> str:
    """The rule whose fix takes away all that a task has of its host; empty where none does."""
    shared = {f"{each} shared" for each in task.host_namespaces}
    if not shared or not shared.issuperset(signals):
        return ""
    return "host-network-shared" if "hostNetwork" in task.host_namespaces else "host-namespace-shared"


def _find_host_paths(container: Container) -> list[str]:
    used = {mount.volume for mount in container.mounts}
    found = []
    for volume in container.task.volumes or ():
        path = path_on_host(volume.node) if volume.name in used else None
        if path is not None and (path == "/" or path.startswith(_HOST_PATHS) or path.endswith(".sock")):
            found.append(path)
    return found


def path_on_host(node: Node) -> str | None:
    """The host path of a volume, in any of the dialects."""
    for way in (
        ("hostPath", "path"),
        ("host", "sourcePath"),
        ("Host", "SourcePath"),
        ("host_path", "path"),
        ("host_path",),
    ):
        if (path := text_of(node.find_node(*way))) is not None:
            return path
    return None
