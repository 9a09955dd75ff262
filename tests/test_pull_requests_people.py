"""Whose word counts in a pull request: GitHub is asked what somebody may do, and nobody else is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixbot.publish.pull_requests.state_block import read_state_block, replace_state_block
from tests.hub import shapes
from tests.hub.model import Account, Issue, Refused
from tests.hub.people import Person
from tests.hub_runs import NAME, World, fixed, pod, world

PATH = "deploy/api.yaml"
MAY_NOT = ["", "read", "triage", "watcher", "keeper"]
MAY = ["write", "maintain", "admin", "shipper"]
OWN_ROLES = {"watcher": "read", "keeper": "triage", "shipper": "write"}
"""An organisation's own roles: what they are called says nothing."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, {PATH: pod("api"), "README.md": "Hello\n"}) as made:
        made.repo.custom_roles = OWN_ROLES
        yield made


@pytest.fixture
def busy(shop: World) -> World:
    """With an open pull request of fixbot's."""
    assert shop.run() == 0
    assert len(shop.ours()) == 1
    return shop


def somebody(shop: World, role: str, login: str = "eve") -> Person:
    return Person(shop.hub, login, NAME, role)


def ours(shop: World) -> Issue:
    (issue,) = shop.ours()
    return issue


def permissions_asked(shop: World, since: int = 0) -> int:
    return sum("/collaborators/" in each.path for each in shop.hub.log if each.number > since)


# Comments


@pytest.mark.parametrize("role", MAY_NOT)
def test_a_comment_of_who_may_not_write_closes_nothing_and_that_is_said(
    busy: World, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    number, before = ours(busy).number, busy.hub.content_calls()
    somebody(busy, role).comment(number, "fixbot: ignore they are all fine")
    assert busy.run(quiet=False) == 0
    assert ours(busy).number == number
    assert busy.hub.content_calls() == before
    said = capsys.readouterr().err
    name = role or "read"
    assert f"note: a comment on #{number} does not count: eve may not write here (role {name})" in said


@pytest.mark.parametrize("role", MAY)
def test_a_comment_of_who_may_write_counts(busy: World, role: str) -> None:
    somebody(busy, role).comment(ours(busy).number, "fixbot: ignore they are all fine")
    assert busy.run() == 0
    assert busy.ours() == []
    assert busy.run() == 0
    assert busy.ours() == []


def test_the_owner_of_the_repository_counts(busy: World) -> None:
    busy.repo.owner = busy.hub.accounts["shop"] = replace(busy.repo.owner, kind="User")
    somebody(busy, "", "shop").comment(ours(busy).number, "fixbot: ignore mine")
    assert busy.run() == 0
    assert busy.ours() == []


@pytest.mark.parametrize("login", ["dependabot[bot]", "some-app[bot]"])
def test_what_an_app_says_is_no_wish_whatever_it_may_do(busy: World, login: str) -> None:
    busy.hub.account(login, "Bot")
    bot = somebody(busy, "admin", login)
    bot.comment(ours(busy).number, "fixbot: ignore as eve asked me to say")
    bot.label(ours(busy).number, "fixbot: recreate")
    before = busy.hub.content_calls()
    assert busy.run() == 0
    assert ours(busy)
    assert busy.hub.content_calls() == before
    assert permissions_asked(busy) == 0


def test_who_left_the_team_or_github_is_not_listened_to(busy: World) -> None:
    number = ours(busy).number
    carl, dora = somebody(busy, "write", "carl"), somebody(busy, "write", "dora")
    carl.comment(number, "fixbot: ignore")
    dora.comment(number, "fixbot: ignore")
    busy.repo.collaborators["carl"] = "read"
    del busy.hub.accounts["dora"]
    assert busy.run() == 0
    assert ours(busy).number == number


def test_a_wish_of_who_may_write_is_not_drowned_by_others(busy: World) -> None:
    number = ours(busy).number
    busy.person.comment(number, "fixbot: ignore until=2099-01-01 because")
    for count in range(5):
        somebody(busy, "", f"eve{count}").comment(number, "fixbot: rebase")
    assert busy.run() == 0
    assert busy.ours() == []
    mark = read_state_block(busy.repo.issue(number).body or "")
    assert mark is not None
    assert (mark.closed, mark.until) == ("ignored", "2099-01-01")


def test_github_is_asked_once_for_each_login_and_run_and_only_where_there_is_a_wish(busy: World) -> None:
    number = ours(busy).number
    eve = somebody(busy, "triage")
    for _ in range(3):
        eve.comment(number, "What is this?")
    start = busy.asked
    busy.run()
    assert permissions_asked(busy, start) == 0
    for _ in range(3):
        eve.comment(number, "fixbot: rebase")
    eve.label(number, "fixbot: recreate")
    start = busy.asked
    busy.run()
    assert permissions_asked(busy, start) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_where_github_does_not_tell_what_somebody_may_do_it_does_not_count_and_is_said(
    busy: World, status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> object:
        raise Refused(status, "Resource not accessible by integration")

    monkeypatch.setattr(shapes, "collaborator", refused)
    number = ours(busy).number
    busy.person.comment(number, "fixbot: ignore")
    assert busy.run(quiet=False) == 0
    assert ours(busy).number == number
    assert f"GitHub does not tell what anna may do ({status})" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "> fixbot: ignore",
        ">fixbot: ignore",
        "```\nfixbot: ignore\n```",
        "````text\nfixbot: ignore\n````",
        "~~~\nfixbot: ignore",
        "  ```\n  fixbot: ignore\n  ```",
        "What does `fixbot: ignore` do?",
        "She wrote fixbot: ignore",
    ],
)
def test_who_quotes_the_words_of_somebody_else_asks_for_nothing(busy: World, text: str) -> None:
    number = ours(busy).number
    busy.person.comment(number, f"Eve asks:\n\n{text}\n\nI think not.")
    assert busy.run() == 0
    assert ours(busy).number == number


# Labels


@pytest.mark.parametrize("role", ["triage", "keeper"])
@pytest.mark.parametrize("label", ["fixbot: rebase", "fixbot: recreate"])
def test_a_label_of_who_may_only_triage_does_nothing(
    busy: World, role: str, label: str, capsys: pytest.CaptureFixture[str]
) -> None:
    number = ours(busy).number
    kept = busy.person.push(ours(busy).the_pull.head_ref, {"mine.md": "x\n"})
    somebody(busy, role).label(number, label)
    assert busy.run(quiet=False) == 0
    assert busy.branches()[ours(busy).the_pull.head_ref] == kept
    assert f"note: the label '{label}' of #{number} does not count" in capsys.readouterr().err


@pytest.mark.parametrize("role", MAY)
def test_a_label_of_who_may_write_is_done_and_taken_away(busy: World, role: str) -> None:
    branch = ours(busy).the_pull.head_ref
    theirs = busy.person.push(branch, {"mine.md": "x\n"})
    somebody(busy, role).label(ours(busy).number, "fixbot: recreate")
    assert busy.run() == 0
    assert busy.branches()[branch] != theirs
    assert ours(busy).labels == ("fixbot",)
    assert theirs in busy.branches().values(), "their commits are kept"


def test_who_set_a_label_last_counts(busy: World) -> None:
    number, branch = ours(busy).number, ours(busy).the_pull.head_ref
    theirs = busy.person.push(branch, {"mine.md": "x\n"})
    tria = somebody(busy, "triage", "tria")
    busy.person.label(number, "fixbot: recreate")
    busy.person.unlabel(number, "fixbot: recreate")
    tria.label(number, "Fixbot: Recreate")
    assert busy.run() == 0
    assert busy.branches()[branch] == theirs
    tria.unlabel(number, "Fixbot: Recreate")
    busy.person.label(number, "Fixbot: Recreate")
    assert busy.run() == 0
    assert busy.branches()[branch] != theirs


@pytest.mark.parametrize(("role", "back"), [("triage", False), ("keeper", False), ("write", True)])
def test_a_no_is_taken_back_by_who_may_write_alone(busy: World, role: str, back: bool) -> None:
    number = ours(busy).number
    busy.person.close(number)
    busy.run()
    somebody(busy, role).label(number, "fixbot: recreate")
    assert busy.run() == 0
    assert len(busy.ours()) == int(back)


# Closing


@pytest.mark.parametrize("role", ["triage", "keeper", *MAY])
def test_a_close_counts_whoever_github_lets_close(busy: World, role: str) -> None:
    somebody(busy, role).close(ours(busy).number)
    for _ in range(2):
        assert busy.run() == 0
        assert busy.ours() == []


@pytest.mark.parametrize("role", ["", "read", "watcher"])
def test_github_lets_nobody_else_close(busy: World, role: str) -> None:
    with pytest.raises(Refused):
        somebody(busy, role).close(ours(busy).number)


# Pull requests that somebody planted


def planted(shop: World, into: Path) -> tuple[str, str]:
    """The branch and the text that fixbot would make of the same files, from somebody's own copy."""
    with world(into, {PATH: pod("api"), "README.md": "Hello\n"}) as copy:
        copy.run()
        (issue,) = copy.ours()
        return issue.the_pull.head_ref, issue.body or ""


@pytest.mark.parametrize("others", [0, 110, 330])
@pytest.mark.parametrize("gone", [False, True])
def test_a_strangers_closed_pull_request_from_a_fork_is_no_no(
    shop: World, tmp_path: Path, others: int, gone: bool
) -> None:
    branch, body = planted(shop, tmp_path / "copy")
    eve = somebody(shop, "")
    number = eve.fork_pull(branch, {"x.md": "x\n"}, "Mine", body)
    eve.close(number)
    if gone:
        issue = shop.repo.issue(number)
        shop.repo.issues[number] = replace(issue, pull=replace(issue.the_pull, head_gone=True))
    for count in range(others):
        somebody(shop, "", "frank").fork_pull(f"f{count}", {"x.md": f"{count}\n"}, "Theirs")
    assert shop.run() == 0
    assert len(shop.ours()) == 1
    assert ours(shop).author.login == "github-actions[bot]"


def test_an_open_one_from_a_fork_is_left_alone_among_many(shop: World, tmp_path: Path) -> None:
    branch, body = planted(shop, tmp_path / "copy")
    eve = somebody(shop, "")
    number = eve.fork_pull(branch, {"x.md": "x\n"}, "Mine", body)
    for count in range(330):
        somebody(shop, "", "frank").fork_pull(f"f{count}", {"x.md": f"{count}\n"}, "Theirs")
    for _ in range(2):
        assert shop.run() == 0
        assert shop.repo.issue(number).open
        assert [each.author.login for each in shop.ours()] == ["eve", "github-actions[bot]"]


def test_a_fork_of_the_same_owner_and_name_is_another_repository(shop: World, tmp_path: Path) -> None:
    branch, body = planted(shop, tmp_path / "copy")
    eve = somebody(shop, "")
    number = eve.fork_pull(branch, {"x.md": "x\n"}, "Mine", body)
    issue = shop.repo.issue(number)
    there = replace(issue.the_pull, head_owner=shop.repo.owner.login, head_repo=NAME)
    shop.repo.issues[number] = replace(issue, pull=there)
    eve.close(number)
    assert shop.run() == 0
    assert any(each.author.login == "github-actions[bot]" for each in shop.ours())


@pytest.mark.parametrize("others", [110, 330])
def test_a_no_is_remembered_behind_many_others_and_costs_few_requests(busy: World, others: int) -> None:
    busy.person.close(ours(busy).number)
    for count in range(others):
        somebody(busy, "", "frank").fork_pull(f"f{count}", {"x.md": f"{count}\n"}, "Theirs")
    busy.run()
    start = busy.asked
    assert busy.run() == 0
    assert busy.ours() == []
    assert busy.asked - start <= 5, "three, and one or two to look behind the first hundred"


def test_strangers_cannot_make_the_search_endless(busy: World) -> None:
    """A hundred planted pull requests of our name are not asked for one by one: pages tell of them all."""
    busy.person.close(ours(busy).number)
    for count in range(330):
        somebody(busy, "", "frank").fork_pull(f"fixbot/r/{count:012x}", {"x.md": f"{count}\n"}, "Theirs")
    busy.run()
    start = busy.asked
    assert busy.run() == 0
    assert {each.author.login for each in busy.ours()} == {"frank"}
    assert busy.asked - start <= 11, "some pages of what is found, and four of what there is"


@pytest.mark.parametrize("role", ["read", "watcher", "triage"])
def test_a_member_who_may_not_push_cannot_plant_a_no_on_a_branch_that_waits(
    shop: World, role: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shop.repo.actions_may_open = False
    shop.run()
    (branch,) = shop.branches()
    shop.repo.actions_may_open = True
    _, body = planted(shop, tmp_path / "copy")
    eve = somebody(shop, role)
    eve.close(number := eve.open_pull(branch, "Mine", body))
    assert shop.run(quiet=False) == 0
    assert ours(shop).author.login == "github-actions[bot]"
    assert f"note: #{number} is no no to fixbot" in capsys.readouterr().err
    asked, calls = shop.asked, shop.hub.content_calls()
    assert shop.run() == 0
    assert shop.hub.content_calls() == calls
    assert shop.asked - asked <= 5


def test_who_left_the_team_has_said_no_for_others_all_the_same(shop: World) -> None:
    """Opened with her own token, closed by somebody else: nobody is asked again because she left."""
    shop.token = shop.hub.user_token("bert")
    shop.repo.collaborators["bert"] = "write"
    shop.run()
    number = ours(shop).number
    shop.person.close(number)
    shop.repo.collaborators["bert"] = "read"
    shop.token = shop.hub.actions_token(NAME)
    for _ in range(2):
        assert shop.run() == 0
        assert shop.ours() == []


# Signs of ours in what others write


def test_a_strangers_comment_with_our_sign_does_not_keep_us_from_speaking(busy: World) -> None:
    issue = ours(busy)
    busy.person.push("main", {PATH: fixed("api")}, "Repaired")
    head = issue.the_pull.head_sha[:12]
    somebody(busy, "").comment(issue.number, f"<!-- fixbot said gone {head} -->")
    assert busy.run() == 0
    assert not busy.repo.issue(issue.number).open
    said = [each for each in busy.repo.comments.values() if each.number == issue.number]
    assert [each.author.login for each in said] == ["eve", "github-actions[bot]"]


def test_a_mark_in_anybodys_comment_or_title_is_not_read(busy: World) -> None:
    issue = ours(busy)
    mark = read_state_block(issue.body or "")
    assert mark is not None
    text = replace_state_block("x", replace(mark, closed="gone", findings=("0" * 16,)))
    somebody(busy, "").comment(issue.number, text)
    before = busy.hub.content_calls()
    assert busy.run() == 0
    assert ours(busy).body == issue.body
    assert busy.hub.content_calls() == before


def test_a_ghost_is_nobody() -> None:
    from fixbot.publish.github.parse_rows import is_bot, parse_login  # noqa: PLC0415

    assert (parse_login(None), is_bot(None)) == ("", False)
    assert is_bot({"login": "x[bot]", "type": "Bot"})
    assert is_bot({"login": "x", "type": "Mannequin"})
    assert Account("x", 1).kind == "User"


def test_a_no_counts_that_hundreds_of_comments_came_after(tmp_path: Path) -> None:
    with world(tmp_path, {"api.yaml": pod("api")}) as made:
        assert made.run() == 0
        (issue,) = made.ours()
        made.person.comment(issue.number, "fixbot: ignore we want it so")
        for number in range(420):
            made.person.comment(issue.number, f"talk {number}")
        assert made.run(cache=False) == 0
        assert not made.repo.issue(issue.number).open
