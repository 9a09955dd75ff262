"""A summary to paste into a ticket or a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fixbot.body import notes
from fixbot.model import Status
from fixbot.prose import code, fenced, prose
from fixbot.report.pulls import became, told, why
from fixbot.report.text import UNREAD, summary
from fixbot.wording import headline

if TYPE_CHECKING:
    from fixbot.model import Finding, Proposal, PullRow, Report, Unread


def render(report: Report) -> str:
    """The proposals with their diffs folded away, then what was left alone and what wasn't read."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    by_id = {finding.id: finding for finding in report.findings}
    yield f"# {summary(report).rstrip('.')}"
    if report.pulls is not None:
        yield f"\n## Pull requests\n\n{told(report.pulls)}\n"
        yield from map(_pull, report.pulls)
    for number, proposal in enumerate(report.proposals, 1):
        yield ""
        yield from _proposal(number, proposal, by_id)
    sections = (
        (Status.REFUSED, "Left alone"),
        (Status.MANUAL, "For a person to do"),
        (Status.SUPPRESSED, "Ignored, as asked"),
    )
    for status, heading in sections:
        some = [finding for finding in report.findings if finding.status is status]
        yield from _section(heading, [_left(each) for each in some])
    for cause, heading in UNREAD.items():
        yield from _section(heading, [_place(each) for each in report.unread if each.cause == cause])


def _proposal(number: int, proposal: Proposal, by_id: dict[str, Finding]) -> Iterator[str]:
    title = prose(headline(proposal.story))
    yield f"## {number}. {title} ({proposal.severity.label}, {proposal.safety.value})"
    yield ""
    for finding in (by_id[each] for each in proposal.findings if each in by_id):
        controls = f" ({', '.join(finding.controls)})" if finding.controls else ""
        yield f"- {code(f'{finding.path}:{finding.line}')} {prose(finding.resource)}{controls}"
    yield ""
    yield from (
        "\n".join([*note.lines("    "), ""]) if note.whole else f"{prose(note.text)}\n"
        for note in notes(proposal.story)
    )
    diff = fenced(proposal.diff.replace("\r\n", "\n").rstrip("\n").split("\n"), "diff")
    yield f"<details><summary>Diff</summary>\n\n{diff}\n\n</details>"


def _pull(row: PullRow) -> str:
    """`opened [#12](address) title (high): why`."""
    number = f"#{row.number}" if row.number is not None else ""
    if _ADDRESS.fullmatch(row.url):
        number = f"[{number or 'its branch'}]({row.url})"
    named = " ".join(filter(None, [became(row), number, prose(row.title) or code(row.branch)]))
    grade = f" ({row.severity})" if row.severity else ""
    said = f": {prose(why(row))}" if why(row) else ""
    return f"- {named}{grade}{said}"


def _left(finding: Finding) -> str:
    place = code(f"{finding.path}:{finding.line}")
    return f"- {place} {finding.rule}, {prose(finding.resource)}: {prose(finding.reason or finding.message)}"


def _place(unread: Unread) -> str:
    where = code(unread.path if unread.line is None else f"{unread.path}:{unread.line}")
    return f"- {where}: {prose(unread.reason)}"


def _section(heading: str, rows: list[str]) -> Iterator[str]:
    if rows:
        yield f"\n## {heading}\n"
        yield from rows


_ADDRESS = re.compile(r"https?://[^\s()<>\[\]]+")
