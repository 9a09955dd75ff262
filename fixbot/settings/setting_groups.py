"""Settings that belong together under one key, and how a single one is described."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fixbot.settings import value_shapes


def described(default: Any, says: str, **meta: Any) -> Any:
    """A field that a file may set, in a line or two."""
    return field(default=default, metadata={"says": says, **meta})


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """Where images come from."""

    allow: tuple[str, ...] = described(
        (), "Hosts of registries that images may come from.", shape=value_shapes.REGISTRY
    )
    mirrors: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "says": "What stands in for a registry: its host, and the mirror's, perhaps with a path.",
            "keys": value_shapes.REGISTRY,
            "shape": value_shapes.MIRROR,
        },
    )


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How much one part of a repository, files that are read together, may cost before it is given up."""

    seconds: int = field(
        default=10,
        metadata={
            "says": "Processor time for files that are read together; then they are named as not read.",
            "least": 1,
            "most": 86_400,
        },
    )
    memory_mb: int = field(
        default=1000,
        metadata={"says": "Memory for the same, in millions of bytes.", "least": 50, "most": 1_000_000},
    )
    file_mb: int = field(
        default=5,
        metadata={"says": "The largest file that is read, in millions of bytes.", "least": 1, "most": 1_000},
    )
