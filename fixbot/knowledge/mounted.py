"""What of a container's file system is a mount already: volumes, tmpfs, and what other containers share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fixbot.lens import Container, text_of, truth_of

_LINKS: Final = (("/var/run", "/run"), ("/var/lock", "/run/lock"))
"""Links that every usual base image has: what is mounted at one stands at the other."""


@dataclass(frozen=True, slots=True)
class Mounted:
    """One mounted folder or file, by the path that it really has in the container."""

    path: str
    read_only: bool


def real_path(path: str) -> str:
    """The path without a slash at its end and with the usual links followed: `/var/run/x` is `/run/x`."""
    path = "/" + "/".join(part for part in path.split("/") if part not in ("", "."))
    for link, target in _LINKS:
        if path == link or path.startswith(f"{link}/"):
            return target + path[len(link) :]
    return path


def is_inside(path: str, folder: str) -> bool:
    """Whether a path is that folder or lies in it."""
    path, folder = real_path(path), real_path(folder)
    return folder in (path, "/") or path.startswith(f"{folder}/")


def list_mounts(container: Container) -> tuple[Mounted, ...]:
    """Everything that is mounted: its own volumes and tmpfs, and what `volumesFrom` brings along."""
    return tuple(_own_mounts(container)) + tuple(_from_others(container))


def is_writable(container: Container, path: str) -> bool:
    """Whether a mount that can be written holds the path; of several the innermost counts."""
    found = _find_innermost(container, path)
    return found is not None and not found.read_only


def is_read_only(container: Container, path: str) -> bool:
    """Whether a mount that can't be written holds the path: it can't be written today either."""
    found = _find_innermost(container, path)
    return found is not None and found.read_only


def _find_innermost(container: Container, path: str) -> Mounted | None:
    around = [each for each in list_mounts(container) if is_inside(path, each.path)]
    return max(around, key=lambda each: len(each.path), default=None)


def _own_mounts(container: Container) -> Iterator[Mounted]:
    for mount in container.mounts:
        if mount.path is not None:
            yield Mounted(real_path(mount.path), mount.read_only)
    if container.spelling.vocabulary == "k8s":
        return
    key = container.spelling.key
    linux = container.get("linuxParameters")
    for item in linux.list_items(key("tmpfs")) if linux is not None else ():
        if path := text_of(item.find_node(key("containerPath"))):
            options = item.find_node(key("mountOptions"))
            words = [text_of(each) for each in options.items] if options is not None else []
            yield Mounted(real_path(path), "ro" in words)


def _from_others(container: Container) -> Iterator[Mounted]:
    """What the named containers have mounted; one that stands in no known task brings what nobody knows."""
    if container.spelling.vocabulary == "k8s":
        return
    key = container.spelling.key
    for item in container.node.list_items(container.spelling.spell_field("volumesFrom")):
        source = text_of(item.find_node(key("sourceContainer")))
        read_only = truth_of(item.find_node(key("readOnly"))) is True
        for each in container.task.containers:
            if source is not None and each.name == source and each is not container:
                yield from (Mounted(m.path, m.read_only or read_only) for m in _own_volumes(each))


def _own_volumes(container: Container) -> Iterator[Mounted]:
    """Volumes alone: a tmpfs belongs to one container."""
    for mount in container.mounts:
        if mount.path is not None:
            yield Mounted(real_path(mount.path), mount.read_only)
