"""The page that stands at a run in GitHub: what was done, what there is, what was left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fixbot.model.findings import Severity, Status
from fixbot.proposal.pull_request_text import render_headline
from fixbot.report.left_out_lines import describe_left_out
from fixbot.report.looked_at import said_of
from fixbot.report.pull_request_words import describe_outcome, describe_reason
from fixbot.report.style import format_count
from fixbot.report.text import UNREAD, describe_finding, summarize_run
from fixbot.text.markdown_escape import Markdown, escape_code_span, format_fence
from fixbot.text.markdown_page import (
    as_markdown,
    fill_template,
    format_bullets,
    format_details,
    format_heading,
    format_link,
    format_table,
    join_blocks,
)

if TYPE_CHECKING:
    from fixbot.actions.pull_request_check import PullRequestCheck
    from fixbot.model.findings import Finding, Proposal, PullRequestRow, Report, Unread

MOST: Final = 1_000_000
"""Bytes. GitHub drops a summary of more than 1 MiB (2 ** 20). Source: its workflow commands page."""
_ROWS: Final = 100
"""So many rows a table or list has; the report file has all."""


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """What a summary says. `check` is None outside of pull requests; `remarks` are whole sentences."""

    report: Report
    check: PullRequestCheck | None = None
    remarks: tuple[str, ...] = ()


def render_summary(of: SummaryPage, most: int = MOST) -> str:
    """The page as Markdown of at most `most` bytes; what doesn't fit is left out, with a note."""
    note = Markdown("_Cut here, at GitHub's limit for summaries. The report file of this run has all of it._")
    room = most - len(note.encode()) - 3
    out: list[Markdown] = []
    size = 0
    for block in _render_blocks(of):
        size += len(block.encode("utf-8", "backslashreplace")) + 2
        if size > room:
            out.append(note)
            break
        out.append(block)
    return join_blocks(out) + "\n"


def _render_blocks(of: SummaryPage) -> Iterator[Markdown]:
    report = of.report
    yield format_heading(2, f"fixbot: {summarize_run(report).rstrip('.')}")
    stats = report.stats
    what = said_of(stats.counts)
    seen = f"Looked through {format_count(stats.files_listed, 'file')} in {stats.seconds:.1f} s: {what}."
    yield from map(as_markdown, (seen, *of.remarks))
    yield from _render_pull_requests(report.pulls or ())
    if of.check is not None:
        yield from render_check(of.check)
    yield from render_left_out(report)
    yield from _by_rule(report.findings)
    by_id = {finding.id: finding for finding in report.findings}
    yield from (_render_proposal(proposal, by_id) for proposal in report.proposals)
    for status, name in (
        (Status.REFUSED, "Left alone"),
        (Status.MANUAL, "For a person to do"),
        (Status.SUPPRESSED, "Ignored, as asked"),
    ):
        yield from _render_list(
            name, [_render_left(each) for each in report.findings if each.status is status]
        )
    for cause, name in UNREAD.items():
        yield from _render_list(name, [_render_unread(each) for each in report.unread if each.cause == cause])


def _render_pull_requests(rows: Sequence[PullRequestRow]) -> Iterator[Markdown]:
    if rows:
        cells = ((describe_outcome(row), _link_pull_request(row), describe_reason(row)) for row in rows)
        yield format_table(("", "pull request", "why"), cells, _ROWS)


def _link_pull_request(row: PullRequestRow) -> Markdown:
    title = as_markdown(row.title) if row.title else escape_code_span(row.branch)
    if row.number is None or not row.url:
        return title
    return format_link(fill_template("{} {}", Markdown(f"#{row.number:d}"), title), row.url)


def render_check(check: PullRequestCheck) -> Iterator[Markdown]:
    """What a pull request's author is told: what can't be judged, what it leaves out, what it brings."""
    if check.damaged:
        files = len({each.path for each in check.damaged})
        yield fill_template(
            "**{} that this pull request touches can't be judged**", format_count(files, "file")
        )
        yield _render_first_rows([_render_unread(each) for each in check.damaged])
    if check.ignores:
        yield Markdown("**This pull request itself leaves findings out**")
        yield _render_first_rows([as_markdown(each) for each in check.ignores])
    yield from _render_touched(check)
    yield from _render_list("Touched, and only named here", [_render_unread(each) for each in check.named])
    yield from _render_list(
        "New, and ignored by the settings", [as_markdown(each) for each in check.silenced]
    )


def render_left_out(report: Report) -> Iterator[Markdown]:
    """What the settings left out."""
    lines = list(describe_left_out(report.left_out))
    if lines:
        yield Markdown("Left out by the settings:")
        yield format_bullets(lines)


def _render_touched(check: PullRequestCheck) -> Iterator[Markdown]:
    findings = check.findings
    if not findings:
        if not check.damaged:
            yield Markdown("Nothing to say about the lines that this pull request touches.")
        return
    yield fill_template(
        "**{} on lines that this pull request touches**", format_count(len(findings), "finding")
    )
    rows = (
        (_format_place(f.path, f.line), f.severity.label, describe_finding(f), _suggest_way_out(f))
        for f in findings
    )
    yield format_table(("where", "", "what", "way out"), rows, _ROWS)


def _suggest_way_out(finding: Finding) -> str:
    return "there is a proven fix" if finding.status is Status.FIXED else finding.reason or "by hand"


def _by_rule(findings: Iterable[Finding]) -> Iterator[Markdown]:
    counts: dict[tuple[Severity, str], dict[Status, int]] = {}
    for each in findings:
        row = counts.setdefault((each.severity, each.rule), dict.fromkeys(Status, 0))
        row[each.status] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[0][0], item[0][1]))
    rows = (
        (escape_code_span(rule), severity.label, *(f"{row[status]:,}" for status in Status))
        for (severity, rule), row in ordered
    )
    if ordered:
        yield format_table(("rule", "", "proven fix", "left alone", "by hand", "ignored"), rows, _ROWS)


def _render_proposal(proposal: Proposal, by_id: dict[str, Finding]) -> Markdown:
    places = [by_id[each] for each in proposal.findings if each in by_id]
    rows = [fill_template("{} {}", _format_place(f.path, f.line), f.resource) for f in places]
    head = f"{render_headline(proposal.story)} ({proposal.severity.label}, {proposal.safety.value})"
    return format_details(head, _render_first_rows(rows), render_diff(proposal))


def _render_left(finding: Finding) -> Markdown:
    says = f"{finding.resource}: {finding.reason or finding.message}"
    return fill_template(
        "{} {}, {}", _format_place(finding.path, finding.line), escape_code_span(finding.rule), says
    )


def _render_unread(each: Unread) -> Markdown:
    return fill_template("{}: {}", _format_place(each.path, each.line), each.reason)


def _format_place(path: str, line: int | None) -> Markdown:
    return escape_code_span(path if line is None else f"{path}:{line}")


def _render_list(name: str, rows: Sequence[Markdown]) -> Iterator[Markdown]:
    if rows:
        yield format_details(f"{name} ({len(rows):,})", _render_first_rows(rows))


def _render_first_rows(rows: Sequence[Markdown]) -> Markdown:
    more = [f"and {len(rows) - _ROWS:,} more; the report file has all"] if len(rows) > _ROWS else []
    return format_bullets([*rows[:_ROWS], *more])


def render_diff(proposal: Proposal) -> Markdown:
    """What a proposal changes, secrets masked."""
    return format_fence(proposal.diff.replace("\r\n", "\n").rstrip("\n").split("\n"), "diff")
