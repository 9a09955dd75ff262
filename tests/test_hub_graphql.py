"""GraphQL on the stand-in: the whole that a bot asks, in GitHub's own schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.graph.served import SERVED
from tests.hub.limits import Limits
from tests.hub.world import NAME, World, world

EVERYTHING = """
query($owner: String!, $name: String!) {
  viewer { login }
  rateLimit { cost limit remaining resetAt }
  repository(owner: $owner, name: $name) {
    id nameWithOwner isArchived isFork isEmpty isDisabled pushedAt viewerPermission
    defaultBranchRef { name target { oid ... on Commit {
      message tree { oid entries { name path mode type oid object { oid } } }
      parents(first: 2) { nodes { oid } }
      history(first: 5) { totalCount nodes { oid author { name user { login } } } } } } }
    file: object(expression: "main:infra/main.tf") {
      oid ... on Blob { text byteSize isBinary isTruncated } }
    ours: refs(refPrefix: "refs/heads/fixbot/", first: 10) { nodes { prefix name target { oid } } }
    gone: ref(qualifiedName: "refs/heads/gone") { name }
    pullRequests(headRefName: "fixbot/a/1", baseRefName: "main", states: [OPEN], first: 10,
                 orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes { number state isDraft merged headRefOid isInMergeQueue mergeQueueEntry { position } title body
        author { login __typename } mergeable
        labels(first: 5) { nodes { name } }
        commits(first: 9) { nodes { commit { oid } } }
        timelineItems(first: 9, itemTypes: [RENAMED_TITLE_EVENT, CLOSED_EVENT]) {
          nodes { __typename ... on RenamedTitleEvent { actor { login } currentTitle } } }
        comments(last: 3) { nodes { body author { login } authorAssociation createdAt } } } }
    one: pullRequest(number: 1) { headRef { name } reviewDecision }
  }
}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
        assert made.hub.violations == []


def test_one_query_tells_all_of_a_repository(shop: World) -> None:
    number = shop.pull(body="Why")
    shop.pat.comment(number, "fixbot: rebase")
    shop.pat.label(number, "security")
    shop.pat.edit(number, title="Mine")
    shop.pat.queue(number)
    answer = shop.ask.graph(EVERYTHING, owner="acme", name="shop")
    assert "errors" not in answer
    repo = answer["data"]["repository"]
    assert repo["file"]["text"] == "one\ntwo\nthree\n"
    assert repo["gone"] is None
    assert [each["name"] for each in repo["ours"]["nodes"]] == ["fixbot/a/1"]
    (pull,) = repo["pullRequests"]["nodes"]
    assert (pull["author"], pull["mergeable"]) == (
        {"login": "github-actions", "__typename": "Bot"},
        "MERGEABLE",
    )
    assert (pull["isInMergeQueue"], pull["mergeQueueEntry"]) == (True, {"position": 1})
    assert pull["timelineItems"]["nodes"][0]["currentTitle"] == "Mine"
    assert pull["comments"]["nodes"][0]["author"] == {"login": "pat"}


def test_pushing_to_a_queued_pull_request_takes_it_out_of_the_queue(shop: World) -> None:
    number = shop.pull()
    shop.pat.queue(number)
    shop.ask.update_refs(shop.node, ("refs/heads/fixbot/a/1", shop.commit(text="z\n"), None, True))
    assert shop.repo.issues[number].the_pull.queued is False


def test_drafts_come_and_go(shop: World) -> None:
    number = shop.pull()
    name = shop.ask("GET", f"/repos/{NAME}/pulls/{number}").body["node_id"]
    for mutation, draft in (("convertPullRequestToDraft", True), ("markPullRequestReadyForReview", False)):
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        words = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ pullRequest {{ isDraft }} }} }}"
        answer = shop.ask.graph(words, input={"pullRequestId": name})
        assert answer["data"][mutation]["pullRequest"]["isDraft"] is draft


def test_blobs_come_in_one_query_by_aliases_or_by_nodes(shop: World) -> None:
    store, main = shop.repo.store, shop.repo.refs["refs/heads/main"]
    entry = store.at(store.tree_of(main), "README.md")
    assert entry is not None
    words = """query($one: GitObjectID!, $none: GitObjectID!) { repository(owner: "acme", name: "shop") {
        a: object(oid: $one) { id ... on Blob { text } } b: object(oid: $none) { oid } } }"""
    found = shop.ask.graph(words, one=entry[1], none="1" * 40)["data"]["repository"]
    assert (found["a"]["text"], found["b"]) == ("# shop\n", None)
    again = shop.ask.graph(
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Blob { oid } } }", ids=[found["a"]["id"]]
    )
    assert again["data"]["nodes"] == [{"oid": entry[1]}]


def test_repositories_are_found_by_organization_and_by_topic(shop: World) -> None:
    for number in range(3):
        shop.hub.add_repo(f"acme/r{number}", {"a": b"a"}, topics=("cloud",))
    shop.hub.add_repo("acme/hidden", {"a": b"a"}, topics=("cloud",), private=True)
    words = """query($after: String) {
        organization(login: "acme") { repositories(first: 2, after: $after) {
          totalCount nodes { name } pageInfo { hasNextPage endCursor } } }
        search(type: REPOSITORY, query: "org:acme topic:cloud", first: 9) {
          repositoryCount nodes { ... on Repository { name } } } }"""
    names: list[str] = []
    answer: Any = shop.ask.graph(words)["data"]
    assert answer["search"]["repositoryCount"] == 3
    while True:
        found = answer["organization"]["repositories"]
        names += [each["name"] for each in found["nodes"]]
        if not found["pageInfo"]["hasNextPage"]:
            break
        answer = shop.ask.graph(words, after=found["pageInfo"]["endCursor"])["data"]
    assert names == ["r0", "r1", "r2", "shop"]


def test_what_is_not_there_is_an_error_with_a_type(shop: World) -> None:
    answer = shop.ask.graph('query { repository(owner: "acme", name: "none") { id } }')
    assert answer["data"] == {"repository": None}
    assert answer["errors"][0]["type"] == "NOT_FOUND"
    none = shop.ask.graph(
        'query { repository(owner: "acme", name: "shop") { refs(refPrefix: "x") { totalCount } } }'
    )
    assert none["errors"][0]["type"] == "MISSING_PAGINATION_BOUNDARIES"


def test_a_used_up_limit_comes_with_status_200(shop: World) -> None:
    shop.hub.limits = Limits(primary=1)
    assert "data" in shop.ask.graph("query { viewer { login } }")
    assert shop.ask.graph("query { viewer { login } }")["errors"][0]["type"] == "RATE_LIMITED"
    assert shop.ask("GET", f"/repos/{NAME}").status == 200


def test_the_schema_holds_exactly_what_is_served() -> None:
    from tests.hub.graph.execute import schema  # noqa: PLC0415

    for name, fields in SERVED.items():
        kind = schema().type_map[name]
        assert set(getattr(kind, "fields", {})) == set(fields), name
