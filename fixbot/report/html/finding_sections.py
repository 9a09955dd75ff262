"""Findings in rows that the filter knows: the proposals with their diffs, and all that got no fix."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from fixbot.model.findings import Status
from fixbot.proposal.body import link_address
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.report.html.markup import (
    EMPTY,
    Html,
    join_parts,
    render_code,
    render_element,
    render_sentence,
    render_table,
)
from fixbot.report.html.prose import ProseBlock, ProseRenderer, split_blocks
from fixbot.report.html.sides import render_tables
from fixbot.report.style import format_count
from fixbot.rules.frameworks import join_controls

if TYPE_CHECKING:
    from fixbot.model.findings import Cause, Finding, Proposal, Unread

IN_FULL = 20
"""So many proposals are unfolded when the page opens, the gravest ones."""
FEW = 8
"""Groups with at most so many places show them at once."""
UNREAD = "unread"
_CAUSES: Mapping[Cause, str] = {"damaged": "can't be read", "unserved": "not read yet"}


def render_proposals(some: Sequence[Proposal], by_id: Mapping[str, Finding]) -> Html:
    """The proposals by rule. What the texts of a rule's proposals have in common is said once, above them."""
    prose = ProseRenderer({link_address(each.path, each.line): each.id for each in by_id.values()})
    rules: dict[str, list[Proposal]] = defaultdict(list)
    opened = {each.key for each in some[:IN_FULL]}
    for each in some:
        rules[each.rule or each.topic].append(each)
    return join_parts(_render_rule(rule, of, by_id, prose, opened) for rule, of in rules.items())


def _render_rule(
    rule: str, of: Sequence[Proposal], by_id: Mapping[str, Finding], prose: ProseRenderer, opened: set[str]
) -> Html:
    worded = {each.key: render_proposal(each) for each in of}
    texts = {key: split_blocks(words.body) for key, words in worded.items()}
    often = Counter(block for some in texts.values() for block in dict.fromkeys(some[1:]))
    common = [block for block, times in often.items() if times == len(of) > 1]
    written = (
        _render_proposal(
            each,
            worded[each.key].title,
            [block for block in texts[each.key] if block not in common],
            by_id,
            prose,
            each.key in opened,
        )
        for each in of
    )
    return render_element(
        "section",
        render_element(
            "h3", render_code(rule), " ", render_element("small", format_count(len(of), "proposal"))
        ),
        render_element("div", prose.render_blocks(common), class_="common") if common else EMPTY,
        *written,
        class_="rule",
        data_rule=rule,
    )


def _render_proposal(
    proposal: Proposal,
    title: str,
    texts: Sequence[ProseBlock],
    by_id: Mapping[str, Finding],
    prose: ProseRenderer,
    opened: bool,
) -> Html:
    """What to know comes before the diff; from the text's table on, which says the same, it comes after."""
    own = [by_id[each] for each in proposal.findings if each in by_id]
    weight = f"{proposal.severity.label} · {proposal.safety.value}"
    summary = render_element(
        "summary",
        render_element("h4", render_sentence(title)),
        render_element("span", weight, class_=f"weight {proposal.severity.label}"),
    )
    mark = render_element(
        "p",
        "Branch ", render_code(proposal.branch), " · ",
        render_element("a", "link to this proposal", href=f"#proposal-{proposal.key}"),
        class_="aside",
    )  # fmt: skip
    above = list(takewhile(lambda block: not (block.table or block.summary), texts))
    rest = texts[len(above) :]
    besides = join_parts(
        [render_element("h5", "What its pull request says besides"), prose.render_blocks(rest)]
    )
    return render_element(
        "details", summary, prose.render_blocks(above), render_places(own), render_tables(proposal.diff),
        render_element("div", besides, class_="prose") if rest else EMPTY, mark,
        class_="group proposal", id=f"proposal-{proposal.key}", open=opened,
        data_rule=" ".join(proposal.rules), data_status=Status.FIXED.value,
    )  # fmt: skip


def render_places(some: Iterable[Finding]) -> Html:
    """A row for each finding, which is its deep link as well."""
    return render_table(
        ["Place", "Resource", "What is wrong", "Severity", "Controls"],
        map(_render_row, some),
        class_="places",
    )


def _render_row(finding: Finding) -> Html:
    place = render_element("a", render_code(f"{finding.path}:{finding.line}"), href=f"#{finding.id}")
    wrong = finding.message.removeprefix(f"{finding.resource} ")
    return render_element(
        "tr",
        render_element("th", place, scope="row"),
        render_element("td", finding.resource),
        render_element("td", render_sentence(wrong)),
        render_element("td", finding.severity.label, class_=finding.severity.label),
        render_element("td", join_controls(finding.controls)),
        id=finding.id,
        data_severity=finding.severity.label,
        data_rule=finding.rule,
    )


def render_without_fix(some: Iterable[Finding]) -> Html:
    """Findings by rule, and there by reason: the reason once, then its places."""
    rules: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for each in some:
        rules[each.rule][each.reason or each.message].append(each)
    return join_parts(
        render_element(
            "section",
            render_element(
                "h3",
                render_code(rule),
                " ",
                render_element("small", format_count(sum(map(len, of.values())), "finding")),
            ),
            *(_render_group(reason, same) for reason, same in of.items()),
            class_="rule",
            data_rule=rule,
        )
        for rule, of in rules.items()
    )


def _render_group(reason: str, same: Sequence[Finding]) -> Html:
    return _render_folded(
        reason, format_count(len(same), "finding"), render_places(same), len(same),
        data_rule=same[0].rule, data_status=same[0].status.value,
    )  # fmt: skip


def render_unread(some: Iterable[Unread]) -> Html:
    """What was not read, by cause and reason: first what can't be, then what is only named."""
    reasons: dict[tuple[Cause, str], list[Unread]] = defaultdict(list)
    for each in sorted(some, key=lambda each: each.cause):
        reasons[each.cause, each.reason].append(each)
    return join_parts(
        _render_folded(
            reason,
            f"{format_count(len(same), 'place')} · {_CAUSES[cause]}",
            render_element("ul", *map(_render_unread_place, same)),
            len(same),
            data_status=UNREAD,
        )
        for (cause, reason), same in reasons.items()
    )


def _render_unread_place(each: Unread) -> Html:
    place = each.path if each.line is None else f"{each.path}:{each.line}"
    return render_element("li", render_code(place), data_severity="")


def _render_folded(reason: str, number: str, inner: Html, size: int, **data: str) -> Html:
    head = render_element(
        "summary",
        render_element("span", render_sentence(reason)),
        render_element("span", number, class_="weight"),
    )
    return render_element("details", head, inner, class_="group", open=size <= FEW, **data)
