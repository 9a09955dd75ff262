"""Figures of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

NO_COUNTS: Final[Mapping[str, int]] = {"containers": 0, "statements": 0}
"""The kinds of what is always looked at, as the JSON report names them."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a run; `counts` says by kind how much was looked at, `seconds` is wall time."""

    files_listed: int = 0
    files_parsed: int = 0
    counts: Mapping[str, int] = field(default_factory=lambda: dict(NO_COUNTS))
    seconds: float = 0.0
