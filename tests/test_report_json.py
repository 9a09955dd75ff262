"""The report for machines, field by field as it is promised."""

from __future__ import annotations

import json
from dataclasses import replace

from fixbot import __version__
from fixbot.report.json import render_json
from tests.report_samples import SECRET, sample


def test_the_fields_are_those_of_the_contract() -> None:
    report = json.loads(render_json(sample()))
    assert list(report) == [
        "schema",
        "fixbot",
        "stats",
        "findings",
        "patches",
        "proposals",
        "unread",
        "left_out",
        "remarks",
    ]
    assert (report["schema"], report["fixbot"]) == (1, __version__)
    assert report["stats"] == {
        "files_listed": 214, "files_parsed": 31, "containers": 31, "statements": 12, "seconds": 0.432,
    }  # fmt: skip
    assert report["findings"][0] == {
        "id": "id1",
        "rule": "readonly-root-filesystem",
        "severity": "high",
        "safety": "review",
        "path": "deploy/task.json",
        "line": 5,
        "column": 5,
        "resource": "task orders, container app",
        "message": "the root filesystem is writable",
        "controls": ["ECS.5"],
        "status": "fixed",
        "reason": None,
        "topic": "",
        "known": False,
        "layer": None,
        "source": None,
    }
    assert set(report["patches"][0]) == {"path", "diff", "fixed", "introduced"}
    assert set(report["proposals"][0]) >= {
        "key", "branch", "title", "body", "paths", "findings", "rule", "topic", "safety", "commits",
        "facts",
    }  # fmt: skip
    assert report["unread"][0] == {
        "path": "charts/web/templates/0.yaml",
        "line": None,
        "reason": "a Helm template",
        "cause": "unserved",
    }


def test_statuses_and_grades_are_words() -> None:
    findings = json.loads(render_json(sample()))["findings"]
    assert {each["status"] for each in findings} == {"fixed", "refused", "manual", "suppressed"}
    assert {each["severity"] for each in findings} == {"critical", "high", "medium"}
    assert {each["safety"] for each in findings} == {"review", "manual"}


def test_a_name_that_is_no_unicode_comes_through() -> None:
    report = sample()
    odd = replace(report, unread=(replace(report.unread[0], path="caf\udce9.yaml"),))
    assert json.loads(render_json(odd).encode())["unread"][0]["path"] == "caf\udce9.yaml"


def test_what_hides_or_steers_a_terminal_stands_escaped_and_exact() -> None:
    report = sample()
    path = "a\n\x9b31m\x7f\u202e\U000e0041.yaml"
    text = render_json(replace(report, unread=(replace(report.unread[0], path=path),)))
    assert json.loads(text)["unread"][0]["path"] == path
    assert text.replace("\n", "").isprintable()


def test_no_secret() -> None:
    assert SECRET not in render_json(sample())
