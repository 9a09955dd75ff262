"""What became of each pull request, as a table with links to GitHub and to the proposals below."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from fixbot.report.html.markup import EMPTY, Html, code, element, joined, outward, sentence, table
from fixbot.report.pulls import became, told, why

if TYPE_CHECKING:
    from fixbot.model import Proposal, PullRow


def table_of(rows: Sequence[PullRow], proposals: Iterable[Proposal]) -> Html:
    """How many there are of each kind, and a row for each branch."""
    below = {each.key for each in proposals}
    heads = ["What became of it", "Pull request", "Severity", "Why"]
    written = table(heads, (_row(each, below) for each in rows), class_="pulls") if rows else EMPTY
    return joined([element("p", told(rows)), written])


def _row(row: PullRow, below: Collection[str]) -> Html:
    number = f"#{row.number}" if row.number is not None else "its branch" if row.url else ""
    title = sentence(row.title) if row.title else code(row.branch)
    named = element("a", title, href=f"#proposal-{row.key}") if row.key in below else title
    return element(
        "tr",
        element("td", became(row), class_="left" if row.outcome in {"left", "waits"} else False),
        element("th", joined([outward(row.url, number), named], " " if number else ""), scope="row"),
        element("td", row.severity, class_=row.severity or False),
        element("td", sentence(why(row))),
    )
