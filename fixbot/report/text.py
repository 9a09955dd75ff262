"""What a person at a terminal reads: the offers first, then what was left alone, then what wasn't read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from fixbot.body import notes
from fixbot.characters import shown
from fixbot.model import Status
from fixbot.report.diffs import MORE, painted
from fixbot.report.left_out import left_out_lines
from fixbot.report.looked_at import said_of, said_of_none
from fixbot.report.pulls import became, why
from fixbot.report.style import Style, count
from fixbot.wording import headline

if TYPE_CHECKING:
    from fixbot.model import Cause, Finding, Proposal, PullRow, Report

PLACES = 8
"""So many places are named of a group that says the same of all."""

IN_FULL = 20
"""So many proposals are shown in full on a terminal, the gravest ones."""

UNREAD: Mapping[Cause, str] = {"damaged": "Not read", "unserved": "Not read yet"}
"""The headings: what can't be read at all, and what fixbot only names."""

T = TypeVar("T")


def run(report: Report, style: Style, closing: Iterable[str] = (), *, brief: bool = False) -> str:
    """All of `fixbot run`. `closing` are the last lines: what was done, what to type next."""
    out = [] if brief else [opening(report), ""]
    by_id = {finding.id: finding for finding in report.findings}
    for number, proposal in enumerate(report.proposals, 1):
        short = brief or (style.most is not None and number > IN_FULL)
        if short and not brief and number == IN_FULL + 1:
            out.append(style.dim("The others in a line each; all in full: fixbot run | less"))
        out.extend(proposed(number, proposal, by_id, style, brief=short))
    out.extend(_rest(report, style, brief=brief))
    out.extend(_left_out(report, style))
    if not brief:
        out.extend((summary(report), *closing))
    return _joined(out)


def pulls(report: Report, style: Style, closing: Iterable[str] = (), *, brief: bool = False) -> str:
    """All of `fixbot run --pr`: what became of each branch, then what was left alone and not read."""
    out = [] if brief else [opening(report), ""]
    for row in report.pulls or ():
        out.extend(_pull(row, style))
    if report.pulls:
        out.append("")
    out.extend(_rest(report, style, brief=brief))
    if not brief:
        out.extend((summary(report), *closing))
    return _joined(out)


def _pull(row: PullRow, style: Style) -> Iterator[str]:
    """`opened  #12  title`, and what there is to say of it."""
    calm = row.outcome == "left"
    number = f"#{row.number}  " if row.number is not None else ""
    left = f"{became(row):<10}  {number}{shown(row.title or row.branch)}"
    yield style.beside(left, row.severity, left if calm else style.bold(left), style.grade(row.severity))
    for line in dict.fromkeys(filter(None, ("" if calm else row.url, why(row)))):
        yield from style.wrapped(line, "            ")


def scan(report: Report, style: Style, *, brief: bool = False) -> str:
    """All of `fixbot scan`: findings by rule, the gravest first."""
    out = [] if brief else [opening(report), ""]
    open_ones = [finding for finding in report.findings if finding.status is not Status.SUPPRESSED]
    for (rule, severity), some in _groups(open_ones, lambda each: (each.rule, each.severity)):
        fixed = sum(finding.status is Status.FIXED for finding in some)
        right = f"{severity.label} · {count(len(some), 'finding')}, {fixed:,} with a fix"
        out.append(style.beside(rule, right, style.bold(rule), style.grade(severity.label, right)))
        out.extend(_line_of(finding, style) for finding in some)
        out.append("")
    out.extend(_ignored(report, style))
    out.extend(_unread(report, style))
    out.extend(_left_out(report, style))
    if not brief:
        closing = () if not open_ones else ("What can be done about them: fixbot run",)
        out.extend((scan_summary(report), *closing))
    return _joined(out)


def summary(report: Report) -> str:
    """The closing sentence of a run."""
    by_status = {status: sum(each.status is status for each in report.findings) for status in Status}
    parts = []
    if report.proposals:
        files = count(len({path for each in report.proposals for path in each.paths}), "file")
        fixed = count(by_status[Status.FIXED], "finding")
        parts.append(f"{count(len(report.proposals), 'proposal')} for {fixed} in {files}")
    elif not report.findings:
        parts.append(said_of_none(report.stats.counts) or "Nothing to repair in what was read")
    rest = (
        (Status.REFUSED, f"{by_status[Status.REFUSED]:,} left alone"),
        (Status.MANUAL, f"{by_status[Status.MANUAL]:,} for a person to do"),
        (Status.SUPPRESSED, f"{by_status[Status.SUPPRESSED]:,} ignored as asked"),
    )
    parts.extend(words for status, words in rest if by_status[status])
    return ", ".join([*parts, *_unread_words(report)]) + "."


def scan_summary(report: Report) -> str:
    """The closing sentence of a scan."""
    some = [finding for finding in report.findings if finding.status is not Status.SUPPRESSED]
    files = len({finding.path for finding in some})
    words = (
        f"{count(len(some), 'finding')} in {count(files, 'file')}" if some else "No findings in what was read"
    )
    ignored = len(report.findings) - len(some)
    return (
        ", ".join([words, *([f"{ignored:,} ignored as asked"] if ignored else []), *_unread_words(report)])
        + "."
    )


def _unread_words(report: Report) -> list[str]:
    files = len({unread.path for unread in report.unread})
    return [f"{count(files, 'file')} not read or not wholly"] if files else []


def opening(report: Report, unread: str = "shown last") -> str:
    """The first sentences: how much was looked at, and where what was not read stands."""
    stats = report.stats
    what = said_of(stats.counts)
    files = len({each.path for each in report.unread})
    last = f" {count(files, 'file')} could not be read wholly ({unread})." if files else ""
    return f"Looked through {count(stats.files_listed, 'file')} in {stats.seconds:.1f} s: {what}.{last}"


def proposed(
    number: int,
    proposal: Proposal,
    by_id: dict[str, Finding],
    style: Style,
    *,
    brief: bool = False,
    more: str = MORE,
) -> Iterator[str]:
    """One proposal: title, places, diff, what to know; the title alone where it is `brief`."""
    left = f"{number}  {shown(headline(proposal.story))}"
    right = f"{proposal.severity.label} · {proposal.safety.value}"
    yield style.beside(left, right, style.bold(left), style.grade(proposal.severity.label, right))
    if brief:
        return
    findings = [by_id[each] for each in proposal.findings if each in by_id]
    before: tuple[str, ...] = ()
    for finding in findings[:PLACES]:
        new = finding.controls if finding.controls != before else ()
        before = finding.controls
        controls = f"  ({', '.join(new)})" if new else ""
        yield f"   {_place(finding)}  {shown(finding.resource)}{style.dim(controls)}"
        if finding.lapse:
            yield f"     {shown(finding.lapse)}"
    if len(findings) > PLACES:
        yield f"   and {count(len(findings) - PLACES, 'more place')}"
    yield from painted(proposal.diff, style, "     ", len(proposal.paths), more)
    for note in notes(proposal.story):
        yield from note.lines("     ") if note.whole else style.wrapped(note.text, "   ")
    yield ""


def _rest(report: Report, style: Style, *, brief: bool) -> Iterator[str]:
    if report.proposals and (brief or (style.most is not None and len(report.proposals) > IN_FULL)):
        yield ""
    for status, heading in ((Status.REFUSED, "Left alone"), (Status.MANUAL, "For a person to do")):
        some = [finding for finding in report.findings if finding.status is status]
        groups = _groups(some, lambda each: (each.rule, each.reason or each.message))
        yield from _section(heading, groups, lambda each: f"{_place(each)}  {shown(each.resource)}", style)
    yield from _ignored(report, style)
    yield from _unread(report, style)


def _ignored(report: Report, style: Style) -> Iterator[str]:
    some = [finding for finding in report.findings if finding.status is Status.SUPPRESSED]
    groups = _groups(some, lambda each: (each.rule, each.reason or ""))
    yield from _section("Ignored, as asked", groups, _place, style)


def _unread(report: Report, style: Style) -> Iterator[str]:
    for cause, heading in UNREAD.items():
        some = [each for each in report.unread if each.cause == cause]
        groups = _groups(some, lambda each: ("", each.reason))
        yield from _section(heading, groups, lambda each: _at(each.path, each.line), style)


def _left_out(report: Report, style: Style) -> Iterator[str]:
    lines = [line for each in left_out_lines(report.left_out) for line in style.wrapped(each, "")]
    yield from (*lines, *([""] if lines else []))


def _section(
    heading: str,
    groups: Iterable[tuple[tuple[str, str], list[T]]],
    place: Callable[[T], str],
    style: Style,
) -> Iterator[str]:
    """A heading, and for each group its places and then, once, what is said of them all."""
    groups = list(groups)
    if groups:
        yield style.bold(heading)
    for (rule, reason), some in islice(groups, style.most):
        for index, each in enumerate(some[:PLACES]):
            yield f"  {place(each)}" + (style.dim(f"  {rule}") if rule and index == 0 else "")
        if len(some) > PLACES:
            yield f"  and {len(some) - PLACES:,} more (all of them: --format json)"
        yield from style.wrapped(reason, "      ")
    if style.most is not None and len(groups) > style.most:
        rest = sum(len(some) for _, some in groups[style.most :])
        reasons = count(len(groups) - style.most, "other reason")
        yield f"  and {rest:,} more, for {reasons} (all of them: --format json)"
    if groups:
        yield ""


K = TypeVar("K")


def _groups(some: Iterable[T], key: Callable[[T], K]) -> Iterable[tuple[K, list[T]]]:
    """Those that say the same, in the order of the first of each."""
    groups: dict[K, list[T]] = {}
    for each in some:
        groups.setdefault(key(each), []).append(each)
    return groups.items()


def _line_of(finding: Finding, style: Style) -> str:
    controls = f"  ({', '.join(finding.controls)})" if finding.controls else ""
    where = f"{shown(finding.path)}:{finding.line}:{finding.column}"
    return f"  {where}  {shown(said(finding))}{style.dim(controls)}"


def said(finding: Finding) -> str:
    """The message, with the resource in front where it doesn't name it itself."""
    named = finding.resource in finding.message
    return finding.message if named else f"{finding.resource}: {finding.message}"


def _place(finding: Finding) -> str:
    return _at(finding.path, finding.line)


def _at(path: str, line: int | None) -> str:
    return shown(path) if line is None else f"{shown(path)}:{line}"


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
