"""Files of findings: told apart by content, read whatever stands in them, and never a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.intake.deployed_names import parse_stacks, parse_state
from fixbot.intake.read_findings import parse_file
from fixbot.model.errors import FixbotError
from fixbot.model.foreign_findings import ForeignFinding
from tests.security_hub import asff, ocsf
from tests.test_cli import fixbot, repository

TERRAFORM = """resource "aws_s3_bucket" "assets" {
  bucket = "shop-assets"
}

resource "aws_s3_bucket" "logs" {
  bucket = "shop-logs"
}
"""
SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "Checkov", "rules": [{"id": "CKV2_AWS_6", "helpUri": "https://x"}]}},
            "results": [
                {
                    "ruleId": "CKV2_AWS_6", "ruleIndex": 0, "level": "error", "message": {"text": "m"},
                    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "infra/main.tf"},
                                                        "region": {"startLine": 5, "endLine": 7}}}],
                },
                {"ruleId": "CKV2_AWS_6", "message": {"text": "m"}, "suppressions": [{"kind": "external"}],
                 "locations": [{"physicalLocation": {"artifactLocation": {"uri": "infra/main.tf"},
                                                     "region": {"startLine": 1}}}]},
            ],
        }
    ],
}  # fmt: skip
CHECKOV = {
    "check_type": "terraform",
    "results": {
        "failed_checks": [
            {"check_id": "CKV2_AWS_6", "file_path": "/infra/main.tf", "file_line_range": [5, 7],
             "resource": "aws_s3_bucket.logs", "severity": None, "guideline": "https://x"}
        ],
        "skipped_checks": [
            {"check_id": "CKV2_AWS_6", "file_path": "/infra/main.tf", "file_line_range": [1, 3],
             "resource": "aws_s3_bucket.assets", "check_result": {"suppress_comment": "public site"}}
        ],
        "passed_checks": [{"check_id": "CKV_AWS_1"}],
    },
}  # fmt: skip
TRIVY = {
    "SchemaVersion": 2, "ArtifactType": "filesystem",
    "Results": [
        {"Target": "infra/main.tf", "Class": "config", "Type": "terraform", "Misconfigurations": [
            {"ID": "AVD-AWS-0086", "Severity": "HIGH", "Status": "FAIL", "Resolution": "Block it",
             "CauseMetadata": {"Resource": "aws_s3_bucket.logs", "StartLine": 5, "EndLine": 7}},
            {"ID": "AVD-AWS-0086", "Severity": "HIGH", "Status": "PASS"},
        ]}
    ],
}  # fmt: skip


def rows_of(tmp_path: Path, content: Any, *words: str) -> list[dict[str, Any]]:
    repo = repository(tmp_path / "repo", **{"infra/main.tf": TERRAFORM})
    (tmp_path / "findings").write_text(content if isinstance(content, str) else json.dumps(content))
    done = fixbot("run", "--findings", "../findings", "--format", "json", *words, at=repo)
    assert done.code == 0, done.err
    return list(json.loads(done.out)["sources"])


@pytest.mark.parametrize(
    ("content", "form", "outcomes", "severity"),
    [
        (SARIF, "sarif", ["matched", "suppressed"], "high"),
        (CHECKOV, "checkov", ["matched", "suppressed"], None),
        ([CHECKOV, {"check_type": "kubernetes", "results": {}}], "checkov", ["matched", "suppressed"], None),
        (TRIVY, "trivy", ["matched"], "high"),
    ],
)
def test_a_scanners_file_is_known_by_its_content(
    content: Any, form: str, outcomes: list[str], severity: str | None, tmp_path: Path
) -> None:
    rows = rows_of(tmp_path, content)
    assert [row["outcome"] for row in rows] == outcomes, rows
    assert {row["format"] for row in rows} == {form}
    assert (rows[0]["path"], rows[0]["severity"], rows[0]["confidence"]) == (
        "infra/main.tf",
        severity,
        "certain",
    )
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(len(row["id"]) >= 16 for row in rows)


def test_what_trivy_found_in_a_cluster_is_looked_for_by_kind_namespace_and_name() -> None:
    row = {"ID": "KSV-0014", "Severity": "LOW", "Status": "FAIL"}
    held = {
        "Namespace": "shop",
        "Kind": "Deployment",
        "Name": "web",
        "Results": [{"Misconfigurations": [row]}],
    }
    (found,) = parse_file(json.dumps({"ClusterName": "c", "Resources": [held]}).encode(), "f")
    assert isinstance(found, ForeignFinding)
    assert (found.kind, found.names, found.namespace, found.path) == ("deployment", ("web",), "shop", "")


def test_ids_of_scanners_rows_stay_when_lines_move() -> None:
    moved = json.loads(json.dumps(SARIF).replace('"startLine": 5', '"startLine": 50'))
    assert [each.id for each in parse_file(json.dumps(moved).encode(), "f")] == [
        each.id for each in parse_file(json.dumps(SARIF).encode(), "f")
    ]


@pytest.mark.parametrize("make", [asff, ocsf])
def test_lists_answers_events_and_lines_are_read_alike(make: Any) -> None:
    one, two = make("1"), make("2")
    if make is ocsf:
        two["metadata"] = {**two["metadata"], "uid": "another"}
    for whole in (
        [one, two],
        {"Findings": [one, two]},
        {"detail": {"findings": [one, two]}},
        [{"Findings": [one]}, {"Findings": [two]}],
    ):
        assert [each.id for each in parse_file(json.dumps(whole).encode(), "f")] == _ids(make)
    lines = f"{json.dumps(one)}\n\n{json.dumps(two)}\n"
    assert [each.id for each in parse_file(lines.encode(), "f")] == _ids(make)
    assert [each.id for each in parse_file(json.dumps(one).encode(), "f")] == _ids(make)[:1]


def _ids(make: Any) -> list[str]:
    made = [make("1"), make("2")]
    return [each["Id"] if make is asff else each["finding_info"]["uid"] for each in made]


@pytest.mark.parametrize(
    "content",
    ["", "x", "{", "[1, 2]", "{}", '{"a": 1}', '"text"', "null", "[" * 100_000, '{"runs": 5}', "\udcff"],
)
def test_what_is_no_file_of_findings_is_one_line(content: str, tmp_path: Path) -> None:
    with pytest.raises(FixbotError, match=r"--findings f\.json: it ") as caught:
        parse_file(content.encode("utf-8", "surrogateescape"), "f.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("option", ["--findings", "--state", "--stacks"])
def test_a_file_that_is_not_there_is_one_line(option: str, tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", **{"infra/main.tf": TERRAFORM})
    (tmp_path / "f.json").write_text("[]")
    words = () if option == "--findings" else ("--findings", "../f.json")
    done = fixbot("run", *words, option, "gone.json", at=repo)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert f"{option} gone.json: no such file" in done.err


def test_what_a_stranger_writes_steers_no_terminal_and_no_page(tmp_path: Path) -> None:
    evil = "\x1b[31m<!-- fixbot {} --> [x](javascript:1) | a\n::error::x"
    finding = asff(control="Config.1") | {
        "Remediation": {"Recommendation": {"Text": evil, "Url": "javascript:1"}}
    }
    repo = repository(tmp_path / "repo", **{"infra/main.tf": TERRAFORM})
    (tmp_path / "f.json").write_text(json.dumps([finding]))
    done = fixbot("run", "--findings", "../f.json", at=repo)
    assert done.code == 0, done.err
    assert "\x1b" not in done.out
    assert "\n::error" not in done.out


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


@given(st.data())
def test_whatever_stands_in_a_field_costs_at_most_its_own_entry(data: st.DataObject) -> None:
    for make in (asff, ocsf):
        broken = copy.deepcopy(make("1", tags={"a": "b"}))
        *way, last = data.draw(st.sampled_from(list(places(broken))))
        inner: Any = broken
        for key in way:
            inner = inner[key]
        inner[last] = data.draw(JSON)
        found = parse_file(json.dumps([broken, make("2")]).encode(), "f")
        assert len(found) == 2
        assert isinstance(found[1], ForeignFinding)
        assert found[0].id.isprintable()


def one_line_or(parse: Callable[[], Iterable[Any]]) -> list[Any]:
    """What is read, or nothing where that is refused in one line."""
    try:
        return list(parse())
    except FixbotError as error:
        told = str(error)
    assert "\n" not in told
    return []


@given(st.sampled_from([SARIF, CHECKOV, TRIVY]), st.data())
def test_whatever_stands_in_a_scanners_file_is_rows_or_one_line(whole: Any, data: st.DataObject) -> None:
    broken = copy.deepcopy(whole)
    *way, last = data.draw(st.sampled_from(list(places(broken))))
    inner: Any = broken
    for key in way:
        inner = inner[key]
    inner[last] = data.draw(JSON)
    for each in one_line_or(lambda: parse_file(json.dumps(broken).encode(), "f")):
        assert each.id or not isinstance(each, ForeignFinding)


@given(JSON)
def test_whatever_a_state_or_a_stack_says_is_names_or_one_line(value: Any) -> None:
    module = {"resources": [{"mode": "managed", "values": value}], "child_modules": value}
    shapes = (
        value,
        {"terraform_version": "1", "resources": value},
        {"values": {"root_module": value}},
        {"terraform_version": "1", "resources": [{"mode": "managed", "instances": value, "module": value}]},
        {"values": {"root_module": module}},
        {"StackResources": value},
        [value],
    )
    for shape in shapes:
        data = json.dumps(shape).encode()
        one_line_or(lambda data=data: parse_state(data, "f"))  # type: ignore[misc]
        one_line_or(lambda data=data: parse_stacks(data, "f"))  # type: ignore[misc]
