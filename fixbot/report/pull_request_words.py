"""What became of pull requests, in the words that all forms of the report share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixbot.model.findings import PullRequestRow

_DEEDS = {
    "open": ("opened", "open"),
    "finish": ("opened", "open"),
    "update": ("updated", "update"),
    "mark": ("noted", "note"),
    "dress": ("labelled", "label"),
    "close": ("closed", "close"),
    "delete": ("tidied up", "delete the branch of"),
    "say": ("commented", "comment"),
}
"""A deed that was done, and one that would be."""
CALM = "up to date"


def describe_outcome(row: PullRequestRow) -> str:
    """What became of it, in a word or two."""
    if row.outcome == "left" and row.why == CALM:
        return CALM
    done, would = _DEEDS.get(row.deed, (row.deed, row.deed))
    words = {"done": done, "would": f"would {would}", "branch": "branch only"}
    return words.get(row.outcome, row.outcome)


def describe_reason(row: PullRequestRow) -> str:
    """Why, where that says more than `describe_outcome`."""
    return "" if row.why in {"new", CALM} else row.why.removeprefix(f"{describe_outcome(row)}: ")


def summarize_pulls(rows: Iterable[PullRequestRow]) -> str:
    """How many deeds were done on GitHub, wait for a later run, and failed."""
    outcomes = [row.outcome for row in rows]
    if "would" in outcomes:
        return f"Nothing was written; {outcomes.count('would')} would be done on GitHub."
    done = outcomes.count("done")
    idle = not {"done", "branch", "failed"} & {*outcomes}
    words = ["Nothing was to be done on GitHub" if idle else f"{done} done on GitHub"]
    words += [f"{outcomes.count('branch')} only as a branch"] if "branch" in outcomes else []
    words += [f"{outcomes.count('waits')} waiting"] if "waits" in outcomes else []
    words += [f"{outcomes.count('failed')} failed"] if "failed" in outcomes else []
    return ", ".join(words) + "."
