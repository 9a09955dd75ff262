"""What is done about a branch, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixbot.life.decide import Deed, Place, Wanted, decide
from fixbot.life.mark import Mark, remarked, text_digest
from fixbot.life.pull import Pull
from fixbot.life.wishes import Wish

BRANCH = "fixbot/privileged-container/0123456789ab"
OURS, THEIRS = "a" * 40, "b" * 40
WANTED = Wanted(
    "0123456789ab", "privileged-container", BRANCH, ("f1", "f2"), "patch-1", "files-1", ("a.yaml",)
)
MARK = Mark(
    WANTED.key, WANTED.rule, WANTED.findings, WANTED.paths, OURS, WANTED.patch, WANTED.files,
    text_digest("Title"), text_digest("Body"),
)  # fmt: skip


def pull(mark: Mark | None = MARK, **fields: object) -> Pull:
    body = remarked("Body", mark) if mark is not None else "Body"
    made = Pull(7, BRANCH, OURS, "main", open=True, title="Title", body=body, author="bot")
    return replace(made, **fields)  # type: ignore[arg-type]


NOTHING = Place(BRANCH)
BARE = Place(BRANCH, head=OURS, ours=True)
OPEN = Place(BRANCH, head=OURS, ours=True, pull=pull(), present=True)
CLOSED = Place(BRANCH, pull=pull(open=False), no="pull request #7 was closed without a merge")
MERGED = Place(BRANCH, pull=pull(open=False, merged=True))
BY_US = Place(BRANCH, pull=pull(replace(MARK, closed="gone"), open=False))
TOUCHED = replace(OPEN, head=THEIRS, ours=False)
OTHER = replace(WANTED, patch="patch-2")
FEWER = replace(WANTED, findings=("f1",))


@pytest.mark.parametrize(
    ("row", "wanted", "place", "deed", "says"),
    [
        ("nothing is there", WANTED, NOTHING, Deed.OPEN, "new"),
        ("a branch without its pull request", WANTED, BARE, Deed.FINISH, "cut short"),
        ("a foreign branch of that name", WANTED, replace(BARE, head=THEIRS, ours=False), Deed.LEAVE,
         "not fixbot's; rename or delete it"),
        ("open and as it should be", WANTED, OPEN, Deed.LEAVE, "up to date"),
        ("open, and the fix is another one", OTHER, OPEN, Deed.UPDATE, "no longer the same"),
        ("open, and part of the findings is gone", FEWER, OPEN, Deed.UPDATE, "no longer the same"),
        ("open, and a neighbour came", replace(WANTED, findings=("f1", "f2", "f3")), OPEN, Deed.UPDATE,
         "no longer the same"),
        ("open, the base moved and it conflicts", WANTED, replace(OPEN, conflict=True, behind=True),
         Deed.UPDATE, "conflicts"),
        ("open, the base moved and it is fine", WANTED, replace(OPEN, behind=True), Deed.LEAVE, "up to date"),
        ("open, for another base now", OTHER, replace(OPEN, retargeted="develop"), Deed.LEAVE, "for develop"),
        ("open, a file could not be read", OTHER, replace(OPEN, unread="a.yaml: not YAML"), Deed.LEAVE,
         "not judged in this run: a.yaml: not YAML"),
        ("open, its mark was taken out", WANTED, replace(OPEN, pull=pull(None)), Deed.MARK, "mark"),
        ("open, cut short before the mark", WANTED, replace(OPEN, head="c" * 40), Deed.MARK, "cut short"),
        ("open, cut short before the labels", WANTED, replace(OPEN, undressed=True), Deed.DRESS, "missing"),
        ("open, its branch deleted", WANTED, replace(OPEN, head=None, ours=None), Deed.LEAVE, "is gone"),
        ("open with a person's commit", WANTED, TOUCHED, Deed.LEAVE, "stays away"),
        ("open with a person's commit, the fix is another one", OTHER, TOUCHED, Deed.SAY, "stays away"),
        ("open with a person's commit, conflicting", WANTED, replace(TOUCHED, conflict=True), Deed.SAY,
         "stays away"),
        ("open with a person's commit, the finding is gone", None, replace(TOUCHED, present=False), Deed.SAY,
         "its finding is gone"),
        ("open with a person's commit, not judged", None, replace(TOUCHED, present=False, unread="a: odd"),
         Deed.LEAVE, "not judged"),
        ("the finding is gone", None, replace(OPEN, present=False), Deed.CLOSE, "the finding is gone"),
        ("the finding is gone, but a file was not read", None, replace(OPEN, present=False, unread="a: odd"),
         Deed.LEAVE, "not judged in this run: a: odd"),
        ("the finding is there, not offered", None, replace(OPEN, status="Ignored."), Deed.LEAVE, "Ignored."),
        ("another one holds its findings now", None, replace(OPEN, heir=9), Deed.CLOSE, "in #9 now"),
        ("closed by a person", WANTED, CLOSED, Deed.LEAVE, "#7 was closed without a merge"),
        ("closed by a person, the branch is left", WANTED, replace(CLOSED, head=OURS, ours=True), Deed.DELETE,
         "#7 was closed"),
        ("closed by a person, with her commits on it", WANTED, replace(CLOSED, head=THEIRS, ours=False),
         Deed.LEAVE, "#7 was closed"),
        ("closed by us, and back", WANTED, BY_US, Deed.OPEN, "fixbot, and the finding is back"),
        ("merged, and back", WANTED, MERGED, Deed.OPEN, "merged as #7, and is back"),
        ("merged, the branch is left", None, replace(MERGED, head=OURS, ours=True), Deed.DELETE, "merged"),
        ("merged, the branch has more commits", None, replace(MERGED, head=THEIRS, ours=False), Deed.LEAVE,
         "not fixbot's"),
        ("nothing wanted, nothing there", None, NOTHING, Deed.LEAVE, "nothing is left"),
        ("a branch that nothing needs", None, BARE, Deed.DELETE, "nothing needs it"),
        ("a branch that this run can't judge", None, replace(BARE, unread="only a part"), Deed.LEAVE,
         "only a part"),
        ("label: rebase", WANTED, replace(OPEN, wish=Wish("rebase")), Deed.UPDATE, "asked to rebase"),
        ("comment: recreate, over a person's commit", WANTED, replace(TOUCHED, wish=Wish("recreate", 4)),
         Deed.UPDATE, "their commits are kept"),
        ("comment: rebase, over a person's commit", WANTED, replace(TOUCHED, wish=Wish("rebase", 4)),
         Deed.SAY, "stays away"),
        ("comment: ignore", WANTED, replace(OPEN, wish=Wish("ignore", 4, "2027-03-31", "legacy")), Deed.CLOSE,
         "legacy"),
    ],
)  # fmt: skip
def test_the_table(row: str, wanted: Wanted | None, place: Place, deed: Deed, says: str) -> None:
    action = decide(wanted, place)
    assert (action.deed, says in action.why) == (deed, True), f"{row}: {action}"


@pytest.mark.parametrize(
    ("rebase", "place", "deed"),
    [
        ("behind", replace(OPEN, behind=True), Deed.UPDATE),
        ("behind", OPEN, Deed.LEAVE),
        ("never", replace(OPEN, conflict=True, behind=True), Deed.LEAVE),
    ],
)
def test_when_a_branch_is_made_anew_is_for_the_settings_to_say(rebase: str, place: Place, deed: Deed) -> None:
    assert decide(WANTED, place, rebase).deed is deed  # type: ignore[arg-type]


def test_a_draft_that_was_made_ready_and_back_is_none_of_our_business() -> None:
    for draft in (True, False):
        assert decide(WANTED, replace(OPEN, pull=pull(draft=draft))).deed is Deed.LEAVE


def test_nothing_ever_moves_a_branch_with_a_persons_commits_unless_she_asks_for_it() -> None:
    moves = {Deed.UPDATE, Deed.DELETE, Deed.OPEN, Deed.FINISH}
    for wanted in (WANTED, OTHER, None):
        for base in (
            TOUCHED,
            replace(CLOSED, head=THEIRS, ours=False),
            replace(MERGED, head=THEIRS, ours=False),
        ):
            for wish in (None, Wish("rebase"), Wish("ignore", 1)):
                for conflict in (True, False):
                    place = replace(base, wish=wish, conflict=conflict, behind=conflict)
                    assert decide(wanted, place).deed not in moves
