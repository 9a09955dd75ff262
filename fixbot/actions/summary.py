"""The page that stands at a run in GitHub: what was done, what there is, what was left alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING, Final

from fixbot.model import Severity, Status
from fixbot.prose import cell, code, fenced, prose
from fixbot.report.left_out import left_out_lines
from fixbot.report.pulls import became, why
from fixbot.report.style import count
from fixbot.report.text import UNREAD, said, summary
from fixbot.wording import headline

if TYPE_CHECKING:
    from fixbot.actions.check import Check
    from fixbot.model import Finding, Proposal, PullRow, Report, Unread

MOST: Final = 1_000_000
"""Bytes. GitHub drops a summary of more than 1 MiB (2 ** 20). Source: its workflow commands page."""
_SPAN: Final = re.compile(r"(?<!`)(?P<fence>`+)(?!`)(?P<text>.*?)(?<!`)(?P=fence)(?!`)")
_ROWS: Final = 100
"""So many rows a table or list has; the report file has all."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a summary says. `check` is None outside of pull requests; `remarks` are whole sentences."""

    report: Report
    check: Check | None = None
    remarks: tuple[str, ...] = ()


def render(page: Page, most: int = MOST) -> str:
    """The page as Markdown of at most `most` bytes; what doesn't fit is left out, with a note."""
    note = "\n\n_Cut here, at GitHub's limit for summaries. The report file of this run has all of it._\n"
    room = most - len(note.encode())
    out: list[str] = []
    size = 0
    for block in _blocks(page):
        size += len(block.encode("utf-8", "backslashreplace")) + 2
        if size > room:
            return "\n\n".join(out) + note
        out.append(block)
    return "\n\n".join(out) + "\n"


def _blocks(page: Page) -> Iterator[str]:
    report = page.report
    yield f"## fixbot: {summary(report).rstrip('.')}"
    stats = report.stats
    what = f"{count(stats.containers, 'container')}, {count(stats.statements, 'policy statement')}"
    yield f"Looked through {count(stats.files_listed, 'file')} in {stats.seconds:.1f} s: {what}."
    yield from page.remarks
    yield from _pulled(report.pulls or ())
    if page.check is not None:
        yield from checked(page.check)
    yield from left_out(report)
    yield from _by_rule(report.findings)
    by_id = {finding.id: finding for finding in report.findings}
    yield from (_proposal(proposal, by_id) for proposal in report.proposals)
    for status, heading in (
        (Status.REFUSED, "Left alone"),
        (Status.MANUAL, "For a person to do"),
        (Status.SUPPRESSED, "Ignored, as asked"),
    ):
        rows = [_left(each) for each in report.findings if each.status is status]
        yield from _list(heading, rows)
    for cause, heading in UNREAD.items():
        yield from _list(heading, [_unread(each) for each in report.unread if each.cause == cause])


def _pulled(rows: Sequence[PullRow]) -> Iterator[str]:
    if rows:
        cells = ((became(row), _linked(row), _prose(why(row))) for row in rows)
        yield table(("", "pull request", "why"), cells)


def _linked(row: PullRow) -> str:
    title = _prose(row.title or row.branch)
    return f"[#{row.number} {title}]({row.url})" if row.url and row.number is not None else title


def checked(check: Check) -> Iterator[str]:
    """What a pull request's author is told: what can't be judged, what it leaves out, what it brings."""
    if check.damaged:
        files = len({each.path for each in check.damaged})
        yield f"**{count(files, 'file')} that this pull request touches can't be judged**"
        yield "\n".join(_some([_unread(each) for each in check.damaged]))
    if check.ignores:
        yield "**This pull request itself leaves findings out**"
        yield "\n".join(_some([f"- {_prose(each)}" for each in check.ignores]))
    yield from _touched(check)
    if check.named:
        yield from _list("Touched, and only named here", [_unread(each) for each in check.named])


def left_out(report: Report) -> Iterator[str]:
    """What the settings left out."""
    lines = [f"- {_prose(each)}" for each in left_out_lines(report.left_out)]
    if lines:
        yield "\n".join(["Left out by the settings:", "", *lines])


def _touched(check: Check) -> Iterator[str]:
    findings = check.findings
    if not findings:
        if not check.damaged:
            yield "Nothing to say about the lines that this pull request touches."
        return
    yield f"**{count(len(findings), 'finding')} on lines that this pull request touches**"
    rows = ((_at(f.path, f.line), f.severity.label, _prose(said(f)), _way_out(f)) for f in findings)
    yield table(("where", "", "what", "way out"), rows)


def _way_out(finding: Finding) -> str:
    fixed = "there is a proven fix"
    return fixed if finding.status is Status.FIXED else _prose(finding.reason or "by hand")


def _by_rule(findings: Iterable[Finding]) -> Iterator[str]:
    counts: dict[tuple[Severity, str], dict[Status, int]] = {}
    for each in findings:
        row = counts.setdefault((each.severity, each.rule), dict.fromkeys(Status, 0))
        row[each.status] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[0][0], item[0][1]))
    rows = (
        (f"`{rule}`", severity.label, *(f"{row[status]:,}" for status in Status))
        for (severity, rule), row in ordered
    )
    if ordered:
        yield table(("rule", "", "proven fix", "left alone", "by hand", "ignored"), rows)


def _proposal(proposal: Proposal, by_id: dict[str, Finding]) -> str:
    places = [by_id[each] for each in proposal.findings if each in by_id]
    rows = [f"- {_at(f.path, f.line)} {_prose(f.resource)}" for f in places]
    head = f"{headline(proposal.story)} ({proposal.severity.label}, {proposal.safety.value})"
    return folded(head, "\n".join([*_some(rows), "", diff(proposal)]))


def _left(finding: Finding) -> str:
    says = _prose(f"{finding.resource}: {finding.reason or finding.message}")
    return f"- {_at(finding.path, finding.line)} `{finding.rule}`, {says}"


def _unread(each: Unread) -> str:
    return f"- {_at(each.path, each.line)}: {_prose(each.reason)}"


def _at(path: str, line: int | None) -> str:
    return _code(path if line is None else f"{path}:{line}")


def _list(heading: str, rows: Sequence[str]) -> Iterator[str]:
    if rows:
        yield folded(f"{heading} ({len(rows):,})", "\n".join(_some(rows)))


def _some(rows: Sequence[str]) -> list[str]:
    more = [f"- and {len(rows) - _ROWS:,} more; the report file has all"] if len(rows) > _ROWS else []
    return [*rows[:_ROWS], *more]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already, at most so many rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if len(lines) > _ROWS:
        lines = [*lines[:_ROWS], f"| and {len(lines) - _ROWS:,} more |{' |' * (len(heads) - 1)}"]
    return "\n".join([f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *lines])


def folded(heading: str, text: str) -> str:
    """A part that opens when it is clicked. `heading` is plain text, `text` Markdown."""
    return f"<details><summary>{_html(prose(heading))}</summary>\n\n{text}\n\n</details>"


def _html(line: str) -> str:
    """Prose with code spans as HTML, for where GitHub reads no Markdown."""
    out, at = "", 0
    for span in _SPAN.finditer(line):
        out += f"{_bare(line[at : span.start()])}<code>{escape(span['text'].strip(), quote=False)}</code>"
        at = span.end()
    return out + _bare(line[at:])


def _bare(text: str) -> str:
    return escape(unescape(re.sub(r"\\(\W)", r"\1", text)), quote=False)


def diff(proposal: Proposal) -> str:
    """What a proposal changes, secrets masked."""
    return fenced(proposal.diff.replace("\r\n", "\n").rstrip("\n").split("\n"), "diff")


def _prose(text: str) -> str:
    return cell(prose(text))


def _code(text: str) -> str:
    return cell(code(text))
