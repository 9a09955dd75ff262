"""A summary to paste into a ticket or a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fixbot.model.findings import Status
from fixbot.proposal.body import essential_notes
from fixbot.proposal.pull_request_text import render_headline
from fixbot.report.left_out_lines import describe_left_out
from fixbot.report.pull_request_words import describe_outcome, describe_reason, summarize_pulls
from fixbot.report.text import UNREAD, group_by_key, summarize_run
from fixbot.rules.frameworks import join_controls
from fixbot.text.markdown_escape import Markdown, escape_code_span, format_fence
from fixbot.text.markdown_page import (
    EMPTY,
    as_markdown,
    fill_template,
    format_details,
    format_heading,
    format_indented_line,
    format_link,
)

if TYPE_CHECKING:
    from fixbot.model.findings import Finding, Proposal, PullRequestRow, Report, Unread


def render_markdown(report: Report) -> str:
    """The proposals with their diffs folded away, then what was left alone and what wasn't read."""
    return "".join(f"{as_markdown(line)}\n" for line in _render_lines(report))


def _render_lines(report: Report) -> Iterator[Markdown]:
    by_id = {finding.id: finding for finding in report.findings}
    yield format_heading(1, summarize_run(report).rstrip("."))
    if report.pulls is not None:
        yield from _render_section("Pull requests", [as_markdown(summarize_pulls(report.pulls)), EMPTY])
        yield from map(_render_pull, report.pulls)
    for number, proposal in enumerate(report.proposals, 1):
        yield EMPTY
        yield from _render_proposal(number, proposal, by_id)
    sections = (
        (Status.REFUSED, "Left alone"),
        (Status.MANUAL, "For a person to do"),
        (Status.SUPPRESSED, "Ignored, as asked"),
    )
    for status, title in sections:
        some = [finding for finding in report.findings if finding.status is status]
        yield from _render_section(title, [_render_left(each) for each in some])
    for cause, title in UNREAD.items():
        yield from _render_section(
            title, [_render_unread(each) for each in report.unread if each.cause == cause]
        )
    yield from _render_section(
        "Left out", [fill_template("- {}", each) for each in describe_left_out(report.left_out)]
    )


def _render_proposal(number: int, proposal: Proposal, by_id: dict[str, Finding]) -> Iterator[Markdown]:
    grade = f"({proposal.severity.label}, {proposal.safety.value})"
    yield format_heading(2, fill_template("{}. {} {}", str(number), render_headline(proposal.story), grade))
    yield EMPTY
    findings = [by_id[each] for each in proposal.findings if each in by_id]
    for (place, resource), some in group_by_key(
        findings, lambda each: (f"{each.path}:{each.line}", each.resource)
    ):
        said = "; ".join(dict.fromkeys(_name_rule(each) for each in some))
        yield fill_template("- {} {}: {}", escape_code_span(place), resource, Markdown(said))
    yield EMPTY
    for note in essential_notes(proposal.story):
        yield from (
            map(format_indented_line, note.indent_lines("")) if note.whole else [as_markdown(note.text)]
        )
        yield EMPTY
    diff = format_fence(proposal.diff.replace("\r\n", "\n").rstrip("\n").split("\n"), "diff")
    yield format_details("Diff", diff)


def _name_rule(finding: Finding) -> str:
    return finding.rule + (f" ({join_controls(finding.controls)})" if finding.controls else "")


def _render_pull(row: PullRequestRow) -> Markdown:
    """`opened [#12](address) title (high): why`."""
    number = Markdown(f"#{row.number}" if row.number is not None else "")
    if row.url:
        number = format_link(number or "its branch", row.url)
    words = [describe_outcome(row), number, row.title or escape_code_span(row.branch)]
    words += [f"({row.severity})"] if row.severity else []
    named = Markdown(" ".join(filter(None, map(as_markdown, words))))
    return (
        fill_template("- {}: {}", named, describe_reason(row))
        if describe_reason(row)
        else fill_template("- {}", named)
    )


def _render_left(finding: Finding) -> Markdown:
    place = escape_code_span(f"{finding.path}:{finding.line}")
    says = finding.reason or finding.message
    return fill_template("- {} {}, {}: {}", place, finding.rule, finding.resource, says)


def _render_unread(unread: Unread) -> Markdown:
    where = escape_code_span(unread.path if unread.line is None else f"{unread.path}:{unread.line}")
    return fill_template("- {}: {}", where, unread.reason)


def _render_section(title: str, rows: list[Markdown]) -> Iterator[Markdown]:
    if rows:
        yield from (EMPTY, format_heading(2, title), EMPTY, *rows)
