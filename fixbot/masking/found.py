"""What the search for secrets finds in files that are read together."""

from __future__ import annotations

from dataclasses import dataclass, field

from fixbot.masking.mask_spans import Span


@dataclass(slots=True)
class Places:
    """What was found: places by path, values, and the definitions that were judged under which name."""

    spans: dict[str, list[Span]] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)
    followed: set[tuple[str, str, str]] = field(default_factory=set)
