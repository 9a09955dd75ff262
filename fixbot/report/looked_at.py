"""How much of each kind was looked at, in words: one sentence wherever it is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fixbot.report.style import format_count

_WORDS: Final = {
    "containers": ("container", "containers"),
    "statements": ("policy statement", "policies"),
    "resources": ("resource", "resources"),
}
"""One of each kind, and what there is none of where nothing was found."""


def said_of(counts: Mapping[str, int]) -> str:
    """`31 containers, 12 policy statements`."""
    return ", ".join(format_count(number, _WORDS[kind][0]) for kind, number in counts.items())


def said_of_none(counts: Mapping[str, int]) -> str:
    """`No containers and no policies found`: what was looked for; empty where anything was there."""
    if any(counts.values()) or not counts:
        return ""
    *most, last = (f"no {_WORDS[kind][1]}" for kind in counts)
    said = f"{', '.join(most)} and {last}" if most else last
    return f"{said[0].upper()}{said[1:]} found"
