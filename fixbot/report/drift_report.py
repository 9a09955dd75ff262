"""What is said of drift: a list to read, or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby

from fixbot import __version__
from fixbot.model.drift import DriftReport, DriftRow, FieldValue
from fixbot.report.style import format_count
from fixbot.text.characters import escape_hidden, write_json

_VERDICTS = {
    "by-hand": "registered by hand",
    "pipeline": "registered by a pipeline",
    "file-newer": "the file is newer",
    "unknown": "who registered it is not known",
}


def render_drift_json(report: DriftReport) -> str:
    """The rows with the fields of the type, and the remarks."""
    return write_json({"schema": 1, "fixbot": __version__, **asdict(report)}, indent=2) + "\n"


def render_drift_text(report: DriftReport) -> str:
    """A paragraph for each service and file, then what it comes to."""
    parts = [
        "\n".join(_describe_rows(service, path, list(rows)))
        for (service, path), rows in groupby(report.drift, lambda row: (row.service, row.path))
    ]
    if report.left_out:
        names = ", ".join(f"{each.what} ({each.why})" for each in report.left_out)
        parts.append(escape_hidden(f"Left out: {names}"))
    if report.unmatched:
        lines = ["No file, or no single one, has the task definition of:"]
        parts.append("\n".join([*lines, *(f"  {escape_hidden(each)}" for each in report.unmatched)]))
    weaker = sum(row.direction == "weaker" for row in report.drift)
    total = f"{format_count(len(report.drift), 'difference')}, {weaker} weaker in AWS than in the files"
    parts += [*(escape_hidden(each) for each in report.remarks), f"{total}." if report.drift else "No drift."]
    if report.remarks and not report.drift:
        parts[-1] = "No drift in what could be read."
    return "\n\n".join(parts) + "\n"


def _describe_rows(service: str, path: str, rows: list[DriftRow]) -> Iterator[str]:
    yield escape_hidden(f"{service.rpartition(':')[2]} against {path}: {_VERDICTS[rows[0].verdict]}")
    for row in rows:
        ours, theirs = _show_value(row.file), _show_value(row.running)
        said = f"{row.resource}: {row.field} is {theirs}, the file says {ours}"
        yield escape_hidden(f"  {row.direction:8} {said}")


def _show_value(value: FieldValue) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "nothing"
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else value
