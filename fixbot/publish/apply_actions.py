"""Does what was decided, one branch at a time; what was read is read again right before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fixbot.model.findings import Patch, Proposal, Refusal
from fixbot.proposal.pull_request_text import PullRequestText, TextTarget, commit_messages, render_proposal
from fixbot.publish.action_result import (
    ActionOutcome,
    ActionResult,
    key_of_branch_name,
    number_and_url,
    require_offer,
)
from fixbot.publish.committing import chain_to, commit_all, entries_of
from fixbot.publish.file_source import FileSource
from fixbot.publish.github.github_errors import OutcomeUnknown, RateLimitExceeded, RequestRejected
from fixbot.publish.github.preflight import Obstacle, PublishWay, explain_refusal
from fixbot.publish.github.repository_writer import RepositoryWriter
from fixbot.publish.github.write_requests import BranchMove, PullRequestMetadata, StaleState
from fixbot.publish.planned_action import PlannedAction
from fixbot.publish.pull_requests.comment_texts import (
    build_comment_sign,
    word_closing,
    word_comment,
    word_opening,
)
from fixbot.publish.pull_requests.decide import ActionKind, WantedPullRequest, build_next_mark, note_refusals
from fixbot.publish.pull_requests.pull_request import GitHubCommit, PullRequest
from fixbot.publish.pull_requests.state_block import StateBlock, digest_text, replace_state_block

if TYPE_CHECKING:
    from fixbot.proposal.commit_style import CommitStyle
    from fixbot.settings import Settings


@dataclass
class Applier:
    """Carries out what was planned for one repository."""

    writer: RepositoryWriter
    ground: FileSource
    settings: Settings
    patches: Mapping[str, Patch]
    base: str
    base_head: str
    web: str
    way: PublishWay
    habit: Callable[[], CommitStyle]
    owners: Callable[[Proposal], tuple[str, ...]]
    queue: bool = False
    milestone: int | None = None
    careful: bool = False
    obstacles: list[Obstacle] = field(default_factory=list)
    """What stands in the way: said once, and no other request of that kind is sent."""

    def _read_base_commit(self) -> GitHubCommit:
        commit = self.writer.reader.read_commit(self.base_head)
        if commit is None:
            raise RequestRejected(
                404, f"the commit {self.base_head[:7]} of {self.base} is gone", "GET commit"
            )
        return commit

    def apply_action(self, planned: PlannedAction) -> ActionResult:
        """Do one thing. What GitHub refuses is an outcome; limits and a dead server are raised."""
        try:
            return self._dispatch_action(planned)
        except StaleState as overtaken:
            return ActionResult(planned, ActionOutcome.LEFT, str(overtaken), *number_and_url(planned))
        except RequestRejected as refused:
            if refused.status == 401:
                raise RateLimitExceeded(
                    0, "GitHub accepts the token no longer: it has expired, or was revoked"
                ) from None
            return ActionResult(
                planned,
                ActionOutcome.FAILED,
                explain_refusal(refused, planned.branch),
                *number_and_url(planned),
            )
        except OutcomeUnknown as unclear:
            later = f"{unclear}; the next run looks again"
            return ActionResult(planned, ActionOutcome.FAILED, later, *number_and_url(planned))

    def _dispatch_action(self, planned: PlannedAction) -> ActionResult:
        match planned.action.deed:
            case ActionKind.OPEN | ActionKind.FINISH:
                return self._open_pull(planned)
            case ActionKind.UPDATE:
                return self._update_pull(planned)
            case ActionKind.MARK:
                return self._rewrite_state_block(planned)
            case ActionKind.NOTE:
                return self._note_refusals(planned)
            case ActionKind.DRESS:
                return self._label_pull(planned)
            case ActionKind.CLOSE:
                return self._close_pull(planned)
            case ActionKind.DELETE:
                return self._delete_branch(planned)
            case ActionKind.SAY:
                return self._post_comment(planned)
            case ActionKind.LEAVE:
                return ActionResult(planned, ActionOutcome.LEFT, planned.action.why, *number_and_url(planned))

    def _check_nothing_newer(self, planned: PlannedAction) -> int:
        """The number of the branch's last pull request, 0 for none. Overtaken where one came since."""
        known = max(planned.place.newest, planned.place.pull.number if planned.place.pull is not None else 0)
        for pull in self.writer.reader.read_pulls_of_branch(planned.branch):
            if pull.open:
                raise StaleState(f"#{pull.number} was opened meanwhile")
            if pull.number > known:
                raise StaleState(f"#{pull.number} was opened and closed meanwhile")
        return known

    def _delete_branch(self, planned: PlannedAction) -> ActionResult:
        self._check_nothing_newer(planned)  # to delete the branch of an open one would close it
        self.writer.move_branches(BranchMove(planned.branch, planned.place.head, None))
        return ActionResult(
            planned,
            ActionOutcome.DONE,
            f"its branch is deleted: {planned.action.why}",
            *number_and_url(planned),
        )

    def _open_pull(self, planned: PlannedAction) -> ActionResult:
        wanted, proposal = require_offer(planned)
        self._check_nothing_newer(planned)
        words, commits = self._commit_proposal(planned, wanted, proposal, planned.place.head)
        if isinstance(words, Refusal):
            return ActionResult(planned, ActionOutcome.FAILED, words.reason)
        opening = word_opening(planned.place)
        mark = build_next_mark(None, wanted, commits, words.title, words.body)
        body = self._render_text(proposal, wanted, replace(mark, body=""), opening).body
        mark = replace(mark, body=digest_text(body))
        body = replace_state_block(body, mark)
        if self.way is PublishWay.BRANCH:
            return self._push_branch_only(planned)
        last = self._check_nothing_newer(planned)
        draft = self._wants_draft(proposal)
        try:
            pull = self.writer.open_pull(
                planned.branch, self.base, words.title, body, draft=draft, after=last
            )
        except RequestRejected as refused:
            if refused.mentions("no commits between"):
                self.writer.move_branches(BranchMove(planned.branch, commits[-1], None))
                raise StaleState("the base holds all of it already") from None
            if refused.is_for_good:
                why = explain_refusal(refused, planned.branch)
                self.way = PublishWay.BRANCH
                self.obstacles.append(Obstacle(f"no pull request can be opened: {why}", PublishWay.BRANCH))
                return self._push_branch_only(planned, why)
            if refused.status == 403:
                return self._push_branch_only(planned, explain_refusal(refused, planned.branch))
            raise
        self._apply_metadata(pull, self._choose_metadata(proposal))
        why = planned.action.why
        return ActionResult(planned, ActionOutcome.DONE, why, pull.number, pull.url, pull.title)

    def _apply_metadata(self, pull: PullRequest, clothes: PullRequestMetadata) -> None:
        """Dress it, or write down that GitHub takes nothing of it, so that the next run doesn't ask again."""
        if clothes and not self.writer.set_metadata(pull, clothes) and pull.state_block is not None:
            block = replace(pull.state_block, bare="refused")
            self.writer.edit_pull(pull, body=replace_state_block(pull.body, block))

    def _push_branch_only(self, planned: PlannedAction, why: str = "") -> ActionResult:
        url = f"{self.web}/compare/{self.base}...{planned.branch}?expand=1"
        return ActionResult(
            planned, ActionOutcome.BRANCH, why or "the branch is ready; open its pull request there", url=url
        )

    def _wants_draft(self, proposal: Proposal) -> bool:
        match self.settings.pull_requests.draft:
            case "always":
                return True
            case "never":
                return False
            case _:
                return proposal.safety.value == "review"

    def _commit_proposal(
        self, planned: PlannedAction, wanted: WantedPullRequest, proposal: Proposal, before: str | None
    ) -> tuple[PullRequestText | Refusal, tuple[str, ...]]:
        """Put the proposal's commits on its branch, from just where that was; its words and the commits."""
        several = entries_of(proposal, self.ground, self.patches)
        if isinstance(several, Refusal):
            return several, ()
        words = self._render_text(proposal, wanted, None, "")
        style = TextTarget(habit=self.habit(), neutral=self.careful and proposal.discloses)
        messages = commit_messages(replace(proposal, key=wanted.key), style)
        made = commit_all(self.writer, self._read_base_commit(), several, messages, planned.branch, before)
        moves = [BranchMove(planned.branch, before, made[-1])]
        if before and planned.place.ours is False:
            prefix = self.settings.branch_prefix
            moves.append(BranchMove(f"{prefix}kept/{wanted.key}-{before[:12]}", None, before))
        self.writer.place_branch(moves)
        return words, made

    def _render_text(
        self, proposal: Proposal, wanted: WantedPullRequest, mark: StateBlock | None, opening: str
    ) -> PullRequestText:
        """Title, body without its mark but with room for it, and commit message."""
        proposal = replace(proposal, key=wanted.key, branch=wanted.branch)
        room = "x" * (len(str(mark)) + 40) if mark is not None else ""
        links, neutral = f"{self.web}/blob/{self.base_head}/", self.careful and proposal.discloses
        target = TextTarget(links, self.habit(), marker=room, opening=opening, neutral=neutral)
        words = render_proposal(proposal, target)
        return replace(words, body=words.body.removesuffix(room).rstrip()) if room else words

    def _choose_metadata(self, proposal: Proposal) -> PullRequestMetadata:
        given = self.settings.pull_requests
        owners = self.owners(proposal) if given.code_owners else ()
        asked = tuple(dict.fromkeys((*given.reviewers, *owners)))[: given.most_reviewers]
        return PullRequestMetadata(given.labels, given.assignees, asked, self.milestone)

    def _read_fresh_pull(self, planned: PlannedAction) -> PullRequest:
        """The pull request as it is now. Raises StaleState where it isn't what was judged."""
        known = planned.place.pull
        assert known is not None  # noqa: S101 - decided for an open pull request
        pull = self.writer.reader.read_pull(known.number)
        if pull is None or not pull.open:
            raise StaleState(f"#{known.number} was closed meanwhile")
        head = planned.place.head
        if pull.head != head and self.writer.reader.read_branch(planned.branch) != head:
            raise StaleState(f"#{known.number} was pushed to meanwhile")
        if pull.updated not in {known.updated, self.writer.touched.get(pull.number)}:
            self.writer.missed.add(pull.number)
        self.writer.comments[pull.number] = pull.comments
        if self.queue and self.writer.is_queued(known.number):
            raise StaleState(f"#{known.number} waits in the merge queue")
        return pull

    def _update_pull(self, planned: PlannedAction) -> ActionResult:
        wanted, proposal = require_offer(planned)
        pull = self._read_fresh_pull(planned)
        words, commits = self._commit_proposal(planned, wanted, proposal, planned.place.head)
        if isinstance(words, Refusal):
            return ActionResult(planned, ActionOutcome.FAILED, words.reason, pull.number, pull.url)
        fresh = self.writer.reader.read_pull(pull.number) or pull
        self._rewrite_texts(fresh, wanted, proposal, commits, planned)
        self._remove_asking_label(planned, pull)
        return ActionResult(planned, ActionOutcome.DONE, planned.action.why, pull.number, pull.url)

    def _rewrite_texts(
        self,
        pull: PullRequest,
        wanted: WantedPullRequest,
        proposal: Proposal,
        commits: tuple[str, ...],
        planned: PlannedAction,
    ) -> None:
        """Title and body anew, each only where nobody touched it since; the mark in any case."""
        old = pull.state_block
        words = self._render_text(
            proposal, wanted, build_next_mark(old, wanted, commits, "", "", planned.place), ""
        )
        fields: dict[str, str] = {}
        mark = build_next_mark(old, wanted, commits, words.title, words.body, planned.place)
        if planned.place.wish is not None:
            mark = replace(mark, did=max(mark.did, planned.place.wish.comment))
        if old is None or digest_text(pull.title) != old.title:
            mark = replace(mark, title=old.title if old is not None else "-")
        elif words.title != pull.title:
            fields["title"] = words.title
        body = words.body
        if old is None or digest_text(pull.body) != old.body:
            body = pull.body
            mark = replace(mark, body=old.body if old is not None else "-")
        body = replace_state_block(body, mark)
        if body != pull.body.replace("\r\n", "\n"):
            fields["body"] = body
        if fields:
            self.writer.edit_pull(pull, title=fields.get("title", ""), body=fields.get("body", ""))

    def _remove_asking_label(self, planned: PlannedAction, pull: PullRequest) -> None:
        """Take away the label that asked for what was done."""
        asked = planned.place.wish
        if asked is not None and not asked.comment:
            self.writer.remove_label(pull.number, f"fixbot: {asked.verb}")

    def _rewrite_state_block(self, planned: PlannedAction) -> ActionResult:
        wanted, _ = require_offer(planned)
        pull = self._read_fresh_pull(planned)
        old = pull.state_block
        head = planned.place.head
        chain = chain_to(self.writer.reader, head, max(1, len(wanted.commits))) if head else ()
        mark = build_next_mark(old, wanted, [each.id for each in chain], "", "")
        mark = replace(mark, title=old.title if old else "-", body=old.body if old else "-")
        self.writer.edit_pull(pull, body=replace_state_block(pull.body, mark))
        return ActionResult(planned, ActionOutcome.DONE, planned.action.why, pull.number, pull.url)

    def _note_refusals(self, planned: PlannedAction) -> ActionResult:
        pull = self._read_fresh_pull(planned)
        if pull.state_block is None:
            raise StaleState(f"#{pull.number} lost its mark meanwhile")
        self.writer.edit_pull(
            pull, body=replace_state_block(pull.body, note_refusals(pull.state_block, planned.place))
        )
        return ActionResult(planned, ActionOutcome.DONE, planned.action.why, pull.number, pull.url)

    def _label_pull(self, planned: PlannedAction) -> ActionResult:
        _, proposal = require_offer(planned)
        pull = self._read_fresh_pull(planned)
        clothes = self._choose_metadata(proposal)
        self._apply_metadata(pull, replace(clothes, reviewers=()) if pull.asked else clothes)
        return ActionResult(planned, ActionOutcome.DONE, planned.action.why, pull.number, pull.url)

    def _close_pull(self, planned: PlannedAction) -> ActionResult:
        pull = self._read_fresh_pull(planned)
        why, asked = planned.action.closing, planned.place.wish
        text = word_closing(planned.action, planned.place, self.base, self.base_head)
        self.writer.post_comment(pull.number, text, build_comment_sign(why, planned.place.head), needed=False)
        pull = self._read_fresh_pull(planned)
        mark = pull.state_block or StateBlock(*key_of_branch_name(planned, self.settings.branch_prefix))
        mark = replace(
            mark, closed=why, until=asked.until if asked else "", did=asked.comment if asked else mark.did
        )
        self.writer.edit_pull(pull, close=True, body=replace_state_block(pull.body, mark))
        if why != "ignored":
            self._check_nobody_closed(pull, mark)
        if planned.place.ours:
            self.writer.move_branches(BranchMove(planned.branch, planned.place.head, None))
        return ActionResult(
            planned, ActionOutcome.DONE, f"closed: {planned.action.why}", pull.number, pull.url
        )

    def _check_nobody_closed(self, pull: PullRequest, mark: StateBlock) -> None:
        """Somebody who closed it in the same moment has said no, which our mark must not hide."""
        closer = self.writer.reader.find_closer(pull.number)
        if closer and closer not in self.writer.known_as | {pull.author}:
            closed = self.writer.reader.read_pull(pull.number) or pull
            self.writer.edit_pull(
                closed, body=replace_state_block(closed.body, replace(closed.state_block or mark, closed=""))
            )
            raise StaleState(f"#{pull.number} was closed meanwhile")

    def _post_comment(self, planned: PlannedAction) -> ActionResult:
        pull = planned.place.pull
        assert pull is not None  # noqa: S101 - decided for an open pull request
        sign = build_comment_sign(planned.action.topic, planned.place.head)
        said = self.writer.post_comment(pull.number, word_comment(planned.action), sign)
        outcome = ActionOutcome.DONE if said else ActionOutcome.LEFT
        return ActionResult(planned, outcome, planned.action.why, pull.number, pull.url)
