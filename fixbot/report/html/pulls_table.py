"""What became of each pull request, as a table with links to GitHub and to the proposals below."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from fixbot.report.html.markup import (
    EMPTY,
    Html,
    join_parts,
    render_code,
    render_element,
    render_outward_link,
    render_sentence,
    render_table,
)
from fixbot.report.pull_request_words import describe_outcome, describe_reason, summarize_pulls

if TYPE_CHECKING:
    from fixbot.model.findings import Proposal, PullRequestRow


def render_pulls_table(rows: Sequence[PullRequestRow], proposals: Iterable[Proposal]) -> Html:
    """How many there are of each kind, and a row for each branch."""
    below = {each.key for each in proposals}
    heads = ["What became of it", "Pull request", "Severity", "Why"]
    written = (
        render_table(heads, (_render_row(each, below) for each in rows), class_="pulls") if rows else EMPTY
    )
    return join_parts([render_element("p", summarize_pulls(rows)), written])


def _render_row(row: PullRequestRow, below: Collection[str]) -> Html:
    number = f"#{row.number}" if row.number is not None else "its branch" if row.url else ""
    title = render_sentence(row.title) if row.title else render_code(row.branch)
    named = render_element("a", title, href=f"#proposal-{row.key}") if row.key in below else title
    return render_element(
        "tr",
        render_element(
            "td", describe_outcome(row), class_="left" if row.outcome in {"left", "waits"} else False
        ),
        render_element(
            "th",
            join_parts([render_outward_link(row.url, number), named], " " if number else ""),
            scope="row",
        ),
        render_element("td", row.severity, class_=row.severity or False),
        render_element("td", render_sentence(describe_reason(row))),
    )
