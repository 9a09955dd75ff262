"""Every branch of ours with what is wanted on it, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from fixbot.engine.compose import EVERYTHING
from fixbot.model.findings import Proposal, Report
from fixbot.publish.file_source import FileSource, find_stale_path
from fixbot.publish.github.github_errors import RequestRejected
from fixbot.publish.github.repository_reader import RepositoryReader
from fixbot.publish.partial_refusals import PartialRefusals
from fixbot.publish.planned_action import BESIDE, PlannedAction, RunKnowledge, is_careful
from fixbot.publish.pull_requests.comment_commands import CommentCommand, find_command
from fixbot.publish.pull_requests.decide import (
    ActionKind,
    BranchAction,
    BranchState,
    WantedPullRequest,
    decide_action,
)
from fixbot.publish.pull_requests.declined import AGAIN, find_declined, why_declined
from fixbot.publish.pull_requests.match import branch_heads, find_deciding_pull, match_pull_requests
from fixbot.publish.pull_requests.pull_request import (
    PullRequest,
    PullRequestComment,
    RemoteState,
    parse_branch_name,
    select_ours,
)
from fixbot.publish.pull_requests.state_block import (
    StateBlock,
    digest_files,
    digest_patch,
    digest_sources,
    edits_digest,
    is_sealed,
    part_of_message,
    remove_state_blocks,
)
from fixbot.settings import Settings


@dataclass(slots=True)
class PublishPlanner:
    """Judges the branches of one repository. `comments` brings the comments on open pull requests.

    What people said counts by what GitHub lets them do here; `note` hears what does not count, and why.
    `rebase` are the keys of pull requests that the dashboard asks to have made anew.
    """

    reader: RepositoryReader
    remote: RemoteState
    settings: Settings
    today: date
    comments: Callable[[Sequence[PullRequest]], Sequence[PullRequestComment]]
    note: Callable[[str], None] = lambda _: None
    rebase: frozenset[str] = frozenset()
    pulls: tuple[PullRequest, ...] = ()
    heads: dict[str, str] = field(default_factory=dict)
    nos: PartialRefusals = field(init=False)
    held_as: dict[str, str] = field(default_factory=dict)
    """How each finding was gathered that stays in an open pull request of another way."""
    _ours: dict[str, bool] = field(default_factory=dict)
    _labels: dict[tuple[int, str], bool] = field(default_factory=dict)
    _noted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        prefix = self.settings.branch_prefix
        self.nos = PartialRefusals(self.reader, prefix, self.today, self._note_once)
        heard = (self._without_stale_label(pull) for pull in select_ours(self.remote.pulls, prefix))
        self.pulls = tuple(filter(None, map(self._without_planted_no, heard)))
        self.heads = {
            name: head
            for name, head in branch_heads(self.remote.branches, self.pulls).items()
            if parse_branch_name(name.removesuffix(BESIDE), prefix) or name in {p.branch for p in self.pulls}
        }

    def _without_stale_label(self, pull: PullRequest) -> PullRequest:
        """A label takes a no back only if it came after it: a close is the later word else."""
        if pull.open or pull.merged or AGAIN not in pull.labels or self._is_labelled(pull, AGAIN):
            return pull
        return replace(pull, labels=pull.labels - {AGAIN})

    def _without_planted_no(self, pull: PullRequest) -> PullRequest | None:
        """A no counts whoever GitHub let say it, but who may not write must not have planted it.

        An organisation's member may open a pull request from a branch of ours without being able to push to
        it, write into its text what they like, and close it. Then it is none; closed by somebody else, it
        is one, but not for what its text lists.
        """
        if pull.open or pull.bot or not why_declined(pull, self.today):
            return pull
        standing = self.reader.read_standing(pull.author)
        if standing.writes:
            return pull
        if self.reader.find_closer(pull.number) in {"", pull.author}:
            self._note_once(
                f"note: #{pull.number} is no no to fixbot: who opened it has closed it, and {standing.says}"
            )
            return None
        return replace(pull, body=remove_state_blocks(pull.body))

    def _is_labelled(self, pull: PullRequest, label: str) -> bool:
        """Whether somebody set that label who may write; on a closed pull request, after the close."""
        key = pull.number, label
        if key not in self._labels:
            closed = not pull.open or (pull.state_block is not None and bool(pull.state_block.closed))
            standing = self.reader.find_labeller(pull.number, label, since_close=closed)
            if not standing.writes:
                self._note_once(
                    f"note: the label {label!r} of #{pull.number} does not count: {standing.says}"
                )
            self._labels[key] = standing.writes
        return self._labels[key]

    def _may_command(self, comment: PullRequestComment) -> bool:
        """Whether somebody wrote that comment who may write to the repository."""
        standing = self.reader.read_standing(comment.author, bot=comment.bot)
        if not standing.writes:
            self._note_once(f"note: a comment on #{comment.number} does not count: {standing.says}")
        return standing.writes

    def _note_once(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self.note(text)

    def _find_command_for(
        self, pull: PullRequest, comments: Sequence[PullRequestComment]
    ) -> CommentCommand | None:
        mark = pull.state_block
        if mark is not None and mark.key in self.rebase:
            return CommentCommand("rebase")
        return find_command(pull, comments, self._may_command, self._is_labelled)

    def list_declined(self) -> dict[str, str]:
        """Findings that are not to be offered, by id, with the reason."""
        open_ones = [pull for pull in self.pulls if pull.open]
        said = self.comments(open_ones)
        frozen = [
            pull.number
            for pull in open_ones
            if not self._is_ours(pull.branch, pull)
            and ((asked := self._find_command_for(pull, said)) is None or asked.verb != "recreate")
        ]
        return find_declined(self.pulls, frozen, self.today)

    def held_findings(self) -> dict[str, str]:
        """The branch of each finding that an open pull request holds which was gathered in another way."""
        way = self.settings.pull_requests.group
        same = {way} if way == "topic" else {way, ""}
        marks = [(pull, mark) for pull in self.pulls if pull.open and (mark := pull.state_block) is not None]
        other = [(pull, mark) for pull, mark in marks if mark.group not in same]
        self.held_as = {each: mark.group for _, mark in other for each in mark.findings}
        return {each: pull.branch for pull, mark in other for each in mark.findings}

    def refused_parts(self, report: Report) -> dict[str, str]:
        """Findings not to be offered for a no to a part of a pull request, by id, with the reason."""
        said = self.comments([pull for pull in self.pulls if pull.open])
        return self.nos.find_refused(
            report, self.pulls, self.heads, lambda pull: self._find_command_for(pull, said)
        )

    def plan_actions(self, seen: RunKnowledge) -> list[PlannedAction]:
        """What to do about every branch of ours."""
        offered = self._select_offered(seen.report.proposals)
        wanted = [self._wanted_pull_request(each, seen.ground) for each in offered]
        proposals = {each.findings: each for each in offered}
        placed, heirs = match_pull_requests(wanted, self.pulls)
        comments = self.comments([pull for pull in self.pulls if pull.open])
        branches = dict.fromkeys([*placed, *(p.branch for p in self.pulls if p.open), *self.heads])
        planned = []
        for branch in branches:
            want = placed.get(branch)
            place = self._read_branch_state(branch, want, seen, comments)
            if place.pull is not None and place.pull.number in heirs:
                place = replace(place, superseded_by=heirs[place.pull.number])
            action = decide_action(want, place, self.settings.pull_requests.rebase)
            writes = want is not None and action.deed in {
                ActionKind.OPEN,
                ActionKind.FINISH,
                ActionKind.UPDATE,
            }
            if want is not None and writes and (changed := find_stale_path(want.paths, seen.stale)):
                action = BranchAction(
                    ActionKind.LEAVE, f"{changed} changed on GitHub since this checkout; pull first"
                )
            planned.append(
                PlannedAction(action, place, want, proposals[want.findings] if want is not None else None)
            )
        return planned

    def _select_offered(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """Those for what runs, and of the others those that are open already."""
        marks = (pull.state_block for pull in self.pulls if pull.open)
        held = {finding for mark in marks if mark is not None for finding in mark.findings}
        all_of_it = self.settings.pull_requests.examples
        left = [p for p in proposals if p.example and not all_of_it and held.isdisjoint(p.findings)]
        if left:
            self._note_once(
                f"note: of files that nobody deploys, such as {left[0].paths[0]}, {len(left)} proposals are "
                "not opened; pull_requests.examples: true opens them"
            )
        return [each for each in proposals if each not in left]

    def _read_branch_state(
        self,
        branch: str,
        want: WantedPullRequest | None,
        seen: RunKnowledge,
        comments: Sequence[PullRequestComment],
    ) -> BranchState:
        pull = find_deciding_pull(each for each in self.pulls if each.branch == branch)
        head = self.heads.get(branch)
        newest = max((each.number for each in self.remote.pulls_of_branch(branch)), default=0)
        no = why_declined(pull, self.today) if pull is not None else ""
        place = BranchState(branch, head, pull=pull, no=no, newest=newest)
        if head is not None:
            bare = head in {self.remote.base_head, seen.ground.head_commit} or self._is_scratch(branch, head)
            place = replace(place, ours=bare or self._is_ours(branch, pull))
        if pull is None and want is None:
            return replace(place, unread=self._why_branch_unsure(branch, seen))
        if pull is None or not pull.open:
            return place
        mark = pull.state_block
        asked = self._find_command_for(pull, comments)
        told = {each.id: each.reason or "" for each in seen.report.findings}
        held = [told[each] for each in (mark.findings if mark is not None else ()) if each in told]
        place = replace(
            place,
            present=bool(held) or mark is None,
            status=next((reason for reason in held if reason), ""),
            unread=self._why_unread(pull, mark, seen) if mark is not None else "",
            wish=asked if asked is not None and not self.nos.is_partial(pull, asked) else None,
            refused=tuple(self.nos.refused.get(pull.number, {}).items()),
            heard=self.nos.heard.get(pull.number, 0),
            retargeted=pull.base if pull.base != self.remote.base else "",
        )
        if want is not None and mark is not None and mark.files != want.files:
            place = replace(place, conflict=self.reader.has_conflicts(pull.number), behind=True)
        return replace(place, unlabelled=self._is_unlabelled(pull))

    def _is_ours(self, branch: str, pull: PullRequest | None) -> bool:
        """Whether the branch holds only commits as fixbot made them, all of them or the first ones."""
        head = self.heads.get(branch)
        mark = pull.state_block if pull is not None else None
        if head is None:
            return False
        if mark is not None and mark.head == head:
            return True
        if head not in self._ours:
            self._ours[head] = self._is_chain(head)
        return self._ours[head]

    def _is_chain(self, head: str) -> bool:
        """Whether a commit is fixbot's, and so are those before it, up to its pull request's first."""
        commit, due = self.reader.read_commit(head), None
        while commit is not None and is_sealed(commit.message, commit.tree, commit.parents):
            at, count = part_of_message(commit.message)
            if due is not None and due != (at, count):
                return False
            if at <= 1:
                return True
            commit, due = self.reader.read_commit(commit.parents[0]), (at - 1, count)
        return False

    def _wanted_pull_request(self, proposal: Proposal, ground: FileSource) -> WantedPullRequest:
        held = next((self.held_as[each] for each in proposal.findings if each in self.held_as), None)
        neutral = proposal.discloses and is_careful(self.settings, self.remote.facts)
        return WantedPullRequest(
            key=proposal.key,
            rule="" if neutral else proposal.rule or "",
            branch=f"{self.settings.branch_prefix}update/{proposal.key}" if neutral else proposal.branch,
            findings=proposal.findings,
            patch=edits_digest(proposal.edits) if proposal.edits else digest_patch(proposal.diff),
            known_as=digest_patch(proposal.diff),
            files=digest_files(ground.hash_blobs(proposal.paths)),
            paths=tuple(sorted({*proposal.paths, *(row.path for row in proposal.story.rows)})),
            topic="" if neutral else proposal.topic,
            group=self.settings.pull_requests.group if held is None else held,
            rules=() if neutral else proposal.rules,
            commits=tuple(each.findings for each in proposal.commits),
            sources=digest_sources(each.id for each in proposal.story.cited),
        )

    def _is_scratch(self, branch: str, head: str) -> bool:
        """Whether a branch for a signed commit holds nothing that the base doesn't hold too."""
        if not branch.endswith(BESIDE):
            return False
        try:
            return self.reader.compare_commits(head, self.remote.base)[0] in {"ahead", "identical"}
        except RequestRejected:
            return False

    def _why_branch_unsure(self, branch: str, seen: RunKnowledge) -> str:
        """Why a branch without a pull request may still be needed."""
        named = parse_branch_name(branch, self.settings.branch_prefix)
        if named is None or (seen.whole and seen.every):
            return ""
        return "" if seen.whole and named[0] in seen.rules else "this run looked at a part only"

    def _is_unlabelled(self, pull: PullRequest) -> bool:
        """Whether a run was cut short before labels and reviewers; what a person took off stays off."""
        given = self.settings.pull_requests
        mark = pull.state_block
        if mark is None or mark.bare:
            return False
        if given.labels:  # they are set last
            signs, there = {"labeled"}, any(label.lower() in pull.labels for label in given.labels)
        elif given.assignees or given.reviewers or given.milestone:
            signs, there = {"assigned", "review_requested", "milestoned"}, pull.asked
        else:
            return False
        try:
            return not there and not self.reader.read_events(pull.number) & signs
        except RequestRejected:
            return False

    def _why_unread(self, pull: PullRequest, mark: StateBlock, seen: RunKnowledge) -> str:
        """Why this run can't judge what a pull request offers, empty where it can."""
        missing = next((rule for rule in mark.every_rule if rule not in {*seen.rules, EVERYTHING}), "")
        if seen.report.asked is not None and seen.report.asked.isdisjoint(mark.findings):
            return "this run is about other findings"
        if missing or (mark.rule in {EVERYTHING, ""} and not mark.rules and not seen.every):
            return f"the rule {missing or mark.rule or 'that found it'} did not run"
        try:
            paths = mark.paths or self.reader.read_changed_files(pull.number)
        except RequestRejected:
            return "GitHub does not say which files it changes"
        unread = {each.path: each.reason for each in seen.report.unread}
        for path in paths:
            if path in unread:
                return f"{path}: {unread[path]}"
            if not seen.scope(path):
                return f"{path} was left out"
            if reason := seen.ground.why_unsure(path):
                return reason
        changed = find_stale_path(paths, seen.stale)
        return f"{changed} changed on GitHub since this checkout" if changed else ""
