"""How pull requests live in the stand-in: all that is said of them comes from git, and people act on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub import invariants
from tests.hub.asking import Ask
from tests.hub.people import Person
from tests.hub.world import NAME, ZERO, World, world

PULLS = f"/repos/{NAME}/pulls"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
        assert made.hub.violations == []


def events(shop: World, number: int) -> list[tuple[str, str]]:
    found = shop.ask("GET", f"/repos/{NAME}/issues/{number}/events").body
    return [(each["event"], each["actor"]["login"]) for each in found]


def test_head_commits_and_files_follow_the_branch(shop: World) -> None:
    number = shop.pull()
    new = shop.pat.push("fixbot/a/1", {"notes.txt": "hello\n"})
    shown = shop.ask("GET", f"{PULLS}/{number}").body
    assert (shown["head"]["sha"], shown["commits"], shown["changed_files"]) == (new, 2, 2)
    files = shop.ask("GET", f"{PULLS}/{number}/files").body
    assert [each["filename"] for each in files] == ["infra/main.tf", "notes.txt"]
    assert "+hello" in files[1]["patch"]
    assert shop.ask("GET", f"{PULLS}/{number}/commits").body[1]["sha"] == new


def test_mergeable_is_not_known_at_first_and_then_what_git_says(shop: World) -> None:
    number = shop.pull()
    assert shop.ask("GET", f"{PULLS}/{number}").body["mergeable"] is True
    shop.pat.push("main", {"infra/main.tf": "ONE\ntwo\nthree\n"})
    assert shop.ask("GET", f"{PULLS}/{number}").body["mergeable"] is None
    shown = shop.ask("GET", f"{PULLS}/{number}").body
    assert (shown["mergeable"], shown["mergeable_state"]) == (False, "dirty")


def test_deleting_the_branch_closes_in_the_name_of_who_did_it(shop: World) -> None:
    number = shop.pull()
    shop.pat.delete_branch("fixbot/a/1")
    assert shop.ask("GET", f"{PULLS}/{number}").body["state"] == "closed"
    assert events(shop, number) == [("head_ref_deleted", "pat"), ("closed", "pat")]
    reopened = shop.ask("PATCH", f"{PULLS}/{number}", {"state": "open"})
    assert "has been deleted" in reopened.body["errors"][0]["message"]
    shop.pat.restore_branch(number)
    assert shop.ask("PATCH", f"{PULLS}/{number}", {"state": "open"}).status == 200


def test_a_closed_one_can_not_be_reopened_after_a_force_push(shop: World) -> None:
    number = shop.pull()
    shop.pat.close(number)
    shop.pat.amend("fixbot/a/1", {"infra/main.tf": "x\n"})
    answer = shop.ask("PATCH", f"{PULLS}/{number}", {"state": "open"})
    assert answer.status == 422
    assert "force-pushed" in answer.body["errors"][0]["message"]


def test_pushing_nothing_closes_and_pushing_the_commits_to_the_base_merges(shop: World) -> None:
    first, base = shop.pull("fixbot/a/1"), shop.repo.refs["refs/heads/main"]
    shop.ask.update_refs(shop.node, ("refs/heads/fixbot/a/1", base, None, True))
    assert shop.ask("GET", f"{PULLS}/{first}").body["merged"] is False
    assert shop.ask("GET", f"{PULLS}/{first}").body["state"] == "closed"
    second = shop.pull("fixbot/b/2")
    shop.pat.push("main", {"x": "y"}, start=shop.repo.refs["refs/heads/fixbot/b/2"])
    shown = shop.ask("GET", f"{PULLS}/{second}").body
    assert (shown["state"], shown["merged"]) == ("closed", True)


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_people_merge_and_revert(shop: World, how: str) -> None:
    number = shop.pull()
    shop.pat.push("main", {"other.txt": "x\n"})
    made = shop.pat.merge(number, how, delete=True)
    shown = shop.ask("GET", f"{PULLS}/{number}").body
    assert (shown["merge_commit_sha"], shown["merged_by"]["login"]) == (made, "pat")
    text = shop.ask("GET", f"/repos/{NAME}/contents/infra/main.tf")
    assert text.body["content"].startswith("MQp0d28K")
    shop.pat.revert(made)
    assert shop.ask("GET", f"/repos/{NAME}/contents/infra/main.tf").body["content"].startswith("b25l")
    assert ("merged", "pat") in events(shop, number)


def test_a_list_takes_a_head_only_with_its_owner(shop: World) -> None:
    shop.pull("fixbot/a/1")
    shop.pull("fixbot/b/2")
    theirs = Person(shop.hub, "eve", NAME, "read").fork_pull("fixbot/a/1", {"x": "y"}, "Mine")
    with_owner = shop.ask("GET", PULLS, head="acme:fixbot/a/1").body
    assert [each["number"] for each in with_owner] == [1]
    assert len(shop.ask("GET", PULLS, head="fixbot/a/1").body) == 3
    by_name = shop.ask.graph(
        """query { repository(owner: "acme", name: "shop") {
        pullRequests(headRefName: "fixbot/a/1", first: 9) { nodes { number isCrossRepository } } } }"""
    )["data"]["repository"]["pullRequests"]["nodes"]
    assert [each["number"] for each in by_name if each["isCrossRepository"]] == [theirs]


def test_lists_have_pages_and_links(shop: World) -> None:
    for name in ("a", "b", "c"):
        shop.pull(f"fixbot/{name}/1")
    answer = shop.ask("GET", PULLS, per_page="2", direction="asc")
    assert [each["number"] for each in answer.body] == [1, 2]
    assert 'page=2>; rel="next"' in answer.headers["link"]


def test_a_renamed_repository_and_branch_lead_on(shop: World) -> None:
    number = shop.pull()
    shop.pat.rename_branch("main", "trunk")
    moved = shop.ask("GET", f"/repos/{NAME}/branches/main")
    assert (moved.status, moved.headers["location"][-6:]) == (301, "/trunk")
    assert shop.ask("GET", f"{PULLS}/{number}").body["base"]["ref"] == "trunk"
    shop.pat.rename_repo("store")
    old = shop.ask("GET", f"/repos/{NAME}")
    assert old.status == 301
    assert shop.ask.send("GET", old.headers["location"]).body["full_name"] == "acme/store"
    assert shop.ask("PATCH", f"{PULLS}/{number}", {"title": "x"}).status == 307
    named = shop.ask.graph('query { repository(owner: "acme", name: "shop") { nameWithOwner } }')
    assert named["data"]["repository"]["nameWithOwner"] == "acme/store"


def test_an_etag_saves_the_answer_until_something_changes(shop: World) -> None:
    first = shop.ask("GET", f"/repos/{NAME}/git/ref/heads/main")
    same = {"If-None-Match": first.headers["etag"]}
    assert shop.ask.send("GET", f"/repos/{NAME}/git/ref/heads/main", headers=same).status == 304
    shop.pat.push("main", {"x": "y"})
    assert shop.ask.send("GET", f"/repos/{NAME}/git/ref/heads/main", headers=same).status == 200


def test_what_people_pushed_is_watched(shop: World) -> None:
    shop.pull()
    theirs = shop.pat.push("fixbot/a/1", {"x": "y"})
    assert invariants.unreachable(shop.repo) == invariants.off_branches(shop.repo) == []
    mine = shop.commit(text="again\n")
    shop.ask.update_refs(shop.node, ("refs/heads/fixbot/a/1", mine, None, True))
    lost = [("pat", "refs/heads/fixbot/a/1", theirs)]
    assert invariants.off_branches(shop.repo) == lost
    assert invariants.unreachable(shop.repo) == lost
    assert invariants.written_outside(shop.repo, "refs/heads/fixbot/", "github-actions[bot]") == []
    assert invariants.doubled(shop.repo) == []


def test_a_commit_that_only_a_pull_request_still_shows_is_told_apart(shop: World) -> None:
    shop.pull()
    theirs = shop.pat.push("fixbot/a/1", {"x": "y"})
    shop.ask.update_refs(shop.node, ("refs/heads/fixbot/a/1", ZERO, theirs, False))
    assert invariants.unreachable(shop.repo) == []
    assert invariants.off_branches(shop.repo) == [("pat", "refs/heads/fixbot/a/1", theirs)]


def test_create_commit_on_branch_signs_and_forgets_modes(shop: World) -> None:
    tip = shop.branch("fixbot/a/1")
    words = """mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) {
        commit { oid signature { isValid } file(path: "infra/run.sh") { mode } } } }"""
    asked: dict[str, Any] = {
        "branch": {"repositoryNameWithOwner": NAME, "branchName": "fixbot/a/1"},
        "expectedHeadOid": tip,
        "message": {"headline": "Fix"},
        "fileChanges": {"additions": [{"path": "infra/run.sh", "contents": "eA=="}]},
    }
    commit = shop.ask.graph(words, input=asked)["data"]["createCommitOnBranch"]["commit"]
    assert commit["signature"] == {"isValid": True}
    assert commit["file"]["mode"] == 0o100644
    assert shop.ask.graph(words, input=asked)["errors"][0]["type"] == "STALE_DATA"


def test_commits_of_an_installation_are_signed_unless_it_names_an_author(shop: World) -> None:
    main = shop.repo.refs["refs/heads/main"]
    body = {"message": "m", "tree": shop.repo.store.tree_of(main), "parents": [main]}
    path = f"/repos/{NAME}/git/commits"
    plain = shop.ask("POST", path, body).body
    assert plain["verification"]["verified"] is True
    assert (plain["author"]["name"], plain["committer"]["name"]) == ("github-actions[bot]", "GitHub")
    named = {**body, "author": {"name": "a", "email": "a@b.c"}}
    assert shop.ask("POST", path, named).body["verification"]["verified"] is False
    user = Ask(shop.server, shop.hub.user_token("pat"))
    assert user("POST", path, body).body["verification"]["verified"] is False
    user.close()


def test_trees_keep_modes_and_delete_and_take_a_commit_as_their_base(shop: World) -> None:
    main = shop.repo.refs["refs/heads/main"]
    gone: dict[str, Any] = {"path": "README.md", "mode": "100644", "type": "blob", "sha": None}
    made = shop.ask("POST", f"/repos/{NAME}/git/trees", {"base_tree": main, "tree": [gone]}).body
    shown = shop.ask("GET", f"/repos/{NAME}/git/trees/{made['sha']}", recursive="1").body
    modes = {each["path"]: each["mode"] for each in shown["tree"] if each["type"] == "blob"}
    assert modes == {
        ".github/workflows/ci.yml": "100644",
        "infra/main.tf": "100644",
        "infra/run.sh": "100755",
    }
    again = shop.ask("POST", f"/repos/{NAME}/git/trees", {"base_tree": made["sha"], "tree": [gone]})
    assert again.status == 422


def test_a_branch_can_be_called_like_the_folder_of_one_that_is_gone(shop: World) -> None:
    sha = shop.branch("fixbot/a/1")
    shop.ask.update_refs(shop.node, ("refs/heads/fixbot/a/1", ZERO, sha, False))
    assert "errors" not in shop.ask.update_refs(shop.node, ("refs/heads/fixbot", sha, ZERO, False))
    assert shop.repo.store.refs() == shop.repo.refs


def test_git_itself_can_push_into_the_repository(shop: World, tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415

    number = shop.pull()
    words = ["git", "-C", str(shop.hub.path("acme", "shop")), "update-ref", "-d", "refs/heads/fixbot/a/1"]
    subprocess.run(words, check=True)
    shop.pat.git_pushed()
    assert shop.ask("GET", f"{PULLS}/{number}").body["state"] == "closed"
    assert ZERO not in shop.repo.refs.values()
