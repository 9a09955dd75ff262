"""A summary to paste into a ticket or a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fixbot.body import notes
from fixbot.markdown import EMPTY, as_markdown, filled, folded, heading, indented, link
from fixbot.model import Status
from fixbot.prose import Markdown, code_span, fenced
from fixbot.report.left_out import left_out_lines
from fixbot.report.pulls import became, told, why
from fixbot.report.text import UNREAD, summary
from fixbot.wording import headline

if TYPE_CHECKING:
    from fixbot.model import Finding, Proposal, PullRow, Report, Unread


def render(report: Report) -> str:
    """The proposals with their diffs folded away, then what was left alone and what wasn't read."""
    return "".join(f"{as_markdown(line)}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[Markdown]:
    by_id = {finding.id: finding for finding in report.findings}
    yield heading(1, summary(report).rstrip("."))
    if report.pulls is not None:
        yield from _section("Pull requests", [as_markdown(told(report.pulls)), EMPTY])
        yield from map(_pull, report.pulls)
    for number, proposal in enumerate(report.proposals, 1):
        yield EMPTY
        yield from _proposal(number, proposal, by_id)
    sections = (
        (Status.REFUSED, "Left alone"),
        (Status.MANUAL, "For a person to do"),
        (Status.SUPPRESSED, "Ignored, as asked"),
    )
    for status, title in sections:
        some = [finding for finding in report.findings if finding.status is status]
        yield from _section(title, [_left(each) for each in some])
    for cause, title in UNREAD.items():
        yield from _section(title, [_place(each) for each in report.unread if each.cause == cause])
    yield from _section("Left out", [filled("- {}", each) for each in left_out_lines(report.left_out)])


def _proposal(number: int, proposal: Proposal, by_id: dict[str, Finding]) -> Iterator[Markdown]:
    grade = f"({proposal.severity.label}, {proposal.safety.value})"
    yield heading(2, filled("{}. {} {}", str(number), headline(proposal.story), grade))
    yield EMPTY
    for finding in (by_id[each] for each in proposal.findings if each in by_id):
        controls = f" ({', '.join(finding.controls)})" if finding.controls else ""
        place = code_span(f"{finding.path}:{finding.line}")
        yield filled("- {} {}{}", place, finding.resource, Markdown(controls))
    yield EMPTY
    for note in notes(proposal.story):
        yield from map(indented, note.lines("")) if note.whole else [as_markdown(note.text)]
        yield EMPTY
    diff = fenced(proposal.diff.replace("\r\n", "\n").rstrip("\n").split("\n"), "diff")
    yield folded("Diff", diff)


def _pull(row: PullRow) -> Markdown:
    """`opened [#12](address) title (high): why`."""
    number = Markdown(f"#{row.number}" if row.number is not None else "")
    if row.url:
        number = link(number or "its branch", row.url)
    words = [became(row), number, row.title or code_span(row.branch)]
    words += [f"({row.severity})"] if row.severity else []
    named = Markdown(" ".join(filter(None, map(as_markdown, words))))
    return filled("- {}: {}", named, why(row)) if why(row) else filled("- {}", named)


def _left(finding: Finding) -> Markdown:
    place = code_span(f"{finding.path}:{finding.line}")
    says = finding.reason or finding.message
    return filled("- {} {}, {}: {}", place, finding.rule, finding.resource, says)


def _place(unread: Unread) -> Markdown:
    where = code_span(unread.path if unread.line is None else f"{unread.path}:{unread.line}")
    return filled("- {}: {}", where, unread.reason)


def _section(title: str, rows: list[Markdown]) -> Iterator[Markdown]:
    if rows:
        yield from (EMPTY, heading(2, title), EMPTY, *rows)
