"""What a container needs to live with a read-only root, and how far that is known."""

from __future__ import annotations

from dataclasses import dataclass

from fixbot.text.command import Command


@dataclass(frozen=True, slots=True)
class WritableSpace:
    """A writable place: a volume, new or already there, and the path that it is mounted on."""

    name: str
    path: str
    reused: bool


@dataclass(frozen=True, slots=True)
class WritableNeeds:
    """What a container needs to live with a read-only root, and how far that is known."""

    volumes: tuple[WritableSpace, ...]
    writable: tuple[str, ...]
    """Every path that will be writable and empty, in the reader's order."""
    verified: bool
    evidence: str
    unknown: str
    commands: tuple[Command, ...]
    notes: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    """Paths that get a tmpfs, since a volume would belong to another user than the container's."""
    tmpfs_size: int = 0
    """MiB of each."""
    variables: tuple[tuple[str, str], ...] = ()
    """Names and values of variables that it needs to start."""

    @property
    def volume_paths(self) -> tuple[str, ...]:
        """The paths that get a volume."""
        return tuple(space.path for space in self.volumes)
