"""What made the workflow run, and what is to be done then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fixbot.model.errors import FixbotError


class Mode(StrEnum):
    """What a run does: the words of the input `mode`."""

    AUTO = "auto"
    CHECK = "check"
    PULL_REQUESTS = "pull-requests"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Event:
    """One run of a workflow. `number` is the pull request's, None where the event is about none.

    `base` is the commit that the pull request starts from, as GitHub last knew it, `merge`
    the commit that the event is about. `foreign` says that
    its branch lies in another repository, so that the token may read only. `queued` says that it waits in a
    merge queue, where `base` is what it is built upon.
    """

    name: str
    repository: str = ""
    branch: str = ""
    default_branch: str = ""
    number: int | None = None
    base: str = ""
    merge: str = ""
    foreign: bool = False
    queued: bool = False


def read_event(environment: Mapping[str, str], payload: object) -> Event:
    """The event, of the variables that the runner sets and the content of GITHUB_EVENT_PATH."""
    whole = _mapping_or_empty(payload)
    pull, group = _mapping_or_empty(whole.get("pull_request")), _mapping_or_empty(whole.get("merge_group"))
    base, head = _mapping_or_empty(pull.get("base")), _mapping_or_empty(pull.get("head"))
    here, there = _mapping_or_empty(base.get("repo")).get("id"), _mapping_or_empty(head.get("repo")).get("id")
    number = pull.get("number")
    ref = environment.get("GITHUB_REF", "")
    return Event(
        name=environment.get("GITHUB_EVENT_NAME", ""),
        repository=environment.get("GITHUB_REPOSITORY", ""),
        branch=ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else "",
        default_branch=str(_mapping_or_empty(whole.get("repository")).get("default_branch") or ""),
        number=number if isinstance(number, int) else None,
        base=str(base.get("sha") or group.get("base_sha") or ""),
        merge=environment.get("GITHUB_SHA", ""),
        foreign=bool(pull) and (here is None or here != there),
        queued=environment.get("GITHUB_EVENT_NAME", "") == "merge_group",
    )


def _mapping_or_empty(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def decide_mode(mode: Mode, of: Event) -> tuple[Mode, str]:
    """What to do, and a sentence for those who might expect more. Raises FixbotError.

    A push to a branch that is not the default one, or a run by hand on one, opens nothing: its fixes
    belong into that branch's own pull request.
    """
    if of.name == "pull_request_target" and mode is not Mode.SCAN:
        raise FixbotError(
            "pull_request_target runs with the rights of the base on what a stranger wrote; "
            "let the workflow run on pull_request instead"
        )
    if mode is not Mode.AUTO:
        if mode is Mode.CHECK and of.number is None and not of.queued:
            return Mode.SCAN, f"mode `check` is for pull requests; a {of.name} event is about none."
        return mode, ""
    if of.number is not None or of.queued:
        return Mode.CHECK, ""
    if of.name in {"schedule", "workflow_dispatch", "repository_dispatch", "push"}:
        if of.default_branch and of.branch != of.default_branch:
            where = of.branch or "a tag"
            return Mode.SCAN, f"Pull requests are opened from {of.default_branch} only; this ran on {where}."
        return Mode.PULL_REQUESTS, ""
    return Mode.SCAN, ""
