"""Which new pull requests wait for one of somebody else's that changes the same lines, or would conflict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from fixbot.model.findings import Severity
from fixbot.publish.github.github_errors import RequestRejected

if TYPE_CHECKING:
    from fixbot.publish.github.repository_reader import RepositoryReader
    from fixbot.publish.planned_action import PlannedAction
    from fixbot.publish.pull_requests.pull_request import PullRequest

LONGEST: Final = timedelta(days=30)
"""As long as somebody else's pull request is waited for."""
_FILE = re.compile(r"^--- (?:a/(?P<old>.*)|/dev/null)$")
_HUNK = re.compile(r"^@@ -(?P<first>\d{1,9})(?:,(?P<count>\d{1,9}))? \+")
Spans = Mapping[str, Sequence[tuple[int, int]]]
"""By path the lines of the old text that are changed: the first and the last one, counted from 1."""
_ALL: Final = ((0, 1 << 40),)


@dataclass(slots=True)
class StandBack:
    """Asks of the pull requests of others, once each and only where something is to be opened."""

    reader: RepositoryReader
    others: Sequence[PullRequest]
    now: datetime

    def split_waiting(
        self, openings: Sequence[PlannedAction]
    ) -> tuple[list[PlannedAction], list[PlannedAction]]:
        """Those to open, and those that wait, each with the reason; critical ones don't wait."""
        due: list[PlannedAction] = []
        waits: list[PlannedAction] = []
        for each in openings:
            later = "" if each.severity is Severity.CRITICAL else self._why_waiting(each)
            (waits if later else due).append(replace(each, later=later))
        return due, waits

    def _why_waiting(self, planned: PlannedAction) -> str:
        if planned.proposal is None:
            return ""
        ours = find_spans(planned.proposal.diff)
        for pull, until in self._list_recent():
            if not overlap(ours, self._read_spans(pull, ours)):
                continue
            if pull.bot or self.reader.read_standing(pull.author).writes:
                return (
                    f"after #{pull.number}, which changes the same lines, at the latest on {until:%Y-%m-%d}"
                )
        return ""

    def _list_recent(self) -> Iterator[tuple[PullRequest, datetime]]:
        for pull in self.others:
            if pull.created is not None and self.now < (until := pull.created + LONGEST):
                yield pull, until

    def _read_spans(self, pull: PullRequest, ours: Spans) -> Spans:
        """What a pull request changes in our files; where GitHub does not say, all of them."""
        try:
            rows = self.reader.read_file_patches(pull.number)
        except RequestRejected:
            return {}
        ours_too = {path: patch for path, patch in rows.items() if path in ours}
        return {path: tuple(_list_changed(patch)) if patch else _ALL for path, patch in ours_too.items()}


def find_spans(diff: str) -> Spans:
    """The lines that a diff of ours changes, by path."""
    found: dict[str, Sequence[tuple[int, int]]] = {}
    path, lines = "", list[str]()
    for line in [*diff.split("\n"), "--- /dev/null"]:
        if (head := _FILE.match(line)) is None:
            lines.append(line)
            continue
        if path:
            found[path] = tuple(_list_changed("\n".join(lines)))
        path, lines = head["old"] or "", []
    return found


def _list_changed(patch: str) -> Iterator[tuple[int, int]]:
    """The old lines that hunks change; what is only written stands between two lines, and has no length."""
    at, before = 0, ""
    for line in patch.split("\n"):
        if (hunk := _HUNK.match(line)) is not None:
            at = int(hunk["first"]) + (hunk["count"] == "0")
        elif not at:
            continue
        elif line.startswith("-"):
            yield at, at
            at += 1
        elif line.startswith("+") and before not in ("+", "-"):
            yield at, at - 1
        elif line.startswith(" "):
            at += 1
        before = line[:1]


def overlap(ours: Spans, theirs: Spans) -> bool:
    """Whether git could not merge the one after the other: they change the same line, or lines that touch."""
    return any(
        first <= end + 1 and start <= last + 1
        for path, some in ours.items()
        for first, last in some
        for start, end in theirs.get(path, ())
    )
