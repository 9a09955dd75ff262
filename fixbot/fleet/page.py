"""The fleet's report for a terminal and as Markdown: what was found where, what failed, what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from fixbot.characters import shown
from fixbot.fleet.merge import FleetReport
from fixbot.fleet.rows import Row
from fixbot.model import PullRow
from fixbot.prose import code, prose
from fixbot.report.style import count

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


def text(report: FleetReport) -> str:
    """For a terminal: the sums, then each list."""
    lines = [summary(report), *_sums(report)]
    for heading, some in lists(report, str, str):
        lines += ["", heading, *(f"  {shown(each)}" for each in some)]
    return "\n".join(lines) + "\n"


def markdown(report: FleetReport) -> str:
    """For a job's summary or an issue."""
    lines = [f"# {summary(report).rstrip('.')}", "", *(f"- {each}" for each in _sums(report))]
    worst = [row for row in report.rows if row.severities]
    if worst:
        lines += [
            "",
            "## Posture by repository",
            "",
            "| repository | critical | high | medium | low | pull requests |",
        ]
        lines.append("|---|--:|--:|--:|--:|--:|")
        lines += [_cells(row) for row in worst[:MOST]]
        if len(worst) > MOST:
            lines += [
                "",
                f"And {count(len(worst) - MOST, 'more repository', 'more repositories')} with findings.",
            ]
    for heading, some in lists(report, code, prose):
        if heading != POSTURE:
            lines += ["", f"## {heading}", "", *(f"- {each}" for each in some)]
    return "\n".join(lines) + "\n"


POSTURE: Final = "Findings by repository"


def summary(report: FleetReport) -> str:
    """The whole in a sentence."""
    found = report.severities()
    findings = ", ".join(f"{number:,} {name}" for name, number in found)
    known = len(report.rows)
    total = count(report.total, "repository", "repositories")
    whole = total if known == report.total else f"{known:,} of {total}"
    return f"{whole}: {findings} findings." if findings else f"{whole}: no findings."


def _sums(report: FleetReport) -> Iterator[str]:
    if report.carried:
        looked = len(report.rows) - report.carried
        yield f"{report.carried:,} unchanged since the last report, {looked:,} looked at"
    outcomes = report.outcomes()
    done = [f"{outcomes[name]:,} {word}" for name, word in _DEEDS.items() if outcomes[name]]
    if done:
        yield f"Pull requests: {', '.join(done)}"
    rules = report.counts("rules")
    if rules:
        yield "Most often: " + ", ".join(f"{rule} {number:,}" for rule, number in rules.most_common(5))


def lists(
    report: FleetReport, name: Callable[[str], str], said: Callable[[str], str], most: int = MOST
) -> Iterator[tuple[str, Sequence[str]]]:
    """Each list that is not empty: its heading and its lines. `name` and `said` make text safe."""
    worst = [f"{name(row.name)}: {_severities(row)}" for row in report.rows if row.severities]
    waits = [f"{name(row.name)}: {said(_waits(pull))}" for row, pull in report.waiting]
    every: tuple[tuple[str, Sequence[str]], ...] = (
        (POSTURE, worst),
        ("Trouble", [f"{name(row.name)}: {said(row.trouble)}" for row in report.troubled]),
        ("Waits for the next run", waits),
        ("Shards that are missing or not finished", [
            f"shard {each.number} of {report.shards}: {each.says}; run it again with "
            f"{name(f'--shard {each.number}/{report.shards}')}" for each in report.unfinished
        ]),
        ("Not looked at", [name(each) for each in report.missing]),
        ("Left out of the plan", [f"{name(each.name)}: {said(each.reason)}" for each in report.left_out]),
        ("Files that are no results of this plan", [name(each) for each in report.strange]),
    )  # fmt: skip
    for heading, some in every:
        if some:
            more = [f"and {len(some) - most:,} more"] if len(some) > most else []
            yield f"{heading} ({len(some):,})" if heading != POSTURE else heading, [*some[:most], *more]


def _waits(pull: PullRow) -> str:
    """Which one, and why; what was only looked at waits for a run that publishes."""
    number = f" (#{pull.number})" if pull.number else ""
    why = "for a run with --pr" if pull.outcome == "would" else pull.why
    return f"{pull.title or pull.branch}{number}, {pull.deed}: {why}"


def _severities(row: Row) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in severities(row) if number)


def severities(row: Row) -> list[tuple[str, int]]:
    """How many findings of each severity, from critical to low."""
    return list(zip(("critical", "high", "medium", "low"), row.weight, strict=True))


def open_pulls(row: Row) -> int:
    """How many branches of ours the repository has, or will have."""
    return sum(bool(pull.number) and pull.deed != "close" for pull in row.pulls)


def _cells(row: Row) -> str:
    numbers = " | ".join(str(number or "") for _, number in severities(row))
    return f"| {code(row.name)} | {numbers} | {open_pulls(row) or ''} |"
