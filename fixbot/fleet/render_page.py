"""The fleet's report for a terminal and as Markdown: what was found where, what failed, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from fixbot.fleet.merge import FleetReport
from fixbot.fleet.result_rows import FleetRow
from fixbot.model.findings import PullRequestRow
from fixbot.report.style import format_count
from fixbot.text.characters import escape_hidden
from fixbot.text.markdown_escape import Markdown, escape_code_span
from fixbot.text.markdown_page import fill_template, format_bullets, format_heading, format_table, join_blocks

MOST: Final = 100
"""Lines of each list; a job's summary may have a megabyte. The JSON has all."""
_DEEDS: Final = {
    "open": "opened",
    "finish": "opened",
    "update": "updated",
    "close": "closed",
    "delete": "branches deleted",
    "would": "to be done",
    "waits": "waiting",
    "failed": "failed",
    "branch": "branches without a pull request",
}


class ListEntry(NamedTuple):
    """A line of a list: what it is about, and what is said of it, a sentence."""

    name: str
    says: str = ""


def render_text(report: FleetReport) -> str:
    """For a terminal: the sums, then each list."""
    lines = [summarize_fleet(report), *_render_sums(report)]
    for title, some in build_lists(report):
        lines += ["", title, *(f"  {escape_hidden(': '.join(filter(None, each)))}" for each in some)]
    return "\n".join(lines) + "\n"


def render_markdown(report: FleetReport) -> str:
    """For a job's summary or an issue."""
    blocks = [format_heading(1, summarize_fleet(report).rstrip(".")), format_bullets(_render_sums(report))]
    worst = [row for row in report.rows if row.severities]
    if worst:
        heads = ("repository", "critical", "high", "medium", "low", "pull requests")
        cells = map(_render_cells, worst[:MOST])
        blocks += [
            format_heading(2, "Posture by repository"),
            format_table(heads, cells, MOST, numbers=range(1, 6)),
        ]
    if len(worst) > MOST:
        more = format_count(len(worst) - MOST, "more repository", "more repositories")
        blocks += [fill_template("And {} with findings.", more)]
    for title, some in build_lists(report):
        if title != POSTURE:
            blocks += [format_heading(2, title), format_bullets(map(_render_bullet, some))]
    return join_blocks(blocks) + "\n"


def _render_bullet(entry: ListEntry) -> Markdown:
    if not entry.name or not entry.says:
        return fill_template("{}", entry.says or escape_code_span(entry.name))
    return fill_template("{}: {}", escape_code_span(entry.name), entry.says)


POSTURE: Final = "Findings by repository"


def summarize_fleet(report: FleetReport) -> str:
    """The whole in a sentence."""
    found = report.count_severities()
    findings = ", ".join(f"{number:,} {name}" for name, number in found)
    known = len(report.rows)
    total = format_count(report.total, "repository", "repositories")
    whole = total if known == report.total else f"{known:,} of {total}"
    return f"{whole}: {findings} findings." if findings else f"{whole}: no findings."


def _render_sums(report: FleetReport) -> Iterator[str]:
    if report.carried:
        looked = len(report.rows) - report.carried
        yield f"{report.carried:,} unchanged since the last report, {looked:,} looked at"
    outcomes = report.count_outcomes()
    done = [f"{outcomes[name]:,} {word}" for name, word in _DEEDS.items() if outcomes[name]]
    if done:
        yield f"Pull requests: {', '.join(done)}"
    rules = report.count_all("rules")
    if rules:
        yield "Most often: " + ", ".join(f"{rule} {number:,}" for rule, number in rules.most_common(5))


def build_lists(report: FleetReport, most: int = MOST) -> Iterator[tuple[str, Sequence[ListEntry]]]:
    """Each list that is not empty: its heading and its lines, at most so many."""
    worst = [ListEntry(row.name, _format_severities(row)) for row in report.rows if row.severities]
    every: tuple[tuple[str, Sequence[ListEntry]], ...] = (
        (POSTURE, worst),
        ("Trouble", [ListEntry(row.name, row.trouble) for row in report.troubled]),
        ("Waits for the next run", [ListEntry(row.name, _describe_waiting(pull)) for row,
        pull in report.waiting]),
        ("Shards that are missing or not finished", [
            ListEntry("", f"shard {each.number} of {report.shards}: {each.describe_missing}; run it "
            "again with "
            f"--shard {each.number}/{report.shards}") for each in report.unfinished
        ]),
        ("Not looked at", [ListEntry(each) for each in report.missing]),
        ("Left out of the plan", [ListEntry(each.name, each.reason) for each in report.left_out]),
        ("Files that are no results of this plan", [ListEntry(each) for each in report.strange]),
    )  # fmt: skip
    for title, some in every:
        if some:
            more = [ListEntry("", f"and {len(some) - most:,} more")] if len(some) > most else []
            yield f"{title} ({len(some):,})" if title != POSTURE else title, [*some[:most], *more]


def _describe_waiting(pull: PullRequestRow) -> str:
    """Which one, and why; what was only looked at waits for a run that publishes."""
    number = f" (#{pull.number})" if pull.number else ""
    why = "for a run with --pr" if pull.outcome == "would" else pull.why
    return f"{pull.title or pull.branch}{number}, {pull.deed}: {why}"


def _format_severities(row: FleetRow) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in list_severities(row) if number)


def list_severities(row: FleetRow) -> list[tuple[str, int]]:
    """How many findings of each severity, from critical to low."""
    return list(zip(("critical", "high", "medium", "low"), row.weight, strict=True))


def count_open_pulls(row: FleetRow) -> int:
    """How many branches of ours the repository has, or will have."""
    return sum(bool(pull.number) and pull.deed != "close" for pull in row.pulls)


def _render_cells(row: FleetRow) -> tuple[str, ...]:
    numbers = (str(number or "") for _, number in list_severities(row))
    return (escape_code_span(row.name), *numbers, str(count_open_pulls(row) or ""))
