"""Many proposals on a screen: the gravest in full, a table by topic, and the rest as counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from fixbot.model.findings import Safety, Severity, Status
from fixbot.proposal.pull_request_text import render_headline
from fixbot.report.left_out_lines import describe_left_out
from fixbot.report.source_lines import render_source_lines
from fixbot.report.style import format_count
from fixbot.report.text import (
    UNREAD,
    group_by_key,
    render_opening,
    render_proposal,
    summarize_run,
)
from fixbot.text.characters import escape_hidden
from fixbot.text.command import ARGUMENT, build_command

if TYPE_CHECKING:
    from fixbot.model.findings import Proposal, Report
    from fixbot.report.style import TerminalStyle

IN_FULL: Final = 3
"""So many of the gravest are shown with their diffs."""
ROWS: Final = 30
"""Lines of a diff that an overview has room for."""
LISTED: Final = 12
"""So many of the others are named in a line each."""
REASONS: Final = 4
"""So many reasons are told of each kind of what was left alone, the most frequent ones."""
T = TypeVar("T")


def render_overview(report: Report, style: TerminalStyle, closing: Iterable[str] = ()) -> str:
    """All of `fixbot run` where there are many proposals. `closing` are the last lines."""
    by_id = {finding.id: finding for finding in report.findings}
    proposals = sorted(report.proposals, key=_rank_proposal)
    out = [render_opening(report, "counted last"), ""]
    short = replace(style, most=min(style.most or ROWS, ROWS))
    for number, each in enumerate(proposals[:IN_FULL], 1):
        out += render_proposal(number, each, by_id, short, more=f"all of it: {_show_command(each)}")
    # What is read first on a terminal is the end.
    out += (*_render_table(report.proposals, style), "", *_render_others(proposals[IN_FULL:], style))
    for status, heading in ((Status.REFUSED, "Left alone"), (Status.MANUAL, "For a person to do")):
        some = [each for each in report.findings if each.status is status]
        out += _render_counts(heading, some, lambda each: (each.rule, each.reason or each.message), style)
    ignored = [each for each in report.findings if each.status is Status.SUPPRESSED]
    out += _render_counts("Ignored, as asked", ignored, lambda each: (each.rule, each.reason or ""), style)
    for cause, heading in UNREAD.items():
        unread = [each for each in report.unread if each.cause == cause]
        out += _render_counts(heading, unread, lambda each: ("", each.reason), style)
    out += render_source_lines(report.sources, style)
    out += [line for each in describe_left_out(report.left_out) for line in style.wrap_text(each, "")]
    out += (summarize_run(report), *closing)
    return "".join(f"{line}\n" for line in out)


def _rank_proposal(proposal: Proposal) -> tuple[int, bool, str, str]:
    """The gravest first, and what is harmless before what wants a look."""
    return (
        -proposal.severity,
        proposal.safety is not Safety.SAFE,
        proposal.paths[0] if proposal.paths else "",
        proposal.key,
    )


def _show_command(proposal: Proposal) -> str:
    return build_command("fixbot", "run", "--show", ARGUMENT(proposal.key)).text


def _render_table(proposals: Sequence[Proposal], style: TerminalStyle) -> Iterator[str]:
    """A row a topic: how bad the worst is, how many proposals, findings and files, how many are safe."""
    head = ("topic", "worst", "proposals", "findings", "files", "safe", "review")
    rows = []
    for topic, some in group_by_key(proposals, lambda each: each.topic):
        safe = sum(each.safety is Safety.SAFE for each in some)
        counts = (
            len(some),
            len({finding for each in some for finding in each.findings}),
            len({path for each in some for path in each.paths}),
            safe,
            len(some) - safe,
        )
        rows.append((max(each.severity for each in some), topic, counts))
    rows.sort(key=lambda row: (-row[0], -row[2][1], row[1]))
    wide = max(len(head[0]), *(len(topic) for _, topic, _ in rows))
    yield style.paint_dim(_format_row(head[0].ljust(wide), head[1].ljust(8), head[2:]))
    for severity, topic, numbers in rows:
        word = style.paint_severity(severity.label, severity.label.ljust(8))
        yield _format_row(style.paint_bold(topic.ljust(wide)), word, [f"{each:,}" for each in numbers])


def _format_row(topic: str, severity: str, numbers: Sequence[str]) -> str:
    return f"{topic}  {severity}" + "".join(f"{each:>11}" for each in numbers)


def _render_others(proposals: Sequence[Proposal], style: TerminalStyle) -> Iterator[str]:
    for each in proposals[:LISTED]:
        left = f"{each.key}  {escape_hidden(render_headline(each.story))}"
        right = f"{each.severity.label} · {each.safety.value}"
        yield style.place_side_by_side(left, right, left, style.paint_severity(each.severity.label, right))
    if len(proposals) > LISTED:
        grave = sum(each.severity >= Severity.HIGH for each in proposals[LISTED:])
        bad = f", {grave:,} of them high or worse" if grave else ""
        yield f"and {format_count(len(proposals) - LISTED, 'other')}{bad} (all of them: fixbot run --diffs)"
    if proposals:
        yield ""


def _render_counts(
    heading: str, some: Sequence[T], key: Callable[[T], tuple[str, str]], style: TerminalStyle
) -> Iterator[str]:
    """A heading with a count, then the most frequent reasons, each with how often it holds."""
    groups = sorted(group_by_key(some, key), key=lambda group: -len(group[1]))
    if not groups:
        return
    yield style.paint_bold(f"{heading}: {len(some):,}")
    for (rule, reason), each in groups[:REASONS]:
        first, *rest = style.wrap_text(f"{rule}: {reason}" if rule else reason, "        ")
        yield f"  {len(each):>4,}  {first.strip()}"
        yield from rest
    if len(groups) > REASONS:
        left = sum(len(each) for _, each in groups[REASONS:])
        reasons = format_count(len(groups) - REASONS, "other reason")
        yield f"  {left:>4,}  for {reasons} (all of them: fixbot run --diffs)"
    yield ""
