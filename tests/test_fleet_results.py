"""What a shard leaves behind, when a row still holds, and what the page makes of all of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fixbot.fleet.html_page import render_html
from fixbot.fleet.merge import collect_results, merge_results, read_earlier, render_json
from fixbot.fleet.plan import Candidate, FleetPlan, LeftOutRepository, build_plan
from fixbot.fleet.render_page import MOST, render_markdown, render_text
from fixbot.fleet.result_rows import (
    DAY,
    FleetRow,
    RepositoryPulse,
    RowState,
    format_row,
    is_unchanged,
    parse_row,
)
from fixbot.fleet.results_file import ResultsFile, ResultsHead, read_results
from fixbot.model.errors import FixbotError
from fixbot.model.findings import PullRequestRow

NOW = 1_800_000_000.0
ROW = FleetRow(
    "acme/a",
    "R_a",
    RowState.DONE,
    head="1" * 40,
    ours=1,
    moved="2027-01-01T00:00:00Z",
    scanned=NOW,
    ended=NOW,
)
PULSE = RepositoryPulse("R_a", "acme/a", "main", "1" * 40, ours=1, pulls=3, moved="2027-01-01T00:00:00Z")
WOULD = PullRequestRow("open", "would", "", "fixbot/x/0123456789ab", "Do <b>it</b>", number=None)


def a_plan(*names: str, shards: int = 1) -> FleetPlan:
    return build_plan(
        [Candidate(name, f"R_{name}") for name in names],
        [LeftOutRepository("acme/old", "a fork")],
        "now",
        shards,
        16,
    )


def test_an_unchanged_repository_is_carried_over() -> None:
    assert is_unchanged(ROW, PULSE, NOW + 60, 7, publishing=False)
    assert is_unchanged(ROW, PULSE, NOW + 60, 7, publishing=True)


@pytest.mark.parametrize(
    ("row", "pulse"),
    [
        (ROW, replace(PULSE, head="2" * 40)),
        (ROW, replace(PULSE, ours=2)),
        (ROW, replace(PULSE, moved="2027-01-01T00:00:01Z")),
        (replace(ROW, state=RowState.FAILED), PULSE),
        (replace(ROW, state=RowState.TIRED), PULSE),
        (replace(ROW, head=""), replace(PULSE, head="")),
        (replace(ROW, scanned=NOW - 8 * DAY), PULSE),
    ],
    ids=[
        "pushed",
        "a branch of ours",
        "a pull request moved",
        "failed",
        "not finished",
        "unknown",
        "long ago",
    ],
)
def test_anything_that_may_matter_has_it_looked_at_again(row: FleetRow, pulse: RepositoryPulse) -> None:
    assert not is_unchanged(row, pulse, NOW + 60, 7, publishing=False)


def test_pull_requests_of_others_do_not_matter_where_there_is_no_branch_of_ours() -> None:
    row = replace(ROW, ours=0)
    assert is_unchanged(row, replace(PULSE, ours=0, moved="2027-02-02T00:00:00Z"), NOW, 7, publishing=True)


def test_what_waits_is_done_by_a_run_that_publishes_and_by_no_other() -> None:
    row = replace(ROW, pulls=(WOULD,))
    assert is_unchanged(row, PULSE, NOW, 7, publishing=False)
    assert not is_unchanged(row, PULSE, NOW, 7, publishing=True)


def test_a_row_comes_back_from_its_line() -> None:
    row = replace(ROW, pulls=(WOULD,), severities={"high": 2}, rules={"x": 2})
    assert parse_row(json.loads(format_row(row)) | {"of_a_later_version": 1}) == row


def test_a_shard_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    path, head = tmp_path / "deep" / "shard.jsonl", ResultsHead("plan", "1/2", "basis")
    results = ResultsFile.open_results(path, head)
    results.append_row(ROW)
    results.append_row(replace(ROW, name="acme/b", state=RowState.FAILED))
    results.close_file()
    with path.open("ab") as file:
        file.write(format_row(replace(ROW, name="acme/c")).encode()[:50])
    again = ResultsFile.open_results(path, head)
    assert list(again.rows) == ["acme/a"], "the failed one is tried again, the torn line is none"
    again.append_row(replace(ROW, name="acme/c"))
    again.close_file()
    found = read_results(path)
    assert found is not None
    assert [row.name for row in found[1]] == ["acme/a", "acme/c"]


@pytest.mark.parametrize(
    "head", [ResultsHead("other", "1/2", "basis"), ResultsHead("plan", "1/2", "other rules")]
)
def test_results_of_another_plan_or_other_rules_do_not_count(tmp_path: Path, head: ResultsHead) -> None:
    first = ResultsFile.open_results(tmp_path / "r.jsonl", head)
    first.append_row(ROW)
    first.close_file()
    again = ResultsFile.open_results(tmp_path / "r.jsonl", ResultsHead("plan", "1/2", "basis"))
    again.close_file()
    assert again.rows == {}


def test_results_that_cannot_be_written_are_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FixbotError, match="cannot be written"):
        ResultsFile.open_results(tmp_path / "file" / "r.jsonl", ResultsHead("p", "all", "b"))


def test_the_later_row_counts_and_a_failure_keeps_what_was_found_before() -> None:
    plan = a_plan("acme/a")
    head = ResultsHead(plan.plan_digest, "1/1", "basis")
    found = replace(ROW, severities={"high": 2})
    failed = replace(ROW, state=RowState.FAILED, trouble="no answer", scanned=NOW + 9, ended=NOW + 9)
    for files in ([found, failed], [failed, found]):
        report = merge_results(plan, [(str(at), (head, (row,))) for at, row in enumerate(files)])
        assert [(r.state, r.trouble, dict(r.severities)) for r in report.rows] == [
            (RowState.FAILED, "no answer", {"high": 2})
        ]


def test_missing_shards_strange_files_and_repositories_without_a_row_are_named(tmp_path: Path) -> None:
    names = [f"acme/{number}" for number in range(12)]
    plan = a_plan(*names, shards=3)
    first = [each.name for each in plan.members_of(1)]
    for file, digest, some in (("1", plan.plan_digest, first), ("old", "other", names)):
        results = ResultsFile.open_results(tmp_path / f"{file}.jsonl", ResultsHead(digest, "1/3", "basis"))
        for name in some:
            results.append_row(replace(ROW, name=name))
        results.close_file()
    report = collect_results(plan, tmp_path)
    assert [each.number for each in report.unfinished] == [2, 3]
    assert sorted([*report.missing, *first]) == sorted(names)
    assert report.strange == ("old.jsonl",)
    shown = render_text(report)
    assert "shard 2 of 3: no results; run it again with --shard 2/3" in shown
    assert "acme/old: a fork" in shown


def test_the_report_for_machines_is_what_the_next_run_takes_over(tmp_path: Path) -> None:
    plan = a_plan("acme/a", "acme/b")
    rows = (replace(ROW, writes=5), replace(ROW, name="acme/b", state=RowState.FAILED))
    path = tmp_path / "last.json"
    path.write_text(
        render_json(merge_results(plan, [("x", (ResultsHead(plan.plan_digest, "all", "basis"), rows))]))
    )
    found = read_earlier(path, plan)
    assert (list(found.rows), found.basis, found.wrote) == (["acme/a"], "basis", ((NOW, 5),))


@pytest.mark.parametrize("content", ["", "[]", '{"rows": 1}', '{"rows": [{}]}'])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(FixbotError, match="that is no report of a fleet"):
        read_earlier(tmp_path / "x.json", a_plan())


def test_a_page_says_what_is_in_repositories_as_text_and_never_as_markup() -> None:
    plan = a_plan("acme/a")
    row = replace(
        ROW, pulls=(WOULD,), severities={"critical": 1}, trouble="<script>alert(1)</script> @team\x1b[2J"
    )
    report = merge_results(plan, [("x", (ResultsHead(plan.plan_digest, "all", "b"), (row,)))])
    page = render_html(report)
    assert "<script" not in page
    assert "&lt;b&gt;it" in page
    assert "http" not in page.replace("http-equiv", "")
    marked = render_markdown(report)
    assert "<script" not in marked
    assert "`@team" in marked, "as code, so that nobody is called"
    assert "| `acme/a` | 1 |" in marked
    assert "\x1b" not in page + marked + render_text(report)


def test_a_long_list_ends_with_how_many_more_there_are() -> None:
    names = [f"acme/{number:04d}" for number in range(MOST + 5)]
    plan = a_plan(*names)
    rows = tuple(replace(ROW, name=name, severities={"low": 1}) for name in names)
    report = merge_results(plan, [("x", (ResultsHead(plan.plan_digest, "all", "b"), rows))])
    assert "And 5 more repositories with findings." in render_markdown(report)
    assert render_html(report).count("<tr><td>") == len(names)


HOSTILE: list[dict[str, object]] = [
    {"name": "../x"},
    {"name": "acme/$(id)"},
    {"state": "other"},
    {"severities": {"apocalyptic": 1}},
    {"severities": {"high": "1"}},
    {"severities": {"high": -1}},
    {"severities": [1]},
    {"writes": 10**13},
    {"writes": 1.5},
    {"scanned": "now"},
    {"scanned": -1},
    {"prefix": "$(id)/"},
    {"prefix": "a/../b"},
    {"base": "-x"},
    {"head": "x y"},
    {"rules": {"A rule": 1}},
    {"pulls": [{"deed": 1}]},
    {"pulls": [{"deed": "open"}]},
    {"carried": 1},
    {"trouble": "x" * 100_001},
]


@pytest.mark.parametrize("changed", HOSTILE, ids=repr)
def test_a_row_that_could_not_be_ours_is_none(changed: dict[str, object]) -> None:
    data = json.loads(format_row(ROW))
    assert parse_row(data) == ROW
    with pytest.raises((ValueError, TypeError)):
        parse_row({**data, **changed})


OTHERS = [b"[" * 200_000, b"{}", b'{"plan": 1}', b'{"plan": "a b", "shard": "", "basis": ""}']


@pytest.mark.parametrize("text", OTHERS)
def test_a_file_of_something_else_is_no_file_of_results(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "scan-all.jsonl").write_bytes(text + b"\n" + format_row(ROW).encode() + b"\n")
    assert read_results(tmp_path / "scan-all.jsonl") is None


def test_results_replace_a_planted_link_and_never_follow_one(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("kept")
    folder = tmp_path / "results"
    folder.mkdir()
    for name in ("scan-all.jsonl", "scan-all.jsonl.tmp"):
        (folder / name).symlink_to(tmp_path / "victim")
    ResultsFile.open_results(folder / "scan-all.jsonl", ResultsHead("p", "all", "b")).close_file()
    assert (tmp_path / "victim").read_text() == "kept"
    assert not (folder / "scan-all.jsonl").is_symlink()
