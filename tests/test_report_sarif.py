"""SARIF 2.1.0 as collectors read it.

`sarif_shape.json` is our own, stricter description of what we write, by the OASIS specification;
with FIXBOT_SARIF_SCHEMA naming a copy of the official schema, that is asked as well.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixbot.edit.edited_text import replace_whole
from fixbot.masking.mask_texts import mask_texts
from fixbot.masking.secret_masker import KnownValuesMasker
from fixbot.model.findings import Report
from fixbot.report.replacements import find_replacements
from fixbot.report.sarif import render_sarif
from fixbot.settings.suppressions import Ignore
from fixbot.text.characters import MASK
from tests.first_rules import first_rules
from tests.report_samples import BOTH, MOVED, SECRET, TASK_BEFORE, edits, sample

SHAPE = json.loads((Path(__file__).parent / "data" / "sarif_shape.json").read_text())


def sarif(report: Report, *configured: Ignore) -> dict[str, Any]:
    text = render_sarif(report, first_rules(), configured)
    whole: dict[str, Any] = json.loads(text)
    jsonschema.validate(whole, SHAPE)
    official = os.environ.get("FIXBOT_SARIF_SCHEMA")
    if official:
        jsonschema.Draft4Validator(json.loads(Path(official).read_text())).validate(whole)
    return whole


def applied(text: str, some: list[dict[str, Any]]) -> str:
    """What a reader of SARIF makes of replacements: all regions count in the unchanged file."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    rows = text.removeprefix("\ufeff").split("\n")

    def offset(line: int, column: int) -> int:
        return sum(len(row) + 1 for row in rows[: line - 1]) + column - 1

    out = text.removeprefix("\ufeff")
    for each in reversed(some):
        region = each["deletedRegion"]
        start, end = (offset(region[f"{side}Line"], region[f"{side}Column"]) for side in ("start", "end"))
        out = out[:start] + each.get("insertedContent", {}).get("text", "") + out[end:]
    return mark + out


def test_a_result_says_what_where_and_how_bad() -> None:
    result = sarif(sample())["runs"][0]["results"][0]
    assert result["ruleId"] == "readonly-root-filesystem"
    assert result["level"] == "error"
    assert result["message"]["text"] == "task orders, container app: the root filesystem is writable"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "deploy/task.json", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 5, "startColumn": 5}
    assert result["partialFingerprints"] == {"primaryLocationLineHash": "id1:1", "fixbot/v1": "id1"}


def test_rules_that_ran_are_described_and_pointed_at() -> None:
    run = sarif(sample())["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        if "ruleIndex" in result:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [rule["id"] for rule in rules] == [fixer.name for fixer in first_rules()]


def test_the_fix_of_a_finding_makes_what_its_proposal_makes() -> None:
    report = sample()
    shown = tuple(replace(each, diff=each.diff.replace(MASK, "moved")) for each in report.proposals)
    results = sarif(replace(report, proposals=shown))["runs"][0]["results"]
    (fix,) = results[1]["fixes"]
    task, role = fix["artifactChanges"]
    assert task["artifactLocation"]["uri"] == "deploy/task.json"
    assert applied(TASK_BEFORE, task["replacements"]) == MOVED
    assert role["artifactLocation"]["uri"] == "iam/role.tf"
    assert role["replacements"][0]["deletedRegion"] == {
        "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1,
    }  # fmt: skip
    assert all("fixes" not in result for result in results[2:])


def test_no_secret_and_no_fix_that_would_show_one() -> None:
    report = sample()
    assert SECRET not in render_sarif(report, ())
    leaking = MOVED.replace('"arn:aws:ssm:::orders"', f'"{SECRET}"')
    proposal = replace(report.proposals[0], edits=edits({"deploy/task.json": (TASK_BEFORE, leaking)}))
    masked = mask_texts(proposal, KnownValuesMasker([SECRET]))
    whole = sarif(replace(report, proposals=(masked,)))
    assert SECRET not in json.dumps(whole)
    assert "fixes" not in whole["runs"][0]["results"][1]


def test_a_line_with_what_is_hidden_is_in_no_fix() -> None:
    """A viewer that puts whole lines in place would repeat the rest of it."""
    results = sarif(sample())["runs"][0]["results"]
    assert all("fixes" not in each for each in results if each["ruleId"] == "secret-in-environment")


def test_a_rule_says_how_sure_it_is_and_which_weakness_it_is_about() -> None:
    rules = {each["id"]: each for each in sarif(sample())["runs"][0]["tool"]["driver"]["rules"]}
    told = rules["secret-in-environment"]
    assert "external/cwe/cwe-798" in told["properties"]["tags"]
    assert told["properties"]["precision"] == "high"
    assert told["help"]["markdown"]


def test_suppressions_say_whose_reason_and_where_from() -> None:
    def found(*configured: Ignore) -> object:
        results = sarif(sample(), *configured)["runs"][0]["results"]
        return next(each["suppressions"] for each in results if "suppressions" in each)

    said = {"status": "accepted", "justification": "the driver needs it"}
    assert found() == [{"kind": "inSource", **said}]
    wish = Ignore("privileged-container", "the driver needs it")
    assert found(wish) == [{"kind": "external", **said}]


def test_what_was_not_read_is_said_and_odd_names_are_uris() -> None:
    notes = sarif(sample())["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert len(notes) == 31
    assert notes[0]["message"]["text"] == "Not read: a Helm template"
    assert (notes[0]["level"], notes[0]["properties"]) == ("note", {"cause": "unserved"})
    assert (notes[-1]["level"], notes[-1]["properties"]) == ("warning", {"cause": "damaged"})
    odd = notes[-1]["locations"][0]["physicalLocation"]
    assert odd["artifactLocation"]["uri"] == "odd%0A%1B%5B31mname.yaml"


TEXT = st.lists(st.sampled_from(["a", "b c", "\n", "\r\n", "\ufeff", "{", "𝄞", " "]), max_size=12).map(
    "".join
)


@settings(max_examples=200)
@given(TEXT, TEXT)
def test_replacements_make_the_one_text_of_the_other(before: str, after: str) -> None:
    mark = "\ufeff" if before.startswith("\ufeff") else ""
    after = mark + after  # no fix takes a byte order mark away
    some = [
        {
            "deletedRegion": {
                "startLine": each.start[0], "startColumn": each.start[1],
                "endLine": each.end[0], "endColumn": each.end[1],
            },
            "insertedContent": {"text": each.text},
        }
        for each in find_replacements(before, replace_whole("f", before, after).edits)
    ]  # fmt: skip
    assert applied(before, some) == after


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_only_what_differs_is_replaced(ends: str) -> None:
    before, after = TASK_BEFORE.replace("\n", ends), BOTH.replace("\n", ends)
    some = list(find_replacements(before, replace_whole("f", before, after).edits))
    assert not any("orders:1.4" in each.text for each in some)
    assert all(each.start >= (6, 29) for each in some)
