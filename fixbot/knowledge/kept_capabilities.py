"""Which capabilities a container has to keep when the others are dropped."""

from __future__ import annotations

from typing import Final

from fixbot.knowledge.dropped import USUAL_CAPABILITIES, find_lost_needs
from fixbot.knowledge.hardening import insists_on_user
from fixbot.knowledge.needs import find_needed_capabilities
from fixbot.knowledge.startup import read_startup
from fixbot.lens import Container, value_of
from fixbot.rules.context import Context

FARGATE_DROPS: Final = ("NET_RAW", "MKNOD", "AUDIT_WRITE", "SYS_CHROOT", "SETFCAP")
"""What hardly any program uses; Fargate lets nothing but SYS_PTRACE be added (ECS, KernelCapabilities)."""
_FIRST_FREE_PORT: Final = 1024
"""Below it a program that isn't root needs NET_BIND_SERVICE, unless the node's kernel is told otherwise."""


def may_run_on_fargate(container: Container) -> bool:
    """Whether a task can run there: what can run on both is held to what Fargate accepts."""
    return container.spelling.vocabulary == "ecs" and container.task.fargate is not False


def find_kept_capabilities(container: Container, world: Context) -> tuple[str, ...] | None:
    """Of the capabilities that a fix drops those that the container needs; None where nobody can say."""
    fargate = may_run_on_fargate(container)
    lost = frozenset(FARGATE_DROPS if fargate else USUAL_CAPABILITIES)
    needed = find_lost_needs(container, lost)
    if needed is None and fargate:
        needed = ()
    startup = read_startup(container, world)
    if needed is None or (startup.unread and not insists_on_user(container)):
        return None
    programs = [name for name, _ in find_needed_capabilities([each.script for each in startup.scripts])]
    ports = ["NET_BIND_SERVICE"] if has_low_port(container) else []
    return tuple(sorted({*needed, *(each for each in (*programs, *ports) if each in lost)}))


def has_low_port(container: Container) -> bool:
    """Whether it says that it listens on a port below 1024, or on one that is filled in elsewhere."""
    listed = "ports" if container.spelling.vocabulary == "k8s" else "portMappings"
    items = container.node.list_items(container.spelling.spell_field(listed))
    key = container.spelling.key("containerPort")
    ports = [value_of(item.find_node(key)) for item in items]
    return any(not str(port).isdigit() or int(str(port)) < _FIRST_FREE_PORT for port in ports)
