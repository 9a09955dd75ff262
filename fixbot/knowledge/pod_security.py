"""What keeps a pod from a level of the Pod Security Standards, as far as its file says.

Source: Kubernetes documentation, Pod Security Standards (fields and allowed values of v1.37). What a template
or a variable fills in keeps from every level: unknown is not harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fixbot.edit.tree import ABSENT, UNKNOWN, Node
from fixbot.knowledge.hardening import added_capabilities, is_privileged
from fixbot.lens import Container, Task, value_of

BASELINE: Final = "baseline"
RESTRICTED: Final = "restricted"
BASELINE_CAPABILITIES: Final = frozenset(
    ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
     "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT")
)  # fmt: skip
_SYSCTLS: Final = frozenset(
    ("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
     "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
     "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
     "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")
)  # fmt: skip
_SELINUX: Final = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t", ABSENT)
_VOLUMES: Final = frozenset(
    ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected",
     "secret")
)  # fmt: skip
_FILTERED: Final = ("RuntimeDefault", "Localhost")


def find_obstacles(task: Task, level: str) -> Iterator[str]:
    """What keeps a pod from `baseline` or from what `restricted` asks beyond it: words after its name."""
    containers = [each for each in task.containers if each.role != "settings"]
    if level == BASELINE:
        yield from _find_host_access(task)
        yield from _find_shared_options(task)
        for each in containers:
            yield from _find_shared_options(each)
            yield from _find_rights(each)
    else:
        yield from _find_volumes(task, _VOLUMES)
        for each in containers:
            yield from _find_unrestricted(each)


def _find_host_access(task: Task) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if task.flag(field) in (True, UNKNOWN) or field in task.host_namespaces:
            yield f"has {field}"
    if task.volumes is None:
        yield "has volumes that are filled in elsewhere"
    elif any(volume.kind == "hostPath" for volume in task.volumes):
        yield "mounts a folder of its node (hostPath)"
    for item in _list_entries(task, "securityContext", "sysctls"):
        name = value_of(item.find_node(task.spelling.key("name")))
        if name not in _SYSCTLS:
            yield f"sets the sysctl {name if isinstance(name, str) else 'of a name that is filled in'}"


def _find_shared_options(subject: Task | Container) -> Iterator[str]:
    """What a pod and a container say in the same words."""
    who = "" if isinstance(subject, Task) else f" in {subject.name}"
    at = "securityContext"
    if subject.flag(f"{at}.windowsOptions.hostProcess") in (True, UNKNOWN):
        yield f"runs as a process of its host{who} (hostProcess)"
    if subject.value(f"{at}.seccompProfile.type") in ("Unconfined", UNKNOWN):
        yield f"switches its seccomp profile off{who}"
    if subject.value(f"{at}.appArmorProfile.type") in ("Unconfined", UNKNOWN):
        yield f"switches its AppArmor profile off{who}"
    options = f"{at}.seLinuxOptions"
    named = (subject.value(f"{options}.{name}") for name in ("user", "role"))
    if subject.value(f"{options}.type") not in _SELINUX or any(n not in ("", ABSENT) for n in named):
        yield f"chooses SELinux options of its own{who}"


def _find_rights(container: Container) -> Iterator[str]:
    if is_privileged(container):
        yield f"is privileged in {container.name}"
    if beyond := sorted(added_capabilities(container) - BASELINE_CAPABILITIES):
        yield f"adds {', '.join(beyond)} in {container.name}"
    if container.value("securityContext.procMount") not in (ABSENT, "Default"):
        yield f"unmasks /proc in {container.name}"
    key = container.spelling.key("hostPort")
    ports = (value_of(item.find_node(key)) for item in _list_entries(container, "ports"))
    if any(port not in (ABSENT, None, 0) for port in ports):
        yield f"takes a port of its node in {container.name}"


def _find_volumes(task: Task, allowed: frozenset[str]) -> Iterator[str]:
    for volume in task.volumes or ():
        if volume.kind not in allowed:
            yield f"has a volume of another kind ({volume.kind or 'unknown'})"


def _find_unrestricted(container: Container) -> Iterator[str]:
    name, at = container.name, "securityContext"
    if container.flag(f"{at}.allowPrivilegeEscalation") is not False:
        yield f"may gain rights in {name}"
    if "ALL" not in {word.upper() for word in container.words(f"{at}.capabilities.drop")}:
        yield f"keeps capabilities in {name}"
    if beyond := sorted(added_capabilities(container) & BASELINE_CAPABILITIES - {"NET_BIND_SERVICE"}):
        yield f"adds {', '.join(beyond)} in {name}"
    task = container.task
    own, above = container.flag(f"{at}.runAsNonRoot"), task.flag(f"{at}.runAsNonRoot")
    if (own if own is not ABSENT else above) is not True:
        yield f"may run as root in {name}"
    if 0 in (container.value(f"{at}.runAsUser"), task.value(f"{at}.runAsUser")):
        yield f"runs as root in {name}"
    profile = container.value(f"{at}.seccompProfile.type")
    if (task.value(f"{at}.seccompProfile.type") if profile is ABSENT else profile) not in _FILTERED:
        yield f"may use every system call in {name}"


def _list_entries(subject: Task | Container, *path: str) -> Sequence[Node]:
    """The items of the list at a path, or the blocks."""
    *way, last = subject.spelling.spell_path(".".join(path))
    node = subject.node.find_node(*way) if subject.node is not None else None
    return node.list_items(last) if node is not None else ()
