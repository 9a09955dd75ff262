"""The one comment that a pull request's author gets, and by which it is found again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.actions.summary import checked, diff, left_out
from fixbot.command import RULE, run
from fixbot.markdown import as_markdown, filled, folded
from fixbot.prose import Markdown, code_span
from fixbot.wording import headline

if TYPE_CHECKING:
    from fixbot.actions.check import Check
    from fixbot.model import Proposal, Report

MARK: Final = "<!-- fixbot check -->"
MOST: Final = 58_000
"""Characters; GitHub refuses more than 65,536, and has been seen to refuse less."""


def comment(report: Report, check: Check) -> str:
    """Its text. It begins with MARK, holds whole parts only, and no secret."""
    out = MARK
    for block in _blocks(report, check):
        if len(out) + len(block) > MOST:
            return f"{out}\n\n_The rest is in the summary of the run._"
        out = f"{out}\n\n{block}" if out != MARK else f"{out}\n{block}"
    return out


def _blocks(report: Report, check: Check) -> Iterator[Markdown]:
    yield from checked(check)
    ids = {finding.id for finding in check.findings}
    offered = [proposal for proposal in report.proposals if not ids.isdisjoint(proposal.findings)]
    yield from (folded(headline(each.story), diff(each)) for each in offered)
    if offered:
        yield _how(offered)
    if check.findings:
        yield Markdown(
            "To leave a finding alone for good, put `# fixbot:ignore RULE reason` above its line. "
            "fixbot keeps this comment up to date; it changes nothing in this branch."
        )
    yield from left_out(report)


def _how(offered: Sequence[Proposal]) -> Markdown:
    rules = dict.fromkeys(rule for proposal in offered for rule in proposal.rules)
    only = [word for rule in rules for word in ("--only", RULE(rule))]
    writes = run("fixbot", "run", "--write", *only)
    says = filled("The fixes are proven. In this branch, {} writes them.", code_span(writes.text))
    return Markdown(" ".join([says, *map(as_markdown, writes.explained)]))
