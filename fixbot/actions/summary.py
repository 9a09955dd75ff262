"""The page that stands at a run in GitHub: what was done, what there is, what was left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fixbot.markdown import as_markdown, bullets, filled, folded, heading, link, page, table
from fixbot.model import Severity, Status
from fixbot.prose import Markdown, code_span, fenced
from fixbot.report.left_out import left_out_lines
from fixbot.report.looked_at import said_of
from fixbot.report.pulls import became, why
from fixbot.report.style import count
from fixbot.report.text import UNREAD, said, summary
from fixbot.wording import headline

if TYPE_CHECKING:
    from fixbot.actions.check import Check
    from fixbot.model import Finding, Proposal, PullRow, Report, Unread

MOST: Final = 1_000_000
"""Bytes. GitHub drops a summary of more than 1 MiB (2 ** 20). Source: its workflow commands page."""
_ROWS: Final = 100
"""So many rows a table or list has; the report file has all."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a summary says. `check` is None outside of pull requests; `remarks` are whole sentences."""

    report: Report
    check: Check | None = None
    remarks: tuple[str, ...] = ()


def render(of: Page, most: int = MOST) -> str:
    """The page as Markdown of at most `most` bytes; what doesn't fit is left out, with a note."""
    note = Markdown("_Cut here, at GitHub's limit for summaries. The report file of this run has all of it._")
    room = most - len(note.encode()) - 3
    out: list[Markdown] = []
    size = 0
    for block in _blocks(of):
        size += len(block.encode("utf-8", "backslashreplace")) + 2
        if size > room:
            out.append(note)
            break
        out.append(block)
    return page(out) + "\n"


def _blocks(of: Page) -> Iterator[Markdown]:
    report = of.report
    yield heading(2, f"fixbot: {summary(report).rstrip('.')}")
    stats = report.stats
    what = said_of(stats.counts)
    seen = f"Looked through {count(stats.files_listed, 'file')} in {stats.seconds:.1f} s: {what}."
    yield from map(as_markdown, (seen, *of.remarks))
    yield from _pulled(report.pulls or ())
    if of.check is not None:
        yield from checked(of.check)
    yield from left_out(report)
    yield from _by_rule(report.findings)
    by_id = {finding.id: finding for finding in report.findings}
    yield from (_proposal(proposal, by_id) for proposal in report.proposals)
    for status, name in (
        (Status.REFUSED, "Left alone"),
        (Status.MANUAL, "For a person to do"),
        (Status.SUPPRESSED, "Ignored, as asked"),
    ):
        yield from _list(name, [_left(each) for each in report.findings if each.status is status])
    for cause, name in UNREAD.items():
        yield from _list(name, [_unread(each) for each in report.unread if each.cause == cause])


def _pulled(rows: Sequence[PullRow]) -> Iterator[Markdown]:
    if rows:
        cells = ((became(row), _linked(row), why(row)) for row in rows)
        yield table(("", "pull request", "why"), cells, _ROWS)


def _linked(row: PullRow) -> Markdown:
    title = as_markdown(row.title) if row.title else code_span(row.branch)
    if row.number is None or not row.url:
        return title
    return link(filled("{} {}", Markdown(f"#{row.number:d}"), title), row.url)


def checked(check: Check) -> Iterator[Markdown]:
    """What a pull request's author is told: what can't be judged, what it leaves out, what it brings."""
    if check.damaged:
        files = len({each.path for each in check.damaged})
        yield filled("**{} that this pull request touches can't be judged**", count(files, "file"))
        yield _some([_unread(each) for each in check.damaged])
    if check.ignores:
        yield Markdown("**This pull request itself leaves findings out**")
        yield _some([as_markdown(each) for each in check.ignores])
    yield from _touched(check)
    yield from _list("Touched, and only named here", [_unread(each) for each in check.named])
    yield from _list("New, and ignored by the settings", [as_markdown(each) for each in check.silenced])


def left_out(report: Report) -> Iterator[Markdown]:
    """What the settings left out."""
    lines = list(left_out_lines(report.left_out))
    if lines:
        yield Markdown("Left out by the settings:")
        yield bullets(lines)


def _touched(check: Check) -> Iterator[Markdown]:
    findings = check.findings
    if not findings:
        if not check.damaged:
            yield Markdown("Nothing to say about the lines that this pull request touches.")
        return
    yield filled("**{} on lines that this pull request touches**", count(len(findings), "finding"))
    rows = ((_at(f.path, f.line), f.severity.label, said(f), _way_out(f)) for f in findings)
    yield table(("where", "", "what", "way out"), rows, _ROWS)


def _way_out(finding: Finding) -> str:
    return "there is a proven fix" if finding.status is Status.FIXED else finding.reason or "by hand"


def _by_rule(findings: Iterable[Finding]) -> Iterator[Markdown]:
    counts: dict[tuple[Severity, str], dict[Status, int]] = {}
    for each in findings:
        row = counts.setdefault((each.severity, each.rule), dict.fromkeys(Status, 0))
        row[each.status] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[0][0], item[0][1]))
    rows = (
        (code_span(rule), severity.label, *(f"{row[status]:,}" for status in Status))
        for (severity, rule), row in ordered
    )
    if ordered:
        yield table(("rule", "", "proven fix", "left alone", "by hand", "ignored"), rows, _ROWS)


def _proposal(proposal: Proposal, by_id: dict[str, Finding]) -> Markdown:
    places = [by_id[each] for each in proposal.findings if each in by_id]
    rows = [filled("{} {}", _at(f.path, f.line), f.resource) for f in places]
    head = f"{headline(proposal.story)} ({proposal.severity.label}, {proposal.safety.value})"
    return folded(head, _some(rows), diff(proposal))


def _left(finding: Finding) -> Markdown:
    says = f"{finding.resource}: {finding.reason or finding.message}"
    return filled("{} {}, {}", _at(finding.path, finding.line), code_span(finding.rule), says)


def _unread(each: Unread) -> Markdown:
    return filled("{}: {}", _at(each.path, each.line), each.reason)


def _at(path: str, line: int | None) -> Markdown:
    return code_span(path if line is None else f"{path}:{line}")


def _list(name: str, rows: Sequence[Markdown]) -> Iterator[Markdown]:
    if rows:
        yield folded(f"{name} ({len(rows):,})", _some(rows))


def _some(rows: Sequence[Markdown]) -> Markdown:
    more = [f"and {len(rows) - _ROWS:,} more; the report file has all"] if len(rows) > _ROWS else []
    return bullets([*rows[:_ROWS], *more])


def diff(proposal: Proposal) -> Markdown:
    """What a proposal changes, secrets masked."""
    return fenced(proposal.diff.replace("\r\n", "\n").rstrip("\n").split("\n"), "diff")
