"""Every branch of ours with what is wanted on it, and what is to be done about it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from fixbot.compose import EVERYTHING
from fixbot.discover import candidate
from fixbot.forge.errors import Refused
from fixbot.forge.reading import Reader
from fixbot.life.decide import Action, Deed, Place, Wanted, decide
from fixbot.life.mark import (
    Mark,
    edits_digest,
    files_digest,
    is_ours,
    part_of_message,
    patch_digest,
    unmarked,
)
from fixbot.life.match import adopted, heads, last
from fixbot.life.pull import Comment, Pull, Remote, named_as_ours, ours
from fixbot.life.verdict import AGAIN, declined, said_no
from fixbot.life.wishes import Wish, wish
from fixbot.model import Proposal, Report, Severity
from fixbot.publish.ground import Ground
from fixbot.publish.parts import PartialNos
from fixbot.settings import Settings

BESIDE = "-next"
"""What the name of a branch ends with on which a signed commit is made; an interrupted run may leave one."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One branch, and what is to be done about it. `proposal` is what is offered on it, if anything."""

    action: Action
    place: Place
    wanted: Wanted | None = None
    proposal: Proposal | None = None

    @property
    def branch(self) -> str:
        """The branch's name."""
        return self.place.branch

    @property
    def severity(self) -> Severity:
        """How bad what it repairs is."""
        return self.proposal.severity if self.proposal is not None else Severity.LOW


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run knows: its report, the files it is about, and files that changed on GitHub since.

    `rules` are those that ran, `every` says that these are all there are; `scope` says of a path whether it
    was looked at, `whole` that all were.
    """

    report: Report
    ground: Ground
    stale: frozenset[str]
    rules: frozenset[str]
    every: bool
    scope: Callable[[str], bool]
    whole: bool


@dataclass(slots=True)
class Judge:
    """Judges the branches of one repository. `comments` brings the comments on open pull requests.

    What people said counts by what GitHub lets them do here; `note` hears what does not count, and why.
    """

    reader: Reader
    remote: Remote
    settings: Settings
    today: date
    comments: Callable[[Sequence[Pull]], Sequence[Comment]]
    note: Callable[[str], None] = lambda _: None
    pulls: tuple[Pull, ...] = ()
    heads: dict[str, str] = field(default_factory=dict)
    nos: PartialNos = field(init=False)
    held_as: dict[str, str] = field(default_factory=dict)
    """How each finding was gathered that stays in an open pull request of another way."""
    _ours: dict[str, bool] = field(default_factory=dict)
    _labels: dict[tuple[int, str], bool] = field(default_factory=dict)
    _noted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        prefix = self.settings.branch_prefix
        self.nos = PartialNos(self.reader, prefix, self.today, self._say)
        heard = (self._heard(pull) for pull in ours(self.remote.pulls, prefix))
        self.pulls = tuple(filter(None, map(self._counted, heard)))
        self.heads = {
            name: head
            for name, head in heads(self.remote.branches, self.pulls).items()
            if named_as_ours(name.removesuffix(BESIDE), prefix) or name in {p.branch for p in self.pulls}
        }

    def _heard(self, pull: Pull) -> Pull:
        """A label takes a no back only if it came after it: a close is the later word else."""
        if pull.open or pull.merged or AGAIN not in pull.labels or self._labelled(pull, AGAIN):
            return pull
        return replace(pull, labels=pull.labels - {AGAIN})

    def _counted(self, pull: Pull) -> Pull | None:
        """A no counts whoever GitHub let say it, but who may not write must not have planted it.

        An organisation's member may open a pull request from a branch of ours without being able to push to
        it, write into its text what they like, and close it. Then it is none; closed by somebody else, it
        is one, but not for what its text lists.
        """
        if pull.open or pull.bot or not said_no(pull, self.today):
            return pull
        standing = self.reader.standing(pull.author)
        if standing.writes:
            return pull
        if self.reader.closer(pull.number) in {"", pull.author}:
            self._say(
                f"note: #{pull.number} is no no to fixbot: who opened it has closed it, and {standing.says}"
            )
            return None
        return replace(pull, body=unmarked(pull.body))

    def _labelled(self, pull: Pull, label: str) -> bool:
        """Whether somebody set that label who may write; on a closed pull request, after the close."""
        key = pull.number, label
        if key not in self._labels:
            closed = not pull.open or (pull.mark is not None and bool(pull.mark.closed))
            standing = self.reader.labelled_by(pull.number, label, since_close=closed)
            if not standing.writes:
                self._say(f"note: the label {label!r} of #{pull.number} does not count: {standing.says}")
            self._labels[key] = standing.writes
        return self._labels[key]

    def _said(self, comment: Comment) -> bool:
        """Whether somebody wrote that comment who may write to the repository."""
        standing = self.reader.standing(comment.author, bot=comment.bot)
        if not standing.writes:
            self._say(f"note: a comment on #{comment.number} does not count: {standing.says}")
        return standing.writes

    def _say(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self.note(text)

    def _wish(self, pull: Pull, comments: Sequence[Comment]) -> Wish | None:
        return wish(pull, comments, self._said, self._labelled)

    def declined(self) -> dict[str, str]:
        """Findings that are not to be offered, by id, with the reason."""
        open_ones = [pull for pull in self.pulls if pull.open]
        said = self.comments(open_ones)
        frozen = [
            pull.number
            for pull in open_ones
            if not self._is_ours(pull.branch, pull)
            and ((asked := self._wish(pull, said)) is None or asked.verb != "recreate")
        ]
        return declined(self.pulls, frozen, self.today)

    def held(self) -> dict[str, str]:
        """The branch of each finding that an open pull request holds which was gathered in another way."""
        way = self.settings.pull_requests.group
        same = {way} if way == "topic" else {way, ""}
        marks = [(pull, mark) for pull in self.pulls if pull.open and (mark := pull.mark) is not None]
        other = [(pull, mark) for pull, mark in marks if mark.group not in same]
        self.held_as = {each: mark.group for _, mark in other for each in mark.findings}
        return {each: pull.branch for pull, mark in other for each in mark.findings}

    def refused_parts(self, report: Report) -> dict[str, str]:
        """Findings not to be offered for a no to a part of a pull request, by id, with the reason."""
        said = self.comments([pull for pull in self.pulls if pull.open])
        return self.nos.find(report, self.pulls, self.heads, lambda pull: self._wish(pull, said))

    def plan(self, seen: Seen) -> list[Planned]:
        """What to do about every branch of ours."""
        wanted = [self._wanted(each, seen.ground) for each in seen.report.proposals]
        proposals = {each.findings: each for each in seen.report.proposals}
        placed, heirs = adopted(wanted, self.pulls)
        comments = self.comments([pull for pull in self.pulls if pull.open])
        branches = dict.fromkeys([*placed, *(p.branch for p in self.pulls if p.open), *self.heads])
        planned = []
        for branch in branches:
            want = placed.get(branch)
            place = self._place(branch, want, seen, comments)
            if place.pull is not None and place.pull.number in heirs:
                place = replace(place, heir=heirs[place.pull.number])
            action = decide(want, place, self.settings.pull_requests.rebase)
            writes = want is not None and action.deed in {Deed.OPEN, Deed.FINISH, Deed.UPDATE}
            if want is not None and writes and (changed := _stale(want.paths, seen.stale)):
                action = Action(Deed.LEAVE, f"{changed} changed on GitHub since this checkout; pull first")
            planned.append(
                Planned(action, place, want, proposals[want.findings] if want is not None else None)
            )
        return planned

    def _place(self, branch: str, want: Wanted | None, seen: Seen, comments: Sequence[Comment]) -> Place:
        pull = last(each for each in self.pulls if each.branch == branch)
        head = self.heads.get(branch)
        newest = max((each.number for each in self.remote.of_branch(branch)), default=0)
        no = said_no(pull, self.today) if pull is not None else ""
        place = Place(branch, head, pull=pull, no=no, newest=newest)
        if head is not None:
            bare = head in {self.remote.base_head, seen.ground.head} or self._is_scratch(branch, head)
            place = replace(place, ours=bare or self._is_ours(branch, pull))
        if pull is None and want is None:
            return replace(place, unread=self._unsure(branch, seen))
        if pull is None or not pull.open:
            return place
        mark = pull.mark
        asked = self._wish(pull, comments)
        told = {each.id: each.reason or "" for each in seen.report.findings}
        held = [told[each] for each in (mark.findings if mark is not None else ()) if each in told]
        place = replace(
            place,
            present=bool(held) or mark is None,
            status=next((reason for reason in held if reason), ""),
            unread=self._unread(pull, mark, seen) if mark is not None else "",
            wish=asked if asked is not None and not self.nos.narrows(pull, asked) else None,
            refused=tuple(self.nos.refused.get(pull.number, {}).items()),
            heard=self.nos.heard.get(pull.number, 0),
            retargeted=pull.base if pull.base != self.remote.base else "",
        )
        if want is not None and mark is not None and mark.files != want.files:
            place = replace(place, conflict=self.reader.conflicts(pull.number), behind=True)
        return replace(place, undressed=self._undressed(pull))

    def _is_ours(self, branch: str, pull: Pull | None) -> bool:
        """Whether the branch holds only commits as fixbot made them, all of them or the first ones."""
        head = self.heads.get(branch)
        mark = pull.mark if pull is not None else None
        if head is None:
            return False
        if mark is not None and mark.head == head:
            return True
        if head not in self._ours:
            self._ours[head] = self._is_chain(head)
        return self._ours[head]

    def _is_chain(self, head: str) -> bool:
        """Whether a commit is fixbot's, and so are those before it, up to its pull request's first."""
        commit, due = self.reader.commit(head), None
        while commit is not None and is_ours(commit.message, commit.tree, commit.parents):
            at, count = part_of_message(commit.message)
            if due is not None and due != (at, count):
                return False
            if at <= 1:
                return True
            commit, due = self.reader.commit(commit.parents[0]), (at - 1, count)
        return False

    def _wanted(self, proposal: Proposal, ground: Ground) -> Wanted:
        held = next((self.held_as[each] for each in proposal.findings if each in self.held_as), None)
        return Wanted(
            key=proposal.key,
            rule=proposal.rule or "",
            branch=proposal.branch,
            findings=proposal.findings,
            patch=edits_digest(proposal.edits) if proposal.edits else patch_digest(proposal.diff),
            known_as=patch_digest(proposal.diff),
            files=files_digest(ground.blobs(proposal.paths)),
            paths=tuple(sorted({*proposal.paths, *(row.path for row in proposal.story.rows)})),
            topic=proposal.topic,
            group=self.settings.pull_requests.group if held is None else held,
            rules=proposal.rules,
            commits=tuple(each.findings for each in proposal.commits),
        )

    def _is_scratch(self, branch: str, head: str) -> bool:
        """Whether a branch for a signed commit holds nothing that the base doesn't hold too."""
        if not branch.endswith(BESIDE):
            return False
        try:
            return self.reader.changed_between(head, self.remote.base)[0] in {"ahead", "identical"}
        except Refused:
            return False

    def _unsure(self, branch: str, seen: Seen) -> str:
        """Why a branch without a pull request may still be needed."""
        named = named_as_ours(branch, self.settings.branch_prefix)
        if named is None or (seen.whole and seen.every):
            return ""
        return "" if seen.whole and named[0] in seen.rules else "this run looked at a part only"

    def _undressed(self, pull: Pull) -> bool:
        """Whether a run was cut short before labels and reviewers; what a person took off stays off."""
        given = self.settings.pull_requests
        mark = pull.mark
        if mark is None or mark.bare:
            return False
        if given.labels:  # they are set last
            signs, there = {"labeled"}, any(label.lower() in pull.labels for label in given.labels)
        elif given.assignees or given.reviewers or given.milestone:
            signs, there = {"assigned", "review_requested", "milestoned"}, pull.asked
        else:
            return False
        try:
            return not there and not self.reader.events(pull.number) & signs
        except Refused:
            return False

    def _unread(self, pull: Pull, mark: Mark, seen: Seen) -> str:
        """Why this run can't judge what a pull request offers, empty where it can."""
        missing = next((rule for rule in mark.every_rule if rule not in {*seen.rules, EVERYTHING}), "")
        if missing or (mark.rule == EVERYTHING and not seen.every):
            return f"the rule {missing or mark.rule} did not run"
        try:
            paths = mark.paths or self.reader.files(pull.number)
        except Refused:
            return "GitHub does not say which files it changes"
        unread = {each.path: each.reason for each in seen.report.unread}
        for path in paths:
            if path in unread:
                return f"{path}: {unread[path]}"
            if not seen.scope(path):
                return f"{path} was left out"
            if reason := seen.ground.unsure(path):
                return reason
        changed = _stale(paths, seen.stale)
        return f"{changed} changed on GitHub since this checkout" if changed else ""


def _stale(paths: Sequence[str], stale: frozenset[str]) -> str:
    """One of the files, or a neighbour that could matter to them, that changed; empty where none did."""
    if "*" in stale:
        return paths[0] if paths else ""
    folders = {posixpath.dirname(path) for path in paths}
    near = (path for path in sorted(stale) if candidate(path) and posixpath.dirname(path) in folders)
    return next((path for path in paths if path in stale), "") or next(near, "")
