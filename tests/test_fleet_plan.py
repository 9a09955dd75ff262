"""Who is in a fleet, who is left out and why, and which shard does which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.cli.fleet_shard import read_plan
from fixbot.fleet.plan import (
    Candidate,
    LeftOutRepository,
    assign_shard,
    build_plan,
    choose_candidates,
    count_shards,
    parse_plan,
)
from fixbot.model.errors import FixbotError

NAMES = st.from_regex(r"[a-z0-9]{1,8}/[a-z0-9._-]{1,12}", fullmatch=True)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (Candidate("acme/a", archived=True), "archived, so read-only"),
        (Candidate("acme/a", disabled=True), "disabled by GitHub"),
        (Candidate("acme/a", empty=True), "empty"),
        (Candidate("acme/a", fork=True), "a fork"),
        (
            Candidate("acme/a", missing=True),
            "the token sees no such repository; check the name and the token",
        ),
        (Candidate("acme/Sandbox-1"), "--exclude sandbox-*"),
        (Candidate("other/a"), "no --include matches"),
    ],
)
def test_each_one_left_out_has_its_reason(candidate: Candidate, reason: str) -> None:
    taken, left = choose_candidates([candidate], ["acme/*"], ["sandbox-*"], forks=False)
    assert (taken, left) == ((), (LeftOutRepository(candidate.name, reason),))


def test_forks_are_taken_in_when_asked_for() -> None:
    assert choose_candidates([Candidate("acme/a", fork=True)], [], [], forks=True)[1] == ()


@given(NAMES, st.integers(1, 255))
def test_a_repository_is_in_one_shard_whatever_others_there_are(name: str, shards: int) -> None:
    first = assign_shard(name, shards)
    assert 1 <= first <= shards
    assert assign_shard(name.upper(), shards) == first
    assert assign_shard(name, shards + 1) in {first, shards + 1}, (
        "one more shard moves nothing between the others"
    )


def test_shards_are_about_of_one_size() -> None:
    sizes = [0] * 16
    for number in range(16_000):
        sizes[assign_shard(f"acme/service-{number}", 16) - 1] += 1
    assert 880 < min(sizes) <= max(sizes) < 1120


def test_there_are_never_more_shards_than_a_matrix_may_have() -> None:
    assert [count_shards(0, 500), count_shards(501, 500), count_shards(1_000_000, 500)] == [1, 2, 256]


def test_a_plan_comes_back_from_its_file_and_gives_a_matrix() -> None:
    plan = build_plan(
        [Candidate(f"acme/{n}", f"R_{n}") for n in "abc"],
        [LeftOutRepository("acme/d", "empty")],
        "now",
        4,
        16,
    )
    assert parse_plan(plan.render_text(), "plan") == plan
    assert plan.at_once == 4
    rows = json.loads(plan.render_matrix())["include"]
    assert sum(row["repositories"] for row in rows) == 3
    assert all(row["repositories"] and row["shard"] == f"{row['number']}/4" for row in rows)
    assert {each for row in rows for each in plan.members_of(row["number"])} == set(plan.repositories)


@pytest.mark.parametrize("text", ["", "[]", '{"made": 1}', '{"made":"","shards":"x","at_once":1}'])
def test_a_file_that_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(FixbotError, match=r"plan\.json: that is no plan"):
        parse_plan(text, "plan.json")


GOOD = {
    "schema": 1, "made": "2026-01-01T00:00:00Z", "shards": 4, "at_once": 2, "left_out": [],
    "repositories": [{"name": "acme/a", "id": "R_1", "shard": 4}],
}  # fmt: skip


def member(**changed: object) -> dict[str, object]:
    return {"repositories": [{"name": "acme/a", "id": "R_1", "shard": 4, **changed}]}


STRANGE: list[dict[str, object]] = [
    *(dict[str, object](shards=wrong) for wrong in (0, 257, -1, 10**30, 1.5, True, "4", None)),
    {"at_once": 101},
    {"at_once": float("inf")},
    {"made": "a b\n"},
    *(member(name=wrong) for wrong in ("acme", "../a", "acme/..", "acme/.", "acme/a/b", "acme/$(id)")),
    *(member(name=wrong) for wrong in ("-a/b", 7, "a/b\n", "a" * 101 + "/b", "a/b c", "ä/b")),
    member(id="x y"),
    member(id='"}) { viewer'),
    member(shard=5),
    member(shard=0),
    {"repositories": {}},
    {"left_out": [{"name": "../x", "reason": "y"}]},
]  # fmt: skip


@pytest.mark.parametrize("changed", STRANGE, ids=repr)
def test_a_plan_is_a_strangers_words_too(changed: dict[str, object]) -> None:
    assert parse_plan(json.dumps(GOOD), "plan.json").repositories[0].name == "acme/a"
    with pytest.raises(FixbotError, match=r"^plan\.json: that is no plan; `fixbot fleet plan` writes one$"):
        parse_plan(json.dumps({**GOOD, **changed}), "plan.json")


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, "9" * 10_000, '"\\ud800', "NaN"])
def test_a_plan_that_is_nested_or_numbered_beyond_reason_is_refused(text: str) -> None:
    with pytest.raises(FixbotError, match="that is no plan"):
        parse_plan(text, "plan.json")


def test_a_plan_of_any_size_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "plan.json").open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(FixbotError, match=r"plan\.json: cannot be read: it has more than 200,000,000 bytes"):
        read_plan(tmp_path / "plan.json")
