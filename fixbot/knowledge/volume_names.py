"""Which volume a path gets, and the name of a new one: free in the task, and of no claim beside it."""

from __future__ import annotations

import re

from fixbot.knowledge.claims import claimed_names
from fixbot.knowledge.writable_needs import WritableSpace
from fixbot.lens import Container, Volume

_EMPTY = ("emptyDir", "bind", "empty_dir", "host_empty")


def choose_spaces(container: Container, paths: tuple[str, ...]) -> tuple[WritableSpace, ...]:
    """A volume for each path: an empty one that nobody uses yet, or a new one under a free name."""
    found: list[WritableSpace] = []
    for path in paths:
        found.append(_choose_space(container, path, {space.name for space in found}))
    return tuple(found)


def _choose_space(container: Container, path: str, given: set[str]) -> WritableSpace:
    wanted = _build_volume_name(container.name, path)
    claimed = claimed_names(container.task)
    for volume in container.task.volumes or ():
        fits = volume.name in (wanted, path.strip("/").replace("/", "-")) and volume.kind in _EMPTY
        if fits and volume.name not in claimed and not _is_mounted(container, volume):
            return WritableSpace(volume.name, path, reused=True)
    taken = {volume.name for volume in container.task.volumes or ()} | claimed | given
    return WritableSpace(_find_free_name(wanted, taken), path, reused=False)


def _is_mounted(container: Container, volume: Volume) -> bool:
    """Whether any container of the task sees that volume already."""
    return any(mount.volume == volume.name for each in container.task.containers for mount in each.mounts)


def _build_volume_name(name: str, path: str) -> str:
    """A name that both APIs take: at most 63 lower-case letters, digits and hyphens."""
    short = re.sub(r"^/(?:var|usr/local|opt)/", "/", path).strip("/").replace("/", "-") or "root"
    base = re.sub(r"[^a-z0-9-]+", "-", (short if name.startswith("#") else f"{name}-{short}").lower()).strip(
        "-"
    )
    return base if len(base) <= 63 else (base[:40] + "-" + short[-20:]).strip("-")


def _find_free_name(wanted: str, taken: set[str]) -> str:
    return next(
        name for n in range(1, len(taken) + 2) if (name := wanted if n == 1 else f"{wanted}-{n}") not in taken
    )
