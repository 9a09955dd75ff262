"""One repository from what is on GitHub to what is on GitHub: read, examine, judge, and carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from fixbot.model.errors import FixbotError
from fixbot.model.findings import Proposal, Report
from fixbot.proposal.commit_style import CommitStyle, learn_style
from fixbot.publish.action_result import ActionOutcome, ActionResult
from fixbot.publish.apply_actions import Applier
from fixbot.publish.file_source import FileSource, WorkTreeSource
from fixbot.publish.github.dashboard_issue import DashboardStore
from fixbot.publish.github.gateway import Gateway
from fixbot.publish.github.github_errors import ChangedMeanwhile, RateLimitExceeded, RequestRejected
from fixbot.publish.github.preflight import Obstacle, PreflightResult, PublishWay, run_preflight
from fixbot.publish.github.repository_reader import RepositoryReader
from fixbot.publish.github.repository_writer import RepositoryWriter
from fixbot.publish.keep_dashboard import DashboardKeeper, PublishedState, find_asked
from fixbot.publish.plan_actions import PublishPlanner
from fixbot.publish.planned_action import PlannedAction, RunKnowledge, is_careful
from fixbot.publish.pull_requests.dashboard import DashboardWishes
from fixbot.publish.pull_requests.decide import ActionKind
from fixbot.publish.pull_requests.pull_request import PullRequest, PullRequestComment, RemoteState
from fixbot.publish.pull_requests.rate import RateRoom, compute_room, split_by_room
from fixbot.publish.stand_back import StandBack
from fixbot.publish.weekly_budget import keep_to_budget, spend_nothing
from fixbot.settings import Settings
from fixbot.source.codeowners import find_owners

OPENING: Final = (ActionKind.FINISH, ActionKind.OPEN)
_ORDER: Final = {
    ActionKind.CLOSE: 0,
    ActionKind.DELETE: 1,
    ActionKind.MARK: 2,
    ActionKind.NOTE: 2,
    ActionKind.UPDATE: 3,
    ActionKind.SAY: 4,
    ActionKind.DRESS: 5,
}
_OWNERS: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")

Examine = Callable[[Settings, bool], Report]
"""Runs the pipeline with these settings; the second argument asks for the texts of files too."""


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What was done, what was left, and what waits.

    `waits` are those for which there is no room now, and `later` says when there is. `obstacles` are settings
    that stand in the way. `tired` says why the run ended early; `left` is what it did not come to.
    """

    report: Report
    done: tuple[ActionResult, ...] = ()
    waits: tuple[PlannedAction, ...] = ()
    later: str = ""
    obstacles: tuple[Obstacle, ...] = ()
    tired: str = ""
    left: tuple[PlannedAction, ...] = ()
    planned: tuple[PlannedAction, ...] = ()
    """What would be done, in this order, where it was only to be shown."""


@dataclass
class Publisher:
    """Publishes one repository. `examine` runs the pipeline over `ground`; `now` has a time zone."""

    gateway: Gateway
    reader: RepositoryReader
    remote: RemoteState
    ground: FileSource
    settings: Settings
    examine: Examine
    rules: frozenset[str]
    every: bool
    scope: Callable[[str], bool]
    whole: bool
    now: datetime
    web: str
    in_actions: bool = False
    user_token: bool = False
    dry: bool = False
    note: Callable[[str], None] = lambda _: None
    progress: Callable[[int, int, str], None] = lambda *_: None
    _seen_updates: dict[str, str] = field(default_factory=dict)
    _said: Sequence[PullRequestComment] | None = None
    _habit: CommitStyle | None = None
    _owners: str | None = None

    def publish_proposals(self) -> PublishResult:
        """Do it all. Raises FixbotError where nothing can be done at all."""
        keeper = self._open_dashboard()
        wishes = keeper.read_wishes() if keeper is not None else DashboardWishes()
        judge = PublishPlanner(
            self.reader, self.remote, self.settings, self._current_date, self._read_comments, self.note,
            wishes.rebase,
        )  # fmt: skip
        declined = {**wishes.ignored, **judge.list_declined()}
        settings = replace(self.settings, declined=declined, held=judge.held_findings())
        report = self.examine(settings, False)
        more = judge.refused_parts(report)
        if keeper is not None and wishes.ignore and not self.dry:
            more |= keeper.remember_ignored(report)
        if more:
            settings = replace(settings, declined={**settings.declined, **more})
            report = self.examine(settings, False)
        result = self._publish_planned(judge, settings, report, wishes)
        if keeper is not None and not self.dry:
            later, waits = result.later, (*result.waits, *result.left)
            keeper.update_issue(PublishedState(result.report, judge.pulls, result.done, waits, later))
        return result

    def _open_dashboard(self) -> DashboardKeeper | None:
        if not self.settings.dashboard:
            return None
        return DashboardKeeper(DashboardStore(self.reader), self.note, self.remote.facts.public)

    def _publish_planned(
        self, judge: PublishPlanner, settings: Settings, report: Report, wishes: DashboardWishes
    ) -> PublishResult:
        planned = self._plan_actions(judge, report)
        free = self._compute_room(judge, planned)
        openings = sorted(
            (each for each in planned if each.action.deed in OPENING),
            key=lambda p: (p.action.deed is not ActionKind.FINISH, p.order),
        )
        openings, held = self._stand_back(openings, wishes)
        asked = [spend_nothing(each) for each in find_asked(openings, wishes)]
        keys = {each.branch for each in asked}
        due, spent = keep_to_budget(
            judge.pulls,
            [each for each in openings if each.branch not in keys],
            self.settings.pull_requests.per_week,
            self.now,
            self._read_code_owners,
        )
        now, waits = split_by_room(due, free.free)
        others = [each for each in planned if each.action.deed not in OPENING]
        todo = [*sorted(others, key=lambda p: (_ORDER.get(p.action.deed, 9), p.branch)), *asked, *now]
        result = PublishResult(report, waits=(*waits, *spent, *held), later=free.later if waits else "")
        if self.dry:
            return replace(result, planned=tuple(todo))
        return self._apply_actions(result, todo, settings)

    def _stand_back(
        self, openings: list[PlannedAction], wishes: DashboardWishes
    ) -> tuple[list[PlannedAction], list[PlannedAction]]:
        """Those to open and those that wait for somebody else's; what the dashboard asked for doesn't."""
        if not openings or not self.settings.pull_requests.stand_back:
            return openings, []
        asked = find_asked(openings, wishes)
        others = [each for each in self.reader.others.values() if each.base == self.remote.base]
        rest = [each for each in openings if each not in asked]
        due, held = StandBack(self.reader, others, self.now).split_waiting(rest)
        return [*asked, *due], held

    @property
    def _current_date(self) -> date:
        return self.now.date()

    def _plan_actions(self, judge: PublishPlanner, report: Report) -> list[PlannedAction]:
        """The plan; where something is to be done, a checkout is held against what GitHub has now."""
        seen = RunKnowledge(report, self.ground, frozenset(), self.rules, self.every, self.scope, self.whole)
        planned = judge.plan_actions(seen)
        if all(each.action.deed is ActionKind.LEAVE for each in planned) or not isinstance(
            self.ground, WorkTreeSource
        ):
            return planned
        self._read_base_head()
        judge.remote = self.remote
        return judge.plan_actions(replace(seen, stale=self._find_stale_files()))

    def _read_base_head(self) -> None:
        head = self.reader.read_branch(self.remote.base)
        if head is None:
            raise ChangedMeanwhile(
                f"{self.remote.facts.full_name} has no branch {self.remote.base} any more: it was renamed or "
                "deleted while fixbot looked; run again"
            )
        self.remote = replace(self.remote, base_head=head)

    def _find_stale_files(self) -> frozenset[str]:
        """Files that changed on the base since the commit that is checked out."""
        here, there, base = self.ground.head_commit, self.remote.base_head, self.remote.base
        if here == there:
            return frozenset()
        try:
            status, changed = self.reader.compare_commits(here, there)
        except RequestRejected:
            raise FixbotError(
                f"the commit {here[:7]} that is checked out is not on GitHub; push it first"
            ) from None
        if status not in {"ahead", "identical"}:
            raise FixbotError(
                f"the commit {here[:7]} that is checked out is not on {base} at "
                f"{self.remote.facts.full_name}; "
                f"check out {base}, or use --repo {self.remote.facts.full_name}"
            )
        return changed

    def _compute_room(self, judge: PublishPlanner, planned: Sequence[PlannedAction]) -> RateRoom:
        open_now = sum(pull.open for pull in judge.pulls)
        open_now -= sum(each.action.deed is ActionKind.CLOSE for each in planned)
        opened = [pull.created for pull in judge.pulls if pull.created is not None]
        return compute_room(self.settings.pull_requests, opened, open_now, self.now)

    def _apply_actions(
        self, result: PublishResult, todo: Sequence[PlannedAction], settings: Settings
    ) -> PublishResult:
        writes = [each for each in todo if each.action.deed is not ActionKind.LEAVE]
        left = [each for each in todo if each.action.deed is ActionKind.LEAVE]
        if not writes:
            self._remember_updates({}, set())
            return replace(result, done=tuple(_left_as_is(each) for each in left))
        cleared = run_preflight(
            self.reader, self.remote.facts, self.remote.base, [each.branch for each in writes],
            in_actions=self.in_actions,
        )  # fmt: skip
        result = replace(result, obstacles=cleared.obstacles)
        if cleared.remaining_way is PublishWay.PATCH:
            return replace(result, left=tuple(writes), done=tuple(_left_as_is(each) for each in left))
        report = self.examine(settings, True) if any(each.proposal for each in writes) else result.report
        carrier = self._build_applier(cleared, report)
        done: list[ActionResult] = []
        fresh = {each.findings: each for each in report.proposals}
        stuck: dict[str, int] = {}
        for at, each in enumerate(writes):
            self.progress(at, len(writes), each.branch)
            try:
                done.append(_wait_for_holder(each, stuck) or carrier.apply_action(_add_texts(each, fresh)))
                stuck |= _find_still_held(done[-1])
            except RateLimitExceeded as tired:
                result = replace(result, tired=str(tired), left=tuple(writes[at:]))
                break
        self._remember_updates(carrier.writer.touched, carrier.writer.missed)
        result = replace(result, obstacles=(*result.obstacles, *carrier.obstacles))
        return replace(result, report=report, done=(*done, *(_left_as_is(each) for each in left)))

    def _build_applier(self, cleared: PreflightResult, report: Report) -> Applier:
        given = self.settings.pull_requests
        verified = given.verified if given.verified is not None else cleared.signatures and self.user_token
        writer = RepositoryWriter(self.gateway, self.reader, self.reader.repository_id(), verified, self.note)
        milestone = self.reader.find_milestone(given.milestone) if given.milestone else None
        if given.milestone and milestone is None:
            self.note(f"note: there is no open milestone {given.milestone!r}")
        return Applier(
            writer, self.ground, self.settings, {patch.path: patch for patch in report.patches},
            self.remote.base, self.remote.base_head, f"{self.web}/{self.remote.facts.full_name}",
            cleared.remaining_way,
            self.learn_commit_style, self.find_code_owners, cleared.queue, milestone,
            is_careful(self.settings, self.remote.facts),
        )  # fmt: skip

    def learn_commit_style(self) -> CommitStyle:
        """How this repository words its titles."""
        if self._habit is None:
            self._habit = learn_style(self.reader.read_messages(), self.settings.pull_requests.style)
        return self._habit

    def find_code_owners(self, proposal: Proposal) -> tuple[str, ...]:
        """The code owners of the files that a proposal changes, as GitHub is asked for them."""
        owners = self._read_code_owners()
        return find_owners(owners, proposal.paths) if owners else ()

    def _read_code_owners(self) -> str:
        if self._owners is None:
            texts = (self.ground.text_of(path) for path in _OWNERS)
            self._owners = next((text for text in texts if text is not None), "")
        return self._owners

    def _read_comments(self, pulls: Sequence[PullRequest]) -> Sequence[PullRequestComment]:
        """The comments on our open pull requests, unless the last run saw them as they are now."""
        if self._said is None:
            self._seen_updates = {str(pull.number): pull.updated for pull in pulls}
            self._said = self._read_new_comments(pulls)
        return self._said

    def _read_new_comments(self, pulls: Sequence[PullRequest]) -> Sequence[PullRequestComment]:
        store = self.gateway.store
        kept = store.read_value(self._comments_key) if store is not None else None
        if not pulls or (isinstance(kept, dict) and self._seen_updates.items() <= kept.items()):
            return ()
        since = min((pull.created for pull in pulls if pull.created is not None), default=None)
        try:
            numbers = {pull.number: None for pull in pulls}
            return self.reader.read_comments(numbers, since.strftime("%Y-%m-%dT%H:%M:%SZ") if since else "")
        except RequestRejected as refused:
            self.note(f"note: wishes in comments can't be read ({refused.said or refused.status})")
            self._seen_updates = {}
            return ()

    @property
    def _comments_key(self) -> str:
        return f"comments seen: {self.gateway.host} {self.remote.facts.full_name}"

    def _remember_updates(self, touched: dict[int, str], missed: set[int]) -> None:
        """Keep how everything stands whose comments were read, or that had none before we wrote to it."""
        if self.gateway.store is not None:
            seen = {**self._seen_updates, **{str(number): when for number, when in touched.items()}}
            kept = {number: when for number, when in seen.items() if int(number) not in missed}
            self.gateway.store.write_value(self._comments_key, kept)


def _find_still_held(done: ActionResult) -> dict[str, int]:
    """Findings of a pull request that was to let go of some of them and could not, and its number."""
    pull = done.planned.place.pull
    mark = pull.state_block if pull is not None else None
    let_go = done.planned.action.deed in {ActionKind.CLOSE, ActionKind.UPDATE}
    if pull is None or mark is None or done.outcome is ActionOutcome.DONE or not let_go:
        return {}
    return dict.fromkeys(mark.findings, pull.number)


def _wait_for_holder(planned: PlannedAction, stuck: Mapping[str, int]) -> ActionResult | None:
    """Left, where an open pull request holds some of it still; None where nothing stands in the way."""
    wanted = planned.wanted
    if wanted is None or planned.action.deed not in OPENING:
        return None
    holder = next((stuck[finding] for finding in wanted.findings if finding in stuck), None)
    return (
        None
        if holder is None
        else ActionResult(planned, ActionOutcome.LEFT, f"#{holder} holds some of it still")
    )


def _left_as_is(planned: PlannedAction) -> ActionResult:
    pull = planned.place.pull
    return ActionResult(
        planned,
        ActionOutcome.LEFT,
        planned.action.why,
        pull.number if pull else None,
        pull.url if pull else "",
    )


def _add_texts(planned: PlannedAction, fresh: dict[tuple[str, ...], Proposal]) -> PlannedAction:
    """The same with the texts of its files, which the first look did without."""
    if planned.proposal is None:
        return planned
    found = fresh.get(planned.proposal.findings)
    if found is None or found.diff != planned.proposal.diff:
        raise ChangedMeanwhile("files changed while fixbot looked at them; run it again")
    return replace(planned, proposal=found)
