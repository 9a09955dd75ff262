"""What became of pull requests, in the words that all forms of the report share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixbot.model import PullRow

_DEEDS = {
    "open": ("opened", "open"),
    "finish": ("opened", "open"),
    "update": ("updated", "update"),
    "mark": ("noted", "note"),
    "dress": ("labelled", "label"),
    "close": ("closed", "close"),
    "delete": ("branch deleted", "delete branch"),
    "say": ("commented", "comment"),
}
"""A deed that was done, and one that would be."""


def became(row: PullRow) -> str:
    """What became of it, in a word or two."""
    done, would = _DEEDS.get(row.deed, (row.deed, row.deed))
    words = {"done": done, "would": f"would {would}", "branch": "branch only"}
    return words.get(row.outcome, row.outcome)


def why(row: PullRow) -> str:
    """Why, where that says more than `became`."""
    return "" if row.why == "new" else row.why.removeprefix(f"{became(row)}: ")


def told(rows: Iterable[PullRow]) -> str:
    """How many deeds were done on GitHub, wait for a later run, and failed."""
    outcomes = [row.outcome for row in rows]
    if "would" in outcomes:
        return f"Nothing was written; {outcomes.count('would')} would be done on GitHub."
    words = [f"{outcomes.count('done')} done on GitHub"]
    words += [f"{outcomes.count('waits')} waiting"] if "waits" in outcomes else []
    words += [f"{outcomes.count('failed')} failed"] if "failed" in outcomes else []
    return ", ".join(words) + "."
