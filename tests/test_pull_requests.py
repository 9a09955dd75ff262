"""What a team sees on GitHub, from the first pull request to the last: `fixbot run --pr`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixbot.cli.options import Options
from fixbot.cli.pull_request_runs import run_pull_requests
from fixbot.model.errors import FixbotError
from fixbot.publish.github.github_errors import RequestRejected
from fixbot.publish.github.preflight import explain_refusal
from fixbot.publish.pull_requests.state_block import read_state_block
from tests.hub.hub import App
from tests.hub.model import Ruleset
from tests.hub_runs import NAME, HubClock, World, fixed, pod, world

PATH = "deploy/api.yaml"
RULES = "rules: {only: [readonly-root-filesystem]}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    """A repository with one finding in it."""
    with world(tmp_path, {PATH: pod("api"), "README.md": "Hello\n"}) as made:
        yield made


def body_of(shop: World) -> str:
    (issue,) = shop.ours()
    return issue.body or ""


def checkout(shop: World, folder: Path) -> Path:
    bare = shop.hub.path(*shop.repo.full_name.split("/"))
    subprocess.run(["git", "clone", "-q", str(bare), str(folder)], check=True, capture_output=True)
    return folder


def run_in(shop: World, folder: Path, **options: object) -> int:
    words = {"quiet": True, "jobs": 1, "cache": False, "config": shop.organisation, **options}
    made = Options("run", str(folder), pr=True, **words)  # type: ignore[arg-type]
    environment = {**shop.environment, "GITHUB_REPOSITORY": shop.repo.full_name}
    return run_pull_requests(made, environment, HubClock(shop.hub.clock))


# A proposal


def test_a_pull_request_is_opened_with_one_commit_on_a_branch_that_names_topic_and_key(shop: World) -> None:
    assert shop.run() == 0
    (issue,) = shop.ours()
    pull = issue.the_pull
    assert re.fullmatch(r"fixbot/workload-hardening/[0-9a-f]{12}", pull.head_ref)
    mark = read_state_block(issue.body or "")
    assert mark is not None
    assert pull.head_ref.endswith(mark.key)
    assert mark.head == shop.branches()[pull.head_ref]
    assert len(shop.repo.store.between(shop.repo.refs["refs/heads/main"], mark.head)) == 1
    assert issue.title == "Make the root filesystem of api read-only"
    assert issue.labels == ("fixbot",)
    assert pull.draft, "its fix needs a look"


def test_a_new_pull_request_costs_at_most_seven_content_calls_and_a_second_run_three_requests(
    shop: World,
) -> None:
    shop.run()
    assert shop.hub.content_calls() <= 7
    asked = shop.asked
    assert shop.run() == 0
    assert shop.asked - asked <= 3
    asked = shop.asked
    assert shop.run(cache=False) == 0
    assert shop.hub.content_calls() <= 7


def test_an_unchanged_checkout_costs_three_requests_without_any_cache(shop: World, tmp_path: Path) -> None:
    here = checkout(shop, tmp_path / "clone")
    assert run_in(shop, here) == 0
    asked, calls = shop.asked, shop.hub.content_calls()
    assert run_in(shop, here) == 0
    assert (shop.asked - asked, shop.hub.content_calls() - calls) == (3, 0)


def test_the_files_mode_and_everything_beside_the_fix_stay(tmp_path: Path) -> None:
    with world(tmp_path, {PATH: pod("api").replace("\n", "\r\n"), "bin/run": "#!/bin/sh\n"}) as shop:
        shop.run()
        (branch,) = shop.branches().values()
        store = shop.repo.store
        before, after = (
            {path: (mode, blob) for path, mode, blob in store.walk(store.tree_of(commit)) if mode != 0o40000}
            for commit in (shop.repo.refs["refs/heads/main"], branch)
        )
        assert [path for path in after if before.get(path) != after[path]] == [PATH]
        assert after[PATH][0] == before[PATH][0]
        assert b"\n" not in store.data(after[PATH][1]).replace(b"\r\n", b"")


def test_links_lead_to_the_lines_at_the_commit_that_was_read(shop: World) -> None:
    shop.run()
    main = shop.repo.refs["refs/heads/main"]
    assert f"]({shop.server.server_url}/{NAME}/blob/{main}/{PATH}#L" in body_of(shop)


def test_titles_follow_the_habit_of_the_repository(shop: World) -> None:
    for number in range(6):
        shop.person.push("main", {f"notes/{number}.md": "x\n"}, f"fix(api): correct thing {number}")
    shop.run()
    (issue,) = shop.ours()
    assert re.match(r"fix(\([\w.-]+\))?: make the root filesystem of api read-only$", issue.title)


def test_code_owners_are_asked_but_never_the_author_and_no_more_than_three(tmp_path: Path) -> None:
    owners = "*.md @nobody\n/deploy/ @bert @carla @dora @emil\n"
    with world(tmp_path, {PATH: pod("api"), ".github/CODEOWNERS": owners}) as shop:
        for login in ("bert", "carla", "dora", "emil"):
            shop.repo.collaborators[login] = "write"
        shop.run()
        (issue,) = shop.ours()
        assert set(issue.the_pull.reviewers) == {"bert", "carla", "dora"}


def test_a_secret_is_nowhere_in_what_is_sent(tmp_path: Path) -> None:
    secret = "plum-Tr4ctor-canary"
    extra = f"          env:\n            - name: DB_PASSWORD\n              value: {secret}\n"
    sent: list[object] = []
    with world(tmp_path, {PATH: pod("api", extra)}) as shop:
        shop.repo.private = True
        shop.hub.before = lambda request: sent.append(request.body)
        assert shop.run() == 0
        titles = [issue.title for issue in shop.ours()]
        assert any("DB_PASSWORD" in title for title in titles)
        texts = [str(body) for body in sent if "base_tree" not in str(body)]
        assert texts
        assert not any(secret in text for text in texts)
        secrets_out = [i for i in shop.ours() if "DB_PASSWORD" in i.title]
        tree = shop.repo.store.tree_of(shop.branches()[secrets_out[0].the_pull.head_ref])
        there = shop.repo.store.at(tree, PATH)
        assert there is not None
        assert secret.encode() not in shop.repo.store.data(there[1])


# Its life


def test_a_second_run_writes_nothing(shop: World) -> None:
    shop.run()
    calls = shop.hub.content_calls()
    assert shop.run() == 0
    assert shop.hub.content_calls() == calls


def test_a_closed_pull_request_is_a_no_and_its_branch_goes(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.close(issue.number)
    for _ in range(3):
        assert shop.run() == 0
    assert shop.ours() == []
    assert shop.branches() == {}


def test_a_no_is_to_the_finding_so_a_new_neighbour_is_offered_alone(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.close(issue.number)
    shop.person.push("main", {PATH: pod("api") + "---\n" + pod("web")}, "A neighbour")
    shop.run()
    (other,) = shop.ours()
    assert other.title == "Make the root filesystem of web read-only"
    assert not shop.findings(other) & shop.findings(issue)


def test_a_no_ends_where_somebody_takes_it_back(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.close(issue.number)
    shop.run()
    shop.person.label(issue.number, "fixbot: recreate")
    shop.run()
    assert [each.title for each in shop.ours()] == [issue.title]


def test_a_close_is_the_later_word_than_a_label_that_was_there_before(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.push(issue.the_pull.head_ref, {"deploy/notes.md": "mine\n"}, "Mine")
    shop.person.label(issue.number, "fixbot: recreate")
    shop.person.close(issue.number)
    for _ in range(2):
        shop.run()
        assert shop.ours() == []


def test_a_neighbour_joins_the_pull_request_that_is_open(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")
    shop.run()
    (same,) = shop.ours()
    assert same.number == issue.number
    assert same.the_pull.head_ref == issue.the_pull.head_ref
    assert len(shop.findings(same)) == 2
    assert same.title == "Make 2 root filesystems in deploy read-only"


def test_when_part_of_it_is_repaired_by_hand_the_rest_stays_open(tmp_path: Path) -> None:
    with world(tmp_path, {PATH: pod("api"), "deploy/web.yaml": pod("web")}) as shop:
        shop.run()
        (issue,) = shop.ours()
        shop.person.push("main", {PATH: fixed("api")}, "By hand")
        shop.run()
        (same,) = shop.ours()
        assert same.number == issue.number
        assert same.title == "Make the root filesystem of web read-only"
        assert "api" not in (same.body or "").partition("<!--")[0].replace("api.github", "")


def test_when_the_finding_is_gone_it_is_closed_with_one_comment_and_may_come_back(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.push("main", {PATH: fixed("api")}, "By hand")
    shop.run()
    assert (shop.ours(), shop.branches()) == ([], {})
    (comment,) = shop.repo.comments.values()
    assert "no longer there on `main`" in comment.body
    shop.person.push("main", {PATH: pod("api")}, "Undo")
    shop.run()
    (again,) = shop.ours()
    assert again.number > issue.number


def test_what_could_not_be_read_keeps_its_pull_request(shop: World) -> None:
    shop.run()
    shop.person.push("main", {PATH: "kind: Deployment\nspec: [unclosed\n  containers: {\n"}, "Broken")
    calls = shop.hub.content_calls()
    shop.run()
    assert len(shop.ours()) == 1
    assert shop.hub.content_calls() == calls


def test_what_was_left_out_of_a_run_keeps_its_pull_request(shop: World) -> None:
    shop.run()
    shop.person.push("main", {PATH: fixed("api")}, "By hand")
    shop.run(exclude=("deploy/",))
    assert len(shop.ours()) == 1
    shop.run(only=("privileged-container",))
    assert len(shop.ours()) == 1
    shop.run()
    assert shop.ours() == []


def test_a_persons_commit_is_never_touched_and_one_comment_says_so(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    branch = issue.the_pull.head_ref
    hers = shop.person.push(branch, {"deploy/notes.md": "mine\n"}, "Mine")
    for number in range(3):
        shop.person.push("main", {PATH: f"# {number}\n" + pod("api").replace("1.0", f"1.{number}")}, "Moved")
        shop.run()
    assert shop.branches()[branch] == hers
    assert len(shop.ours()) == 1, "what waits there is not offered a second time"
    assert len(shop.repo.comments) <= 1


def test_a_person_may_ask_to_have_it_made_anew_and_her_commits_are_kept(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    branch = issue.the_pull.head_ref
    hers = shop.person.push(branch, {"deploy/notes.md": "mine\n"}, "Mine")
    shop.person.comment(issue.number, "fixbot: recreate")
    shop.run()
    assert shop.branches()[branch] != hers
    assert hers in shop.branches().values()
    calls = shop.hub.content_calls()
    shop.run()
    assert shop.hub.content_calls() == calls, "a wish is carried out once"


def test_a_title_and_a_body_that_a_person_wrote_stay(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.edit(issue.number, title="Mine", body=f"My words.\n\n{issue.body}")
    shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")
    shop.run()
    (same,) = shop.ours()
    assert same.title == "Mine"
    assert (same.body or "").startswith("My words.")
    assert len(shop.findings(same)) == 2


def test_a_body_without_the_mark_gets_it_back_and_is_closed_as_a_no_all_the_same(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.edit(issue.number, body="All mine")
    shop.run()
    (same,) = shop.ours()
    assert (same.body or "").startswith("All mine\n\n<!-- fixbot ")
    shop.person.close(same.number)
    shop.run()
    assert shop.ours() == []


def test_the_base_may_move_without_a_storm_of_rebases(shop: World) -> None:
    shop.run()
    before = shop.branches()
    shop.person.push("main", {"src/app.py": "print()\n", PATH: "# about\n# this\n" + pod("api")}, "Work")
    calls = shop.hub.content_calls()
    shop.run()
    assert shop.branches() == before
    assert shop.hub.content_calls() == calls


def test_a_conflict_is_solved_by_making_it_anew(shop: World) -> None:
    shop.run()
    before = shop.branches()
    shop.person.push("main", {PATH: pod("api").replace("example.org/api:1.0", "example.org/api:2.0")}, "Bump")
    shop.run()
    after = shop.branches()
    assert list(after) == list(before)
    assert after != before
    assert len(shop.repo.store.between(shop.repo.refs["refs/heads/main"], next(iter(after.values())))) == 1


def test_a_rebase_can_be_asked_for_by_label_and_the_label_goes(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    before = shop.branches()
    shop.person.push("main", {"src/app.py": "print()\n"}, "Work")
    shop.person.label(issue.number, "fixbot: rebase")
    shop.run()
    (same,) = shop.ours()
    assert shop.branches() != before
    assert same.labels == ("fixbot",)


def test_ignore_until_closes_it_and_asks_again_after_that_day(shop: World) -> None:
    shop.hub.clock.freeze(1_800_000_000)  # 2027-01-15
    shop.run()
    (issue,) = shop.ours()
    shop.person.comment(issue.number, "fixbot: ignore until=2027-01-20 goes away with the move")
    shop.run()
    assert shop.ours() == []
    shop.run()
    assert shop.ours() == []
    shop.hub.clock.advance(7 * 24 * 3600)
    shop.run()
    assert len(shop.ours()) == 1


def test_merged_and_back_again_is_asked_again_and_says_so(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.set_draft(issue.number, draft=False)
    merged = shop.person.merge(issue.number, delete=True)
    shop.run()
    assert shop.ours() == []
    shop.person.revert(merged)
    shop.run()
    assert f"was merged as #{issue.number}, and is back" in body_of(shop)


def test_a_pull_request_in_the_merge_queue_is_left(shop: World) -> None:
    shop.repo.rulesets = (Ruleset(1, (("merge_queue", {}),)),)
    shop.run()
    (issue,) = shop.ours()
    shop.person.set_draft(issue.number, draft=False)
    shop.person.queue(issue.number)
    before = shop.branches()
    shop.repo.rulesets = ()
    shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")
    shop.repo.rulesets = (Ruleset(1, (("merge_queue", {}),)),)
    shop.run()
    assert shop.branches()[issue.the_pull.head_ref] == before[issue.the_pull.head_ref]


def test_one_from_a_fork_with_a_branch_of_our_name_is_not_ours(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.close(issue.number)
    shop.run()
    number = shop.person.fork_pull(issue.the_pull.head_ref, {PATH: fixed("api")}, "Theirs", issue.body or "")
    shop.run()
    assert [each.number for each in shop.open()] == [number]


def test_a_foreign_branch_of_that_name_is_left_and_said(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.run()
    (issue,) = shop.ours()
    branch = issue.the_pull.head_ref
    shop.person.close(issue.number)
    shop.run()
    shop.person.label(issue.number, "fixbot: recreate")
    hers = shop.person.push(branch, {"mine.md": "mine\n"}, "Mine", start=shop.repo.refs["refs/heads/main"])
    capsys.readouterr()
    shop.run(quiet=False)
    assert "is not fixbot's; rename or delete it" in " ".join(capsys.readouterr().out.split())
    assert shop.branches()[branch] == hers


# What stands in the way


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("archived", "shop/deploy is archived, so it is read-only; unarchive it first"),
        ("creation", "lets nobody create branches such as fixbot's; add fixbot to its bypass list"),
        ("name", "does not allow the name fixbot/workload-hardening/"),
        ("read", "the token may not write to shop/deploy"),
    ],
)
def test_a_setting_in_the_way_is_said_before_anything_is_written(
    shop: World, capsys: pytest.CaptureFixture[str], what: str, said: str
) -> None:
    match what:
        case "archived":
            shop.person.archive()
        case "creation":
            shop.repo.rulesets = (Ruleset(1, (("creation", {}),), ("refs/heads/fixbot/**/*",)),)
        case "name":
            pattern = {"operator": "starts_with", "pattern": "bot/"}
            shop.repo.rulesets = (Ruleset(1, (("branch_name_pattern", pattern),), ("~ALL",)),)
        case _:
            shop.repo.collaborators["reader"] = "read"
            shop.token = shop.hub.user_token("reader")
    assert shop.run(quiet=False) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert said in told
    assert "The same as a patch: fixbot run --format patch --output fixbot.patch" in told
    assert shop.hub.content_calls() == 0


def test_where_actions_may_not_open_pull_requests_the_branch_is_handed_over(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.repo.actions_may_open = False
    assert shop.run(quiet=False) == 1
    out = capsys.readouterr().out
    assert "0 done on GitHub, 1 only as a branch." in out
    assert "Allow GitHub Actions to create and approve pull requests" in " ".join(out.split())
    (branch,) = shop.branches()
    assert f"/compare/main...{branch}" in out
    shop.repo.actions_may_open = True
    shop.run()
    (issue,) = shop.ours()
    assert issue.the_pull.head_ref == branch


def test_a_permission_that_is_missing_is_named_and_the_branch_handed_over(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.token = shop.hub.actions_token(NAME, contents="write", pull_requests="read")
    assert shop.run(quiet=False) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "the token lacks a permission: pull requests: write" in told
    assert "1 only as a branch" in told


def test_the_permissions_that_github_names_are_said() -> None:
    needs = "contents=write,workflows=write; pull_requests=write"
    told = explain_refusal(
        RequestRejected(403, "Resource not accessible by integration", "POST x", needs), "b"
    )
    assert told.endswith("lacks a permission: contents: write and workflows: write or pull requests: write")


def test_required_signatures_are_met_for_a_persons_token(shop: World) -> None:
    shop.repo.rulesets = (Ruleset(1, (("required_signatures", {}),), ("~ALL",)),)
    shop.token = shop.hub.user_token("anna")
    assert shop.run() == 0
    (issue,) = shop.ours()
    assert list(shop.branches()) == [issue.the_pull.head_ref]
    calls = shop.hub.content_calls()
    assert calls <= 7
    assert shop.run() == 0
    assert shop.hub.content_calls() == calls


def test_drafts_that_a_repository_does_not_have_are_opened_ready(shop: World) -> None:
    shop.repo.drafts = False
    assert shop.run() == 0
    (issue,) = shop.ours()
    assert not issue.the_pull.draft


def test_a_wrong_token_is_one_clear_line(shop: World) -> None:
    shop.token = "ghp_unknown"
    with pytest.raises(FixbotError, match="GitHub does not accept the token"):
        run_pull_requests(
            Options("run", pr=True, repositories=(NAME,), cache=False),
            shop.environment,
            HubClock(shop.hub.clock),
        )


def test_a_renamed_repository_and_a_renamed_default_branch_are_followed(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.close(issue.number)
    shop.person.rename_repo("deployments")
    shop.name = "shop/deployments"
    made = Options(
        "run", pr=True, repositories=(NAME,), quiet=True, jobs=1, cache=False, config=shop.organisation
    )
    token = shop.hub.user_token("anna")
    environment = {**shop.environment, "GITHUB_TOKEN": token}
    assert run_pull_requests(made, environment, HubClock(shop.hub.clock)) == 0
    assert shop.ours() == [], "the no is remembered under the new name"
    shop.person.rename_branch("main", "trunk")
    shop.person.push("trunk", {"deploy/web.yaml": pod("web")}, "A neighbour")
    assert run_pull_requests(made, environment, HubClock(shop.hub.clock)) == 0
    (other,) = shop.ours()
    assert other.the_pull.base_ref == "trunk"


# How many, and when


def test_no_more_are_opened_than_the_settings_allow_the_gravest_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = "pull_requests: {most_open: 2}\n"
    files = {f"s{n}/app.yaml": pod(f"s{n}", privileged=n == 4) for n in range(5)}
    with world(tmp_path, {".fixbot.yml": settings, **files}) as shop:
        shop.run(quiet=False)
        assert len(shop.ours()) == 2
        assert "Harden s4" in {issue.title for issue in shop.ours()}
        out = " ".join(capsys.readouterr().out.split())
        assert "comes when one of the open ones is merged or closed" in out
        shop.person.close(shop.ours()[0].number)
        shop.run()
        assert len(shop.ours()) == 2


def test_limits_that_last_longer_than_the_patience_end_the_run_and_the_next_goes_on(tmp_path: Path) -> None:
    settings = "pull_requests: {most_open: 99, per_run: 99, per_hour: 99, per_week: 99, patience: 5}\n"
    files = {f"s{n}/app.yaml": pod(f"s{n}") for n in range(30)}
    with world(tmp_path, {".fixbot.yml": settings, **files}) as shop:
        assert shop.run() == 1
        some = len(shop.ours())
        assert 0 < some < 30
        assert not any(entry.status in (403, 429) for entry in shop.hub.log), (
            "limits are kept before they bite"
        )
        for _ in range(12):
            shop.hub.clock.advance(61)
            if shop.run() == 0:
                break
        assert len(shop.ours()) == 30
        assert len(shop.branches()) == 30


# In a checkout


def test_a_checkout_is_held_against_what_github_has(shop: World, tmp_path: Path) -> None:
    here = checkout(shop, tmp_path / "clone")
    (here / PATH).write_text((here / PATH).read_text() + "# mine\n")
    assert run_in(shop, here) == 1, "uncommitted changes are not somebody's to publish"
    assert shop.ours() == []
    subprocess.run(["git", "checkout", "-q", "."], cwd=here, check=True)
    shop.person.push("main", {PATH: fixed("api")}, "By hand, on GitHub")
    assert run_in(shop, here) == 0
    assert shop.ours() == [], "what changed on GitHub since is not offered from an old checkout"
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", "mine"], cwd=here, check=True)
    with pytest.raises(FixbotError, match="is not on GitHub; push it first"):
        run_in(shop, here)


def test_a_checkout_of_another_branch_is_not_published(shop: World, tmp_path: Path) -> None:
    shop.person.push("feature", {"x.md": "x\n"}, "Feature", start=shop.repo.refs["refs/heads/main"])
    here = checkout(shop, tmp_path / "clone")
    subprocess.run(["git", "checkout", "-q", "feature"], cwd=here, check=True)
    with pytest.raises(FixbotError, match="is not on main at shop/deploy"):
        run_in(shop, here)


def test_a_dry_run_shows_the_order_and_writes_nothing(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.run(dry_run=True, quiet=False) == 0
    out = capsys.readouterr().out
    assert "would open" in out
    assert "Nothing was written." in out
    assert shop.hub.content_calls() == 0


def test_without_pr_a_repository_on_github_is_only_read(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.run(pr=False, quiet=False) == 0
    assert "readOnlyRootFilesystem: true" in capsys.readouterr().out
    assert shop.hub.content_calls() == 0


def test_one_repository_that_is_not_there_does_not_stop_the_others(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Options(
        "run",
        pr=True,
        repositories=("shop/none", NAME),
        quiet=True,
        jobs=1,
        cache=False,
        config=shop.organisation,
    )
    assert run_pull_requests(made, shop.environment, HubClock(shop.hub.clock)) == 2
    assert "shop/none: GitHub shows this token no such repository" in capsys.readouterr().err
    assert len(shop.ours()) == 1


def test_a_github_app_acts_by_a_token_for_just_this_repository(shop: World) -> None:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    permissions = {"contents": "write", "pull_requests": "write", "issues": "write", "metadata": "read"}
    app = App(7, "our-fixbot", public, permissions, frozenset({NAME}), shop.repo.owner)
    shop.hub.apps[app.id] = app
    environment = {
        **shop.environment, "GITHUB_TOKEN": "", "FIXBOT_APP_ID": str(app.id), "FIXBOT_APP_PRIVATE_KEY": pem
    }  # fmt: skip
    made = Options(
        "run", pr=True, repositories=(NAME,), quiet=True, jobs=1, cache=False, config=shop.organisation
    )
    shop.hub.clock._still = None  # noqa: SLF001 - the app signs with the machine's time
    assert run_pull_requests(made, environment, HubClock(shop.hub.clock)) == 0
    (issue,) = shop.ours()
    assert issue.author.login == "our-fixbot[bot]"


def test_github_enterprise_server_is_spoken_to_at_its_own_addresses(tmp_path: Path) -> None:
    from tests.hub.server import Server  # noqa: PLC0415

    with world(tmp_path, {PATH: pod("api")}) as shop, Server(shop.hub, enterprise=True) as other:
        there = replace(shop, server=other)
        assert there.environment["GITHUB_API_URL"].endswith("/api/v3")
        assert there.run() == 0
        assert len(there.ours()) == 1
