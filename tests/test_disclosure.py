"""In public, what is of use to an attacker is named neutrally: title, branch, commits, text and marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_runs import World, pod, world

PATH = "deploy/api.yaml"
ENV = '          env:\n            - name: DB_PASSWORD\n              value: "plum-Tr4ctor-canary"\n'
READ_ONLY = "          securityContext:\n            readOnlyRootFilesystem: true\n"
TELLING = re.compile(r"secret|password|rotat|leak|credential|in clear|environment", re.IGNORECASE)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, {PATH: pod("api", READ_ONLY + ENV)}) as made:
        yield made


def words(shop: World) -> str:
    """All that is said of a pull request beside its diff."""
    (issue,) = shop.ours()
    branch = issue.the_pull.head_ref
    message = shop.repo.store.commit(shop.branches()[branch]).message.decode()
    said = [each.body for each in shop.repo.comments.values()]
    return "\n".join([issue.title, issue.body or "", branch, message, *issue.labels, *said])


def test_in_public_nothing_beside_the_diff_says_what_it_is(shop: World) -> None:
    shop.run()
    assert not TELLING.search(words(shop)), words(shop)
    (issue,) = shop.ours()
    assert issue.title == "Update api.yaml"
    assert issue.the_pull.head_ref.startswith("fixbot/update/")
    heads = re.findall(r"^- \*\*(.*?):\*\*", issue.body or "", re.MULTILINE)
    assert heads[:5] == [
        "What changes", "What restarts", "Who loses access", "What was proven", "How to undo",
    ]  # fmt: skip


def test_it_stays_the_same_one_and_a_close_is_a_no(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    before = shop.repo.issues[issue.number]
    shop.run()
    assert shop.repo.issues[issue.number] == before
    shop.person.close(issue.number)
    shop.run()
    assert shop.ours() == []


def test_what_closes_it_says_no_more(shop: World) -> None:
    shop.run()
    (issue,) = shop.ours()
    shop.person.push("main", {PATH: pod("api", READ_ONLY)})
    shop.run()
    assert not shop.repo.issues[issue.number].open
    said = " ".join(each.body for each in shop.repo.comments.values())
    assert said
    assert not TELLING.search(said)


@pytest.mark.parametrize("private", [True, False])
def test_in_private_or_when_asked_to_it_speaks_openly(tmp_path: Path, private: bool) -> None:
    settings = "" if private else "pull_requests: {disclose: open}\n"
    with world(tmp_path, {PATH: pod("api", ENV), ".fixbot.yml": settings}) as shop:
        shop.repo.private = private
        shop.run()
        assert any("DB_PASSWORD" in issue.title for issue in shop.ours())


def test_what_discloses_nothing_keeps_its_words(tmp_path: Path) -> None:
    with world(tmp_path, {PATH: pod("api")}) as shop:
        shop.run()
        assert [issue.title for issue in shop.ours()] == ["Make the root filesystem of api read-only"]
