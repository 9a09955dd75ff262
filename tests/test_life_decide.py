"""What is done about a branch, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixbot.publish.pull_requests.comment_commands import CommentCommand
from fixbot.publish.pull_requests.decide import ActionKind, BranchState, WantedPullRequest, decide_action
from fixbot.publish.pull_requests.pull_request import PullRequest
from fixbot.publish.pull_requests.state_block import StateBlock, digest_text, replace_state_block

BRANCH = "fixbot/privileged-container/0123456789ab"
OURS, THEIRS = "a" * 40, "b" * 40
WANTED = WantedPullRequest(
    "0123456789ab", "privileged-container", BRANCH, ("f1", "f2"), "patch-1", "files-1", ("a.yaml",)
)
MARK = StateBlock(
    WANTED.key, WANTED.rule, WANTED.findings, WANTED.paths, OURS, WANTED.patch, WANTED.files,
    digest_text("Title"), digest_text("Body"),
)  # fmt: skip


def pull(mark: StateBlock | None = MARK, **fields: object) -> PullRequest:
    body = replace_state_block("Body", mark) if mark is not None else "Body"
    made = PullRequest(7, BRANCH, OURS, "main", open=True, title="Title", body=body, author="bot")
    return replace(made, **fields)  # type: ignore[arg-type]


NOTHING = BranchState(BRANCH)
BARE = BranchState(BRANCH, head=OURS, ours=True)
OPEN = BranchState(BRANCH, head=OURS, ours=True, pull=pull(), present=True)
CLOSED = BranchState(BRANCH, pull=pull(open=False), no="pull request #7 was closed without a merge")
MERGED = BranchState(BRANCH, pull=pull(open=False, merged=True))
BY_US = BranchState(BRANCH, pull=pull(replace(MARK, closed="gone"), open=False))
TOUCHED = replace(OPEN, head=THEIRS, ours=False)
OTHER = replace(WANTED, patch="patch-2")
FEWER = replace(WANTED, findings=("f1",))


@pytest.mark.parametrize(
    ("row", "wanted", "place", "deed", "says"),
    [
        ("nothing is there", WANTED, NOTHING, ActionKind.OPEN, "new"),
        ("a branch without its pull request", WANTED, BARE, ActionKind.FINISH, "cut short"),
        ("a foreign branch of that name", WANTED, replace(BARE, head=THEIRS, ours=False), ActionKind.LEAVE,
         "not fixbot's; rename or delete it"),
        ("open and as it should be", WANTED, OPEN, ActionKind.LEAVE, "up to date"),
        ("open, and the fix is another one", OTHER, OPEN, ActionKind.UPDATE, "no longer the same"),
        ("open, and part of the findings is gone", FEWER, OPEN, ActionKind.UPDATE, "no longer the same"),
        ("open, and a neighbour came", replace(WANTED, findings=("f1", "f2", "f3")), OPEN, ActionKind.UPDATE,
         "no longer the same"),
        ("open, the base moved and it conflicts", WANTED, replace(OPEN, conflict=True, behind=True),
         ActionKind.UPDATE, "conflicts"),
        ("open, the base moved and it is fine", WANTED, replace(OPEN, behind=True), ActionKind.LEAVE,
        "up to date"),
        ("open, for another base now", OTHER, replace(OPEN, retargeted="develop"), ActionKind.LEAVE,
        "for develop"),
        ("open, a file could not be read", OTHER, replace(OPEN, unread="a.yaml: not YAML"), ActionKind.LEAVE,
         "not judged in this run: a.yaml: not YAML"),
        ("open, its mark was taken out", WANTED, replace(OPEN, pull=pull(None)), ActionKind.MARK, "mark"),
        ("open, cut short before the mark", WANTED, replace(OPEN, head="c" * 40), ActionKind.MARK,
        "cut short"),
        ("open, cut short before the labels", WANTED, replace(OPEN, unlabelled=True), ActionKind.DRESS,
        "missing"),
        ("open, its branch deleted", WANTED, replace(OPEN, head=None, ours=None), ActionKind.LEAVE,
        "is gone"),
        ("open with a person's commit", WANTED, TOUCHED, ActionKind.LEAVE, "stays away"),
        ("open with a person's commit, the fix is another one", OTHER, TOUCHED, ActionKind.SAY, "stays away"),
        ("open with a person's commit, conflicting", WANTED, replace(TOUCHED, conflict=True), ActionKind.SAY,
         "stays away"),
        ("open with a person's commit, the finding is gone", None, replace(TOUCHED, present=False),
        ActionKind.SAY,
         "its finding is gone"),
        ("open with a person's commit, not judged", None, replace(TOUCHED, present=False, unread="a: odd"),
         ActionKind.LEAVE, "not judged"),
        ("the finding is gone", None, replace(OPEN, present=False), ActionKind.CLOSE, "the finding is gone"),
        ("the finding is gone, but a file was not read", None, replace(OPEN, present=False, unread="a: odd"),
         ActionKind.LEAVE, "not judged in this run: a: odd"),
        ("the finding is there, not offered", None, replace(OPEN, status="Ignored."), ActionKind.LEAVE,
        "Ignored."),
        ("another one holds its findings now", None, replace(OPEN, superseded_by=9), ActionKind.CLOSE,
        "in #9 now"),
        ("closed by a person", WANTED, CLOSED, ActionKind.LEAVE, "#7 was closed without a merge"),
        ("closed by a person, the branch is left", WANTED, replace(CLOSED, head=OURS, ours=True),
        ActionKind.DELETE,
         "#7 was closed"),
        ("closed by a person, with her commits on it", WANTED, replace(CLOSED, head=THEIRS, ours=False),
         ActionKind.LEAVE, "#7 was closed"),
        ("closed by us, and back", WANTED, BY_US, ActionKind.OPEN, "fixbot, and the finding is back"),
        ("merged, and back", WANTED, MERGED, ActionKind.OPEN, "merged as #7, and is back"),
        ("merged, the branch is left", None, replace(MERGED, head=OURS, ours=True), ActionKind.DELETE,
        "merged"),
        ("merged, the branch has more commits", None, replace(MERGED, head=THEIRS, ours=False),
        ActionKind.LEAVE,
         "not fixbot's"),
        ("nothing wanted, nothing there", None, NOTHING, ActionKind.LEAVE, "nothing is left"),
        ("a branch that nothing needs", None, BARE, ActionKind.DELETE, "nothing needs it"),
        ("a branch that this run can't judge", None, replace(BARE, unread="only a part"), ActionKind.LEAVE,
         "only a part"),
        ("label: rebase", WANTED, replace(OPEN, wish=CommentCommand("rebase")), ActionKind.UPDATE,
        "asked to rebase"),
        ("comment: recreate, over a person's commit", WANTED, replace(TOUCHED, wish=CommentCommand("recreate",
        4)),
         ActionKind.UPDATE, "their commits are kept"),
        ("comment: rebase, over a person's commit", WANTED, replace(TOUCHED, wish=CommentCommand("rebase",
        4)),
         ActionKind.SAY, "stays away"),
        ("comment: ignore", WANTED, replace(OPEN, wish=CommentCommand("ignore", 4, "2027-03-31", "legacy")),
        ActionKind.CLOSE,
         "legacy"),
    ],
)  # fmt: skip
def test_the_table(
    row: str, wanted: WantedPullRequest | None, place: BranchState, deed: ActionKind, says: str
) -> None:
    action = decide_action(wanted, place)
    assert (action.deed, says in action.why) == (deed, True), f"{row}: {action}"


@pytest.mark.parametrize(
    ("rebase", "place", "deed"),
    [
        ("behind", replace(OPEN, behind=True), ActionKind.UPDATE),
        ("behind", OPEN, ActionKind.LEAVE),
        ("never", replace(OPEN, conflict=True, behind=True), ActionKind.LEAVE),
    ],
)
def test_when_a_branch_is_made_anew_is_for_the_settings_to_say(
    rebase: str, place: BranchState, deed: ActionKind
) -> None:
    assert decide_action(WANTED, place, rebase).deed is deed  # type: ignore[arg-type]


def test_a_draft_that_was_made_ready_and_back_is_none_of_our_business() -> None:
    for draft in (True, False):
        assert decide_action(WANTED, replace(OPEN, pull=pull(draft=draft))).deed is ActionKind.LEAVE


def test_nothing_ever_moves_a_branch_with_a_persons_commits_unless_she_asks_for_it() -> None:
    moves = {ActionKind.UPDATE, ActionKind.DELETE, ActionKind.OPEN, ActionKind.FINISH}
    for wanted in (WANTED, OTHER, None):
        for base in (
            TOUCHED,
            replace(CLOSED, head=THEIRS, ours=False),
            replace(MERGED, head=THEIRS, ours=False),
        ):
            for wish in (None, CommentCommand("rebase"), CommentCommand("ignore", 1)):
                for conflict in (True, False):
                    place = replace(base, wish=wish, conflict=conflict, behind=conflict)
                    assert decide_action(wanted, place).deed not in moves
