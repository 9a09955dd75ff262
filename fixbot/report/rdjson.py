"""Diagnostics as reviewdog reads them (rdjson), with suggestions that replace whole lines.

Source: reviewdog's proto/rdf. Columns are left out: a range without them means lines, which is what GitHub's
blocks of suggested changes can replace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixbot.edit.edited_text import split_lines
from fixbot.model.findings import Severity, Status
from fixbot.report.text import describe_finding
from fixbot.text.characters import fold_to_line, write_json

if TYPE_CHECKING:
    from fixbot.model.findings import Finding, Patch, Proposal, Report

_LEVELS = {
    Severity.CRITICAL: "ERROR",
    Severity.HIGH: "ERROR",
    Severity.MEDIUM: "WARNING",
    Severity.LOW: "INFO",
}
_MOST_LINES = 60
"""Lines that a suggestion replaces or writes: nobody reads more beside a comment."""


def render_rdjson(report: Report) -> str:
    """The findings that nobody asked to ignore; the first of a proposal in one file has its change."""
    before = {patch.path: patch for patch in report.patches}
    suggestions: dict[str, dict[str, Any]] = {}
    for proposal in report.proposals:
        if (found := suggest_lines(proposal, before)) is not None:
            suggestions[proposal.findings[0]] = found
    rows = [
        _diagnostic_of(each, suggestions.get(each.id))
        for each in report.findings
        if each.status is not Status.SUPPRESSED
    ]
    whole = {"source": {"name": "fixbot"}, "diagnostics": rows}
    return write_json(whole, indent=2) + "\n"


def _diagnostic_of(finding: Finding, suggestion: dict[str, Any] | None) -> dict[str, Any]:
    reason = f". {finding.reason}" if finding.reason else ""
    row: dict[str, Any] = {
        "message": fold_to_line(f"{describe_finding(finding)}{reason}"),
        "location": {"path": finding.path, "range": {"start": {"line": finding.line}}},
        "severity": _LEVELS[finding.severity],
        "code": {"value": finding.rule},
    }
    return row if suggestion is None else {**row, "suggestions": [suggestion]}


def suggest_lines(proposal: Proposal, patches: dict[str, Patch]) -> dict[str, Any] | None:
    """The lines that a proposal replaces, and what with; None where that would not be all of it, or not safe.

    A line that holds what is hidden is not repeated.
    """
    path = proposal.paths[0] if len(proposal.paths) == 1 else ""
    patch, after = patches.get(path), proposal.contents.get(path)
    if (
        patch is None
        or patch.before is None
        or after is None
        or proposal.touches_secret
        or not proposal.edits
    ):
        return None
    old, new = split_lines(patch.before), split_lines(after)
    start = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
    start = min(len(old), len(new)) if start is None else start
    same = 0
    while same < min(len(old), len(new)) - start and old[-1 - same] == new[-1 - same]:
        same += 1
    first, last = (start, len(old) - same) if len(old) - same > start else (start - 1, start)
    text = "".join(new[first : len(new) - same])
    if first < 0 or max(last - first, text.count("\n")) > _MOST_LINES:
        return None
    return {"range": {"start": {"line": first + 1}, "end": {"line": last}}, "text": text.removesuffix("\n")}
