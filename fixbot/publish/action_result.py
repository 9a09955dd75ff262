"""What became of one action: how it ended, and what it was about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fixbot.model.findings import Proposal
from fixbot.publish.planned_action import PlannedAction
from fixbot.publish.pull_requests.decide import WantedPullRequest


class ActionOutcome(StrEnum):
    """How a deed ended."""

    DONE = "done"
    LEFT = "left"
    """Nothing was to be done, or somebody was faster."""
    BRANCH = "branch"
    """The branch is there, and its pull request could not be opened."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ActionResult:
    """One branch after the run. `pull` is the pull request, None where there is none."""

    planned: PlannedAction
    outcome: ActionOutcome
    says: str
    number: int | None = None
    url: str = ""
    title: str = ""


def require_offer(planned: PlannedAction) -> tuple[WantedPullRequest, Proposal]:
    """What is wanted and offered, for an action that was decided for it."""
    assert planned.wanted is not None  # noqa: S101 - decided for something that is offered
    assert planned.proposal is not None  # noqa: S101 - the same
    return planned.wanted, planned.proposal


def number_and_url(planned: PlannedAction) -> tuple[int | None, str]:
    """The pull request's number and address, None and nothing where there is none."""
    pull = planned.place.pull
    return (None, "") if pull is None else (pull.number, pull.url)


def key_of_branch_name(planned: PlannedAction, prefix: str) -> tuple[str, str]:
    """The key and the rule that the branch's name tells."""
    rule, _, key = planned.branch.removeprefix(prefix).rpartition("/")
    return key, rule
