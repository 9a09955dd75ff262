"""The fleet's report as one page without network: a table of all repositories, what fails and waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fixbot.fleet.merge import FleetReport
from fixbot.fleet.page import POSTURE, Entry, lists, open_pulls, severities, summary
from fixbot.fleet.rows import Row
from fixbot.report.html.markup import Html, element, joined, policy_hash, sentence, table, text, void

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


def html(report: FleetReport) -> str:
    """The page. Everything that comes from repositories is text in it, never markup."""
    title = summary(report).rstrip(".")
    style = Html(_STYLE)
    policy = f"default-src 'none'; style-src {policy_hash(style)}"
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void(
            "meta",
            http_equiv="Content-Security-Policy",
            content=policy,
        ),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"fixbot: {title}"),
        element("style", style),
    )
    body = element("body", element("h1", title), element("p", f"Plan of {report.made}"), *_sections(report))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _sections(report: FleetReport) -> Iterator[Html]:
    heads = ("repository", "critical", "high", "medium", "low", "pull requests", "remark")
    yield element("h2", "Repositories")
    yield table(heads, map(_row, report.rows))
    for heading, some in lists(report, _LISTED):
        if heading != POSTURE:
            yield element("h2", heading)
            yield element("ul", *(element("li", _said(each)) for each in some))


def _said(entry: Entry) -> Html:
    return joined([text(entry.name), sentence(entry.says)], ": " if entry.name and entry.says else "")


def _row(row: Row) -> Html:
    cells = (element("td", str(number or ""), class_=f"n {name}") for name, number in severities(row))
    remark = row.trouble or ("unchanged" if row.carried else "")
    pulls = element("td", str(open_pulls(row) or ""), class_="n")
    return element("tr", element("td", row.name), *cells, pulls, element("td", remark))
