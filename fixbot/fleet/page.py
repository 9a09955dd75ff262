"""The fleet's report for a terminal and as Markdown: what was found where, what failed, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from fixbot.characters import shown
from fixbot.fleet.merge import FleetReport
from fixbot.fleet.rows import Row
from fixbot.markdown import bullets, filled, heading, page, table
from fixbot.model import PullRow
from fixbot.prose import Markdown, code_span
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


class Entry(NamedTuple):
    """A line of a list: what it is about, and what is said of it, a sentence."""

    name: str
    says: str = ""


def text(report: FleetReport) -> str:
    """For a terminal: the sums, then each list."""
    lines = [summary(report), *_sums(report)]
    for title, some in lists(report):
        lines += ["", title, *(f"  {shown(': '.join(filter(None, each)))}" for each in some)]
    return "\n".join(lines) + "\n"


def markdown(report: FleetReport) -> str:
    """For a job's summary or an issue."""
    blocks = [heading(1, summary(report).rstrip(".")), bullets(_sums(report))]
    worst = [row for row in report.rows if row.severities]
    if worst:
        heads = ("repository", "critical", "high", "medium", "low", "pull requests")
        cells = map(_cells, worst[:MOST])
        blocks += [heading(2, "Posture by repository"), table(heads, cells, MOST, numbers=range(1, 6))]
    if len(worst) > MOST:
        more = count(len(worst) - MOST, "more repository", "more repositories")
        blocks += [filled("And {} with findings.", more)]
    for title, some in lists(report):
        if title != POSTURE:
            blocks += [heading(2, title), bullets(map(_bullet, some))]
    return page(blocks) + "\n"


def _bullet(entry: Entry) -> Markdown:
    if not entry.name or not entry.says:
        return filled("{}", entry.says or code_span(entry.name))
    return filled("{}: {}", code_span(entry.name), entry.says)


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


def lists(report: FleetReport, most: int = MOST) -> Iterator[tuple[str, Sequence[Entry]]]:
    """Each list that is not empty: its heading and its lines, at most so many."""
    worst = [Entry(row.name, _severities(row)) for row in report.rows if row.severities]
    every: tuple[tuple[str, Sequence[Entry]], ...] = (
        (POSTURE, worst),
        ("Trouble", [Entry(row.name, row.trouble) for row in report.troubled]),
        ("Waits for the next run", [Entry(row.name, _waits(pull)) for row, pull in report.waiting]),
        ("Shards that are missing or not finished", [
            Entry("", f"shard {each.number} of {report.shards}: {each.says}; run it again with "
            f"--shard {each.number}/{report.shards}") for each in report.unfinished
        ]),
        ("Not looked at", [Entry(each) for each in report.missing]),
        ("Left out of the plan", [Entry(each.name, each.reason) for each in report.left_out]),
        ("Files that are no results of this plan", [Entry(each) for each in report.strange]),
    )  # fmt: skip
    for title, some in every:
        if some:
            more = [Entry("", f"and {len(some) - most:,} more")] if len(some) > most else []
            yield f"{title} ({len(some):,})" if title != POSTURE else title, [*some[:most], *more]


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


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (str(number or "") for _, number in severities(row))
    return (code_span(row.name), *numbers, str(open_pulls(row) or ""))
