"""What the runner is told of a run: annotations at lines, and the values of the step's outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.actions.check import Check
from fixbot.actions.commands import Kind, annotation
from fixbot.command import RULE, run
from fixbot.model import Severity, Status
from fixbot.prose import code
from fixbot.report.text import said

if TYPE_CHECKING:
    from fixbot.model import Finding, Report

MOST: Final = 10
"""So many annotations of each kind does GitHub show for a step."""
_KINDS: Final[tuple[tuple[Kind, tuple[Severity, ...]], ...]] = (
    ("error", (Severity.CRITICAL, Severity.HIGH)),
    ("warning", (Severity.MEDIUM,)),
    ("notice", (Severity.LOW,)),
)


def remarks_at_lines(check: Check | None, remarks: Sequence[str]) -> Iterator[str]:
    """Commands that show what a check says, what can't be judged first, and the remarks beside it."""
    check = check or Check()
    room: dict[Kind, int] = dict.fromkeys(("error", "warning", "notice"), MOST)
    for damaged in check.damaged[: MOST // 2]:
        says = f"This file is touched and can't be judged: {damaged.reason}."
        room["error"] -= 1
        yield annotation("error", says, title="fixbot", path=damaged.path, line=damaged.line)
    for ignored in check.ignores[: MOST // 2]:
        room["warning"] -= 1
        yield annotation("warning", f"{ignored}.", title="fixbot")
    for kind, grades in _KINDS:
        some = [finding for finding in check.findings if finding.severity in grades]
        for each in some[: room[kind]]:
            says = f"{said(each)}. {_way_out(each)}"
            yield annotation(kind, says, title=each.rule, path=each.path, line=each.line)
    for remark in remarks[:MOST]:
        yield annotation("notice", remark, title="fixbot")


def _way_out(finding: Finding) -> str:
    if finding.status is Status.FIXED:
        repair = run("fixbot", "run", "--write", "--only", RULE(finding.rule))
        return " ".join([f"{code(repair.text)} repairs it.", *repair.explained])
    return finding.reason or ""


def values(report: Report) -> dict[str, str]:
    """The outputs that count things, and the pull requests that were opened or updated."""

    def number(*statuses: Status) -> str:
        return str(sum(each.status in statuses for each in report.findings))

    changed = [
        row.url
        for row in report.pulls or ()
        if row.url and row.outcome == "done" and row.deed in {"open", "finish", "update"}
    ]
    return {
        "findings": number(Status.FIXED, Status.REFUSED, Status.MANUAL),
        "fixed": number(Status.FIXED),
        "refused": number(Status.REFUSED),
        "pull-requests": json.dumps(changed),
    }
