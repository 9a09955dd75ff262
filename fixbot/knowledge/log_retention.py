"""How long CloudWatch Logs can keep lines."""

from __future__ import annotations

from typing import Final

_RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""What CloudWatch Logs takes, in days. Source: PutRetentionPolicy, `retentionInDays`."""


def choose_retention(least: int) -> int:
    """The number of days, or the next one above it that CloudWatch takes; the last of them for more."""
    return next((days for days in _RETENTIONS if days >= least), _RETENTIONS[-1])
