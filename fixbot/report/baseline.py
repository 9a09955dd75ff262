"""A baseline: the findings that are known at a moment, so that a gate fails only for what comes later."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fixbot.model.errors import FixbotError
from fixbot.model.findings import Finding, Report, Status
from fixbot.text.characters import write_json

MOST_BYTES: Final = 10_000_000
"""Of a baseline. Fifty thousand findings take as much; made to swell, thirty times that in memory."""
_ID: Final = re.compile(r"[0-9a-f]{16}")
_FIELDS: Final = ("id", "rule", "path", "resource")


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A row of a baseline. `id` is the finding's; the rest is for people."""

    id: str
    rule: str
    path: str
    resource: str


def render_baseline(report: Report) -> str:
    """The findings that nobody ignores, a line each, in an order that makes small diffs."""
    rows = sorted(
        ([getattr(each, name) for name in _FIELDS] for each in _list_open(report)),
        key=lambda row: (row[2], row[1], row[3], row[0]),
    )
    lines = ",\n".join(f"    {write_json(dict(zip(_FIELDS, row, strict=True)))}" for row in rows)
    listed = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "schema": 1,\n  "findings": {listed}\n}}\n'


def parse_baseline(data: bytes, where: str) -> Mapping[str, KnownFinding]:
    """The findings of a baseline by their ids. Raises FixbotError for a file that is none."""
    try:
        whole = json.loads(data)
        ours = whole["schema"] == 1 and isinstance(whole["findings"], list)
        rows = [_read_row(each) for each in whole["findings"]] if ours else None
    except (ValueError, LookupError, TypeError, RecursionError):
        rows = None
    if rows is None:
        raise FixbotError(
            f"{where}: no baseline that this version of fixbot reads; write it anew with --write-baseline"
        )
    return {row.id: row for row in rows}


def _read_row(value: Any) -> KnownFinding:
    row = KnownFinding(*(value[name] for name in _FIELDS))
    if not all(isinstance(getattr(row, name), str) for name in _FIELDS) or not _ID.fullmatch(row.id):
        raise ValueError("no row of a baseline")
    return row


def mark_known(report: Report, baseline: Mapping[str, KnownFinding]) -> Report:
    """The report with the findings that the baseline has marked as known."""
    return replace(
        report, findings=tuple(replace(each, known=each.id in baseline) for each in report.findings)
    )


def find_gone(report: Report, baseline: Mapping[str, KnownFinding]) -> list[KnownFinding]:
    """The rows of the baseline that nothing found, or somebody ignores by now."""
    here = {each.id for each in _list_open(report)}
    return [row for row in baseline.values() if row.id not in here]


def _list_open(report: Report) -> list[Finding]:
    return [each for each in report.findings if each.status is not Status.SUPPRESSED]
