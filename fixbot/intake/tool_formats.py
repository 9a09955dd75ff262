"""Findings as scanners of files write them: SARIF, checkov's JSON, trivy's JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote

from fixbot.intake.field_checks import (
    LONGEST_ID,
    MalformedFinding,
    find_namespace,
    name_resource,
    read_control,
    read_list,
    read_map,
    read_sentence,
    read_severity,
    read_text,
)
from fixbot.model.foreign_findings import ForeignFinding, SourceFormat, UnreadFinding

_LEVELS: Final = {"error": "high", "warning": "medium", "note": "low", "none": "informational"}
"""SARIF's levels, where nothing says more."""
_MOST_LINES: Final = 10_000_000
Parsed = ForeignFinding | UnreadFinding


def parse_sarif(data: Mapping[str, Any]) -> Iterator[Parsed]:
    """The results of every run."""
    for run in (read_map(each, "a run") for each in read_list(data.get("runs"), "runs")):
        driver = read_map(read_map(run.get("tool"), "tool").get("driver"), "tool.driver")
        rules = [each for each in read_list(driver.get("rules"), "rules") if isinstance(each, Mapping)]
        tool = read_text(driver.get("name"), "tool.driver.name")
        for result in read_list(run.get("results"), "results"):
            yield _guard("sarif", _parse_result, result, rules, tool)


def _guard(format: SourceFormat, parse: Callable[..., ForeignFinding], *row: Any) -> Parsed:  # noqa: A002 - the field's name
    try:
        return parse(*row)
    except MalformedFinding as problem:
        return UnreadFinding("", format, problem.said)


def _parse_result(result: Any, rules: Sequence[Mapping[str, Any]], tool: str) -> ForeignFinding:
    result = read_map(result, "a result")
    rule = _find_sarif_rule(result, rules)
    control = read_control(result.get("ruleId") or rule.get("id"), "ruleId")
    if not control:
        raise MalformedFinding("a result names no rule")
    locations = read_list(result.get("locations"), "locations")
    place = read_map(locations[0] if locations else None, "a location")
    file = read_map(place.get("physicalLocation"), "physicalLocation")
    where = read_text(
        read_map(file.get("artifactLocation"), "artifactLocation").get("uri"), "uri", LONGEST_ID
    )
    region = read_map(file.get("region"), "region")
    logical = read_list(place.get("logicalLocations"), "logicalLocations")
    name = read_map(logical[0] if logical else None, "a logical location")
    resource = read_text(name.get("fullyQualifiedName") or name.get("name"), "logicalLocations", LONGEST_ID)
    line = _read_line(region.get("startLine"))
    waived = [
        each for each in read_list(result.get("suppressions"), "suppressions") if isinstance(each, Mapping)
    ]
    finding = ForeignFinding(
        "", "sarif", control, _grade_result(result, rule), resource=resource, product=tool,
        advice=read_sentence(read_map(rule.get("help"), "help").get("text") or rule.get("helpUri")),
        path=unquote(where), line=line, last_line=_read_line(region.get("endLine")) or line,
    )  # fmt: skip
    if any(each.get("status", "accepted") == "accepted" for each in waived):
        finding = replace(finding, state="suppressed", state_reason=f"suppressed in {tool or 'its tool'}")
    if result.get("kind") in ("pass", "notApplicable") or result.get("baselineState") == "absent":
        finding = replace(finding, state="resolved", state_reason="its tool says that it is gone")
    return replace(finding, id=_hash_row(tool, finding))


def _find_sarif_rule(result: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    at = result.get("ruleIndex", read_map(result.get("rule"), "rule").get("index"))
    if isinstance(at, int) and 0 <= at < len(rules):
        return rules[at]
    name = result.get("ruleId") or read_map(result.get("rule"), "rule").get("id")
    return next((each for each in rules if each.get("id") == name), {"id": name})


def _grade_result(result: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    own = read_map(result.get("properties"), "properties") or {}
    score = own.get(
        "security-severity", read_map(rule.get("properties"), "properties").get("security-severity")
    )
    try:
        figure = float(score) if isinstance(score, str | int | float) and len(str(score)) < 20 else None
    except ValueError:
        figure = None
    if figure is not None and 0 < figure <= 10:  # as GitHub reads it
        return next(
            word
            for least, word in ((9, "critical"), (7, "high"), (4, "medium"), (0, "low"))
            if figure >= least
        )
    usual = read_map(rule.get("defaultConfiguration"), "defaultConfiguration").get("level", "warning")
    return _LEVELS.get(str(result.get("level", usual)), "")


def _read_line(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_LINES else 0


def parse_checkov(data: Any) -> Iterator[Parsed]:
    """What failed and what was skipped, of one framework or of several."""
    for report in data if isinstance(data, list) else [data]:
        results = read_map(read_map(report, "a report").get("results"), "results")
        for key, state in (("failed_checks", ""), ("skipped_checks", "suppressed")):
            for row in read_list(results.get(key), key):
                yield _guard("checkov", _parse_check, row, state)


def _parse_check(row: Any, state: Any) -> ForeignFinding:
    row = read_map(row, "a check")
    control = read_control(row.get("check_id"), "check_id")
    if not control:
        raise MalformedFinding("a check has no check_id")
    lines = read_list(row.get("file_line_range"), "file_line_range")
    where = row.get("repo_file_path") or row.get("file_path")
    why = read_sentence(read_map(row.get("check_result"), "check_result").get("suppress_comment"))
    finding = ForeignFinding(
        "", "checkov", control, read_severity(row.get("severity")),
        resource=read_text(row.get("resource"), "resource", LONGEST_ID), product="checkov",
        advice=read_sentence(row.get("guideline")),
        path=read_text(where, "file_path", LONGEST_ID).lstrip("/"),
        line=_read_line(next(iter(lines), 0)), last_line=_read_line(lines[1] if len(lines) > 1 else 0),
        state=state, state_reason=f"skipped in checkov{f': {why}' if why else ''}" if state else "",
    )  # fmt: skip
    return replace(finding, id=_hash_row("checkov", finding))


def parse_trivy(data: Mapping[str, Any]) -> Iterator[Parsed]:
    """The misconfigurations of files, and of what runs in a cluster."""
    yield from _parse_trivy_results(data, "")
    listed = read_list(data.get("Resources") or data.get("Findings"), "Resources")
    for held in (read_map(each, "a resource") for each in listed):
        names = (read_text(held.get(key), key) for key in ("Namespace", "Kind", "Name"))
        yield from _parse_trivy_results(held, "/".join(filter(None, names)))


def _parse_trivy_results(data: Mapping[str, Any], resource: str) -> Iterator[Parsed]:
    for result in (read_map(each, "a result") for each in read_list(data.get("Results"), "Results")):
        target = read_text(result.get("Target"), "Target", LONGEST_ID)
        for row in read_list(result.get("Misconfigurations"), "Misconfigurations"):
            if not isinstance(row, Mapping) or row.get("Status") != "PASS":
                yield _guard("trivy", _parse_misconfiguration, row, target, resource)


def _parse_misconfiguration(row: Any, target: str, resource: str) -> ForeignFinding:
    row = read_map(row, "a misconfiguration")
    control = read_control(row.get("ID") or row.get("AVDID"), "ID")
    if not control:
        raise MalformedFinding("a misconfiguration has no ID")
    cause = read_map(row.get("CauseMetadata"), "CauseMetadata")
    kind, names = name_resource(resource)
    finding = ForeignFinding(
        "", "trivy", control, read_severity(row.get("Severity")),
        resource=read_text(cause.get("Resource"), "Resource", LONGEST_ID) or resource, product="trivy",
        advice=read_sentence(row.get("Resolution")), path="" if resource else target,
        kind=kind, names=names, namespace=find_namespace(resource),
        line=_read_line(cause.get("StartLine")), last_line=_read_line(cause.get("EndLine")),
    )  # fmt: skip
    if row.get("Status") == "EXCEPTION":
        finding = replace(finding, state="suppressed", state_reason="an exception of trivy's")
    return replace(finding, id=_hash_row("trivy", finding))


def _hash_row(tool: str, finding: ForeignFinding) -> str:
    parts = (tool, finding.control, finding.path, finding.resource)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
