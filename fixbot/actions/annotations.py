"""What the runner is told of a run: annotations at lines, and the values of the step's outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.actions.pull_request_check import PullRequestCheck
from fixbot.actions.workflow_commands import Kind, format_annotation
from fixbot.model.findings import Severity, Status
from fixbot.report.text import describe_finding
from fixbot.text.command import RULE, build_command
from fixbot.text.markdown_escape import mark_code

if TYPE_CHECKING:
    from fixbot.model.findings import Finding, Report

MOST: Final = 10
"""So many annotations of each kind does GitHub show for a step."""
_KINDS: Final[tuple[tuple[Kind, tuple[Severity, ...]], ...]] = (
    ("error", (Severity.CRITICAL, Severity.HIGH)),
    ("warning", (Severity.MEDIUM,)),
    ("notice", (Severity.LOW,)),
)


def annotate_findings(check: PullRequestCheck | None, remarks: Sequence[str]) -> Iterator[str]:
    """Commands that show what a check says, what can't be judged first, and the remarks beside it."""
    check = check or PullRequestCheck()
    room: dict[Kind, int] = dict.fromkeys(("error", "warning", "notice"), MOST)
    for damaged in check.damaged[: MOST // 2]:
        says = f"This file is touched and can't be judged: {damaged.reason}."
        room["error"] -= 1
        yield format_annotation("error", says, title="fixbot", path=damaged.path, line=damaged.line)
    for ignored in check.ignores[: MOST // 2]:
        room["warning"] -= 1
        yield format_annotation("warning", f"{ignored}.", title="fixbot")
    for kind, grades in _KINDS:
        some = [finding for finding in check.findings if finding.severity in grades]
        for each in some[: room[kind]]:
            says = f"{describe_finding(each)}. {_suggest_way_out(each)}"
            yield format_annotation(kind, says, title=each.rule, path=each.path, line=each.line)
    for remark in remarks[:MOST]:
        yield format_annotation("notice", remark, title="fixbot")


def _suggest_way_out(finding: Finding) -> str:
    if finding.status is Status.FIXED:
        repair = build_command("fixbot", "run", "--write", "--only", RULE(finding.rule))
        return " ".join([f"{mark_code(repair.text)} repairs it.", *repair.explain_placeholders])
    return finding.reason or ""


def output_values(report: Report) -> dict[str, str]:
    """The outputs that count things, and the pull requests that were opened or updated."""

    def count_findings(*statuses: Status) -> str:
        return str(sum(each.status in statuses for each in report.findings))

    changed = [
        row.url
        for row in report.pulls or ()
        if row.url and row.outcome == "done" and row.deed in {"open", "finish", "update"}
    ]
    return {
        "findings": count_findings(Status.FIXED, Status.REFUSED, Status.MANUAL),
        "fixed": count_findings(Status.FIXED),
        "refused": count_findings(Status.REFUSED),
        "pull-requests": json.dumps(changed),
    }
