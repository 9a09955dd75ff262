"""Reports for review and build services: reviewdog, GitLab, JUnit."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from fixbot.edit.edited_text import replace_whole, split_lines
from fixbot.model.findings import FileEdits, Patch, Proposal
from fixbot.model.proposal_facts import ProposalFacts
from fixbot.report.code_quality import render_gitlab, render_junit
from fixbot.report.rdjson import render_rdjson, suggest_lines
from fixbot.text.characters import MASK
from tests.first_rules import first_rules
from tests.report_samples import SECRET, sample

GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "fingerprint": {"type": "string", "minLength": 1},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"minimum": 1}},
                    }
                },
            },
        },
    },
}
"""As GitLab's documentation describes a code-quality report."""


def read_xml(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - of our own making


def test_gitlab_gets_what_nobody_ignored_by_its_id() -> None:
    rows = json.loads(render_gitlab(sample()))
    jsonschema.validate(rows, GITLAB)
    assert len({each["fingerprint"] for each in rows}) == len(rows) == len(sample().findings) - 1
    assert rows[1]["severity"] == "blocker"


def test_junit_fails_skips_and_passes() -> None:
    root = read_xml(render_junit(sample(), first_rules()))
    suites = {each.get("name"): each for each in root}
    assert suites["secret-in-environment"].find("testcase/failure") is not None
    skipped = suites["privileged-container"].findall("testcase/skipped")
    assert [each.get("message") for each in skipped] == ["the driver needs it"]
    assert len(suites["not read"].findall("testcase/error")) == len(sample().unread)
    assert int(root.get("failures", "0")) == len(sample().findings) - 1
    empty = read_xml(render_junit(replace(sample(), findings=(), unread=()), first_rules()))
    assert {each.get("failures") for each in empty} == {"0"}


@given(st.text())
def test_no_name_breaks_the_xml(name: str) -> None:
    found = tuple(replace(each, resource=name, message=name, path=name) for each in sample().findings)
    root = read_xml(render_junit(replace(sample(), findings=found), ()))
    assert sum(1 for _ in root.iter("testcase")) == len(found) + len(sample().unread)


def test_reviewdog_gets_no_secret_and_no_line_that_held_one() -> None:
    whole = render_rdjson(sample())
    assert SECRET not in whole
    rows = json.loads(whole)["diagnostics"]
    assert all("suggestions" not in each for each in rows if each["code"]["value"] == "secret-in-environment")
    assert {each["severity"] for each in rows} <= {"ERROR", "WARNING", "INFO"}


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "  d: 1\n"]), min_size=1, max_size=8).map("".join)


def proposal(before: str, after: str, diff: str = "") -> tuple[Proposal, dict[str, Patch]]:
    file = replace_whole("x.yaml", before, after)
    made = Proposal(
        "k", "r", "b", ("x.yaml",), ("i",), ProposalFacts((), ()), {"x.yaml": after}, diff,
        edits=(FileEdits("x.yaml", file.edits),),
    )  # fmt: skip
    return made, {"x.yaml": Patch("x.yaml", before, after, diff, ("i",))}


@given(LINES, LINES)
def test_a_suggestion_put_in_place_makes_what_the_proposal_makes(before: str, after: str) -> None:
    found = suggest_lines(*proposal(before, after))
    if found is None:
        return
    rows = split_lines(before)
    start, end = found["range"]["start"]["line"], found["range"]["end"]["line"]
    text = found["text"] + "\n" if found["text"] or after != "".join(rows[: start - 1] + rows[end:]) else ""
    assert "".join([*rows[: start - 1], text, *rows[end:]]) == after


def test_a_line_with_a_mask_is_suggested_to_nobody() -> None:
    assert suggest_lines(*proposal("a\nb\n", "a\nc\n", f"-b {MASK}\n+c\n")) is None
    assert suggest_lines(*proposal("a\nb\n", "a\nc\n", f" b {MASK}\n-b\n+c\n")) is not None
