"""What the stand-in refuses, as GitHub does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.model import Protection, Ruleset
from tests.hub.world import NAME, ZERO, World, world

PULLS = f"/repos/{NAME}/pulls"
REFS = f"/repos/{NAME}/git/refs"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def opened(shop: World, head: str, **said: Any) -> Any:
    return shop.ask("POST", PULLS, {"title": "T", "head": head, "base": "main", **said})


def said(answer: Any) -> str:
    return str(answer.body["errors"][0].get("message") or answer.body["errors"][0])


def test_a_second_pull_request_for_a_head_is_refused(shop: World) -> None:
    shop.pull("fixbot/a/1")
    again = opened(shop, "fixbot/a/1")
    assert (again.status, said(again)) == (422, "A pull request already exists for acme:fixbot/a/1.")


def test_a_pull_request_with_nothing_in_it_is_refused(shop: World) -> None:
    shop.pat.push("same", {"x": "1"})
    shop.pat.merge(shop.pat.open_pull("same", "t"))
    shop.ask("POST", REFS, {"ref": "refs/heads/empty", "sha": shop.repo.refs["refs/heads/main"]})
    assert said(opened(shop, "empty")) == "No commits between main and empty"


def test_a_pull_request_from_a_branch_that_is_not_there_is_refused(shop: World) -> None:
    answer = opened(shop, "gone")
    assert answer.status == 422
    assert answer.body["errors"] == [{"resource": "PullRequest", "field": "head", "code": "invalid"}]


@pytest.mark.parametrize(("text", "status"), [("b" * 65_536, 201), ("b" * 65_537, 422)])
def test_a_body_is_at_most_65536_characters_long(shop: World, text: str, status: int) -> None:
    shop.branch("fixbot/a/1")
    assert opened(shop, "fixbot/a/1", body=text).status == status


def test_a_title_is_at_most_256_characters_long(shop: World) -> None:
    shop.branch("fixbot/a/1")
    assert opened(shop, "fixbot/a/1", title="t" * 257).status == 422


def test_drafts_are_refused_where_the_plan_has_none(tmp_path: Path) -> None:
    with world(tmp_path, drafts=False) as shop:
        shop.branch("fixbot/a/1")
        assert opened(shop, "fixbot/a/1", draft=True).status == 422
        assert opened(shop, "fixbot/a/1").status == 201


def test_actions_may_be_forbidden_to_open_pull_requests(tmp_path: Path) -> None:
    with world(tmp_path, actions_may_open=False) as shop:
        shop.branch("fixbot/a/1")
        answer = opened(shop, "fixbot/a/1")
        assert answer.status == 403
        assert "not permitted to create or approve" in answer.body["message"]


def test_a_ref_is_made_once_and_moved_forward_only(shop: World) -> None:
    first = shop.branch("fixbot/a/1")
    other = shop.commit(text="other\n")
    again = shop.ask("POST", REFS, {"ref": "refs/heads/fixbot/a/1", "sha": other})
    assert (again.status, again.body["message"]) == (422, "Reference already exists")
    back = shop.ask("PATCH", f"{REFS}/heads/fixbot/a/1", {"sha": other})
    assert (back.status, back.body["message"]) == (422, "Update is not a fast forward")
    assert shop.ask("PATCH", f"{REFS}/heads/fixbot/a/1", {"sha": other, "force": True}).status == 200
    assert first != other


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("refs/heads/fixbot", "Reference update failed"),
        ("refs/heads/fixbot/a/1/more", "Reference update failed"),
        ("refs/heads/a..b", "refs/heads/a..b is not a valid ref name."),
        ("heads/x", "heads/x is not a valid ref name."),
        ("refs/pull/9/head", "refs/pull/9/head is read-only"),
    ],
)
def test_names_that_git_or_github_does_not_take_are_refused(shop: World, name: str, message: str) -> None:
    sha = shop.branch("fixbot/a/1")
    answer = shop.ask("POST", REFS, {"ref": name, "sha": sha})
    assert (answer.status, answer.body["message"]) == (422, message)


def test_unknown_objects_are_refused(shop: World) -> None:
    none = "1" * 40
    made = shop.ask("POST", REFS, {"ref": "refs/heads/x", "sha": none})
    assert made.body["message"] == "Object does not exist"
    commit = shop.ask("POST", f"/repos/{NAME}/git/commits", {"message": "m", "tree": none, "parents": []})
    assert commit.body["message"] == "Tree SHA does not exist"


def test_update_refs_moves_nothing_when_a_person_was_faster(shop: World) -> None:
    mine = shop.branch("fixbot/a/1")
    theirs = shop.pat.push("fixbot/a/1", {"infra/main.tf": "mine\n"})
    other = shop.commit(text="other\n")
    answer = shop.ask.update_refs(
        shop.node,
        ("refs/heads/fixbot/b/2", other, ZERO, False),
        ("refs/heads/fixbot/a/1", other, mine, True),
    )
    assert answer["errors"][0]["type"] == "STALE_DATA"
    assert shop.repo.refs["refs/heads/fixbot/a/1"] == theirs
    assert "refs/heads/fixbot/b/2" not in shop.repo.refs


def test_update_refs_does_not_create_what_is_there_nor_delete_what_moved(shop: World) -> None:
    mine = shop.branch("fixbot/a/1")
    assert "errors" in shop.ask.update_refs(shop.node, ("refs/heads/fixbot/a/1", mine, ZERO, False))
    shop.pat.push("fixbot/a/1", {"infra/main.tf": "mine\n"})
    assert "errors" in shop.ask.update_refs(shop.node, ("refs/heads/fixbot/a/1", ZERO, mine, False))
    assert "refs/heads/fixbot/a/1" in shop.repo.refs


def test_an_archived_repository_is_only_read(shop: World) -> None:
    number = shop.pull()
    shop.pat.archive()
    assert shop.ask("GET", f"{PULLS}/{number}").status == 200
    assert shop.ask("PATCH", f"{PULLS}/{number}", {"title": "x"}).status == 403
    answer = shop.ask.update_refs(shop.node, ("refs/heads/x", shop.repo.refs["refs/heads/main"], ZERO, False))
    assert "archived" in answer["errors"][0]["message"]


def test_an_empty_repository_has_no_git_data(tmp_path: Path) -> None:
    with world(tmp_path) as shop:
        shop.hub.add_repo("acme/empty")
        shop.hub.tokens[shop.token] = shop.hub.tokens[shop.hub.user_token("acme")]
        for verb, path, body in (
            ("POST", "/git/blobs", {"content": "x"}),
            ("GET", "/git/ref/heads/main", None),
            ("GET", "/commits", None),
        ):
            assert shop.ask(verb, f"/repos/acme/empty{path}", body).status == 409


def test_workflows_need_their_own_permission(shop: World) -> None:
    body = {
        "base_tree": shop.repo.store.tree_of(shop.repo.refs["refs/heads/main"]),
        "tree": [{"path": ".github/workflows/ci.yml", "mode": "100644", "type": "blob", "content": "x"}],
    }
    assert shop.ask("POST", f"/repos/{NAME}/git/trees", body).status == 403
    theirs = shop.pat.push("work", {".github/workflows/new.yml": "x"})
    shop.repo.refs.pop("refs/heads/work")
    answer = shop.ask("POST", REFS, {"ref": "refs/heads/fixbot/w/1", "sha": theirs})
    assert answer.status == 422
    assert "workflows" in answer.body["message"]


@pytest.mark.parametrize(
    ("rule", "parameters", "message"),
    [
        ("creation", {}, "creations being restricted"),
        (
            "branch_name_pattern",
            {"operator": "starts_with", "pattern": "feature/"},
            "must match a given pattern",
        ),
        ("required_signatures", {}, "verified signatures"),
        ("commit_message_pattern", {"operator": "regex", "pattern": "^fix: "}, "Commit message must match"),
    ],
)
def test_rulesets_refuse_a_new_branch(
    shop: World, rule: str, parameters: dict[str, str], message: str
) -> None:
    sha = shop.repo.store.write_commit(
        shop.repo.store.tree_of(shop.repo.refs["refs/heads/main"]),
        [shop.repo.refs["refs/heads/main"]],
        "m",
        ("a", "a@b", 1),
        ("a", "a@b", 1),
        signed=False,
    )
    shop.repo.rulesets = (Ruleset(7, ((rule, parameters),), ("refs/heads/fixbot/**",)),)
    told = shop.ask("GET", f"/repos/{NAME}/rules/branches/fixbot/a/1").body
    assert [each["type"] for each in told] == [rule]
    answer = shop.ask("POST", REFS, {"ref": "refs/heads/fixbot/a/1", "sha": sha})
    assert answer.status == 422
    assert message in answer.body["message"]
    assert shop.ask("POST", REFS, {"ref": "refs/heads/other", "sha": sha}).status == 201


def test_a_protected_branch_takes_changes_through_pull_requests_only(shop: World) -> None:
    shop.repo.protections["main"] = Protection("main")
    assert shop.ask("GET", f"/repos/{NAME}/branches/main").body["protected"] is True
    answer = shop.ask("PATCH", f"{REFS}/heads/main", {"sha": shop.commit()})
    assert (answer.status, answer.body["message"]) == (422, "Changes must be made through a pull request.")
    number = shop.pull()
    assert shop.ask("GET", f"{PULLS}/{number}").body["mergeable_state"] == "blocked"


def test_the_author_and_strangers_can_not_review(shop: World) -> None:
    number = shop.pull()
    path = f"{PULLS}/{number}/requested_reviewers"
    assert shop.ask("POST", path, {"reviewers": ["stranger"]}).status == 422
    assert shop.ask("POST", path, {"reviewers": ["github-actions[bot]"]}).status == 422
    assert shop.ask("POST", path, {"reviewers": ["pat"]}).status == 201
    assert [each["login"] for each in shop.ask("GET", path).body["users"]] == ["pat"]


def test_tokens_are_known_and_may_only_what_they_may(shop: World) -> None:
    shop.hub.add_repo("acme/secret", {"a": b"a"}, private=True)
    assert shop.ask("GET", "/repos/acme/secret").status == 404
    assert shop.ask("GET", "/user").status == 403
    assert shop.ask("GET", f"/repos/{NAME}/actions/permissions/workflow").status == 403
    weak = shop.hub.actions_token(NAME, contents="read")
    shop.ask._headers["Authorization"] = f"token {weak}"  # noqa: SLF001
    answer = shop.ask("POST", f"/repos/{NAME}/git/blobs", {"content": "x"})
    assert (answer.status, answer.body["message"]) == (403, "Resource not accessible by integration")
    shop.ask._headers["Authorization"] = "token nonsense"  # noqa: SLF001
    assert shop.ask("GET", f"/repos/{NAME}").status == 401


def test_what_the_description_does_not_have_is_a_violation(shop: World) -> None:
    assert shop.ask("POST", f"/repos/{NAME}/git/blobs", {"content": 1}).status == 422
    assert shop.ask("GET", f"/repos/{NAME}/nonsense").status == 404
    assert shop.ask("GET", PULLS, state="closing").status == 422
    shop.ask("GET", PULLS, sate="open")
    assert "errors" in shop.ask.graph("query { viewer { nonsense } }")
    assert "errors" in shop.ask.graph("query($n: Int!) { viewer { login } rateLimit { cost } }", n="x")
    assert len(shop.hub.violations) >= 6
