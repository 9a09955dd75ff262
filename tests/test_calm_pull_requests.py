"""Few and calm: a budget for each owner and week, what runs comes first, examples are left to people."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.publish.pull_requests.state_block import read_state_block
from fixbot.source.example_paths import find_deployed_paths, find_examples, list_folders
from tests.hub_runs import World, pod, world

DAY = 24 * 3600
LIMITS = "pull_requests: {per_week: 2, per_run: 20, per_hour: 20, most_open: 50}\n"
OWNED = "/shop/ @lena\n/pay/ @tim\n"


def services(*names: str) -> dict[str, str]:
    return {f"{name}/pod.yaml": pod(name.rpartition("/")[2]) for name in names}


def titles(shop: World) -> set[str]:
    return {issue.title for issue in shop.ours()}


# The budget


def test_no_more_are_opened_in_a_week_than_the_budget_holds(tmp_path: Path) -> None:
    with world(tmp_path, {**services(*"abcde"), ".fixbot.yml": LIMITS}) as shop:
        shop.run()
        assert len(shop.ours()) == 2
        shop.hub.clock.advance(DAY)
        shop.run()
        assert len(shop.ours()) == 2
        shop.hub.clock.advance(7 * DAY)
        shop.run()
        assert len(shop.ours()) == 4


def test_a_closed_one_has_been_spent_all_the_same(tmp_path: Path) -> None:
    with world(tmp_path, {**services(*"abcd"), ".fixbot.yml": LIMITS}) as shop:
        shop.run()
        for issue in shop.ours():
            shop.person.close(issue.number)
        shop.run()
        assert shop.ours() == []


def test_each_owner_has_a_budget_and_so_has_what_nobody_owns(tmp_path: Path) -> None:
    files = services("shop/a", "shop/b", "shop/c", "pay/a", "pay/b", "pay/c", "x", "y", "z")
    with world(tmp_path, {**files, ".github/CODEOWNERS": OWNED, ".fixbot.yml": LIMITS}) as shop:
        shop.run()
        marks = [read_state_block(issue.body or "") for issue in shop.ours()]
        assert sorted(mark.spends for mark in marks if mark) == ["*", "*", "lena", "lena", "tim", "tim"]


def test_what_waits_says_until_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with world(tmp_path, {**services(*"abc"), ".fixbot.yml": LIMITS}) as shop:
        shop.run(quiet=False)
        assert "(pull_requests.per_week)" in capsys.readouterr().out


# Examples


def test_what_nobody_deploys_is_reported_and_not_proposed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with world(tmp_path, services("deploy/api", "examples/demo", "docs/pod")) as shop:
        shop.run(quiet=False)
        assert [issue.title for issue in shop.ours()] == ["Make the root filesystem of api read-only"]
        assert (
            "2 proposals are not opened; pull_requests.examples: true opens them" in capsys.readouterr().err
        )
        shop.person.push("main", {".fixbot.yml": "pull_requests: {examples: true}\n"})
        shop.run()
        assert len(shop.ours()) == 3
        shop.person.push("main", {".fixbot.yml": "pull_requests: {examples: false}\n"})
        shop.run()
        assert all(issue.open for issue in shop.ours()), "open ones stay"


ARGO = b"apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    path: examples/shop\n"
FLUX = b"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  path: ./test/shop\n"


def judge(*paths: str, **named: tuple[str, ...]) -> set[str]:
    return set(find_examples(paths, {f"{by}.yaml": each for by, each in named.items()}, list_folders(paths)))


@pytest.mark.parametrize(
    ("path", "data", "named"),
    [
        ("apps/shop.yaml", ARGO, ("examples/shop",)),
        ("clusters/a.yaml", FLUX, ("test/shop",)),
        (".github/workflows/d.yml", b"  - run: kubectl apply -f examples/a.yaml\n", ("examples/a.yaml",)),
        (".gitlab-ci.yml", b"  - terraform -chdir=examples/tf apply\n", ("examples/tf",)),
        (".github/workflows/d.yml", b"  - run: pytest tests/unit\n", ()),
        ("deploy/app.yaml", b"path: examples/shop\n", ()),
    ],
)
def test_what_deploys_names_what_it_deploys(path: str, data: bytes, named: tuple[str, ...]) -> None:
    assert find_deployed_paths(path, data) == named


def test_examples_are_told_by_their_folder_unless_something_else_speaks_for_them() -> None:
    assert judge("deploy/a.yaml", "examples/a.yaml", "a/tests/b.yaml") == {
        "examples/a.yaml",
        "a/tests/b.yaml",
    }
    assert judge("deploy/a.yaml", "Test/a.yaml", "test.yaml") == {"Test/a.yaml"}
    assert judge("envs/prod/a.yaml", "envs/test/a.yaml") == set(), "an environment beside another"
    assert judge("prod/a.yaml", "other/test/a.yaml") == {"other/test/a.yaml"}
    assert judge("examples/a.yaml", "examples/b.yaml") == set(), "it has nothing else"
    assert judge("deploy/a.yaml", "examples/a/b.yaml", by=("examples/a",)) == set()
    assert judge("deploy/a.yaml", "examples/ab/b.yaml", by=("examples/a",)) == {"examples/ab/b.yaml"}


def test_an_example_does_not_speak_for_itself() -> None:
    paths = ("deploy/a.yaml", "examples/a/b.yaml")
    named = {"examples/a/kustomization.yaml": ("examples/a/b.yaml",)}
    assert find_examples(paths, named, list_folders(paths)) == {"examples/a/b.yaml"}


@given(st.lists(st.text("aé/.-", min_size=1, max_size=20)), st.binary(max_size=200))
def test_no_path_and_no_bytes_break_it(paths: list[str], data: bytes) -> None:
    found = find_examples(paths, {".gitlab-ci.yml": find_deployed_paths(".gitlab-ci.yml", data)}, paths)
    assert found <= set(paths)
