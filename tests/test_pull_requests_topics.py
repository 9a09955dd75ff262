"""One pull request for what belongs together: its commits, what conflicts, and a no to a part of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixbot.publish.pull_requests.state_block import StateBlock, read_state_block, replace_state_block
from tests.hub.model import Issue
from tests.hub_runs import World, pod, world
from tests.test_cli import fixbot, repository

PATH = "deploy/web.yaml"
BOTH = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          image: example.org/web:1.0
          securityContext:
            privileged: true
            runAsUser: 1000
            runAsGroup: 1000
            allowPrivilegeEscalation: true
"""
SECRET = """          env:
            - name: MODE
              value: fast
            - name: LEVEL
              value: low
            - name: DB_PASSWORD
              value: plum-Tr4ctor-canary
            - name: COLOUR
              value: blue
            - name: SIZE
              value: large
          ports:
            - containerPort: 80
"""
PRIVILEGED, READONLY = "privileged-container", "readonly-root-filesystem"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    """A repository with one container that two rules of one topic find something in."""
    with world(tmp_path, {PATH: BOTH, "README.md": "Hello\n"}) as made:
        yield made


def only(shop: World) -> Issue:
    (issue,) = shop.ours()
    return issue


def mark_of(issue: Issue) -> StateBlock:
    mark = read_state_block(issue.body or "")
    assert mark is not None
    return mark


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=anna", "-c", "user.email=anna@example.org", *arguments],
        cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def clone(shop: World, folder: Path, branch: str) -> Path:
    bare = shop.hub.path(*shop.repo.full_name.split("/"))
    git(folder.parent, "clone", "-q", "-b", branch, str(bare), folder.name)
    return folder


def pushed(shop: World, folder: Path) -> None:
    git(folder, "push", "-q", "--force", "origin", "HEAD")
    shop.person.git_pushed()


def commits(shop: World, issue: Issue) -> list[str]:
    return shop.repo.store.between(
        shop.repo.refs["refs/heads/main"], shop.branches()[issue.the_pull.head_ref]
    )


def text_at(shop: World, commit: str, path: str = PATH) -> str:
    found = shop.repo.store.at(shop.repo.store.tree_of(commit), path)
    assert found is not None
    return shop.repo.store.data(found[1]).decode()


def on_branch(shop: World, issue: Issue, path: str = PATH) -> str:
    return text_at(shop, shop.branches()[issue.the_pull.head_ref], path)


def writes_nothing_more(shop: World) -> bool:
    calls, branches = shop.hub.content_calls(), shop.branches()
    shop.run()
    return (calls, branches) == (shop.hub.content_calls(), shop.branches())


# What it holds


def test_two_rules_on_one_container_are_one_pull_request_with_a_commit_each(shop: World) -> None:
    assert shop.run() == 0
    issue = only(shop)
    assert issue.the_pull.head_ref.startswith("fixbot/workload-hardening/")
    assert issue.title == "Harden web"
    messages = [shop.repo.store.commit(each).message.decode() for each in commits(shop, issue)]
    assert sorted(each.partition("\n")[0] for each in messages) == [
        "Drop privileged mode from web",
        "Make the root filesystem of web read-only",
    ]
    assert "<summary>2 commits</summary>" in (issue.body or "")
    assert writes_nothing_more(shop)


def test_each_prefix_of_its_commits_is_a_whole_change(shop: World) -> None:
    shop.run()
    mark = mark_of(only(shop))
    first, second = mark.commits
    assert text_at(shop, first) == BOTH.replace("            privileged: true\n", "")
    assert "readOnlyRootFilesystem: true" in text_at(shop, second)
    assert "privileged" not in text_at(shop, second)
    assert shop.repo.store.parents(second) == [first]


@pytest.mark.parametrize("group", ["folder", "rule", "file"])
def test_who_wants_one_for_each_rule_has_it(tmp_path: Path, group: str) -> None:
    with world(tmp_path, {PATH: BOTH, ".fixbot.yml": f"pull_requests: {{group: {group}}}\n"}) as shop:
        shop.run()
        names = sorted(each.the_pull.head_ref.split("/")[1] for each in shop.ours())
        assert names == [PRIVILEGED, READONLY]


def test_another_topic_in_the_same_file_stands_apart_where_git_merges_both(tmp_path: Path) -> None:
    with world(tmp_path, {PATH: BOTH + SECRET}) as shop:
        shop.repo.private = True
        shop.run()
        assert sorted(each.the_pull.head_ref.split("/")[1] for each in shop.ours()) == [
            "secrets",
            "workload-hardening",
        ]
        for issue in shop.ours():
            shop.person.set_draft(issue.number, draft=False)
            shop.person.merge(issue.number, delete=True)
        merged = text_at(shop, shop.repo.refs["refs/heads/main"])
        assert "readOnlyRootFilesystem: true" in merged
        assert "secretKeyRef" in merged
        shop.run()
        assert shop.ours() == []


def test_what_git_could_not_merge_is_one_under_the_graver_topic_and_needs_a_look(tmp_path: Path) -> None:
    near = "          env:\n            - name: DB_PASSWORD\n              value: plum-Tr4ctor-canary\n"
    with world(tmp_path, {PATH: pod("web", near)}) as shop:
        shop.repo.private = True
        shop.run()
        issue = only(shop)
        assert issue.the_pull.head_ref.startswith("fixbot/secrets/")
        assert issue.title == "Take DB_PASSWORD of web out of the file, and 1 more fix"
        assert issue.the_pull.draft
        assert set(mark_of(issue).every_rule) == {READONLY, "secret-in-environment"}
        assert writes_nothing_more(shop)


# Its life


def test_a_neighbour_of_the_topic_joins_it_and_keeps_its_branch(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.push("main", {"deploy/api.yaml": pod("api")}, "A neighbour")
    shop.run()
    same = only(shop)
    assert (same.number, same.the_pull.head_ref) == (issue.number, issue.the_pull.head_ref)
    assert len(shop.findings(same)) == 3
    assert same.title == "Harden 2 workloads in deploy"
    assert len(commits(shop, same)) == 2


def test_what_a_run_of_one_rule_can_not_judge_it_leaves(shop: World) -> None:
    shop.run()
    calls = shop.hub.content_calls()
    shop.run(only=(READONLY,))
    assert shop.hub.content_calls() == calls
    assert len(shop.findings(only(shop))) == 2


def test_pull_requests_of_another_group_stay_as_they_are_and_nothing_is_opened_twice(tmp_path: Path) -> None:
    with world(tmp_path, {PATH: BOTH, ".fixbot.yml": "pull_requests: {group: folder}\n"}) as shop:
        shop.run()
        before = {each.number: (each.title, each.body, each.the_pull.head_ref) for each in shop.ours()}
        assert len(before) == 2
        shop.person.push("main", {".fixbot.yml": "severity: low\n"}, "By topic")
        assert writes_nothing_more(shop)
        assert {
            each.number: (each.title, each.body, each.the_pull.head_ref) for each in shop.ours()
        } == before
        shop.person.close(min(before))
        shop.run()
        assert [each.number for each in shop.ours()] == [max(before)], "and a no is lost by none"


def test_one_that_an_older_version_opened_is_known_and_finished(tmp_path: Path) -> None:
    with world(tmp_path, {PATH: BOTH, ".fixbot.yml": "pull_requests: {group: folder}\n"}) as shop:
        shop.run()
        for issue in shop.ours():
            old = replace(mark_of(issue), group="", topic="", parts=())
            shop.person.edit(issue.number, body=replace_state_block(issue.body or "", old))
        shop.person.push("main", {".fixbot.yml": "severity: low\n"}, "By topic")
        shop.run()
        assert len(shop.ours()) == 2
        for issue in shop.ours():
            shop.person.set_draft(issue.number, draft=False)
        shop.person.merge(shop.ours()[0].number, delete=True)
        shop.run()
        assert len(shop.ours()) == 1
        shop.person.push(
            "main",
            {PATH: pod("web", "          securityContext:\n            readOnlyRootFilesystem: true\n")},
            "By hand",
        )
        shop.run()
        assert shop.ours() == []


def test_a_no_to_one_that_held_both_is_a_no_to_both_in_any_group(shop: World) -> None:
    shop.run()
    shop.person.close(only(shop).number)
    shop.person.push("main", {".fixbot.yml": "pull_requests: {group: rule}\n"}, "By rule")
    shop.run()
    assert shop.ours() == []


def test_a_new_finding_beside_one_that_is_open_goes_into_it_where_git_could_not_merge_them(
    tmp_path: Path,
) -> None:
    near = "          env:\n            - name: DB_PASSWORD\n              value: plum-Tr4ctor-canary\n"
    with world(tmp_path, {PATH: pod("web")}) as shop:
        shop.run()
        issue = only(shop)
        shop.person.push("main", {PATH: pod("web", near)}, "A secret")
        shop.run()
        same = only(shop)
        assert (same.number, same.the_pull.head_ref) == (issue.number, issue.the_pull.head_ref)
        assert len(shop.findings(same)) == 2
        assert writes_nothing_more(shop)


BOTH_RULES = ("--only", "readonly-root-filesystem", "--only", "privileged-container")


def test_a_branch_on_this_machine_has_the_same_commits_and_a_second_run_makes_none(tmp_path: Path) -> None:
    at = repository(tmp_path / "shop", **{PATH: BOTH})
    git(at, "rm", "-q", "deploy/task.json")
    git(at, "commit", "-qm", "only this")
    assert fixbot("run", "--branch", *BOTH_RULES, at=at).code == 0
    (branch,) = git(at, "branch", "--list", "fixbot/*", "--format=%(refname:short)").split("\n")
    assert branch.startswith("fixbot/workload-hardening/")
    subjects = git(at, "log", "--format=%s", f"main..{branch}").split("\n")
    assert subjects == ["Make the root filesystem of web read-only", "Drop privileged mode from web"]
    head = git(at, "rev-parse", branch)
    assert fixbot("run", "--branch", *BOTH_RULES, at=at).code == 0
    assert git(at, "rev-parse", branch) == head
    git(at, "rebase", "-q", "--onto", f"{branch}~2", f"{branch}~1", branch)
    assert "readOnlyRootFilesystem: true" in (at / PATH).read_text(), "the first one can be dropped"


# A commit that somebody takes off


def test_a_commit_that_somebody_drops_from_the_end_is_a_no_to_its_findings(
    shop: World, tmp_path: Path
) -> None:
    shop.run()
    issue = only(shop)
    first, second = mark_of(issue).commits
    dropped = mark_of(issue).commits[second]
    folder = clone(shop, tmp_path / "clone", issue.the_pull.head_ref)
    git(folder, "reset", "-q", "--hard", first)
    pushed(shop, folder)
    shop.run()
    same = only(shop)
    assert same.number == issue.number
    assert same.title == "Drop privileged mode from web", "the text says what is left"
    assert shop.findings(same) == set(mark_of(issue).commits[first])
    assert "readOnlyRootFilesystem" not in on_branch(shop, same)
    assert writes_nothing_more(shop)
    shop.person.set_draft(same.number, draft=False)
    shop.person.merge(same.number, delete=True)
    shop.run()
    assert shop.ours() == [], "it is not offered again after the merge"
    assert set(dropped) == set(mark_of(shop.repo.issue(issue.number)).refused)


@pytest.mark.parametrize("how", ["rebased", "reverted", "reverted and back"])
def test_a_commit_that_somebody_takes_out_is_never_added_again(shop: World, tmp_path: Path, how: str) -> None:
    shop.run()
    issue = only(shop)
    first, _ = mark_of(issue).commits
    folder = clone(shop, tmp_path / "clone", issue.the_pull.head_ref)
    if how == "rebased":
        git(folder, "rebase", "-q", "--onto", f"{first}^", first)
    else:
        git(folder, "revert", "--no-edit", first)
    if how == "reverted and back":
        git(folder, "revert", "--no-edit", "HEAD")
    pushed(shop, folder)
    hers = shop.branches()[issue.the_pull.head_ref]
    shop.run()
    assert shop.branches()[issue.the_pull.head_ref] == hers, "a person's branch is never touched"
    assert writes_nothing_more(shop)
    shop.person.set_draft(issue.number, draft=False)
    shop.person.merge(issue.number, "squash", delete=True)
    for _ in range(2):
        shop.run()
        assert shop.ours() == []
    assert ("privileged: true" in text_at(shop, shop.repo.refs["refs/heads/main"])) == (
        how != "reverted and back"
    )


def test_what_was_taken_off_and_merged_between_two_runs_is_a_no_too(shop: World, tmp_path: Path) -> None:
    shop.run()
    issue = only(shop)
    first, _ = mark_of(issue).commits
    folder = clone(shop, tmp_path / "clone", issue.the_pull.head_ref)
    git(folder, "reset", "-q", "--hard", first)
    pushed(shop, folder)
    shop.person.set_draft(issue.number, draft=False)
    shop.person.merge(issue.number, delete=True)
    for _ in range(2):
        shop.run()
        assert shop.ours() == []


# A no to a part


def test_a_no_to_one_rule_takes_that_out_and_leaves_the_rest(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.comment(issue.number, f"fixbot: ignore {READONLY} it keeps its state there")
    shop.run()
    same = only(shop)
    assert same.number == issue.number
    assert same.title == "Drop privileged mode from web"
    assert "readOnlyRootFilesystem" not in on_branch(shop, same)
    assert writes_nothing_more(shop)
    shop.person.set_draft(same.number, draft=False)
    shop.person.merge(same.number, delete=True)
    shop.run()
    assert shop.ours() == []


def test_a_no_to_one_file_leaves_the_same_rule_in_the_others(tmp_path: Path) -> None:
    with world(tmp_path, {PATH: pod("web"), "deploy/api.yaml": pod("api")}) as shop:
        shop.run()
        issue = only(shop)
        shop.person.comment(issue.number, f"fixbot: ignore `{READONLY}` {PATH} it keeps its state there")
        shop.run()
        same = only(shop)
        assert (same.number, same.title) == (issue.number, "Make the root filesystem of api read-only")
        assert writes_nothing_more(shop)


def test_a_no_to_a_part_ends_on_its_day(shop: World) -> None:
    shop.run()
    issue = only(shop)
    until = datetime.fromtimestamp(shop.hub.clock.now() + 86400, UTC).date().isoformat()
    shop.person.comment(issue.number, f"fixbot: ignore {READONLY} until={until} after the move")
    shop.run()
    assert len(shop.findings(only(shop))) == 1
    shop.hub.clock.advance(3 * 86400)
    shop.run()
    assert len(shop.findings(only(shop))) == 2


def test_a_no_to_a_rule_that_it_does_not_hold_is_one_to_all_of_it(shop: World) -> None:
    shop.run()
    shop.person.comment(only(shop).number, "fixbot: ignore tag-condition-missing is a word like any other")
    shop.run()
    assert shop.ours() == []


def test_a_slip_of_the_pen_in_the_path_is_no_no(shop: World) -> None:
    shop.run()
    shop.person.comment(only(shop).number, f"fixbot: ignore {READONLY} deploy/wbe.yaml state")
    shop.run()
    assert len(shop.findings(only(shop))) == 2


def test_a_no_to_every_part_closes_it(shop: World) -> None:
    shop.run()
    shop.person.comment(only(shop).number, f"fixbot: ignore {READONLY} state")
    shop.run()
    shop.person.comment(only(shop).number, f"fixbot: ignore {PRIVILEGED} state")
    shop.run()
    assert shop.ours() == []
    shop.run()
    assert shop.ours() == []


def test_a_no_to_a_part_of_a_branch_that_is_somebody_elses_is_kept_for_later(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.push(issue.the_pull.head_ref, {"notes.md": "mine\n"}, "Mine")
    shop.person.comment(issue.number, f"fixbot: ignore {READONLY} state")
    shop.run()
    assert set(mark_of(only(shop)).refused) <= shop.findings(only(shop))
    assert len(mark_of(only(shop)).refused) == 1
    assert writes_nothing_more(shop)


def test_the_label_ignore_is_a_no_to_all_of_it(shop: World) -> None:
    shop.run()
    shop.person.label(only(shop).number, "fixbot: ignore")
    for _ in range(2):
        shop.run()
        assert shop.ours() == []
