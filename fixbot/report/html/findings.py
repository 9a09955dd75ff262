"""Findings in rows that the filter knows: the proposals with their diffs, and all that got no fix."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from fixbot.body import address
from fixbot.model import Status
from fixbot.report.html.markup import EMPTY, Html, code, element, joined, sentence, table
from fixbot.report.html.prose import Block, Prose, blocks
from fixbot.report.html.sides import tables
from fixbot.report.style import count
from fixbot.wording import word

if TYPE_CHECKING:
    from fixbot.model import Cause, Finding, Proposal, Unread

IN_FULL = 20
"""So many proposals are unfolded when the page opens, the gravest ones."""
FEW = 8
"""Groups with at most so many places show them at once."""
UNREAD = "unread"
_CAUSES: Mapping[Cause, str] = {"damaged": "can't be read", "unserved": "not read yet"}


def proposals(some: Sequence[Proposal], by_id: Mapping[str, Finding]) -> Html:
    """The proposals by rule. What the texts of a rule's proposals have in common is said once, above them."""
    prose = Prose({address(each.path, each.line): each.id for each in by_id.values()})
    rules: dict[str, list[Proposal]] = defaultdict(list)
    opened = {each.key for each in some[:IN_FULL]}
    for each in some:
        rules[each.rule or each.topic].append(each)
    return joined(_rule(rule, of, by_id, prose, opened) for rule, of in rules.items())


def _rule(
    rule: str, of: Sequence[Proposal], by_id: Mapping[str, Finding], prose: Prose, opened: set[str]
) -> Html:
    worded = {each.key: word(each) for each in of}
    texts = {key: blocks(words.body) for key, words in worded.items()}
    often = Counter(block for some in texts.values() for block in dict.fromkeys(some[1:]))
    common = [block for block, times in often.items() if times == len(of) > 1]
    written = (
        _proposal(
            each,
            worded[each.key].title,
            [block for block in texts[each.key] if block not in common],
            by_id,
            prose,
            each.key in opened,
        )
        for each in of
    )
    return element(
        "section",
        element("h3", code(rule), " ", element("small", count(len(of), "proposal"))),
        element("div", prose.html(common), class_="common") if common else EMPTY,
        *written,
        class_="rule",
        data_rule=rule,
    )


def _proposal(
    proposal: Proposal,
    title: str,
    texts: Sequence[Block],
    by_id: Mapping[str, Finding],
    prose: Prose,
    opened: bool,
) -> Html:
    """What to know comes before the diff; from the text's table on, which says the same, it comes after."""
    own = [by_id[each] for each in proposal.findings if each in by_id]
    weight = f"{proposal.severity.label} · {proposal.safety.value}"
    summary = element(
        "summary",
        element("h4", sentence(title)),
        element("span", weight, class_=f"weight {proposal.severity.label}"),
    )
    mark = element(
        "p",
        "Branch ", code(proposal.branch), " · ",
        element("a", "link to this proposal", href=f"#proposal-{proposal.key}"),
        class_="aside",
    )  # fmt: skip
    above = list(takewhile(lambda block: not (block.table or block.summary), texts))
    rest = texts[len(above) :]
    besides = joined([element("h5", "What its pull request says besides"), prose.html(rest)])
    return element(
        "details", summary, prose.html(above), places(own), tables(proposal.diff),
        element("div", besides, class_="prose") if rest else EMPTY, mark,
        class_="group proposal", id=f"proposal-{proposal.key}", open=opened,
        data_rule=" ".join(proposal.rules), data_status=Status.FIXED.value,
    )  # fmt: skip


def places(some: Iterable[Finding]) -> Html:
    """A row for each finding, which is its deep link as well."""
    return table(
        ["Place", "Resource", "What is wrong", "Severity", "Controls"], map(_row, some), class_="places"
    )


def _row(finding: Finding) -> Html:
    place = element("a", code(f"{finding.path}:{finding.line}"), href=f"#{finding.id}")
    wrong = finding.message.removeprefix(f"{finding.resource} ")
    return element(
        "tr",
        element("th", place, scope="row"),
        element("td", finding.resource),
        element("td", sentence(wrong)),
        element("td", finding.severity.label, class_=finding.severity.label),
        element("td", ", ".join(finding.controls)),
        id=finding.id,
        data_severity=finding.severity.label,
        data_rule=finding.rule,
    )


def without_fix(some: Iterable[Finding]) -> Html:
    """Findings by rule, and there by reason: the reason once, then its places."""
    rules: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for each in some:
        rules[each.rule][each.reason or each.message].append(each)
    return joined(
        element(
            "section",
            element("h3", code(rule), " ", element("small", count(sum(map(len, of.values())), "finding"))),
            *(_group(reason, same) for reason, same in of.items()),
            class_="rule",
            data_rule=rule,
        )
        for rule, of in rules.items()
    )


def _group(reason: str, same: Sequence[Finding]) -> Html:
    return _folded(
        reason, count(len(same), "finding"), places(same), len(same),
        data_rule=same[0].rule, data_status=same[0].status.value,
    )  # fmt: skip


def unread(some: Iterable[Unread]) -> Html:
    """What was not read, by cause and reason: first what can't be, then what is only named."""
    reasons: dict[tuple[Cause, str], list[Unread]] = defaultdict(list)
    for each in sorted(some, key=lambda each: each.cause):
        reasons[each.cause, each.reason].append(each)
    return joined(
        _folded(
            reason,
            f"{count(len(same), 'place')} · {_CAUSES[cause]}",
            element("ul", *map(_unread, same)),
            len(same),
            data_status=UNREAD,
        )
        for (cause, reason), same in reasons.items()
    )


def _unread(each: Unread) -> Html:
    place = each.path if each.line is None else f"{each.path}:{each.line}"
    return element("li", code(place), data_severity="")


def _folded(reason: str, number: str, inner: Html, size: int, **data: str) -> Html:
    head = element("summary", element("span", sentence(reason)), element("span", number, class_="weight"))
    return element("details", head, inner, class_="group", open=size <= FEW, **data)
