"""The audit log: a line for each decision of a run, with who, what, which proof and which pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fixbot.model.findings import Status

if TYPE_CHECKING:
    from fixbot.model.findings import Proposal, PullRequestRow, Report

_STATUSES: Final = {
    Status.FIXED: "proposed",
    Status.REFUSED: "refused",
    Status.MANUAL: "manual",
    Status.SUPPRESSED: "ignored",
}
_DEEDS: Final = {"open": "opened", "finish": "opened", "update": "updated", "close": "closed"}


@dataclass(frozen=True, slots=True)
class AuditedRun:
    """What all lines of a run share: when (UTC, ISO 8601), which run, who (a login or `local`), where."""

    time: str
    run: str
    who: str
    repository: str


def render_audit(report: Report, run: AuditedRun) -> str:
    """The lines, JSON each, in the order of the findings; what was not read has no finding."""
    return "".join(f"{json.dumps(each, ensure_ascii=True)}\n" for each in _list_decisions(report, run))


def _list_decisions(report: Report, run: AuditedRun) -> Iterator[dict[str, Any]]:
    offered = {finding: each for each in report.proposals for finding in each.findings}
    rows = {row.key: row for row in report.pulls or () if row.key}
    for found in report.findings:
        proposal = offered.get(found.id)
        row = rows.get(proposal.key) if proposal is not None else None
        yield _line(run, found.id, found.rule) | {
            "decision": _name_decision(_STATUSES[found.status], row),
            "proof": list(_list_proofs(proposal, found.id)) if found.status is Status.FIXED else [],
            "pull_request": row.number if row is not None else None,
            "path": found.path,
            "reason": found.reason,
        }
    for row in report.pulls or ():
        if row.deed == "close" and row.outcome == "done":
            more: dict[str, Any] = {
                "decision": "closed",
                "proof": [],
                "pull_request": row.number,
                "reason": row.why,
            }
            yield _line(run, None, None) | more
    for unread in report.unread:
        more = {"decision": "unread", "proof": [], "pull_request": None}
        yield _line(run, None, None) | more | {"path": unread.path, "reason": unread.reason}


def _line(run: AuditedRun, finding: str | None, rule: str | None) -> dict[str, Any]:
    shared = {"time": run.time, "run": run.run, "who": run.who, "repository": run.repository}
    return shared | {"finding": finding, "rule": rule}


def _name_decision(status: str, row: PullRequestRow | None) -> str:
    """What became of a finding: of one that is proposed, what became of its pull request."""
    if row is None or status != "proposed":
        return status
    if row.outcome == "waits":
        return "waiting"
    return _DEEDS.get(row.deed, status) if row.outcome == "done" else status


def _list_proofs(proposal: Proposal | None, finding: str) -> Iterator[str]:
    if proposal is not None:
        yield from (check for row in proposal.story.rows if row.id == finding for check in row.checks)
