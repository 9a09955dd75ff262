"""The fleet's report as one page without network: a table of all repositories, what fails and waits."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from fixbot.characters import shown
from fixbot.fleet.merge import FleetReport
from fixbot.fleet.page import POSTURE, lists, open_pulls, severities, summary
from fixbot.fleet.rows import Row

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
_CSP: Final = "default-src 'none'; style-src 'unsafe-inline'"
_LISTED: Final = 1000


def html(report: FleetReport) -> str:
    """The page. Everything that comes from repositories is text in it, never markup."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: FleetReport) -> Iterator[str]:
    head = _text(summary(report).rstrip("."))
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_CSP}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>fixbot: {head}</title>\n<style>\n{_STYLE}</style></head>"
    yield f"<body>\n<h1>{head}</h1>\n<p>Plan of {_text(report.made)}</p>"
    yield "<h2>Repositories</h2>\n<table><thead><tr><th>repository</th><th>critical</th><th>high</th>"
    yield "<th>medium</th><th>low</th><th>pull requests</th><th>remark</th></tr></thead>\n<tbody>"
    yield from (_row(row) for row in report.rows)
    yield "</tbody></table>"
    for heading, some in lists(report, _text, _text, _LISTED):
        if heading != POSTURE:
            yield f"<h2>{_text(heading)}</h2>\n<ul>"
            yield from (f"<li>{each}</li>" for each in some)
            yield "</ul>"
    yield "</body></html>"


def _row(row: Row) -> str:
    cells = "".join(f'<td class="n {name}">{number or ""}</td>' for name, number in severities(row))
    remark = row.trouble or ("unchanged" if row.carried else "")
    pulls = open_pulls(row) or ""
    return f'<tr><td>{_text(row.name)}</td>{cells}<td class="n">{pulls}</td><td>{_text(remark)}</td></tr>'


def _text(text: str) -> str:
    return escape(shown(text))
