"""The fleet's report as one page without network: a table of all repositories, what fails and waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fixbot.fleet.merge import FleetReport
from fixbot.fleet.render_page import (
    POSTURE,
    ListEntry,
    build_lists,
    count_open_pulls,
    list_severities,
    summarize_fleet,
)
from fixbot.fleet.result_rows import FleetRow
from fixbot.report.html.markup import (
    Html,
    escape_text,
    hash_for_policy,
    join_parts,
    render_element,
    render_sentence,
    render_table,
    render_void_element,
)

_STYLE: Final = """\
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --bad: #c62828; --high: #d9730d; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; position: sticky; top: 0; background: Canvas; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); } td.n { text-align: right; }
tr:hover td { background: var(--soft); }
.critical { color: var(--bad); font-weight: 600; } .high { color: var(--high); }
li { overflow-wrap: anywhere; } td:last-child { overflow-wrap: anywhere; }
@media print { th { position: static; } tr { break-inside: avoid; } }
"""
_LISTED: Final = 1000


def render_html(report: FleetReport) -> str:
    """The page. Everything that comes from repositories is text in it, never markup."""
    title = summarize_fleet(report).rstrip(".")
    style = Html(_STYLE)
    policy = f"default-src 'none'; style-src {hash_for_policy(style)}"
    head = render_element(
        "head",
        render_void_element("meta", charset="utf-8"),
        render_void_element(
            "meta",
            http_equiv="Content-Security-Policy",
            content=policy,
        ),
        render_void_element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        render_element("title", f"fixbot: {title}"),
        render_element("style", style),
    )
    body = render_element(
        "body",
        render_element("h1", title),
        render_element("p", f"Plan of {report.made}"),
        *_render_sections(report),
    )
    return f"<!doctype html>\n{render_element('html', head, body, lang='en')}\n"


def _render_sections(report: FleetReport) -> Iterator[Html]:
    heads = ("repository", "critical", "high", "medium", "low", "pull requests", "remark")
    yield render_element("h2", "Repositories")
    yield render_table(heads, map(_render_row, report.rows))
    for heading, some in build_lists(report, _LISTED):
        if heading != POSTURE:
            yield render_element("h2", heading)
            yield render_element("ul", *(render_element("li", _render_entry(each)) for each in some))


def _render_entry(entry: ListEntry) -> Html:
    return join_parts(
        [escape_text(entry.name), render_sentence(entry.says)], ": " if entry.name and entry.says else ""
    )


def _render_row(row: FleetRow) -> Html:
    cells = (
        render_element("td", str(number or ""), class_=f"n {name}") for name, number in list_severities(row)
    )
    remark = row.trouble or ("unchanged" if row.carried else "")
    pulls = render_element("td", str(count_open_pulls(row) or ""), class_="n")
    return render_element("tr", render_element("td", row.name), *cells, pulls, render_element("td", remark))
