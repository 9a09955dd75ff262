"""A gate on an old repository: what is known doesn't fail it, what is new does, what is gone is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli import fixbot, git
from tests.test_gate_cli import BAD, POD

KNOWN = "known.json"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    at = tmp_path / "work"
    at.mkdir()
    git(at, "init", "-q", "-b", "main")
    (at / "old.yaml").write_text(BAD.replace("name: web", "name: old"))
    (at / "clean.yaml").write_text(POD)
    commit(at)
    assert fixbot("scan", "--write-baseline", KNOWN, at=at).code == 0
    commit(at)
    return at


def commit(at: Path) -> None:
    git(at, "add", "-A")
    git(at, "commit", "-qm", "more")


def test_what_is_known_does_not_fail_a_gate(work: Path) -> None:
    assert fixbot("scan", at=work).code == 1
    done = fixbot("scan", "--baseline", KNOWN, at=work)
    assert done.code == 0
    assert "No new findings in what was read, 1 known before.\n" in done.out
    assert "old.yaml" not in done.out


def test_what_is_new_fails_and_is_all_that_is_shown(work: Path) -> None:
    (work / "new.yaml").write_text(BAD)
    commit(work)
    done = fixbot("scan", "--baseline", KNOWN, at=work)
    assert done.code == 1
    assert "new.yaml" in done.out
    assert "old.yaml" not in done.out
    assert "1 finding in 1 file, 1 known before.\n" in done.out


def test_moved_lines_and_new_neighbours_are_still_known(work: Path) -> None:
    (work / "old.yaml").write_text("# a comment\n\n" + (work / "old.yaml").read_text())
    assert fixbot("scan", "--baseline", KNOWN, at=work).code == 0


def test_what_is_gone_is_named(work: Path) -> None:
    (work / "old.yaml").write_text(POD)
    done = fixbot("scan", "--baseline", KNOWN, at=work)
    assert done.code == 0
    assert f"note: gone since {KNOWN}: privileged-container in old.yaml, Pod old, container old\n" in done.err
    assert f"note: take them out with --write-baseline {KNOWN}\n" in done.err
    assert "gone since" not in fixbot("scan", ".", "clean.yaml", "--baseline", KNOWN, at=work).err


def test_machines_are_told_as_well(work: Path) -> None:
    (work / "new.yaml").write_text(BAD)
    found = json.loads(fixbot("scan", "--baseline", KNOWN, "--format", "json", at=work).out)["findings"]
    assert {each["path"]: each["known"] for each in found} == {"old.yaml": True, "new.yaml": False}
    sarif = json.loads(fixbot("scan", "--baseline", KNOWN, "--format", "sarif", at=work).out)
    states = {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: each.get("baselineState")
        for each in sarif["runs"][0]["results"]
    }
    assert states == {"old.yaml": "unchanged", "new.yaml": None}


def test_a_pull_request_can_not_make_its_own_findings_known(work: Path) -> None:
    git(work, "checkout", "-qb", "topic")
    (work / "new.yaml").write_text(BAD)
    assert fixbot("scan", "--write-baseline", KNOWN, at=work).code == 0
    commit(work)
    done = fixbot("scan", "--since", "main", "--baseline", KNOWN, at=work)
    assert done.code == 1
    assert "new.yaml" in done.out


def test_it_is_the_same_bytes_each_time_and_holds_no_more_than_names(work: Path) -> None:
    before = (work / KNOWN).read_bytes()
    fixbot("scan", "--write-baseline", KNOWN, at=work)
    assert (work / KNOWN).read_bytes() == before
    (row,) = json.loads(before)["findings"]
    assert row | {"id": ""} == {
        "id": "",
        "rule": "privileged-container",
        "path": "old.yaml",
        "resource": "Pod old, container old",
    }


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", '{"schema": 2, "findings": []}', '{"schema": 1}', '{"schema": 1, "findings": [1]}',
        '{"schema": 1, "findings": [{"id": "x", "rule": "", "path": "", "resource": ""}]}',
        '{"schema": 1, "findings": [{"id": "0123456789abcdef", "rule": 1, "path": "", "resource": ""}]}',
        "[" * 100_000, '{"schema": 1, "findings": {}}',
    ],
)  # fmt: skip
def test_what_is_no_baseline_is_one_line(work: Path, text: str) -> None:
    (work / KNOWN).write_text(text)
    done = fixbot("scan", "--baseline", KNOWN, at=work)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"fixbot: --baseline {KNOWN}: no baseline that this version of fixbot reads; "
        "write it anew with --write-baseline\n"
    )


def test_a_row_of_any_length_is_a_short_line(work: Path) -> None:
    row = {"id": "0" * 16, "rule": "r", "path": "p\n\x1b[31m", "resource": "x" * 1_000_000}
    (work / KNOWN).write_text(json.dumps({"schema": 1, "findings": [row]}))
    first, second = fixbot("scan", "--baseline", KNOWN, at=work).err.splitlines()
    assert first.startswith(f"note: gone since {KNOWN}: r in p\\n\\x1b[31m, xxx")
    assert len(first) < 3_000
    assert "--write-baseline" in second


def test_a_file_that_is_not_there_is_one_line(work: Path) -> None:
    done = fixbot("scan", "--baseline", "none.json", at=work)
    assert done.code == 2
    assert "fixbot: --baseline none.json: No such file or directory; " in done.err
