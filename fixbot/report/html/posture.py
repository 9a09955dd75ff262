"""The page's overview: findings by service, and by the controls of each framework."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fixbot.model.findings import Severity, Status
from fixbot.report.html.markup import (
    EMPTY,
    Html,
    escape_text,
    join_parts,
    render_code,
    render_element,
    render_table,
)

if TYPE_CHECKING:
    from fixbot.model.findings import Finding

WORDS = {
    Status.FIXED: "Fix proposed",
    Status.REFUSED: "Left alone",
    Status.MANUAL: "For a person",
    Status.SUPPRESSED: "Ignored",
}
MOST = 15
"""So many services are shown at once, the gravest ones; the rest is folded."""
_SECURITY_HUB = re.compile(r"[A-Z][A-Za-z0-9]*\.\d+")
_GRAVE = tuple(sorted(Severity, reverse=True))


def render_services(findings: Iterable[Finding]) -> Html:
    """A row for each service with findings: how many by severity, and what became of them."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for each in findings:
        groups[name_service(each), posixpath.dirname(each.path)].append(each)
    ordered = sorted(groups.items(), key=lambda item: (_severity_order(item[1]), item[0]))
    rows = [_render_service(name, folder, some) for (name, folder), some in ordered]
    everything = [each for some in groups.values() for each in some]
    total = render_element(
        "tr", render_element("th", f"All {len(rows):,}", scope="row"), _render_numbers(everything)
    )
    caption = "Number of findings: by severity (all but the ignored ones), then by what became of them"
    foot = total if len(rows) > 1 else EMPTY
    out = _render_wide(
        render_table(_table_heads(), rows[:MOST], caption=caption, foot=foot, class_="numbers"),
        "Posture by service",
    )
    if len(rows) > MOST:
        rest = _render_wide(
            render_table(_table_heads(), rows[MOST:], caption="The others", class_="numbers"), "The others"
        )
        summary = render_element("summary", f"{len(rows) - MOST:,} more")
        out = join_parts([out, render_element("details", summary, rest, class_="more")])
    return out


def _table_heads() -> list[str]:
    """The first column behind the severities carries the line between them."""
    grave = [each.label.capitalize() for each in _GRAVE]
    first, *others = WORDS.values()
    return [
        "Service or policy, and its folder", *grave,
        render_element("th", first, scope="col", class_="next"), *others,
    ]  # fmt: skip


def name_service(finding: Finding) -> str:
    """The outermost name of a resource: `task web` of `task web, container app`."""
    return re.split(r", (?:init )?(?:container|statement)\b", finding.resource, maxsplit=1)[0]


def _severity_order(some: Sequence[Finding]) -> tuple[int, ...]:
    counts = _count_severities(some)
    return (*(-counts[each] for each in _GRAVE), -len(some))


def _count_severities(some: Iterable[Finding]) -> Counter[Severity]:
    return Counter(each.severity for each in some if each.status is not Status.SUPPRESSED)


def _render_service(name: str, folder: str, some: Sequence[Finding]) -> Html:
    return render_element(
        "tr",
        render_element("th", _render_filter_button(name), render_code(folder or "."), scope="row"),
        _render_numbers(some),
    )


def _render_numbers(some: Sequence[Finding]) -> Html:
    severities = _count_severities(some)
    statuses = Counter(each.status for each in some)
    grave = (_render_number(severities[each], each.label) for each in _GRAVE)
    became = (_render_number(statuses[each], "next" * (each is Status.FIXED)) for each in WORDS)
    return join_parts([*grave, *became])


def _render_number(number: int, kind: str = "") -> Html:
    classes = " ".join(filter(None, [kind, "" if number else "none"]))
    return render_element("td", f"{number:,}", class_=classes or False)


def _render_filter_button(name: str) -> Html:
    """A name that the page's script makes a button of, which filters by it."""
    return render_element("span", escape_text(name), data_seek=name)


def _render_wide(inner: Html, label: str) -> Html:
    return render_element("div", inner, class_="wide", role="group", aria_label=label, tabindex="0")


def render_controls(findings: Iterable[Finding]) -> Html:
    """A table for each framework: its controls that findings count for."""
    frameworks: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for each in findings:
        for control in each.controls:
            frameworks[framework_of(control)][control].append(each)
    return (
        join_parts(
            render_element("section", render_element("h3", name), _render_framework(name, of))
            for name, of in sorted(frameworks.items())
        )
        if frameworks
        else EMPTY
    )


def framework_of(control: str) -> str:
    """Whose control it is: the words before its number; Security Hub's have no such words."""
    if _SECURITY_HUB.fullmatch(control):
        return "AWS Security Hub"
    head, _, number = control.rpartition(" ")
    return head if head and number[:1].isdigit() else "Other"


def _render_framework(name: str, of: dict[str, list[Finding]]) -> Html:
    heads = ["Control", Html('<th scope="col" class="rules">Rules</th>'), *WORDS.values()]
    rows = [
        render_element(
            "tr",
            render_element("th", _render_filter_button(control), scope="row"),
            render_element(
                "td", join_parts(map(render_code, sorted({each.rule for each in some})), ", "), class_="rules"
            ),
            *(_render_number(sum(each.status is status for each in some)) for status in WORDS),
        )
        for control, some in sorted(of.items(), key=lambda item: _sort_by_number(item[0]))
    ]
    caption = f"Number of findings that count for a control of {name}"
    return _render_wide(render_table(heads, rows, caption=caption, class_="numbers"), name)


def _sort_by_number(control: str) -> list[tuple[bool, int, str]]:
    parts = re.split(r"(\d+)", control)
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
