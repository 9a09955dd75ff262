"""Whose weekly budget each new pull request is opened from, and which ones wait for the next place in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from fixbot.model.findings import Severity
from fixbot.publish.planned_action import PlannedAction
from fixbot.publish.pull_requests.pull_request import PullRequest
from fixbot.publish.pull_requests.rate import SPENDS_NOTHING, WHOLE_REPOSITORY, WeeklyBudget
from fixbot.source.codeowners import find_owners


def keep_to_budget(
    pulls: Sequence[PullRequest],
    openings: Sequence[PlannedAction],
    per_week: int,
    now: datetime,
    code_owners: Callable[[], str],
) -> tuple[list[PlannedAction], list[PlannedAction]]:
    """Those that this week's budget holds, and those that wait; critical ones are outside of it.

    `pulls` are all of ours, closed ones too, and `code_owners` brings the text of CODEOWNERS.
    """
    if not openings:
        return [], []
    text = code_owners()

    def name_budget(paths: Sequence[str]) -> str:
        return next(iter(find_owners(text, paths)), WHOLE_REPOSITORY)

    opened: dict[str, list[datetime]] = {}
    for pull in pulls:
        mark = pull.state_block
        owner = (mark.spends if mark is not None else "") or name_budget(mark.paths if mark else ())
        if pull.created is not None and owner != SPENDS_NOTHING:
            opened.setdefault(owner, []).append(pull.created)
    budget = WeeklyBudget(per_week, now, opened)
    due: list[PlannedAction] = []
    spent: list[PlannedAction] = []
    for each in openings:
        if each.severity is Severity.CRITICAL:
            due.append(spend_nothing(each))
            continue
        owner = name_budget(each.proposal.paths if each.proposal is not None else ())
        later = budget.take_place(owner)
        (spent if later else due).append(replace(_spend(each, owner), later=later))
    return due, spent


def spend_nothing(planned: PlannedAction) -> PlannedAction:
    """The same, opened from nobody's budget."""
    return _spend(planned, SPENDS_NOTHING)


def _spend(planned: PlannedAction, owner: str) -> PlannedAction:
    wanted = replace(planned.wanted, spends=owner) if planned.wanted is not None else None
    return replace(planned, wanted=wanted)
