"""Findings as build services show them: GitLab's code-quality report, and JUnit's XML."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fixbot.model.findings import Severity, Status
from fixbot.report.text import describe_finding
from fixbot.text.characters import fold_to_line, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fixbot.model.findings import Finding, Report
    from fixbot.rules.rule import Rule

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}
"""GitLab's words: info, minor, major, critical, blocker."""


def render_gitlab(report: Report) -> str:
    """GitLab's code-quality JSON: what nobody asked to ignore, known again by the findings' ids."""
    rows = [
        {
            "description": _describe(each),
            "check_name": each.rule,
            "fingerprint": each.id,
            "severity": _SEVERITIES[each.severity],
            "location": {"path": each.path, "lines": {"begin": each.line}},
        }
        for each in report.findings
        if each.status is not Status.SUPPRESSED
    ]
    return write_json(rows, indent=2) + "\n"


def render_junit(report: Report, rules: Iterable[Rule]) -> str:
    """JUnit's XML: a suite for each rule; ignored findings are skipped, and what was not read is an error."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for each in report.findings:
        by_rule[each.rule].append(each)
    root = Element("testsuites", name="fixbot")
    for name in sorted({*by_rule, *(rule.name for rule in rules)}):
        _add_suite(root, name, by_rule.get(name, []))
    if report.unread:
        count = str(len(report.unread))
        suite = SubElement(
            root, "testsuite", name="not read", tests=count, failures="0", errors=count, skipped="0"
        )
        for unread in report.unread:
            case = SubElement(suite, "testcase", classname="not read", name=_clean(unread.path))
            SubElement(case, "error", message=_clean(unread.reason), type=unread.cause)
    for kind in ("tests", "failures", "errors"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in root)))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _add_suite(root: Element, rule: str, found: list[Finding]) -> None:
    ignored = sum(each.status is Status.SUPPRESSED for each in found)
    suite = SubElement(
        root, "testsuite", name=rule, tests=str(len(found) or 1), failures=str(len(found) - ignored),
        errors="0", skipped=str(ignored),
    )  # fmt: skip
    for each in found:
        name = f"{each.path}:{each.line} {each.resource}"
        case = SubElement(suite, "testcase", classname=rule, name=_clean(name), file=_clean(each.path))
        case.set("line", str(each.line))
        if each.status is Status.SUPPRESSED:
            SubElement(case, "skipped", message=_clean(each.reason or ""))
        else:
            SubElement(case, "failure", message=_describe(each), type=each.severity.label)
    if not found:
        SubElement(suite, "testcase", classname=rule, name="nothing found")


def _describe(finding: Finding) -> str:
    reason = f". {finding.reason}" if finding.reason else ""
    return _clean(f"{describe_finding(finding)}{reason}")


def _clean(text: str) -> str:
    """The text as XML may hold it, and as UTF-8."""
    return fold_to_line(text).encode("utf-8", "backslashreplace").decode()
