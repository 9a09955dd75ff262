"""The table: what is to be done, from what is offered and what is on GitHub. No network, no clock.

Nothing here overwrites a person: a branch that holds a commit of somebody else is only ever left, and a pull
request that somebody closed is a no.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from fixbot.life.mark import Mark, text_digest

if TYPE_CHECKING:
    from fixbot.life.pull import Pull
    from fixbot.life.wishes import Wish


class Deed(StrEnum):
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
class Action:
    """One deed and its reason, in words for the one who reads the run's output.

    `closing` is what the mark says of a close: gone, superseded, ignored. `topic` names a comment, so that it
    is made once.
    """

    deed: Deed
    why: str
    closing: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
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

    def is_said_in(self, mark: Mark) -> bool:
        """Whether the pull request of that mark changes just the same."""
        return mark.patch in (self.patch, self.known_as or self.patch)


@dataclass(frozen=True, slots=True)
class Place:
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
    pull: Pull | None = None
    no: str = ""
    present: bool = False
    status: str = ""
    unread: str = ""
    conflict: bool = False
    behind: bool = False
    retargeted: str = ""
    undressed: bool = False
    heir: int = 0
    newest: int = 0
    wish: Wish | None = None
    refused: tuple[tuple[str, str], ...] = ()
    heard: int = 0


Rebase = Literal["conflict", "behind", "never"]


def decide(wanted: Wanted | None, place: Place, rebase: Rebase = "conflict") -> Action:
    """What to do about one branch."""
    if place.pull is not None and place.pull.open:
        return _open(wanted, place, place.pull, rebase)
    return _none(place) if wanted is None else _new(wanted, place)


def _new(wanted: Wanted, place: Place) -> Action:
    """Something is offered, and no pull request is open for it."""
    if place.no:
        return Action(Deed.DELETE, place.no) if place.head and place.ours else Action(Deed.LEAVE, place.no)
    if place.head is not None and not place.ours:
        return Action(
            Deed.LEAVE, f"the branch {wanted.branch} is there and is not fixbot's; rename or delete it"
        )
    if place.pull is not None and place.pull.merged:
        return Action(Deed.OPEN, f"was merged as #{place.pull.number}, and is back")
    if place.pull is not None:
        return Action(Deed.OPEN, f"#{place.pull.number} was closed by fixbot, and the finding is back")
    if place.head is not None:
        return Action(Deed.FINISH, "an earlier run made the branch and was cut short")
    return Action(Deed.OPEN, "new")


def _none(place: Place) -> Action:
    """Nothing is offered, and no pull request is open: only a branch may be left over."""
    if place.head is None:
        return Action(Deed.LEAVE, "nothing is left of it")
    if not place.ours:
        return Action(Deed.LEAVE, f"the branch {place.branch} has commits that are not fixbot's")
    if place.pull is None and (place.present or place.unread):
        return Action(Deed.LEAVE, place.unread or place.status)
    why = "its pull request was merged" if place.pull and place.pull.merged else "nothing needs it any more"
    return Action(Deed.DELETE, place.no or why)


def _open(wanted: Wanted | None, place: Place, pull: Pull, rebase: Rebase) -> Action:
    if place.head is None:
        return Action(Deed.LEAVE, "its branch is gone; GitHub closes it")
    if place.wish is not None and place.wish.verb == "ignore":
        return Action(Deed.CLOSE, place.wish.reason or "nobody gave a reason", closing="ignored")
    if not place.ours:
        return _theirs(wanted, place, pull)
    if place.unread:
        return Action(Deed.LEAVE, f"not judged in this run: {place.unread}")
    if wanted is None:
        return _gone(place, pull)
    if place.retargeted:
        return Action(Deed.LEAVE, f"somebody made it for {place.retargeted}")
    if place.wish is not None:
        return Action(Deed.UPDATE, f"somebody asked to {place.wish.verb} it")
    if place.refused and pull.mark is not None:
        return Action(Deed.UPDATE, "somebody said no to a part of it")
    return _ours(wanted, place, pull, rebase)


def _ours(wanted: Wanted, place: Place, pull: Pull, rebase: Rebase) -> Action:
    mark = pull.mark
    if mark is None:
        return Action(Deed.MARK, "somebody took fixbot's mark out of the body")
    if mark.closed:
        return Action(Deed.MARK, "somebody opened it again")
    if not wanted.is_said_in(mark) or set(mark.findings) != set(wanted.findings):
        return Action(Deed.UPDATE, "what it changes is no longer the same")
    if place.conflict and rebase != "never":
        return Action(Deed.UPDATE, "it conflicts with its base")
    if place.behind and rebase == "behind":
        return Action(Deed.UPDATE, "its base moved")
    if place.undressed:
        return Action(Deed.DRESS, "labels and reviewers are missing")
    if mark.head != place.head:
        return Action(Deed.MARK, "an earlier run was cut short before it could write this down")
    return Action(Deed.LEAVE, "up to date")


def _theirs(wanted: Wanted | None, place: Place, pull: Pull) -> Action:
    """Somebody else's commit is on the branch."""
    if place.wish is not None and place.wish.verb == "recreate" and wanted is not None and not place.unread:
        return Action(Deed.UPDATE, "somebody asked to recreate it; their commits are kept on another branch")
    if place.refused and pull.mark is not None:
        return Action(Deed.NOTE, "somebody said no to a part of it, and it holds somebody else's commits")
    if place.unread:
        return Action(Deed.LEAVE, f"not judged in this run: {place.unread}")
    if wanted is None and not place.present:
        return Action(Deed.SAY, "its finding is gone, and it holds somebody else's commits", topic="gone")
    mark = pull.mark
    differs = wanted is not None and mark is not None and not wanted.is_said_in(mark)
    if place.conflict or differs or (place.wish is not None and place.wish.verb == "rebase"):
        return Action(Deed.SAY, "it holds somebody else's commits, so fixbot stays away", topic="theirs")
    return Action(Deed.LEAVE, "it holds somebody else's commits, so fixbot stays away")


def _gone(place: Place, pull: Pull) -> Action:
    if place.heir:
        return Action(Deed.CLOSE, f"its findings are in #{place.heir} now", closing="superseded")
    if place.refused and pull.mark is not None and place.present:
        return Action(Deed.NOTE, "somebody said no to a part of it")
    if place.present:
        return Action(Deed.LEAVE, place.status or "its findings are not offered in this run")
    if pull.mark is not None and pull.mark.closed == "gone":
        return Action(Deed.LEAVE, "its finding is gone, but somebody opened it again")
    return Action(Deed.CLOSE, "the finding is gone", closing="gone")


def next_mark(
    old: Mark | None,
    wanted: Wanted,
    commits: Sequence[str],
    title: str,
    body: str,
    place: Place | None = None,
) -> Mark:
    """The mark for what was just put there; what people did to the texts, and their nos, stay known."""
    number = {finding: at for at, finding in enumerate(wanted.findings)}
    rows = zip(commits, wanted.commits or (wanted.findings,), strict=False)
    fresh = Mark(
        wanted.key, wanted.rule, wanted.findings, wanted.paths, commits[-1] if commits else "", wanted.patch,
        wanted.files, text_digest(title), text_digest(body), topic=wanted.topic, group=wanted.group,
        rules=wanted.rules if not wanted.rule else (),
        parts=tuple(" ".join([name, *(str(number[each]) for each in held)]) for name, held in rows),
    )  # fmt: skip
    if old is None:
        return fresh
    nos = tuple(each for each in old.nos if each.partition(" ")[0] not in number)
    return noted(replace(fresh, did=old.did, bare=old.bare, nos=nos), place)


def noted(mark: Mark, place: Place | None) -> Mark:
    """The mark with what was said no to since it was written."""
    if place is None:
        return mark
    nos = mark.refused | dict(place.refused)
    return replace(
        mark,
        nos=tuple(f"{finding} {until}".rstrip() for finding, until in nos.items()),
        did=max(mark.did, place.heard),
    )
