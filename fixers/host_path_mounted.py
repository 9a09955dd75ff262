"""A folder or socket of the machine in a container is a way out of the container, and mostly the shortest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Put
from fixbot.knowledge.host_signals import path_on_host
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import Container, Mount, Task, Volume
from fixbot.model.findings import Fix, Found, Manual, Outcome, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

_GIVES: Final = {
    "docker.sock": "whoever talks to it starts containers as root of the machine, with anything mounted. "
    "Read-only says nothing of what may be asked of a socket",
    "containerd.sock": "whoever talks to it starts containers as root of the machine. Read-only says nothing "
    "of what may be asked of a socket",
    "crio.sock": "whoever talks to it starts containers as root of the machine. Read-only says nothing of "
    "what may be asked of a socket",
    "/": "all of the machine's files: its keys, and those of everything that runs there",
    "/etc": "the machine's users, keys and services",
    "/root": "the keys and history of root",
    "/proc": "the memory and variables of all processes of the machine",
    "/sys": "the settings of its kernel and devices",
    "/dev": "its disks and memory as files",
    "/boot": "the kernel that it starts next",
    "/lib/modules": "the code that its kernel loads",
    "/var/lib/kubelet": "the tokens and secrets of all pods of the node",
    "/var/lib/docker": "the files of all containers of the machine",
}
_READERS: Final = {
    "node-exporter": ("/", "/proc", "/sys"),
    "cadvisor": ("/", "/sys", "/var/lib/docker", "/dev/disk"),
    "process-exporter": ("/proc",),
}
"""Images that only read what they mount. Source: the READMEs of prometheus/node_exporter, google/cadvisor and
ncabatoff/process-exporter, which mount all of it read-only (cadvisor: all but /var/run)."""
_HARMLESS: Final = ("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo")


def find_host_paths(task: Task, _world: Context) -> Iterator[Found]:
    """Each folder of the machine that a container of the task sees."""
    for volume in task.volumes or ():
        path = path_on_host(volume.node)
        if path is None:
            continue
        takers = [
            (each, mount) for each in task.containers for mount in each.mounts if mount.volume == volume.name
        ]
        if not takers or (_is_below(path, _HARMLESS) and all(mount.read_only for _, mount in takers)):
            continue
        if all(mount.read_only and _only_reads(each, path) for each, mount in takers):
            continue
        grave = _name_given(path)
        yield Found(
            volume.node, task.title, task.address, path,
            f"{task.title} mounts {path} of its {'node' if task.kind == 'k8s' else 'instance'}",
            partial(_choose_outcome, task, volume, path, takers), subject=task.subject,
            severity=Severity.CRITICAL if grave else Severity.MEDIUM,
        )  # fmt: skip


def _is_below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path.rstrip("/") == each or path.startswith(f"{each}/") for each in folders)


def _name_given(path: str) -> str:
    """What the gravest folder gives that a path is or lies in; empty for an ordinary one."""
    bare = path.rstrip("/") or "/"
    for known, gives in _GIVES.items():
        if bare == known or bare.endswith(f"/{known}") or (known != "/" and bare.startswith(f"{known}/")):
            return gives
    return ""


def _choose_outcome(task: Task, volume: Volume, path: str, takers: list[tuple[Container, Mount]]) -> Outcome:
    writable = [(each, mount) for each, mount in takers if not mount.read_only]
    if writable and all(_only_reads(each, path) for each, _ in writable):
        return Fix(
            tuple(Put(mount.node, (each.spelling.key("readOnly"),), value=True) for each, mount in writable),
            who=task.called,
            before=f"{mark_code(path)} can be written to",
            after="read-only",
            gist=f"{{who}} can no longer write to {mark_code(path)} of the machine.",
            effect="What is read there is read as before; a write fails.",
            why="Code in {who} can change files of the machine, and is root there soon after.",
            unknown="The images of {who} are known to read only; whether these do more is not known.",
            rollout=describe_rollout(task),
        )
    gives = _name_given(path)
    where = mark_code(path)
    if gives:
        return Manual(
            f"{where} gives {task.title} this: {gives}. Take the mount of {mark_code(volume.name)} away, "
            "unless this is an agent whose work that is."
        )
    return Manual(
        f"What {task.title} writes to {where} stays on one machine and is seen by all that mount it there. "
        "Take a volume of the platform (EFS, a PersistentVolumeClaim, emptyDir), or mount it read-only."
    )


def _only_reads(container: Container, path: str) -> bool:
    image = ImageReference.parse_reference(container.image_with_holes)
    known = _READERS.get(image.name or "", ()) if image is not None else ()
    return (path.rstrip("/") or "/") in known


rule = Rule(
    title="Keep files of the host out of {subject}",
    topic="workload-hardening",
    severity=Severity.HIGH,
    controls={"cis-k8s": ("5.2.11",), "pss-baseline": ("hostPath",), "nist-800-190": ("4.4.3", "4.5.5")},
    looks_at=Task,
    check=find_host_paths,
    peers={"checkov": ("CKV_K8S_27",), "trivy": ("KSV-0006", "KSV-0023"),
           "kube-linter": ("docker-sock", "sensitive-host-mounts", "writable-host-mount"),
           "polaris": ("hostPathSet",), "kubescape": ("C-0045", "C-0048", "C-0074")},
)  # fmt: skip
