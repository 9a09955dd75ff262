"""What a person at a terminal reads: the offers first, then what was left alone, then what wasn't read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from fixbot.model.findings import Status
from fixbot.proposal.body import essential_notes
from fixbot.proposal.pull_request_text import render_headline
from fixbot.report.diffs import MORE, paint_diff
from fixbot.report.left_out_lines import describe_left_out
from fixbot.report.looked_at import said_of, said_of_none
from fixbot.report.pull_request_words import describe_outcome, describe_reason
from fixbot.report.source_lines import render_source_lines
from fixbot.report.style import TerminalStyle, format_count
from fixbot.rules.frameworks import join_controls
from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from fixbot.model.findings import Cause, Finding, Proposal, PullRequestRow, Report

PLACES = 8
"""So many places are named of a group that says the same of all."""
CONTROLS = 5
"""So many controls are named of a finding on a terminal."""

UNREAD: Mapping[Cause, str] = {"damaged": "Not read", "unserved": "Not read yet"}
"""The headings: what can't be read at all, and what fixbot only names."""

T = TypeVar("T")


def render_run(
    report: Report, style: TerminalStyle, closing: Iterable[str] = (), *, brief: bool = False
) -> str:
    """All of `fixbot run`. `closing` are the last lines: what was done, what to type next."""
    out = [] if brief else [render_opening(report), ""]
    by_id = {finding.id: finding for finding in report.findings}
    for number, proposal in enumerate(report.proposals, 1):
        out.extend(render_proposal(number, proposal, by_id, style, brief=brief))
    out.extend(_render_rest(report, style, brief=brief))
    out.extend(render_source_lines(report.sources, style))
    out.extend(_render_left_out(report, style))
    if not brief:
        out.extend((summarize_run(report), *closing))
    return _join_lines(out)


def render_pulls(
    report: Report, style: TerminalStyle, closing: Iterable[str] = (), *, brief: bool = False
) -> str:
    """All of `fixbot run --pr`: what became of each branch, then what was left alone and not read."""
    out = [] if brief else [render_opening(report), ""]
    for row in report.pulls or ():
        out.extend(_render_pull(row, style))
    if report.pulls:
        out.append("")
    out.extend(_render_rest(report, style, brief=brief))
    out.extend(render_source_lines(report.sources, style))
    if not brief:
        out.extend((summarize_run(report), *closing))
    return _join_lines(out)


def _render_pull(row: PullRequestRow, style: TerminalStyle) -> Iterator[str]:
    """`opened  #12  title`, and what there is to say of it."""
    calm = row.outcome == "left"
    number = f"#{row.number}  " if row.number is not None else ""
    left = f"{describe_outcome(row):<10}  {number}{escape_hidden(row.title or row.branch)}"
    yield style.place_side_by_side(
        left, row.severity, left if calm else style.paint_bold(left), style.paint_severity(row.severity)
    )
    for line in dict.fromkeys(filter(None, ("" if calm else row.url, describe_reason(row)))):
        yield from style.wrap_text(line, "            ")


def render_scan(report: Report, style: TerminalStyle, *, brief: bool = False) -> str:
    """All of `fixbot scan`: findings by rule, the gravest first."""
    out = [] if brief else [render_opening(report), ""]
    open_ones = sorted((each for each in report.findings if each.is_new), key=lambda each: -each.severity)
    for (rule, severity), some in group_by_key(open_ones, lambda each: (each.rule, each.severity)):
        fixed = sum(finding.status is Status.FIXED for finding in some)
        right = f"{severity.label} · {format_count(len(some), 'finding')}, {fixed:,} with a fix"
        out.append(
            style.place_side_by_side(
                rule, right, style.paint_bold(rule), style.paint_severity(severity.label, right)
            )
        )
        shown: tuple[str, ...] = ()
        for finding in some:
            out.append(_render_finding(finding, () if finding.controls == shown else finding.controls, style))
            shown = finding.controls
        out.append("")
    out.extend(_render_ignored(report, style))
    out.extend(_render_unread(report, style))
    out.extend(_render_left_out(report, style))
    if not brief:
        closing = () if not open_ones else ("What can be done about them: fixbot run",)
        out.extend((summarize_scan(report), *closing))
    return _join_lines(out)


def summarize_run(report: Report) -> str:
    """The closing sentence of a run."""
    by_status = {status: sum(each.status is status for each in report.findings) for status in Status}
    parts = []
    if report.proposals:
        files = format_count(len({path for each in report.proposals for path in each.paths}), "file")
        fixed = format_count(by_status[Status.FIXED], "finding")
        parts.append(f"{format_count(len(report.proposals), 'proposal')} for {fixed} in {files}")
    elif not report.findings:
        parts.append(said_of_none(report.stats.counts) or "Nothing to repair in what was read")
    rest = (
        (Status.REFUSED, f"{by_status[Status.REFUSED]:,} left alone"),
        (Status.MANUAL, f"{by_status[Status.MANUAL]:,} for a person to do"),
        (Status.SUPPRESSED, f"{by_status[Status.SUPPRESSED]:,} ignored as asked"),
    )
    parts.extend(words for status, words in rest if by_status[status])
    return ", ".join([*parts, *_count_unread(report)]) + "."


def summarize_scan(report: Report) -> str:
    """The closing sentence of a scan."""
    some = [each for each in report.findings if each.is_new]
    known = sum(each.known and each.status is not Status.SUPPRESSED for each in report.findings)
    files = len({finding.path for finding in some})
    words = (
        f"{format_count(len(some), 'finding')} in {format_count(files, 'file')}"
        if some
        else f"No {'new ' if known else ''}findings in what was read"
    )
    ignored = len(report.findings) - len(some) - known
    rest = ((known, f"{known:,} known before"), (ignored, f"{ignored:,} ignored as asked"))
    return ", ".join([words, *(said for number, said in rest if number), *_count_unread(report)]) + "."


def _count_unread(report: Report) -> list[str]:
    files = len({unread.path for unread in report.unread})
    return [f"{format_count(files, 'file')} not read or not wholly"] if files else []


def render_opening(report: Report, unread: str = "shown last") -> str:
    """The first sentences: how much was looked at, and where what was not read stands."""
    stats = report.stats
    what = said_of(stats.counts)
    files = len({each.path for each in report.unread})
    last = f" {format_count(files, 'file')} could not be read wholly ({unread})." if files else ""
    return (
        f"Looked through {format_count(stats.files_listed, 'file')} in {stats.seconds:.1f} s: {what}.{last}"
    )


def render_proposal(
    number: int,
    proposal: Proposal,
    by_id: dict[str, Finding],
    style: TerminalStyle,
    *,
    brief: bool = False,
    more: str = MORE,
) -> Iterator[str]:
    """One proposal: title, places, diff, what to know; the title alone where it is `brief`."""
    left = f"{number}  {escape_hidden(render_headline(proposal.story))}"
    right = f"{proposal.severity.label} · {proposal.safety.value}"
    yield style.place_side_by_side(
        left, right, style.paint_bold(left), style.paint_severity(proposal.severity.label, right)
    )
    if brief:
        return
    findings = [by_id[each] for each in proposal.findings if each in by_id]
    yield from _render_places(findings, style)
    yield from paint_diff(proposal.diff, style, "     ", len(proposal.paths), more)
    for note in essential_notes(proposal.story):
        yield from note.indent_lines("     ") if note.whole else style.wrap_text(note.text, "   ")
    yield ""


def _render_places(findings: Sequence[Finding], style: TerminalStyle) -> Iterator[str]:
    """Each place once; where several rules speak, which of them do there, and then the controls of each."""
    places = list(group_by_key(findings, lambda each: (_format_finding_place(each), each.resource)))
    several = len({each.rule for each in findings}) > 1
    before: tuple[str, ...] = ()
    for (place, resource), some in places[:PLACES]:
        new = tuple(dict.fromkeys(each.rule for each in some)) if several else some[0].controls
        shown = ", ".join(new) if several else join_controls(new, CONTROLS)
        said = f"  ({shown})" if new and (several or new != before) else ""
        before = new
        yield f"   {place}  {escape_hidden(resource)}{style.paint_dim(said)}"
        yield from (f"     {escape_hidden(each.lapse)}" for each in some if each.lapse)
    if len(places) > PLACES:
        yield f"   and {format_count(len(places) - PLACES, 'more place')}"
    for rule, some in group_by_key(findings, lambda each: each.rule) if several else ():
        if controls := join_controls((control for each in some for control in each.controls), CONTROLS):
            yield style.paint_dim(f"   {rule}: {controls}")


def _render_rest(report: Report, style: TerminalStyle, *, brief: bool) -> Iterator[str]:
    if report.proposals and brief:
        yield ""
    for status, heading in ((Status.REFUSED, "Left alone"), (Status.MANUAL, "For a person to do")):
        some = [finding for finding in report.findings if finding.status is status]
        groups = group_by_key(some, lambda each: (each.rule, each.reason or each.message))
        yield from _render_section(
            heading,
            groups,
            lambda each: f"{_format_finding_place(each)}  {escape_hidden(each.resource)}",
            style,
        )
    yield from _render_ignored(report, style)
    yield from _render_unread(report, style)


def _render_ignored(report: Report, style: TerminalStyle) -> Iterator[str]:
    some = [finding for finding in report.findings if finding.status is Status.SUPPRESSED]
    groups = group_by_key(some, lambda each: (each.rule, each.reason or ""))
    yield from _render_section("Ignored, as asked", groups, _format_finding_place, style)


def _render_unread(report: Report, style: TerminalStyle) -> Iterator[str]:
    for cause, heading in UNREAD.items():
        some = [each for each in report.unread if each.cause == cause]
        groups = group_by_key(some, lambda each: ("", each.reason))
        yield from _render_section(heading, groups, lambda each: _format_place(each.path, each.line), style)


def _render_left_out(report: Report, style: TerminalStyle) -> Iterator[str]:
    lines = [line for each in describe_left_out(report.left_out) for line in style.wrap_text(each, "")]
    yield from (*lines, *([""] if lines else []))


def _render_section(
    heading: str,
    groups: Iterable[tuple[tuple[str, str], list[T]]],
    place: Callable[[T], str],
    style: TerminalStyle,
) -> Iterator[str]:
    """A heading, and for each group its places and then, once, what is said of them all."""
    groups = list(groups)
    if groups:
        yield style.paint_bold(heading)
    for (rule, reason), some in islice(groups, style.most):
        for index, each in enumerate(some[:PLACES]):
            yield f"  {place(each)}" + (style.paint_dim(f"  {rule}") if rule and index == 0 else "")
        if len(some) > PLACES:
            yield f"  and {len(some) - PLACES:,} more (all of them: --format json)"
        yield from style.wrap_text(reason, "      ")
    if style.most is not None and len(groups) > style.most:
        rest = sum(len(some) for _, some in groups[style.most :])
        reasons = format_count(len(groups) - style.most, "other reason")
        yield f"  and {rest:,} more, for {reasons} (all of them: --format json)"
    if groups:
        yield ""


K = TypeVar("K")


def group_by_key(some: Iterable[T], key: Callable[[T], K]) -> Iterable[tuple[K, list[T]]]:
    """Those that say the same, in the order of the first of each."""
    groups: dict[K, list[T]] = {}
    for each in some:
        groups.setdefault(key(each), []).append(each)
    return groups.items()


def _render_finding(finding: Finding, controls: Sequence[str], style: TerminalStyle) -> str:
    said = f"  ({join_controls(controls, CONTROLS)})" if controls else ""
    where = f"{escape_hidden(finding.path)}:{finding.line}:{finding.column}"
    return f"  {where}  {escape_hidden(describe_finding(finding))}{style.paint_dim(said)}"


def describe_finding(finding: Finding) -> str:
    """The message, with the resource in front where it doesn't name it itself."""
    named = finding.resource in finding.message
    return finding.message if named else f"{finding.resource}: {finding.message}"


def _format_finding_place(finding: Finding) -> str:
    return _format_place(finding.path, finding.line)


def _format_place(path: str, line: int | None) -> str:
    return escape_hidden(path) if line is None else f"{escape_hidden(path)}:{line}"


def _join_lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
