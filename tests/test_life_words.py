"""Marks, seals, wishes, verdicts, matching, and room for new pull requests."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.edit.tree import TextEdit
from fixbot.model.errors import FixbotError
from fixbot.model.findings import FileEdits
from fixbot.publish.pull_requests.comment_commands import CommentCommand, find_command, parse_command
from fixbot.publish.pull_requests.decide import WantedPullRequest
from fixbot.publish.pull_requests.declined import find_declined, why_declined
from fixbot.publish.pull_requests.match import match_pull_requests
from fixbot.publish.pull_requests.pull_request import PullRequest, PullRequestComment, parse_branch_name
from fixbot.publish.pull_requests.rate import compute_room, find_next_window
from fixbot.publish.pull_requests.state_block import (
    StateBlock,
    digest_patch,
    digest_text,
    edits_digest,
    is_sealed,
    read_state_block,
    remove_state_blocks,
    replace_state_block,
    seal_message,
)
from fixbot.settings.pull_request_settings import PullRequestSettings

TODAY = date(2026, 11, 27)
NOW = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)  # a Friday


def pull(
    number: int, findings: tuple[str, ...] = ("f1",), mark: StateBlock | None = None, **fields: object
) -> PullRequest:
    mark = mark or StateBlock("0123456789ab", "rule", findings)
    made = PullRequest(
        number,
        f"fixbot/rule/{number:012x}",
        "a" * 40,
        "main",
        open=True,
        body=replace_state_block("Text", mark),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def closed_with(why: str, until: str = "") -> PullRequest:
    mark = StateBlock("0123456789ab", "rule", ("f1",), closed=why, until=until)
    return pull(1, open=False, mark=mark)


@given(
    st.lists(st.text(max_size=30), max_size=5),
    st.text(max_size=20),
    st.integers(0, 2**40),
    st.text(max_size=300),
)
def test_a_mark_reads_back_whatever_it_names_and_wherever_it_stands(
    paths: list[str], head: str, did: int, text: str
) -> None:
    mark = StateBlock("0123456789ab", "rule", ("f1", "f2"), tuple(paths), head, did=did)
    assert "\n" not in str(mark)
    assert str(mark).count("-->") == 1
    body = replace_state_block(text.replace("<!-- fixbot", ""), mark)
    assert read_state_block(body) == mark
    assert read_state_block(body.replace("\n", "\r\n")) == mark
    assert digest_text(body) == digest_text(text.replace("<!-- fixbot", ""))


@given(st.text(max_size=200))
def test_any_body_can_be_read(text: str) -> None:
    read_state_block(text)
    read_state_block(f"<!-- fixbot {{{text}}} -->")
    remove_state_blocks(text)


_MARKS = re.compile(r"\n*<!-- fixbot (\{[^\n]*?\}) -->")
"""What a mark is, as one pattern: right, and too slow for what a stranger may write."""


@given(st.lists(st.sampled_from(["\n", "<!-- fixbot {", "} -->", "{}", "a", " "]), max_size=25).map("".join))
def test_marks_are_found_where_the_pattern_finds_them(text: str) -> None:
    assert remove_state_blocks(text) == _MARKS.sub("", text).rstrip()
    assert replace_state_block(text, StateBlock("0123456789ab", "rule")).startswith(
        _MARKS.sub("", text).rstrip()
    )


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 400_000,
        "<!-- fixbot {" * 30_000,
        "\n<!-- fixbot {" * 30_000,
        '<!-- fixbot {"a":' + "[" * 60_000,
    ],
    ids=["lines", "begun", "begun on lines", "deep"],
)
def test_any_long_body_is_read_in_one_go(text: str) -> None:
    """Each of them took minutes, or ended in an error, when every beginning was tried to the end."""
    assert read_state_block(f"{text}}} -->") is None
    assert read_state_block(text) is None
    remove_state_blocks(text)


@pytest.mark.parametrize("text", ["fixbot" + " " * 65_000 + "x", "\n".join(["fixbot :"] * 9_000)])
def test_a_long_comment_is_read_in_one_go(text: str) -> None:
    assert parse_command(text) is None
    assert parse_command(f"{text}\nfixbot: ignore until{'=' * 60_000}{' ' * 60_000}") is not None


def test_a_person_who_writes_around_the_mark_keeps_her_words() -> None:
    mark = StateBlock("0123456789ab", "rule")
    hers = f"My words.\r\n\r\n{mark}\r\nAnd more below."
    after = replace_state_block(hers, replace(mark, closed="gone"))
    assert "My words." in after
    assert "And more below." in after
    found = read_state_block(after)
    assert found is not None
    assert found.closed == "gone"


def test_too_many_paths_are_left_to_be_asked_for() -> None:
    mark = StateBlock("0123456789ab", "rule", ("f",), tuple(f"f{n}.yaml" for n in range(100)))
    found = read_state_block(str(mark))
    assert found is not None
    assert found.paths == ()


@pytest.mark.parametrize(
    ("what", "message", "tree", "parents", "ours"),
    [
        ("as it was made", None, "t" * 40, ["p" * 40], True),
        ("another tree: somebody amended it", None, "x" * 40, ["p" * 40], False),
        ("another parent: somebody rebased it", None, "t" * 40, ["x" * 40], False),
        ("a merge", None, "t" * 40, ["p" * 40, "q" * 40], False),
        ("another message", "Other words\n", "t" * 40, ["p" * 40], False),
    ],
)
def test_a_seal_holds_for_just_what_fixbot_made(
    what: str, message: str | None, tree: str, parents: list[str], ours: bool
) -> None:
    made = seal_message("Title\n\nRule: r\nFixbot-Key: k\n", "t" * 40, "p" * 40)
    text = made if message is None else made.replace("Title\n", message)
    assert is_sealed(text, tree, parents) is ours, what


def test_github_may_fold_the_message_and_it_is_still_ours() -> None:
    made = seal_message("Title\n\nBody\n\nRule: r\nFixbot-Key: k\n", "t" * 40, "p" * 40)
    assert is_sealed(made.rstrip("\n"), "t" * 40, ["p" * 40])


def test_edits_are_known_by_what_they_write_not_by_where_or_what_stood_there() -> None:
    one = FileEdits("x", (TextEdit(3, 3, "b\n"), TextEdit(9, 12, "ref")))
    moved = FileEdits("x", (TextEdit(30, 30, "b\n"), TextEdit(90, 99, "ref")))
    assert edits_digest([one]) == edits_digest([moved])
    assert edits_digest([one]) != edits_digest([FileEdits("y", one.edits)])
    assert edits_digest([one]) != edits_digest([FileEdits("x", (TextEdit(3, 3, "d\n"), one.edits[1]))])
    assert edits_digest([one]) != edits_digest([FileEdits("x", (one.edits[0], TextEdit(9, 9, "ref")))])


def test_what_an_earlier_version_opened_is_known_by_its_diff() -> None:
    mark = StateBlock("k", "r", ("f",), (), "", "the diff")
    assert WantedPullRequest("k", "r", "b", ("f",), "the edits", "", known_as="the diff").is_said_in(mark)
    assert not WantedPullRequest("k", "r", "b", ("f",), "the edits", "").is_said_in(mark)


def test_a_patch_is_known_by_what_it_says_not_by_where_it_stands() -> None:
    one = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n a\n+b\n c\n"
    assert digest_patch(one) == digest_patch(one.replace("@@ -1,2 +1,3 @@\n a", "@@ -9,2 +9,3 @@\n moved"))
    assert digest_patch(one) != digest_patch(one.replace("+b", "+d"))
    assert digest_patch(one) != digest_patch(one.replace("x b/x", "y b/y"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fixbot: rebase", CommentCommand("rebase")),
        ("Fixbot recreate, thanks", CommentCommand("recreate")),
        ("@fixbot rebase", CommentCommand("rebase")),
        ("Well.\nfixbot: ignore until=2027-03-31 goes away with the move",
         CommentCommand("ignore", 0, "2027-03-31", "goes away with the move")),
        ("fixbot: ignore the legacy stack", CommentCommand("ignore", 0, "", "the legacy stack")),
        ("fixbot: ignore until=2027-13-31 x", None),
        ("> fixbot: rebase", None),
        ("please do not say fixbot: rebase here", None),
        ("fixbot: rebases", None),
        ("the fixbot: rebase label", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_counts_as_a_wish(text: str, found: CommentCommand | None) -> None:
    assert parse_command(text) == found


def test_only_those_who_may_write_are_listened_to_once_and_never_fixbot_itself() -> None:
    one = pull(3)

    def wished(of: PullRequest, said: list[PullRequestComment], *, may: bool = True) -> CommentCommand | None:
        return find_command(of, said, lambda _: may, lambda *_: may)

    said = PullRequestComment(10, 3, "anna", "fixbot: rebase")
    assert wished(one, [said]) == CommentCommand("rebase", 10)
    assert wished(one, [said], may=False) is None
    assert wished(one, [replace(said, number=4)]) is None
    assert wished(one, [replace(said, body="fixbot: rebase\n<!-- fixbot said x -->")]) is None
    assert wished(pull(3, mark=StateBlock("0123456789ab", "rule", ("f1",), did=10)), [said]) is None
    labelled = replace(one, labels=frozenset({"fixbot: recreate"}))
    assert wished(labelled, []) == CommentCommand("recreate")
    assert wished(labelled, [], may=False) is None


@pytest.mark.parametrize(
    ("what", "one", "no"),
    [
        ("open", pull(1), False),
        ("merged", pull(1, open=False, merged=True), False),
        ("closed by a person", pull(1, open=False), True),
        ("closed by fixbot", closed_with("gone"), False),
        ("ignored for good", closed_with("ignored"), True),
        ("ignored until tomorrow", closed_with("ignored", "2026-11-28"), True),
        ("ignored until today", closed_with("ignored", "2026-11-27"), True),
        ("ignored until yesterday", closed_with("ignored", "2026-11-26"), False),
        ("taken back by a label", pull(1, open=False, labels=frozenset({"fixbot: recreate"})), False),
    ],
)  # fmt: skip
def test_what_is_a_no(what: str, one: PullRequest, no: bool) -> None:
    assert bool(why_declined(one, TODAY)) is no, what
    assert bool(find_declined([one], (), TODAY)) is no, what


def test_the_last_pull_request_of_a_finding_counts() -> None:
    closed, merged = pull(1, ("f1", "f2"), open=False), pull(2, ("f2",), open=False, merged=True)
    assert set(find_declined([closed, merged], (), TODAY)) == {"f1"}
    assert set(find_declined([merged, replace(closed, number=5)], (), TODAY)) == {"f1", "f2"}


def test_what_waits_in_a_pull_request_with_somebody_elses_commits_is_not_offered_twice() -> None:
    assert "waits in pull request #4" in find_declined([pull(4)], (4,), TODAY)["f1"]


def wanted(key: str, *findings: str) -> WantedPullRequest:
    return WantedPullRequest(key, "rule", f"fixbot/rule/{key}", findings, "p", "f")


def test_an_open_pull_request_keeps_its_branch_when_a_neighbour_comes() -> None:
    one = pull(1, ("f1", "f2"))
    placed, heirs = match_pull_requests([wanted("ffffffffffff", "f1", "f2", "f3")], [one])
    assert list(placed) == [one.branch]
    assert placed[one.branch].findings == ("f1", "f2", "f3")
    assert heirs == {}


def test_of_two_that_are_open_for_the_same_the_one_with_more_takes_over() -> None:
    more, less = pull(5, ("f1", "f2")), pull(2, ("f3",))
    placed, heirs = match_pull_requests([wanted("ffffffffffff", "f1", "f2", "f3")], [more, less])
    assert list(placed) == [more.branch]
    assert heirs == {2: 5}


def test_what_nobody_offers_yet_gets_its_own_branch() -> None:
    placed, heirs = match_pull_requests(
        [wanted("ffffffffffff", "f9")], [pull(1), pull(2, ("f9",), open=False)]
    )
    assert list(placed) == ["fixbot/rule/ffffffffffff"]
    assert heirs == {}


@pytest.mark.parametrize(
    ("branch", "found"),
    [
        ("fixbot/privileged-container/0123456789ab", ("privileged-container", "0123456789ab")),
        ("fixbot/privileged-container/mine", None),
        ("fixbot/kept/0123456789ab-0123456789ab", None),
        ("main", None),
        ("bot/privileged-container/0123456789ab", None),
    ],
)
def test_whose_branches_are_named_as_ours(branch: str, found: tuple[str, str] | None) -> None:
    assert parse_branch_name(branch, "fixbot/") == found


@pytest.mark.parametrize(
    ("settings", "opened", "open_now", "free", "later"),
    [
        (PullRequestSettings(), [], 0, 10, ""),
        (PullRequestSettings(most_open=3), [], 2, 1, "merged or closed"),
        (PullRequestSettings(most_open=3), [], 7, 0, "merged or closed"),
        (PullRequestSettings(per_run=2), [], 0, 2, "next run"),
        (PullRequestSettings(per_hour=2), [NOW - timedelta(minutes=50)], 1, 1, "in 10 minutes"),
        (PullRequestSettings(per_hour=1), [NOW - timedelta(minutes=61)], 1, 1, "an hour"),
        (PullRequestSettings(per_hour=0), [], 0, 0, "never"),
        (PullRequestSettings(schedule=("sat",)), [], 0, 0, "Saturday 00:00"),
        (PullRequestSettings(schedule=("mon-fri 08:00-18:00",)), [], 0, 10, ""),
        (
            PullRequestSettings(schedule=("mon-fri 08:00-18:00",), timezone="Asia/Tokyo"),
            [],
            0,
            0,
            "Monday 08:00",
        ),
        (PullRequestSettings(schedule=("22:00-06:00",)), [], 0, 0, "Friday 22:00"),
        (PullRequestSettings(schedule=("thu 22:00-12:00",)), [], 0, 10, ""),
    ],
)
def test_room_for_new_ones(
    settings: PullRequestSettings, opened: list[datetime], open_now: int, free: int, later: str
) -> None:
    found = compute_room(settings, opened, open_now, NOW)
    assert (found.free, later in found.later) == (free, True), found


def test_a_time_zone_that_does_not_exist_is_said() -> None:
    with pytest.raises(FixbotError, match="'Mars/Base' is no time zone"):
        find_next_window(("mon",), "Mars/Base", NOW)
