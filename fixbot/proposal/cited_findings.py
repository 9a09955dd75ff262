"""What a pull request says of the findings from outside that it resolves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fixbot.model.foreign_findings import CitedSource
from fixbot.text.markdown_escape import Markdown, escape_code_span
from fixbot.text.markdown_page import EMPTY, format_details, format_table

_MOST = 20
_LONGEST = 200
"""Characters of an id or a resource."""


def render_cited_findings(sources: Sequence[CitedSource]) -> Markdown:
    """Each finding with its control, severity, account, Region and since when, if there are any."""
    if not sources:
        return EMPTY
    count = len(sources)
    heading = "The finding that it resolves" if count == 1 else f"The {count} findings that it resolves"
    heads = ("finding", "control", "severity", "account", "Region", "first seen", "resource")
    return format_details(heading, format_table(heads, map(list, map(_list_cells, sources)), _MOST))


def _list_cells(source: CitedSource) -> Iterator[str]:
    cells = (
        source.id, source.control, source.severity, source.account, source.region,
        source.first_seen, source.resource,
    )  # fmt: skip
    for cell in cells:
        short = cell if len(cell) <= _LONGEST else f"{cell[: _LONGEST - 1]}…"
        yield escape_code_span(short) if short else EMPTY
