"""`--audit FILE`: one line a decision, appended whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fixbot.checkout.named_files import append_lines
from fixbot.cli.audit_log import append_audit
from fixbot.cli.options import Options
from fixbot.report.audit import AuditedRun, render_audit
from tests.hub_runs import World, world
from tests.report_samples import sample
from tests.test_calm_pull_requests import LIMITS, services

RUN = AuditedRun("2026-11-30T23:00:00+00:00", "1", "anna", "shop/deploy")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(each) for each in text.splitlines()]


def test_every_finding_and_every_unread_file_is_a_line() -> None:
    report = sample()
    rows = lines(render_audit(report, RUN))
    assert [each["finding"] for each in rows if each["finding"]] == [each.id for each in report.findings]
    assert {each["decision"] for each in rows} >= {"proposed", "refused", "manual", "ignored", "unread"}
    for each in rows:
        assert list(each)[:9] == [
            "time", "run", "who", "repository", "finding", "rule", "decision", "proof", "pull_request",
        ]  # fmt: skip


def test_runs_are_appended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "audit.jsonl"
    options = Options("run", str(tmp_path), audit=made)
    append_audit(options, {}, sample(), "")
    first = made.read_text()
    there = {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "lena", "GITHUB_RUN_ID": "7"}
    append_audit(options, there, sample(), "")
    both = made.read_text()
    assert both.startswith(first)
    rows = lines(both)
    assert {(each["who"], each["repository"]) for each in rows} == {
        ("local", tmp_path.name), ("lena", tmp_path.name),
    }  # fmt: skip
    assert rows[-1]["run"] == "7"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("kept")
    (tmp_path / "log").symlink_to(there)
    with pytest.raises(OSError, match=r".*"):
        append_lines(os.fspath(tmp_path / "log"), b"{}\n", ())
    assert there.read_text() == "kept"


def test_with_pull_requests_it_says_what_became_of_each(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    with world(tmp_path / "w", {**services(*"abc"), ".fixbot.yml": LIMITS}) as shop:
        shop.run(audit=log)
        decided = [(each["decision"], each["pull_request"]) for each in lines(log.read_text())]
        assert sorted(decided, key=str) == [("opened", 1), ("opened", 2), ("waiting", None)]
        assert all(each["repository"] == "shop/deploy" for each in lines(log.read_text()))
        check_proofs(shop, log)


def check_proofs(shop: World, log: Path) -> None:
    shop.run(audit=log)
    last = lines(log.read_text())[-3:]
    assert all("again" in each["proof"] for each in last)
