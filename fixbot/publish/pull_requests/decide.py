"""The table: what is to be done, from what is offered and what is on GitHub. No network, no clock.

Nothing here overwrites a person: a branch that holds a commit of somebody else is only ever left, and a pull
request that somebody closed is a no.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from fixbot.publish.pull_requests.state_block import StateBlock, digest_text

if TYPE_CHECKING:
    from fixbot.publish.pull_requests.comment_commands import CommentCommand
    from fixbot.publish.pull_requests.pull_request import PullRequest


class ActionKind(StrEnum):
    """What can be done."""

    OPEN = "open"
    FINISH = "finish"
    """The branch is there, its pull request isn't: an earlier run was cut short."""
    UPDATE = "update"
    """Make the branch anew on the base, and rewrite what fixbot wrote."""
    MARK = "mark"
    """Put the mark back that somebody took out of the body."""
    DRESS = "dress"
    """Labels, assignees, reviewers and milestone, which an earlier run could not set."""
    CLOSE = "close"
    DELETE = "delete"
    """Delete a branch that nothing needs any more."""
    SAY = "say"
    """A comment, once."""
    NOTE = "note"
    """Write down in the mark what somebody said no to, and nothing else."""
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class BranchAction:
    """One deed and its reason, in words for the one who reads the run's output.

    `closing` is what the mark says of a close: gone, superseded, ignored. `topic` names a comment, so that it
    is made once.
    """

    deed: ActionKind
    why: str
    closing: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class WantedPullRequest:
    """What one pull request is to hold. The digests are those of a Mark."""

    key: str
    rule: str
    branch: str
    findings: tuple[str, ...]
    patch: str
    files: str
    paths: tuple[str, ...] = ()
    known_as: str = ""
    """Its patch as an earlier version named it."""
    topic: str = ""
    group: str = ""
    rules: tuple[str, ...] = ()
    commits: tuple[tuple[str, ...], ...] = ()
    """The findings of each commit, in order."""
    spends: str = ""
    """Whose weekly budget it is opened from."""
    sources: tuple[str, ...] = ()
    """Digests of the findings from outside that it resolves, as far as this run was given any."""

    def is_said_in(self, mark: StateBlock) -> bool:
        """Whether the pull request of that mark changes just the same."""
        return mark.patch in (self.patch, self.known_as or self.patch)


@dataclass(frozen=True, slots=True)
class BranchState:
    """What is there for one branch, and what this run knows of the findings that were offered on it.

    `head` is where the branch is, None where there is none; `ours` says that its one commit is fixbot's, None
    where nobody looked. `pull` is its pull request that counts: the open one, else the last. `no` is why
    people don't want it. `present` says that a finding of it is still reported, and `status` why it is not
    offered; `unread` names a file that this run could not judge, empty where it judged all.
    `heir` is the pull request that holds its findings now, `newest` the last one that was there at all.
    `refused` are findings of it that somebody said no to since, each with the last day of the no, or none;
    `heard` is the comment that says so, if one does.
    """

    branch: str
    head: str | None = None
    ours: bool | None = None
    pull: PullRequest | None = None
    no: str = ""
    present: bool = False
    status: str = ""
    unread: str = ""
    conflict: bool = False
    behind: bool = False
    retargeted: str = ""
    unlabelled: bool = False
    superseded_by: int = 0
    newest: int = 0
    wish: CommentCommand | None = None
    refused: tuple[tuple[str, str], ...] = ()
    heard: int = 0


Rebase = Literal["conflict", "behind", "never"]


def decide_action(
    wanted: WantedPullRequest | None, place: BranchState, rebase: Rebase = "conflict"
) -> BranchAction:
    """What to do about one branch."""
    if place.pull is not None and place.pull.open:
        return _decide_open(wanted, place, place.pull, rebase)
    return _decide_leftover(place) if wanted is None else _decide_new(wanted, place)


def _decide_new(wanted: WantedPullRequest, place: BranchState) -> BranchAction:
    """Something is offered, and no pull request is open for it."""
    if place.no:
        return (
            BranchAction(ActionKind.DELETE, place.no)
            if place.head and place.ours
            else BranchAction(ActionKind.LEAVE, place.no)
        )
    if place.head is not None and not place.ours:
        return BranchAction(
            ActionKind.LEAVE, f"the branch {wanted.branch} is there and is not fixbot's; rename or delete it"
        )
    if place.pull is not None and place.pull.merged:
        return BranchAction(ActionKind.OPEN, f"was merged as #{place.pull.number}, and is back")
    if place.pull is not None:
        return BranchAction(
            ActionKind.OPEN, f"#{place.pull.number} was closed by fixbot, and the finding is back"
        )
    if place.head is not None:
        return BranchAction(ActionKind.FINISH, "an earlier run made the branch and was cut short")
    return BranchAction(ActionKind.OPEN, "new")


def _decide_leftover(place: BranchState) -> BranchAction:
    """Nothing is offered, and no pull request is open: only a branch may be left over."""
    if place.head is None:
        return BranchAction(ActionKind.LEAVE, "nothing is left of it")
    if not place.ours:
        return BranchAction(ActionKind.LEAVE, f"the branch {place.branch} has commits that are not fixbot's")
    if place.pull is None and (place.present or place.unread):
        return BranchAction(ActionKind.LEAVE, place.unread or place.status)
    why = "its pull request was merged" if place.pull and place.pull.merged else "nothing needs it any more"
    return BranchAction(ActionKind.DELETE, place.no or why)


def _decide_open(
    wanted: WantedPullRequest | None, place: BranchState, pull: PullRequest, rebase: Rebase
) -> BranchAction:
    if place.head is None:
        return BranchAction(ActionKind.LEAVE, "its branch is gone; GitHub closes it")
    if place.wish is not None and place.wish.verb == "ignore":
        return BranchAction(ActionKind.CLOSE, place.wish.reason or "nobody gave a reason", closing="ignored")
    if not place.ours:
        return _decide_foreign_branch(wanted, place, pull)
    if place.unread:
        return BranchAction(ActionKind.LEAVE, f"not judged in this run: {place.unread}")
    if wanted is None:
        return _decide_gone(place, pull)
    if place.retargeted:
        return BranchAction(ActionKind.LEAVE, f"somebody made it for {place.retargeted}")
    if place.wish is not None:
        return BranchAction(ActionKind.UPDATE, f"somebody asked to {place.wish.verb} it")
    if place.refused and pull.state_block is not None:
        return BranchAction(ActionKind.UPDATE, "somebody said no to a part of it")
    return _decide_our_branch(wanted, place, pull, rebase)


def _decide_our_branch(
    wanted: WantedPullRequest, place: BranchState, pull: PullRequest, rebase: Rebase
) -> BranchAction:
    mark = pull.state_block
    if mark is None:
        return BranchAction(ActionKind.MARK, "somebody took fixbot's mark out of the body")
    if mark.closed:
        return BranchAction(ActionKind.MARK, "somebody opened it again")
    if not wanted.is_said_in(mark) or set(mark.findings) != set(wanted.findings):
        return BranchAction(ActionKind.UPDATE, "what it changes is no longer the same")
    if place.conflict and rebase != "never":
        return BranchAction(ActionKind.UPDATE, "it conflicts with its base")
    if place.behind and rebase == "behind":
        return BranchAction(ActionKind.UPDATE, "its base moved")
    if place.unlabelled:
        return BranchAction(ActionKind.DRESS, "labels and reviewers are missing")
    if mark.head != place.head:
        return BranchAction(ActionKind.MARK, "an earlier run was cut short before it could write this down")
    if not set(wanted.sources) <= set(mark.sources):
        return BranchAction(ActionKind.MARK, "a finding from outside is about it")
    return BranchAction(ActionKind.LEAVE, "up to date")


def _decide_foreign_branch(
    wanted: WantedPullRequest | None, place: BranchState, pull: PullRequest
) -> BranchAction:
    """Somebody else's commit is on the branch."""
    if place.wish is not None and place.wish.verb == "recreate" and wanted is not None and not place.unread:
        return BranchAction(
            ActionKind.UPDATE, "somebody asked to recreate it; their commits are kept on another branch"
        )
    if place.refused and pull.state_block is not None:
        return BranchAction(
            ActionKind.NOTE, "somebody said no to a part of it, and it holds somebody else's commits"
        )
    if place.unread:
        return BranchAction(ActionKind.LEAVE, f"not judged in this run: {place.unread}")
    if wanted is None and not place.present:
        return BranchAction(
            ActionKind.SAY, "its finding is gone, and it holds somebody else's commits", topic="gone"
        )
    mark = pull.state_block
    differs = wanted is not None and mark is not None and not wanted.is_said_in(mark)
    if place.conflict or differs or (place.wish is not None and place.wish.verb == "rebase"):
        return BranchAction(
            ActionKind.SAY, "it holds somebody else's commits, so fixbot stays away", topic="theirs"
        )
    return BranchAction(ActionKind.LEAVE, "it holds somebody else's commits, so fixbot stays away")


def _decide_gone(place: BranchState, pull: PullRequest) -> BranchAction:
    if place.superseded_by:
        return BranchAction(
            ActionKind.CLOSE, f"its findings are in #{place.superseded_by} now", closing="superseded"
        )
    if place.refused and pull.state_block is not None and place.present:
        return BranchAction(ActionKind.NOTE, "somebody said no to a part of it")
    if place.present:
        return BranchAction(ActionKind.LEAVE, place.status or "its findings are not offered in this run")
    if pull.state_block is not None and pull.state_block.closed == "gone":
        return BranchAction(ActionKind.LEAVE, "its finding is gone, but somebody opened it again")
    return BranchAction(ActionKind.CLOSE, "the finding is gone", closing="gone")


def build_next_mark(
    old: StateBlock | None,
    wanted: WantedPullRequest,
    commits: Sequence[str],
    title: str,
    body: str,
    place: BranchState | None = None,
) -> StateBlock:
    """The mark for what was just put there; what people did to the texts, and their nos, stay known."""
    number = {finding: at for at, finding in enumerate(wanted.findings)}
    rows = zip(commits, wanted.commits or (wanted.findings,), strict=False)
    fresh = StateBlock(
        wanted.key, wanted.rule, wanted.findings, wanted.paths, commits[-1] if commits else "", wanted.patch,
        wanted.files, digest_text(title), digest_text(body), topic=wanted.topic, group=wanted.group,
        rules=wanted.rules if not wanted.rule else (),
        spends=wanted.spends if old is None else old.spends,
        parts=tuple(" ".join([name, *(str(number[each]) for each in held)]) for name, held in rows),
        sources=tuple(dict.fromkeys((*(old.sources if old is not None else ()), *wanted.sources))),
    )  # fmt: skip
    if old is None:
        return fresh
    nos = tuple(each for each in old.nos if each.partition(" ")[0] not in number)
    return note_refusals(replace(fresh, did=old.did, bare=old.bare, nos=nos), place)


def note_refusals(mark: StateBlock, place: BranchState | None) -> StateBlock:
    """The mark with what was said no to since it was written."""
    if place is None:
        return mark
    nos = mark.refused | dict(place.refused)
    return replace(
        mark,
        nos=tuple(f"{finding} {until}".rstrip() for finding, until in nos.items()),
        did=max(mark.did, place.heard),
    )
