"""Names in a sentence."""

from __future__ import annotations

from collections.abc import Iterable


def join_with_and(names: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`; an empty text for none."""
    listed = tuple(names)
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} and {listed[-1]}"
