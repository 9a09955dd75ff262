"""The dashboard of one repository: ticks are read before a run, and what came of it is written after."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from fixbot.model.findings import Finding, Report, Status
from fixbot.proposal.pull_request_text import render_headline
from fixbot.publish.action_result import ActionOutcome, ActionResult
from fixbot.publish.github.dashboard_issue import DashboardIssue, DashboardStore
from fixbot.publish.github.github_errors import OutcomeUnknown, RequestRejected
from fixbot.publish.pull_requests.dashboard import (
    DashboardPart,
    DashboardRow,
    DashboardWishes,
    put_between_marks,
    read_done,
    read_remembered,
    read_ticks,
    render_dashboard,
    render_remembered,
)
from fixbot.publish.pull_requests.decide import ActionKind
from fixbot.publish.pull_requests.pull_request import PullRequest
from fixbot.text.characters import escape_hidden
from fixbot.text.markdown_escape import Markdown, mark_code
from fixbot.text.markdown_page import as_markdown, fill_template

if TYPE_CHECKING:
    from fixbot.publish.planned_action import PlannedAction

_LIMIT = re.compile(r"\(pull_requests\.\w+\)")
_OPENED: Final = (ActionKind.OPEN, ActionKind.FINISH)


@dataclass(frozen=True, slots=True)
class PublishedState:
    """What a run leaves behind, as far as the dashboard shows it; `later` says when what waits comes."""

    report: Report
    pulls: Sequence[PullRequest]
    done: Sequence[ActionResult]
    waits: Sequence[PlannedAction]
    later: str


@dataclass(slots=True)
class DashboardKeeper:
    """Keeps one dashboard. `note` hears why there is none; `public` says that strangers read it."""

    store: DashboardStore
    note: Callable[[str], None]
    public: bool
    issue: DashboardIssue | None = None
    wishes: DashboardWishes = field(default_factory=DashboardWishes)
    _off: bool = False

    def read_wishes(self) -> DashboardWishes:
        """What somebody who may write has ticked since, and what was ignored before."""
        try:
            self.issue = self.store.find_issue()
            if self.issue is None or not self.issue.open:
                return self.wishes
            known = read_remembered(self.issue.number, self.store.read_remarks(self.issue))
            self.wishes = replace(self._read_ticks(self.issue), ignored=known)
        except RequestRejected as refused:
            self._give_up(refused)
        return self.wishes

    def _read_ticks(self, issue: DashboardIssue) -> DashboardWishes:
        ticks = read_ticks(issue.body)
        if not ticks:
            return DashboardWishes()
        login, bot = self.store.find_editor(issue)
        standing = self.store.reader.read_standing(login, bot=bot)
        if not standing.writes:
            self.note(
                f"note: what is ticked on the dashboard (#{issue.number}) does not count: {standing.says}"
            )
            return DashboardWishes()
        asked = {verb: frozenset(key for one, key in ticks if one == verb) for verb, _ in ticks}
        none: frozenset[str] = frozenset()
        return DashboardWishes(
            asked.get("open", none), asked.get("rebase", none), asked.get("ignore", none), login
        )

    def _give_up(self, refused: RequestRejected | OutcomeUnknown) -> None:
        self._off = True
        said = refused.said or refused.status if isinstance(refused, RequestRejected) else refused
        self.note(f"note: there is no dashboard ({said}); it needs issues, and `issues: write`")

    def remember_ignored(self, report: Report) -> dict[str, str]:
        """The findings that a tick says no to, written down in a comment, each with the reason."""
        meant = {
            finding
            for each in report.proposals
            if each.key in self.wishes.ignore
            for finding in each.findings
        }
        found = [each for each in report.findings if each.id in meant | self.wishes.ignore]
        new = [each for each in found if each.id not in self.wishes.ignored]
        if not new or self.issue is None:
            return {}
        lines = [] if self.public else [describe_place(each) for each in new]
        text = render_remembered([each.id for each in new], lines, self.wishes.by)
        try:
            self.store.add_remark(self.issue, text)
        except RequestRejected as refused:
            self.note(f"note: what was ignored on the dashboard is not remembered ({refused.said})")
        return read_remembered(self.issue.number, [text])

    def update_issue(self, state: PublishedState) -> None:
        """Write it where it changes; one that somebody closed stays closed, and none is made in its place."""
        if self._off or (self.issue is not None and not self.issue.open):
            return
        try:
            self._write_if_changed(state)
        except (RequestRejected, OutcomeUnknown) as refused:
            self._give_up(refused)

    def _write_if_changed(self, state: PublishedState) -> None:
        parts = list(list_parts(state, public=self.public))
        if self.issue is None:
            if any(part.rows for part in parts):
                self.store.create_issue(render_dashboard(parts))
            return
        done = self._describe_done() or read_done(self.issue.body)
        text = render_dashboard(parts, done)
        if put_between_marks(self.issue.body, text) == self.issue.body.replace("\r\n", "\n"):
            return
        now = self.store.read_again(self.issue.number)
        if not now.open:
            return
        new = [each for each in read_ticks(now.body) if each not in self.wishes.ticks]
        self.store.write_body(now.number, put_between_marks(now.body, text, new))

    def _describe_done(self) -> str:
        """What was done of what was ticked, in a line."""
        words = {"open": "opened", "rebase": "made anew", "ignore": "ignored"}
        did = [f"{words[verb]} {mark_code(key)}" for verb, key in self.wishes.ticks]
        return as_markdown(f"Done as {self.wishes.by} asked: {', '.join(did)}.") if did else ""


def list_parts(state: PublishedState, *, public: bool) -> Iterator[DashboardPart]:
    """The parts in their order; in public with neutral titles and counts alone."""
    yield DashboardPart("Open", tuple(_list_open(state)), kept=True)
    yield DashboardPart("Waiting", tuple(_describe_waiting(each, state, public) for each in state.waits))
    for heading, status in (
        ("For a person", Status.MANUAL),
        ("Refused", Status.REFUSED),
        ("Ignored", Status.SUPPRESSED),
    ):
        found = [each for each in state.report.findings if each.status is status]
        if public:
            yield DashboardPart(heading, _count_rows(len(found), "finding"))
        else:
            yield DashboardPart(heading, tuple(map(_describe_finding, found)))
    unread = state.report.unread
    rows = (DashboardRow(fill_template("{}: {}", mark_code(each.path), each.reason)) for each in unread)
    yield DashboardPart("Unread", _count_rows(len(unread), "file") if public else tuple(rows))


def _count_rows(count: int, what: str) -> tuple[DashboardRow, ...]:
    return (DashboardRow(as_markdown(f"{count} {what}{'s' * (count > 1)}")),) if count else ()


def _list_open(state: PublishedState) -> Iterator[DashboardRow]:
    """The pull requests that are open now, from old to new."""
    ended = {
        each.number
        for each in state.done
        if each.outcome is ActionOutcome.DONE and each.planned.action.deed is ActionKind.CLOSE
    }
    for pull in state.pulls:
        if pull.open and pull.number not in ended:
            mark = pull.state_block
            yield _row_of_pull(pull.number, pull.title, mark.key if mark is not None else "")
    made = [each for each in state.done if each.planned.action.deed in _OPENED and each.number is not None]
    for each in sorted(made, key=lambda one: one.number or 0):
        if each.outcome is ActionOutcome.DONE and each.planned.wanted is not None:
            yield _row_of_pull(each.number or 0, each.title, each.planned.wanted.key)


def _row_of_pull(number: int, title: str, key: str) -> DashboardRow:
    text = Markdown(f"#{number} {as_markdown(title)}")
    return DashboardRow(text, "rebase" if key else "", key)


def _describe_waiting(planned: PlannedAction, state: PublishedState, public: bool) -> DashboardRow:
    """A proposal that waits: what, and until when, in words that hold until then."""
    proposal, wanted = planned.proposal, planned.wanted
    later = planned.later or state.later
    limit = None if planned.later else _LIMIT.search(later)
    comes = f"waits for room {limit[0]}" if limit is not None else f"comes {later}"
    count = len(proposal.paths) if proposal is not None else 0
    neutral = f"A change of {count} file{'s' * (count != 1)}"
    title = neutral if public or proposal is None else render_headline(proposal.story)
    text = fill_template("{}: {}", title, comes)
    return DashboardRow(text, "open" if wanted else "", wanted.key if wanted else "")


def describe_place(finding: Finding) -> str:
    """Where a finding is, and which rule found it."""
    return f"{mark_code(f'{escape_hidden(finding.path)}:{finding.line}')} {mark_code(finding.rule)}"


def _describe_finding(finding: Finding) -> DashboardRow:
    text = fill_template("{}: {}", describe_place(finding), finding.reason or finding.message)
    ignored = finding.status is Status.SUPPRESSED
    return DashboardRow(text, "" if ignored else "ignore", "" if ignored else finding.id)


def find_asked(openings: Iterable[PlannedAction], wishes: DashboardWishes) -> list[PlannedAction]:
    """Those that somebody ticked to have them now."""
    return [each for each in openings if each.wanted is not None and each.wanted.key in wishes.open]
