"""The page's overview: findings by service, and by the controls of each framework."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fixbot.model import Severity, Status
from fixbot.report.html.markup import EMPTY, Html, code, element, joined, table, text

if TYPE_CHECKING:
    from fixbot.model import Finding

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


def services(findings: Iterable[Finding]) -> Html:
    """A row for each service with findings: how many by severity, and what became of them."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for each in findings:
        groups[service(each), posixpath.dirname(each.path)].append(each)
    ordered = sorted(groups.items(), key=lambda item: (_gravity(item[1]), item[0]))
    rows = [_service(name, folder, some) for (name, folder), some in ordered]
    everything = [each for some in groups.values() for each in some]
    total = element("tr", element("th", f"All {len(rows):,}", scope="row"), _numbers(everything))
    caption = "Number of findings: by severity (all but the ignored ones), then by what became of them"
    foot = total if len(rows) > 1 else EMPTY
    out = _wide(
        table(_heads(), rows[:MOST], caption=caption, foot=foot, class_="numbers"), "Posture by service"
    )
    if len(rows) > MOST:
        rest = _wide(table(_heads(), rows[MOST:], caption="The others", class_="numbers"), "The others")
        summary = element("summary", f"{len(rows) - MOST:,} more")
        out = joined([out, element("details", summary, rest, class_="more")])
    return out


def _heads() -> list[str]:
    """The first column behind the severities carries the line between them."""
    grave = [each.label.capitalize() for each in _GRAVE]
    first, *others = WORDS.values()
    return [
        "Service or policy, and its folder", *grave,
        element("th", first, scope="col", class_="next"), *others,
    ]  # fmt: skip


def service(finding: Finding) -> str:
    """The outermost name of a resource: `task web` of `task web, container app`."""
    return re.split(r", (?:init )?(?:container|statement)\b", finding.resource, maxsplit=1)[0]


def _gravity(some: Sequence[Finding]) -> tuple[int, ...]:
    counts = _severities(some)
    return (*(-counts[each] for each in _GRAVE), -len(some))


def _severities(some: Iterable[Finding]) -> Counter[Severity]:
    return Counter(each.severity for each in some if each.status is not Status.SUPPRESSED)


def _service(name: str, folder: str, some: Sequence[Finding]) -> Html:
    return element("tr", element("th", _seek(name), code(folder or "."), scope="row"), _numbers(some))


def _numbers(some: Sequence[Finding]) -> Html:
    severities = _severities(some)
    statuses = Counter(each.status for each in some)
    grave = (_number(severities[each], each.label) for each in _GRAVE)
    became = (_number(statuses[each], "next" * (each is Status.FIXED)) for each in WORDS)
    return joined([*grave, *became])


def _number(number: int, kind: str = "") -> Html:
    classes = " ".join(filter(None, [kind, "" if number else "none"]))
    return element("td", f"{number:,}", class_=classes or False)


def _seek(name: str) -> Html:
    """A name that the page's script makes a button of, which filters by it."""
    return element("span", text(name), data_seek=name)


def _wide(inner: Html, label: str) -> Html:
    return element("div", inner, class_="wide", role="group", aria_label=label, tabindex="0")


def controls(findings: Iterable[Finding]) -> Html:
    """A table for each framework: its controls that findings count for."""
    frameworks: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for each in findings:
        for control in each.controls:
            frameworks[framework(control)][control].append(each)
    return (
        joined(
            element("section", element("h3", name), _controls(name, of))
            for name, of in sorted(frameworks.items())
        )
        if frameworks
        else EMPTY
    )


def framework(control: str) -> str:
    """Whose control it is: the words before its number; Security Hub's have no such words."""
    if _SECURITY_HUB.fullmatch(control):
        return "AWS Security Hub"
    head, _, number = control.rpartition(" ")
    return head if head and number[:1].isdigit() else "Other"


def _controls(name: str, of: dict[str, list[Finding]]) -> Html:
    heads = ["Control", Html('<th scope="col" class="rules">Rules</th>'), *WORDS.values()]
    rows = [
        element(
            "tr",
            element("th", _seek(control), scope="row"),
            element("td", joined(map(code, sorted({each.rule for each in some})), ", "), class_="rules"),
            *(_number(sum(each.status is status for each in some)) for status in WORDS),
        )
        for control, some in sorted(of.items(), key=lambda item: _by_number(item[0]))
    ]
    caption = f"Number of findings that count for a control of {name}"
    return _wide(table(heads, rows, caption=caption, class_="numbers"), name)


def _by_number(control: str) -> list[tuple[bool, int, str]]:
    parts = re.split(r"(\d+)", control)
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
