"""The stand-in told to fail, its limits, its apps, and its command line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import IncompleteRead, RemoteDisconnected
from pathlib import Path
from random import Random

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import Auth, Github, GithubIntegration, InputGitTreeElement

from tests.hub.asking import Ask
from tests.hub.faults import KINDS, Faults
from tests.hub.hub import App, Request
from tests.hub.limits import Limits
from tests.hub.server import Server
from tests.hub.world import FILES, NAME, ZERO, World, world

ROOT = Path(__file__).parent.parent
PULLS = f"/repos/{NAME}/pulls"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
        assert made.hub.violations == []


def fail(shop: World, kind: str) -> None:
    """Let the next request go wrong."""
    shop.hub.faults = Faults({shop.hub.log[-1].number + 1: kind})


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [("403", 403, 0), ("429-silent", 429, 0), ("500", 500, 0), ("502-before", 502, 0), ("502-after", 502, 1)],
)
def test_a_refusal_comes_before_and_a_bad_gateway_may_come_after(
    shop: World, kind: str, status: int, done: int
) -> None:
    shop.branch("fixbot/a/1")
    fail(shop, kind)
    answer = shop.ask("POST", PULLS, {"title": "T", "head": "fixbot/a/1", "base": "main"})
    assert answer.status == status
    assert ("retry-after" in answer.headers) == (kind == "403")
    assert len(shop.repo.issues) == done


@pytest.mark.parametrize(("kind", "done"), [("reset-before", 0), ("reset-after", 1), ("cut", 1)])
def test_a_connection_breaks_before_after_and_in_between(shop: World, kind: str, done: int) -> None:
    shop.branch("fixbot/a/1")
    fail(shop, kind)
    with pytest.raises((ConnectionResetError, RemoteDisconnected, IncompleteRead)):
        shop.ask("POST", PULLS, {"title": "T", "head": "fixbot/a/1", "base": "main"})
    assert len(shop.repo.issues) == done
    assert shop.ask("GET", PULLS).status == 200


def test_a_stale_read_does_not_show_the_last_write(shop: World) -> None:
    shop.hub.faults = Faults({10**9: "500"})
    shop.pull()
    fail(shop, "stale")
    assert shop.ask("GET", PULLS).body == []
    assert len(shop.ask("GET", PULLS).body) == 1


def test_the_same_seed_gives_the_same_faults(shop: World) -> None:
    drawn = [
        [Faults(random=source, rate=0.5).pick(0, writes=False) for _ in range(50)]
        for source in (Random(5), Random(5))  # noqa: S311 - faults are no secret
    ]
    assert drawn[0] == drawn[1]
    assert {None, *drawn[0]} <= {None, *KINDS}


def test_a_person_can_act_just_before_a_request(shop: World) -> None:
    mine, other = shop.branch("fixbot/a/1"), shop.commit(text="other\n")
    theirs = []

    def push(request: Request) -> None:
        theirs.append(shop.pat.push("fixbot/a/1", {"x": "y"}))

    shop.hub.before = push
    answer = shop.ask.update_refs(shop.node, ("refs/heads/fixbot/a/1", other, mine, True))
    assert answer["errors"][0]["type"] == "STALE_DATA"
    assert [shop.repo.refs["refs/heads/fixbot/a/1"]] == theirs


def test_the_primary_limit_ends_with_the_hour(shop: World) -> None:
    shop.hub.limits = Limits(primary=2)
    assert shop.ask("GET", f"/repos/{NAME}").headers["x-ratelimit-remaining"] == "1"
    etag = shop.ask("GET", f"/repos/{NAME}").headers["etag"]
    refused = shop.ask.send("GET", f"/repos/{NAME}", headers={"If-None-Match": etag})
    assert (refused.status, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    assert int(refused.headers["x-ratelimit-reset"]) == int(shop.hub.clock.now()) + 3600
    shop.hub.clock.advance(3600)
    assert shop.ask.send("GET", f"/repos/{NAME}", headers={"If-None-Match": etag}).status == 304
    assert shop.ask("GET", f"/repos/{NAME}").headers["x-ratelimit-remaining"] == "1"


def test_eighty_contents_a_minute_and_five_hundred_an_hour(shop: World) -> None:
    shop.hub.limits = Limits()
    comments = f"/repos/{NAME}/issues/{shop.pull()}/comments"
    made = shop.hub.content_calls()
    for _ in range(80 - made):
        assert shop.ask("POST", comments, {"body": "x"}).status == 201
    refused = shop.ask("POST", comments, {"body": "x"})
    assert (refused.status, refused.headers["retry-after"]) == (403, "60")
    assert "secondary rate limit" in refused.body["message"]
    assert shop.ask("GET", comments).status == 200
    for _ in range(42):
        shop.hub.clock.advance(61)
        statuses = {shop.ask("POST", comments, {"body": "x"}).status for _ in range(10)}
    assert statuses == {201}
    shop.hub.clock.advance(61)
    assert shop.ask("POST", comments, {"body": "x"}).headers["retry-after"] > "600"


def test_points_are_limited_too(shop: World) -> None:
    shop.hub.limits = Limits(points_minute=3, retry_after=False, secondary_status=429)
    for _ in range(3):
        assert shop.ask("GET", f"/repos/{NAME}").status == 200
    refused = shop.ask("GET", f"/repos/{NAME}")
    assert (refused.status, refused.headers.get("retry-after")) == (429, None)


def test_an_app_gets_a_token_for_less_than_it_may(shop: World) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    shop.hub.clock.advance(time.time() - shop.hub.clock.now())
    may = {"contents": "write", "pull_requests": "write"}
    shop.hub.apps[7] = App(7, "fixbot", public.decode(), may, frozenset({NAME}), shop.repo.owner)
    with GithubIntegration(
        auth=Auth.AppAuth(7, private.decode()), base_url=shop.server.api_url
    ) as integration:
        installation = integration.get_repo_installation("acme", "shop")
        token = integration.get_access_token(installation.id, {"contents": "read"})
    bot = Ask(shop.server, token.token)
    assert bot("GET", f"/repos/{NAME}/git/ref/heads/main").status == 200
    assert bot("POST", f"/repos/{NAME}/git/blobs", {"content": "x"}).status == 403
    assert [each["full_name"] for each in bot("GET", "/installation/repositories").body["repositories"]] == [
        NAME
    ]
    shop.hub.clock.advance(3601)
    assert bot("GET", f"/repos/{NAME}").status == 401
    bot.close()
    forged = jwt.encode({"iss": "7", "iat": 0, "exp": 2**33}, "x" * 40, algorithm="HS256")
    stranger = Ask(shop.server, forged)
    assert stranger("GET", "/app").status == 401
    stranger.close()


@pytest.mark.parametrize("enterprise", [False, True])
def test_pygithub_takes_a_pull_request_from_a_blob_to_its_end(shop: World, enterprise: bool) -> None:
    with (
        Server(shop.hub, enterprise=enterprise) as server,
        Github(
            auth=Auth.Token(shop.token),
            base_url=server.api_url,
            seconds_between_requests=0,
            seconds_between_writes=0,
            retry=None,
        ) as github,
    ):
        repo = github.get_repo(NAME)
        head = repo.get_branch("main").commit
        blob = repo.create_git_blob("1\n", "utf-8")
        element = InputGitTreeElement("infra/main.tf", "100644", "blob", sha=blob.sha)
        tree = repo.create_git_tree([element], base_tree=repo.get_git_tree(head.commit.tree.sha))
        commit = repo.create_git_commit("Fix", tree, [repo.get_git_commit(head.sha)])
        ref = repo.create_git_ref("refs/heads/fixbot/a/1", commit.sha)
        pull = repo.create_pull(base="main", head="fixbot/a/1", title="T", body="B", draft=True)
        pull.add_to_labels("fixbot", "security")
        pull.create_review_request(reviewers=["pat"])
        pull.create_issue_comment("hello")
        pull.as_issue().edit(assignees=["pat", "nobody"])
        pull.mark_ready_for_review()
        pull.edit(title="T2")
        assert [file.filename for file in pull.get_files()] == ["infra/main.tf"]
        assert [label.name for label in pull.get_labels()] == ["fixbot", "security"]
        assert [found.number for found in repo.get_pulls(head="acme:fixbot/a/1")] == [pull.number]
        assert [found.ref for found in repo.get_git_matching_refs("heads/fixbot/")] == [ref.ref]
        assert repo.compare("main", "fixbot/a/1").ahead_by == 1
        assert repo.get_contents("README.md").decoded_content == b"# shop\n"  # type: ignore[union-attr]
        assert [comment.body for comment in repo.get_issues_comments(sort="updated")] == ["hello"]
        assert {found.event for found in pull.as_issue().get_events()} >= {"labeled", "review_requested"}
        ref.delete()
        assert repo.get_pull(pull.number).state == "closed"
        assert [found.full_name for found in github.search_repositories("org:acme")] == [NAME]


def test_the_command_line_serves_a_folder_and_lets_a_script_act(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("x\n")
    words = [sys.executable, "-m", "tests.hub"]
    with subprocess.Popen(
        [*words, "--repo", f"{tmp_path}=acme/demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as serving:
        try:
            assert serving.stdout is not None
            lines = [serving.stdout.readline().removeprefix("export ").strip() for _ in range(6)]
            said = dict(line.split("=", 1) for line in lines)
            env = {**os.environ, **said}
            push = subprocess.run(
                [*words, "push", "work", 'files={"main.tf": "y\\n"}'],
                cwd=ROOT,
                env=env,
                capture_output=True,
                check=True,
            )
            assert b'"done": "push"' in push.stdout
            git = ["git", "-C", said["HUB_PATH"], "show", "work:main.tf"]
            assert subprocess.run(git, capture_output=True, check=True).stdout == b"y\n"
        finally:
            serving.terminate()
        assert serving.wait(120) == 0


def test_the_bot_and_the_person_start_from_the_same_files(shop: World) -> None:
    tree = shop.ask("GET", f"/repos/{NAME}/git/trees/main", recursive="true").body["tree"]
    assert {each["path"] for each in tree if each["type"] == "blob"} == set(FILES)
    assert ZERO not in {each["sha"] for each in tree}
