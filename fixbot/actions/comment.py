"""The one comment that a pull request's author gets, and by which it is found again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.actions.summary import render_check, render_diff, render_left_out
from fixbot.proposal.pull_request_text import render_headline
from fixbot.text.command import RULE, build_command
from fixbot.text.markdown_escape import Markdown, escape_code_span
from fixbot.text.markdown_page import as_markdown, fill_template, format_details

if TYPE_CHECKING:
    from fixbot.actions.pull_request_check import PullRequestCheck
    from fixbot.model.findings import Proposal, Report

MARK: Final = "<!-- fixbot check -->"
MOST: Final = 58_000
"""Characters; GitHub refuses more than 65,536, and has been seen to refuse less."""


def render_comment(report: Report, check: PullRequestCheck) -> str:
    """Its text. It begins with MARK, holds whole parts only, and no secret."""
    out = MARK
    for block in _render_blocks(report, check):
        if len(out) + len(block) > MOST:
            return f"{out}\n\n_The rest is in the summary of the run._"
        out = f"{out}\n\n{block}" if out != MARK else f"{out}\n{block}"
    return out


def _render_blocks(report: Report, check: PullRequestCheck) -> Iterator[Markdown]:
    yield from render_check(check)
    ids = {finding.id for finding in check.findings}
    offered = [proposal for proposal in report.proposals if not ids.isdisjoint(proposal.findings)]
    yield from (format_details(render_headline(each.story), render_diff(each)) for each in offered)
    if offered:
        yield _explain_how(offered)
    if check.findings:
        yield Markdown(
            "To leave a finding alone for good, put `# fixbot:ignore RULE reason` above its line. "
            "fixbot keeps this comment up to date; it changes nothing in this branch."
        )
    yield from render_left_out(report)


def _explain_how(offered: Sequence[Proposal]) -> Markdown:
    rules = dict.fromkeys(rule for proposal in offered for rule in proposal.rules)
    only = [word for rule in rules for word in ("--only", RULE(rule))]
    writes = build_command("fixbot", "run", "--write", *only)
    says = fill_template(
        "The fixes are proven. In this branch, {} writes them.", escape_code_span(writes.text)
    )
    return Markdown(" ".join([says, *map(as_markdown, writes.explain_placeholders)]))
