"""What a run does without a right, and when the world changes under it: said once, no more tries, exit 1."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixbot.cli.options import FailOn, Options
from fixbot.cli.pull_request_runs import run_pull_requests
from fixbot.model.errors import FixbotError
from tests.hub.hub import Request
from tests.hub_runs import NAME, HubClock, World, pod, world

FILES = {f"{name}/{name}.yaml": pod(name) for name in ("api", "web", "jobs")}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    """A repository with three findings, each in a pull request of its own."""
    with world(tmp_path, {**FILES, "README.md": "Hello\n"}) as made:
        yield made


def sent(shop: World, verb: str, end: str) -> int:
    return sum(each.verb == verb and each.path.endswith(end) for each in shop.hub.log)


# Rights


def test_without_the_right_to_open_pull_requests_one_is_tried_and_one_line_names_the_right(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.token = shop.hub.actions_token(NAME, contents="write", pull_requests="read")
    assert shop.run(quiet=False) == 1
    assert sent(shop, "POST", "/pulls") == 1
    assert len(shop.branches()) == 3
    shown = capsys.readouterr()
    (line,) = [line for line in shown.err.splitlines() if "permission" in line]
    assert line.startswith("fixbot: shop/deploy: no pull request can be opened:")
    assert "the token lacks a permission: pull requests: write" in line
    assert "3 only as a branch" in shown.out


def test_where_actions_may_not_open_them_one_is_tried_too(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.repo.actions_may_open = False
    assert shop.run() == 1
    assert sent(shop, "POST", "/pulls") == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "switch on" in line]
    assert "Allow GitHub Actions to create and approve pull requests" in line
    shop.repo.actions_may_open = True
    assert shop.run() == 0
    assert len(shop.ours()) == 3


def test_where_some_could_be_opened_and_then_none_it_is_no_success(shop: World) -> None:
    def before(request: Request) -> None:
        if request.verb == "POST" and request.path.endswith("/pulls") and len(shop.ours()) == 1:
            shop.repo.actions_may_open = False

    shop.hub.before = before
    assert shop.run() == 1
    assert len(shop.ours()) == 1
    assert sent(shop, "POST", "/pulls") == 2


def test_without_the_right_to_write_contents_one_line_says_so_and_nothing_more_is_tried(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.run()
    for issue in shop.ours():
        shop.person.close(issue.number)
        shop.person.label(issue.number, "fixbot: recreate")
    before = sent(shop, "POST", "/git/trees")

    def lose(request: Request) -> None:
        if request.path.endswith("/git/trees") and request.verb == "POST":
            token = shop.hub.tokens[shop.token]
            shop.hub.tokens[shop.token] = replace(
                token, permissions={**(token.permissions or {}), "contents": "read"}
            )

    for branch in shop.branches():
        shop.person.delete_branch(branch)
    shop.hub.before = lose
    capsys.readouterr()
    assert shop.run() == 1
    assert sent(shop, "POST", "/git/trees") - before == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "permission" in line]
    assert "and 1 more" in line  # three were opened this week, which leaves two
    assert "lacks a permission: contents: write" in line


def test_the_gateway_tells_a_missing_right_from_one_thing_that_is_locked() -> None:
    from fixbot.publish.github.github_errors import RequestRejected  # noqa: PLC0415

    for said, for_good in (
        ("Resource not accessible by integration", True),
        ("Resource not accessible by personal access token", True),
        ("GitHub Actions is not permitted to create or approve pull requests.", True),
        ("Repository was archived so is read-only.", True),
        ("Must have admin rights to Repository.", True),
        ("Resource protected by organization SAML enforcement.", True),
        ("Unable to create comment because issue is locked.", False),
        ("Repository rule violations found", False),
        ("refusing to allow an app to create or update workflow without `workflows` permission", False),
    ):
        assert RequestRejected(403, said, "POST x").is_for_good is for_good, said
    assert not RequestRejected(422, "Must have a title", "POST x").is_for_good


# The world changes in the middle of a run


def rename_main(shop: World) -> None:
    shop.person.rename_branch("main", "trunk")


def delete_main(shop: World) -> None:
    shop.person.rename_branch("main", "trunk")
    shop.repo.renamed_branches.clear()


def archive(shop: World) -> None:
    shop.person.archive()


def rename(shop: World) -> None:
    shop.name = shop.person.rename_repo("renamed")


def vanish(shop: World) -> None:
    """Deleted, or made private for others: a token that may not see it can't tell the two."""
    token = shop.hub.tokens[shop.token]
    shop.hub.tokens[shop.token] = replace(token, repos=frozenset({"shop/other"}))
    shop.repo.private = True


def expire(shop: World) -> None:
    token = shop.hub.tokens[shop.token]
    shop.hub.tokens[shop.token] = replace(token, expires=shop.hub.clock.now())


CHANGES: list[Callable[[World], None]] = [rename_main, delete_main, archive, rename, vanish, expire]


@pytest.mark.parametrize("change", CHANGES, ids=[each.__name__ for each in CHANGES])
def test_whatever_changes_between_two_requests_is_no_fault_of_the_users(
    tmp_path: Path,
    change: Callable[[World], None],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Before each request in turn; the run ends with 0 or 1, in words, and never blames the settings."""
    caplog.set_level(logging.WARNING, "github.Requester")
    last = 0
    for at in range(1, 40):
        with world(tmp_path / f"{change.__name__}-{at}", dict(list(FILES.items())[:2])) as shop:

            def before(request: Request, shop: World = shop, at: int = at) -> None:
                if request.number == at:
                    change(shop)

            shop.hub.before = before
            capsys.readouterr()
            made = Options(
                "run", pr=True, repositories=(NAME,), jobs=1, cache=False, config=shop.organisation
            )
            try:
                code, said = run_pull_requests(made, shop.environment, HubClock(shop.hub.clock)), ""
            except FixbotError as error:
                code, said = error.exit_code, str(error)
            last = shop.asked
            # A ref that isn't there is looked for among all branches, which the stand-in does not list.
            shop.hub.violations = [each for each in shop.hub.violations if "/branches" not in each]
            said += capsys.readouterr().err
            assert "Traceback" not in said
            assert code in {0, 1} or at <= 2, (at, code, said)
            if code and at > 2:
                assert any(
                    word in said
                    for word in ("run again", "the next run", "unarchive", "no longer", "expired")
                ), (at, said)
        if last < at:
            return
    pytest.fail("a run needs more requests than were tried")


def test_in_a_checkout_a_default_branch_that_was_renamed_in_the_middle_is_one_line_and_exit_code_1(
    shop: World, tmp_path: Path
) -> None:
    here = tmp_path / "clone"
    bare = shop.hub.path(*NAME.split("/"))
    subprocess.run(["git", "clone", "-q", str(bare), str(here)], check=True, capture_output=True)
    codes = set()
    for at in range(1, 9):
        start = shop.asked

        def before(request: Request, number: int = start + at) -> None:
            if request.number == number:
                shop.hub.before = None
                rename_main(shop)

        shop.hub.before = before
        made = Options(
            "run", str(here), pr=True, quiet=True, jobs=1, cache=False, dry_run=True, config=shop.organisation
        )
        environment = {**shop.environment, "GITHUB_REPOSITORY": NAME}
        try:
            code, said = run_pull_requests(made, environment, HubClock(shop.hub.clock)), ""
        except FixbotError as error:
            code, said = error.exit_code, str(error)
        assert code in {0, 1}, said
        assert code == 0 or "run again" in said
        codes.add(code)
        if shop.hub.before is None:
            shop.person.rename_branch("trunk", "main")
    assert codes == {0, 1}


def test_a_base_that_only_the_settings_name_is_theirs_to_mend(tmp_path: Path) -> None:
    with world(tmp_path, {**FILES, ".fixbot.yml": "pull_requests: {base: nowhere}\n"}) as shop:
        assert shop.run() == 2


@pytest.mark.parametrize("pr", [True, False])
def test_what_can_not_be_read_fails_where_that_is_asked_for(tmp_path: Path, pr: bool) -> None:
    with world(tmp_path, {"api.yaml": "apiVersion: v1\nkind: Pod\ncontainers: : [\n"}) as made:
        assert made.run(pr=pr) == 0
        assert made.run(pr=pr, fail_on_unread=True) == 0
        assert made.run(pr=pr, fail_on_unread=True, fail_on=FailOn.CRITICAL) == 1
