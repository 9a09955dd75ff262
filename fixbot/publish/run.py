"""One repository from what is on GitHub to what is on GitHub: read, examine, judge, and carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from fixbot.codeowners import owners
from fixbot.errors import FixbotError
from fixbot.forge.errors import ChangedMeanwhile, Refused, Tired
from fixbot.forge.gateway import Gateway
from fixbot.forge.preflight import Cleared, Obstacle, Way, preflight
from fixbot.forge.reading import Reader
from fixbot.forge.writing import Writer
from fixbot.habit import Habit, learn
from fixbot.life.decide import Deed
from fixbot.life.order import Room, room, split
from fixbot.life.pull import Comment, Pull, Remote
from fixbot.model import Proposal, Report
from fixbot.publish.carry import Carrier, Done, Outcome
from fixbot.publish.ground import Ground, Local
from fixbot.publish.judge import Judge, Planned, Seen
from fixbot.settings import Settings

OPENING: Final = (Deed.FINISH, Deed.OPEN)
_ORDER: Final = {
    Deed.CLOSE: 0,
    Deed.DELETE: 1,
    Deed.MARK: 2,
    Deed.NOTE: 2,
    Deed.UPDATE: 3,
    Deed.SAY: 4,
    Deed.DRESS: 5,
}
_OWNERS: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")

Examine = Callable[[Settings, bool], Report]
"""Runs the pipeline with these settings; the second argument asks for the texts of files too."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was done, what was left, and what waits.

    `waits` are those for which there is no room now, and `later` says when there is. `obstacles` are settings
    that stand in the way. `tired` says why the run ended early; `left` is what it did not come to.
    """

    report: Report
    done: tuple[Done, ...] = ()
    waits: tuple[Planned, ...] = ()
    later: str = ""
    obstacles: tuple[Obstacle, ...] = ()
    tired: str = ""
    left: tuple[Planned, ...] = ()
    planned: tuple[Planned, ...] = ()
    """What would be done, in this order, where it was only to be shown."""


@dataclass
class Publisher:
    """Publishes one repository. `examine` runs the pipeline over `ground`; `now` has a time zone."""

    gateway: Gateway
    reader: Reader
    remote: Remote
    ground: Ground
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
    _said: Sequence[Comment] | None = None
    _habit: Habit | None = None
    _owners: str | None = None

    def publish(self) -> Published:
        """Do it all. Raises FixbotError where nothing can be done at all."""
        judge = Judge(self.reader, self.remote, self.settings, self._today, self._comments, self.note)
        settings = replace(self.settings, declined=judge.declined(), held=judge.held())
        report = self.examine(settings, False)
        if more := judge.refused_parts(report):
            settings = replace(settings, declined={**settings.declined, **more})
            report = self.examine(settings, False)
        planned = self._planned(judge, report)
        free = self._room(judge, planned)
        openings = sorted(
            (each for each in planned if each.action.deed in OPENING),
            key=lambda p: (p.action.deed is not Deed.FINISH, -p.severity, p.branch),
        )
        now, waits = split(openings, free.free)
        others = [each for each in planned if each.action.deed not in OPENING]
        todo = [*sorted(others, key=lambda p: (_ORDER.get(p.action.deed, 9), p.branch)), *now]
        result = Published(report, waits=tuple(waits), later=free.later if waits else "")
        if self.dry:
            return replace(result, planned=tuple(todo))
        return self._carried(result, todo, settings)

    @property
    def _today(self) -> date:
        return self.now.date()

    def _planned(self, judge: Judge, report: Report) -> list[Planned]:
        """The plan; where something is to be done, a checkout is held against what GitHub has now."""
        seen = Seen(report, self.ground, frozenset(), self.rules, self.every, self.scope, self.whole)
        planned = judge.plan(seen)
        if all(each.action.deed is Deed.LEAVE for each in planned) or not isinstance(self.ground, Local):
            return planned
        self._with_base_head()
        judge.remote = self.remote
        return judge.plan(replace(seen, stale=self._stale()))

    def _with_base_head(self) -> None:
        head = self.reader.branch(self.remote.base)
        if head is None:
            raise ChangedMeanwhile(
                f"{self.remote.facts.full} has no branch {self.remote.base} any more: it was renamed or "
                "deleted while fixbot looked; run again"
            )
        self.remote = replace(self.remote, base_head=head)

    def _stale(self) -> frozenset[str]:
        """Files that changed on the base since the commit that is checked out."""
        here, there, base = self.ground.head, self.remote.base_head, self.remote.base
        if here == there:
            return frozenset()
        try:
            status, changed = self.reader.changed_between(here, there)
        except Refused:
            raise FixbotError(
                f"the commit {here[:7]} that is checked out is not on GitHub; push it first"
            ) from None
        if status not in {"ahead", "identical"}:
            raise FixbotError(
                f"the commit {here[:7]} that is checked out is not on {base} at {self.remote.facts.full}; "
                f"check out {base}, or use --repo {self.remote.facts.full}"
            )
        return changed

    def _room(self, judge: Judge, planned: Sequence[Planned]) -> Room:
        open_now = sum(pull.open for pull in judge.pulls)
        open_now -= sum(each.action.deed is Deed.CLOSE for each in planned)
        opened = [pull.created for pull in judge.pulls if pull.created is not None]
        return room(self.settings.pull_requests, opened, open_now, self.now)

    def _carried(self, result: Published, todo: Sequence[Planned], settings: Settings) -> Published:
        writes = [each for each in todo if each.action.deed is not Deed.LEAVE]
        left = [each for each in todo if each.action.deed is Deed.LEAVE]
        if not writes:
            self._remember({}, set())
            return replace(result, done=tuple(_kept(each) for each in left))
        cleared = preflight(
            self.reader, self.remote.facts, self.remote.base, [each.branch for each in writes],
            in_actions=self.in_actions,
        )  # fmt: skip
        result = replace(result, obstacles=cleared.obstacles)
        if cleared.way is Way.PATCH:
            return replace(result, left=tuple(writes), done=tuple(_kept(each) for each in left))
        report = self.examine(settings, True) if any(each.proposal for each in writes) else result.report
        carrier = self._carrier(cleared, report)
        done: list[Done] = []
        fresh = {each.findings: each for each in report.proposals}
        stuck: dict[str, int] = {}
        for at, each in enumerate(writes):
            self.progress(at, len(writes), each.branch)
            try:
                done.append(_waits(each, stuck) or carrier.carry(_with_texts(each, fresh)))
                stuck |= _still_held(done[-1])
            except Tired as tired:
                result = replace(result, tired=str(tired), left=tuple(writes[at:]))
                break
        self._remember(carrier.writer.touched, carrier.writer.missed)
        result = replace(result, obstacles=(*result.obstacles, *carrier.obstacles))
        return replace(result, report=report, done=(*done, *(_kept(each) for each in left)))

    def _carrier(self, cleared: Cleared, report: Report) -> Carrier:
        given = self.settings.pull_requests
        verified = given.verified if given.verified is not None else cleared.signatures and self.user_token
        writer = Writer(self.gateway, self.reader, self.reader.id(), verified, self.note)
        milestone = self.reader.milestone(given.milestone) if given.milestone else None
        if given.milestone and milestone is None:
            self.note(f"note: there is no open milestone {given.milestone!r}")
        return Carrier(
            writer, self.ground, self.settings, {patch.path: patch for patch in report.patches},
            self.remote.base, self.remote.base_head, f"{self.web}/{self.remote.facts.full}", cleared.way,
            self.habit, self.owners, cleared.queue, milestone,
        )  # fmt: skip

    def habit(self) -> Habit:
        """How this repository words its titles."""
        if self._habit is None:
            self._habit = learn(self.reader.messages(), self.settings.pull_requests.style)
        return self._habit

    def owners(self, proposal: Proposal) -> tuple[str, ...]:
        """The code owners of the files that a proposal changes, as GitHub is asked for them."""
        if self._owners is None:
            texts = (self.reader.text(path, self.remote.base_head) for path in _OWNERS)
            self._owners = next((text for text in texts if text is not None), "")
        return owners(self._owners, proposal.paths) if self._owners else ()

    def _comments(self, pulls: Sequence[Pull]) -> Sequence[Comment]:
        """The comments on our open pull requests, unless the last run saw them as they are now."""
        if self._said is None:
            self._seen_updates = {str(pull.number): pull.updated for pull in pulls}
            self._said = self._new_comments(pulls)
        return self._said

    def _new_comments(self, pulls: Sequence[Pull]) -> Sequence[Comment]:
        store = self.gateway.store
        kept = store.get(self._memory) if store is not None else None
        if not pulls or (isinstance(kept, dict) and self._seen_updates.items() <= kept.items()):
            return ()
        since = min((pull.created for pull in pulls if pull.created is not None), default=None)
        try:
            numbers = {pull.number: None for pull in pulls}
            return self.reader.comments(numbers, since.strftime("%Y-%m-%dT%H:%M:%SZ") if since else "")
        except Refused as refused:
            self.note(f"note: wishes in comments can't be read ({refused.said or refused.status})")
            self._seen_updates = {}
            return ()

    @property
    def _memory(self) -> str:
        return f"comments seen: {self.gateway.host} {self.remote.facts.full}"

    def _remember(self, touched: dict[int, str], missed: set[int]) -> None:
        """Keep how everything stands whose comments were read, or that had none before we wrote to it."""
        if self.gateway.store is not None:
            seen = {**self._seen_updates, **{str(number): when for number, when in touched.items()}}
            kept = {number: when for number, when in seen.items() if int(number) not in missed}
            self.gateway.store.put(self._memory, kept)


def _still_held(done: Done) -> dict[str, int]:
    """Findings of a pull request that was to let go of some of them and could not, and its number."""
    pull = done.planned.place.pull
    mark = pull.mark if pull is not None else None
    let_go = done.planned.action.deed in {Deed.CLOSE, Deed.UPDATE}
    if pull is None or mark is None or done.outcome is Outcome.DONE or not let_go:
        return {}
    return dict.fromkeys(mark.findings, pull.number)


def _waits(planned: Planned, stuck: Mapping[str, int]) -> Done | None:
    """Left, where an open pull request holds some of it still; None where nothing stands in the way."""
    wanted = planned.wanted
    if wanted is None or planned.action.deed not in OPENING:
        return None
    holder = next((stuck[finding] for finding in wanted.findings if finding in stuck), None)
    return None if holder is None else Done(planned, Outcome.LEFT, f"#{holder} holds some of it still")


def _kept(planned: Planned) -> Done:
    pull = planned.place.pull
    return Done(
        planned, Outcome.LEFT, planned.action.why, pull.number if pull else None, pull.url if pull else ""
    )


def _with_texts(planned: Planned, fresh: dict[tuple[str, ...], Proposal]) -> Planned:
    """The same with the texts of its files, which the first look did without."""
    if planned.proposal is None:
        return planned
    found = fresh.get(planned.proposal.findings)
    if found is None or found.diff != planned.proposal.diff:
        raise ChangedMeanwhile("files changed while fixbot looked at them; run it again")
    return replace(planned, proposal=found)
