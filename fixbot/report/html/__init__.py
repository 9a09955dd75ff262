"""One page with everything in it, for a browser or a printer: no network, no storage, whole without scripts.

It says what the JSON report says. `report.css` and `report.js` lie in `fixbot/data`; the page's own
policy lets nothing else run or load.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot import __version__
from fixbot.model.findings import Severity, Status
from fixbot.report.html import finding_sections as rows
from fixbot.report.html import posture, pulls_table
from fixbot.report.html.markup import (
    EMPTY,
    Html,
    escape_text,
    hash_for_policy,
    join_parts,
    render_element,
    render_void_element,
)
from fixbot.report.html.section_texts import GUIDE, HEADINGS, SectionHeading
from fixbot.report.left_out_lines import describe_left_out
from fixbot.report.style import format_count
from fixbot.report.text import render_opening, summarize_run

if TYPE_CHECKING:
    from fixbot.model.findings import Report

_DATA = Path(__file__).parents[2] / "data"


def render_html(report: Report, name: str = "") -> str:
    """The report as an HTML page. `name` is what was looked at, for the title."""
    style, script = (Html((_DATA / f"report.{kind}").read_text(encoding="utf-8")) for kind in ("css", "js"))
    title = f"fixbot report: {name}" if name else "fixbot report"
    policy = (
        f"default-src 'none'; style-src {hash_for_policy(style)}; script-src {hash_for_policy(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    head = render_element(
        "head",
        render_void_element("meta", charset="utf-8"),
        render_void_element("meta", http_equiv="Content-Security-Policy", content=policy),
        render_void_element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        render_void_element("meta", name="referrer", content="no-referrer"),
        render_void_element("meta", name="generator", content=f"fixbot {__version__}"),
        render_void_element("link", rel="icon", href="data:,"),
        render_element("title", title),
        render_element("style", style),
    )
    body = render_element("body", *_render_body(report, title), render_element("script", script))
    return f"<!doctype html>\n{render_element('html', head, body, lang='en')}\n"


def _render_body(report: Report, title: str) -> Iterator[Html]:
    sections = list(_build_sections(report))
    yield render_element("a", "Skip to the report", href="#report", class_="skip")
    yield render_element(
        "header",
        render_element("div", render_element("h1", title), _render_colour_choice(), class_="top"),
        render_element("p", summarize_run(report), class_="lead"),
        render_element("p", render_opening(report, "under Not read")),
        *(render_element("p", line) for line in describe_left_out(report.left_out)),
        render_element(
            "nav",
            render_element("ul", *(_render_jump_link(heading, number) for heading, number, _ in sections)),
            aria_label="Sections",
        ),
    )
    written = [_render_section(*each) for each in sections]
    first = next(index for index, (heading, *_) in enumerate(sections) if heading.filtered)
    yield render_element(
        "main", *written[:first], _render_filter(report), *written[first:], id="report", tabindex="-1"
    )
    yield render_element(
        "footer",
        render_element("p", f"Made by fixbot {__version__}. What was not read is not counted as clean."),
    )


def _build_sections(report: Report) -> Iterator[tuple[SectionHeading, int | None, Html]]:
    """Each heading with how many things stand under it, and these."""
    by_id = {each.id: each for each in report.findings}
    by_status = {status: [each for each in report.findings if each.status is status] for status in Status}
    offered = {each for proposal in report.proposals for each in proposal.findings}
    loose = [each for each in by_status[Status.FIXED] if each.id not in offered]
    if report.pulls is not None:
        yield (
            HEADINGS["pulls"],
            len(report.pulls),
            pulls_table.render_pulls_table(report.pulls, report.proposals),
        )
    parts = (
        ("posture", None, posture.render_services(report.findings) if report.findings else EMPTY),
        ("proposals", len(report.proposals), rows.render_proposals(report.proposals, by_id)),
        ("loose", len(loose), rows.render_without_fix(loose)),
        ("refused", len(by_status[Status.REFUSED]), rows.render_without_fix(by_status[Status.REFUSED])),
        ("manual", len(by_status[Status.MANUAL]), rows.render_without_fix(by_status[Status.MANUAL])),
        (
            "suppressed",
            len(by_status[Status.SUPPRESSED]),
            rows.render_without_fix(by_status[Status.SUPPRESSED]),
        ),
        ("unread", len(report.unread), rows.render_unread(report.unread)),
        ("controls", None, posture.render_controls(report.findings)),
    )
    for key, number, inner in parts:
        heading = HEADINGS[key]
        if inner or heading.empty:
            yield heading, number, inner or render_element("p", heading.empty)
    yield HEADINGS["guide"], None, GUIDE


def _render_section(heading: SectionHeading, number: int | None, inner: Html) -> Html:
    size = "" if number is None else f" {number:,}"
    head = render_element("h2", heading.title, render_element("small", size) if size else EMPTY)
    intro = render_element("p", heading.intro) if heading.intro and number != 0 else EMPTY
    kind = "part filtered" if heading.filtered else "part"
    return render_element(
        "section", head, intro, inner, id=heading.key, class_=kind, aria_label=heading.title
    )


def _render_jump_link(heading: SectionHeading, number: int | None) -> Html:
    size = EMPTY if number is None else join_parts([" ", render_element("strong", f"{number:,}")])
    return render_element("li", render_element("a", escape_text(heading.title), size, href=f"#{heading.key}"))


def _render_colour_choice() -> Html:
    """The style sheet asks which one is chosen, so this works without the script."""
    choices = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"))
    return render_element(
        "fieldset",
        render_element("legend", "Colours"),
        *(
            render_element(
                "label",
                render_void_element(
                    "input", type="radio", name="colours", id=f"colours-{key}", checked=key == "system"
                ),
                f" {word}",
            )
            for key, word in choices
        ),
        class_="colours",
    )


def _render_filter(report: Report) -> Html:
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
        render_element(
            "label",
            "Text ",
            render_void_element("input", type="search", id="filter-text", autocomplete="off"),
        ),
        _render_select("Rule", "rule", [(each, each) for each in rules]),
        _render_select("Severity", "severity", [(each, each) for each in grave]),
        _render_select("Status", "status", statuses),
        render_element("button", "Show all", type="reset"),
        render_element("button", "Unfold", type="button", id="unfold"),
        render_element("button", "Fold", type="button", id="fold"),
        render_element("button", "Keys", type="button", id="keys"),
        render_element("output", id="shown", data_all=_describe_totals(report)),
    )
    return render_element("form", *controls, id="filter", role="search", aria_label="Filter", hidden=True)


def _describe_totals(report: Report) -> str:
    total = len(report.findings)
    return f"{format_count(total, 'finding')}, {format_count(len(report.unread), 'place')} not read"


def _render_select(label: str, key: str, choices: Iterable[tuple[str, str]]) -> Html:
    options = (render_element("option", word, value=value) for value, word in choices)
    return render_element(
        "label",
        f"{label} ",
        render_element("select", render_element("option", "any", value=""), *options, id=f"filter-{key}"),
    )
