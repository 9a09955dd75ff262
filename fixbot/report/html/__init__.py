"""One page with everything in it, for a browser or a printer: no network, no storage, whole without scripts.

It says what the JSON report says. `report.css` and `report.js` lie in `fixbot/data`; the page's own
policy lets nothing else run or load.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot import __version__
from fixbot.model import Severity, Status
from fixbot.report.html import findings as rows
from fixbot.report.html import posture, pulls
from fixbot.report.html.markup import EMPTY, Html, element, joined, policy_hash, text, void
from fixbot.report.html.words import GUIDE, HEADINGS, Heading
from fixbot.report.left_out import left_out_lines
from fixbot.report.style import count
from fixbot.report.text import opening, summary

if TYPE_CHECKING:
    from fixbot.model import Report

_DATA = Path(__file__).parents[2] / "data"


def render(report: Report, name: str = "") -> str:
    """The report as an HTML page. `name` is what was looked at, for the title."""
    style, script = (Html((_DATA / f"report.{kind}").read_text(encoding="utf-8")) for kind in ("css", "js"))
    title = f"fixbot report: {name}" if name else "fixbot report"
    policy = (
        f"default-src 'none'; style-src {policy_hash(style)}; script-src {policy_hash(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=policy),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="referrer", content="no-referrer"),
        void("meta", name="generator", content=f"fixbot {__version__}"),
        void("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", style),
    )
    body = element("body", *_body(report, title), element("script", script))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _body(report: Report, title: str) -> Iterator[Html]:
    sections = list(_sections(report))
    yield element("a", "Skip to the report", href="#report", class_="skip")
    yield element(
        "header",
        element("div", element("h1", title), _colours(), class_="top"),
        element("p", summary(report), class_="lead"),
        element("p", opening(report, "under Not read")),
        *(element("p", line) for line in left_out_lines(report.left_out)),
        element(
            "nav",
            element("ul", *(_jump(heading, number) for heading, number, _ in sections)),
            aria_label="Sections",
        ),
    )
    written = [_section(*each) for each in sections]
    first = next(index for index, (heading, *_) in enumerate(sections) if heading.filtered)
    yield element("main", *written[:first], _filter(report), *written[first:], id="report", tabindex="-1")
    yield element(
        "footer", element("p", f"Made by fixbot {__version__}. What was not read is not counted as clean.")
    )


def _sections(report: Report) -> Iterator[tuple[Heading, int | None, Html]]:
    """Each heading with how many things stand under it, and these."""
    by_id = {each.id: each for each in report.findings}
    by_status = {status: [each for each in report.findings if each.status is status] for status in Status}
    offered = {each for proposal in report.proposals for each in proposal.findings}
    loose = [each for each in by_status[Status.FIXED] if each.id not in offered]
    if report.pulls is not None:
        yield HEADINGS["pulls"], len(report.pulls), pulls.table_of(report.pulls, report.proposals)
    parts = (
        ("posture", None, posture.services(report.findings) if report.findings else EMPTY),
        ("proposals", len(report.proposals), rows.proposals(report.proposals, by_id)),
        ("loose", len(loose), rows.without_fix(loose)),
        ("refused", len(by_status[Status.REFUSED]), rows.without_fix(by_status[Status.REFUSED])),
        ("manual", len(by_status[Status.MANUAL]), rows.without_fix(by_status[Status.MANUAL])),
        ("suppressed", len(by_status[Status.SUPPRESSED]), rows.without_fix(by_status[Status.SUPPRESSED])),
        ("unread", len(report.unread), rows.unread(report.unread)),
        ("controls", None, posture.controls(report.findings)),
    )
    for key, number, inner in parts:
        heading = HEADINGS[key]
        if inner or heading.empty:
            yield heading, number, inner or element("p", heading.empty)
    yield HEADINGS["guide"], None, GUIDE


def _section(heading: Heading, number: int | None, inner: Html) -> Html:
    size = "" if number is None else f" {number:,}"
    head = element("h2", heading.title, element("small", size) if size else EMPTY)
    intro = element("p", heading.intro) if heading.intro and number != 0 else EMPTY
    kind = "part filtered" if heading.filtered else "part"
    return element("section", head, intro, inner, id=heading.key, class_=kind, aria_label=heading.title)


def _jump(heading: Heading, number: int | None) -> Html:
    size = EMPTY if number is None else joined([" ", element("strong", f"{number:,}")])
    return element("li", element("a", text(heading.title), size, href=f"#{heading.key}"))


def _colours() -> Html:
    """The style sheet asks which one is chosen, so this works without the script."""
    choices = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"))
    return element(
        "fieldset",
        element("legend", "Colours"),
        *(
            element(
                "label",
                void("input", type="radio", name="colours", id=f"colours-{key}", checked=key == "system"),
                f" {word}",
            )
            for key, word in choices
        ),
        class_="colours",
    )


def _filter(report: Report) -> Html:
    found = report.findings
    rules = sorted({each.rule for each in found})
    grave = [
        each.label for each in sorted(Severity, reverse=True) if any(each is one.severity for one in found)
    ]
    statuses = [
        (each.value, word) for each, word in posture.WORDS.items() if any(each is f.status for f in found)
    ]
    statuses += [(rows.UNREAD, "Not read")] if report.unread else []
    controls = (
        element("label", "Text ", void("input", type="search", id="filter-text", autocomplete="off")),
        _select("Rule", "rule", [(each, each) for each in rules]),
        _select("Severity", "severity", [(each, each) for each in grave]),
        _select("Status", "status", statuses),
        element("button", "Show all", type="reset"),
        element("button", "Unfold", type="button", id="unfold"),
        element("button", "Fold", type="button", id="fold"),
        element("button", "Keys", type="button", id="keys"),
        element("output", id="shown", data_all=_everything(report)),
    )
    return element("form", *controls, id="filter", role="search", aria_label="Filter", hidden=True)


def _everything(report: Report) -> str:
    total = len(report.findings)
    return f"{count(total, 'finding')}, {count(len(report.unread), 'place')} not read"


def _select(label: str, key: str, choices: Iterable[tuple[str, str]]) -> Html:
    options = (element("option", word, value=value) for value, word in choices)
    return element(
        "label",
        f"{label} ",
        element("select", element("option", "any", value=""), *options, id=f"filter-{key}"),
    )
