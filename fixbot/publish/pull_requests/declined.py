"""What people said to findings by what they did with pull requests: a no, not yet, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from fixbot.publish.pull_requests.pull_request import PullRequest

AGAIN = "fixbot: recreate"
"""A label that takes back the no of a closed pull request."""


def why_declined(pull: PullRequest, today: date) -> str:
    """Why what a pull request offered is not to be offered again; an empty string where it may be.

    A person's close is a no for as long as the findings are the same. fixbot's own close is none, nor is a no
    whose last day is over, nor one that was taken back.
    """
    if pull.open or pull.merged or AGAIN in pull.labels:
        return ""
    mark = pull.state_block
    if mark is not None and mark.until:
        return (
            f"pull request #{pull.number} says not before {mark.until}"
            if _is_until_valid(mark.until, today)
            else ""
        )
    if mark is not None and mark.closed and mark.closed != "ignored":
        return ""
    return f"pull request #{pull.number} was closed without a merge"


def _is_until_valid(until: str, today: date) -> bool:
    try:
        return date.fromisoformat(until) >= today
    except ValueError:
        return True


def find_declined(pulls: Iterable[PullRequest], frozen: Collection[int], today: date) -> dict[str, str]:
    """Findings that are not to be offered, by id, with the reason. The last pull request of each counts.

    `frozen` are the numbers of open ones that hold somebody else's commits: what they offer waits in them.
    """
    reasons: dict[str, str] = {}
    for pull in sorted(pulls, key=lambda each: each.number):
        mark = pull.state_block
        for finding in mark.findings if mark is not None else ():
            if pull.open and pull.number in frozen:
                reasons[finding] = (
                    f"it waits in pull request #{pull.number}, which has somebody else's commits"
                )
            else:
                reasons[finding] = why_declined(pull, today)
        if mark is not None and AGAIN not in pull.labels:
            for finding, until in mark.refused.items():
                if not until or _is_until_valid(until, today):
                    day = f" before {until}" if until else ""
                    reasons[finding] = f"somebody said no to it on pull request #{pull.number}{day}"
    return {finding: reason for finding, reason in reasons.items() if reason}
