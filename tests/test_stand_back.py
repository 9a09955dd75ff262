"""Somebody else's open pull request that changes the same lines is waited for, and said so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixbot.publish.stand_back import find_spans, overlap
from tests.hub.people import Person
from tests.hub_runs import World, fixed, pod, world
from tests.test_calm_pull_requests import DAY

PATH = "deploy/api.yaml"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, {PATH: pod("api"), "README.md": "Hello\n"}) as made:
        yield made


def propose(shop: World, files: dict[str, str], person: Person | None = None) -> int:
    (person or shop.person).push("hers", files, start=shop.repo.refs["refs/heads/main"])
    return shop.person.open_pull("hers", "Mine")


def test_a_persons_pull_request_on_the_same_lines_is_waited_for(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    number = propose(shop, {PATH: fixed("api")})
    shop.run(quiet=False)
    assert shop.ours() == []
    said = " ".join(capsys.readouterr().out.split())
    assert f"comes after #{number}, which changes the same lines, at the latest on 2027-02-14" in said
    shop.person.close(number)
    shop.run()
    assert len(shop.ours()) == 1


def test_it_is_not_waited_for_longer_than_thirty_days(shop: World) -> None:
    propose(shop, {PATH: fixed("api")})
    shop.hub.clock.advance(31 * DAY)
    shop.run()
    assert len(shop.ours()) == 1


def test_other_lines_and_other_files_are_nobodys_business(shop: World) -> None:
    propose(
        shop, {PATH: pod("api").replace("kind: Deployment", "kind: Deployment # ours"), "README.md": "Hi\n"}
    )
    shop.run()
    assert len(shop.ours()) == 1


def test_one_of_who_may_not_write_is_not_waited_for(shop: World) -> None:
    propose(shop, {PATH: fixed("api")})
    shop.repo.collaborators["anna"] = "read"
    shop.run()
    assert len(shop.ours()) == 1


def test_the_setting_turns_it_off(tmp_path: Path) -> None:
    files = {PATH: pod("api"), ".fixbot.yml": "pull_requests: {stand_back: false}\n"}
    with world(tmp_path, files) as shop:
        propose(shop, {PATH: fixed("api")})
        shop.run()
        assert len(shop.ours()) == 1


def test_an_unchanged_run_asks_nothing_of_a_pull_request_that_it_knows(shop: World) -> None:
    propose(shop, {PATH: fixed("api")})
    shop.run()
    asked = shop.asked
    shop.run()
    assert shop.asked - asked <= 5


DIFF = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n+c\n d\n"


@pytest.mark.parametrize(
    ("theirs", "meets"),
    [
        ("@@ -2 +2 @@\n-b\n+z\n", True),
        ("@@ -3 +3 @@\n-d\n+z\n", True),
        ("@@ -4 +4 @@\n-e\n+z\n", False),
        ("@@ -2,0 +3 @@\n+z\n", True),
        ("@@ -9,0 +10 @@\n+z\n", False),
    ],
)
def test_lines_that_touch_would_conflict(theirs: str, meets: bool) -> None:
    assert overlap(find_spans(DIFF), find_spans(f"--- a/x\n+++ b/x\n{theirs}")) is meets
    assert not overlap(find_spans(DIFF), find_spans(f"--- a/y\n+++ b/y\n{theirs}"))
