"""One part of a repository, from texts to findings and proven patches: a pure function of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from fixbot import dialects
from fixbot.compose import compose, topic_of
from fixbot.detect import Problem, detect
from fixbot.diff import masked_diff
from fixbot.discover import chart_of, chart_values, may_be_script, needles_of, relevant_text, unpatchable
from fixbot.document import Document, parse_sections
from fixbot.inline import MARK, read_inline_wishes
from fixbot.masking.cover import Mask
from fixbot.masking.elsewhere import values_elsewhere
from fixbot.masking.texts import mask_texts
from fixbot.model import (
    NO_COUNTS,
    Failure,
    FileEdits,
    Finding,
    Fix,
    Patch,
    Proposal,
    Refusal,
    Safety,
    Severity,
    Status,
    Unread,
)
from fixbot.project import Project, Reading, Surroundings
from fixbot.proof import Court
from fixbot.propose import Shown, propose
from fixbot.rules.rule import Rule, resource_types
from fixbot.settings import Settings
from fixbot.settings.enforcing import is_enforced
from fixbot.settle import Settled, settle
from fixbot.suppress import Ignore, Suppressions, lapse
from fixbot.templating import CHART_VALUES, SCRIPT, template_reason
from fixbot.tree import Kind, Node, SyntaxProblem
from fixbot.world import World


@dataclass(slots=True)
class Examined:
    """What came out; picklable, so that a worker can hand it over."""

    findings: list[Finding] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What is wrong with wishes in comments; the whole run is refused for it."""
    parsed: int = 0
    counts: Mapping[str, int] = field(default_factory=lambda: dict(NO_COUNTS))
    """How much was looked at, by kind."""
    hidden: int = 0
    """Findings of less weight than the settings ask for."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Values that no text about any file may show. Never kept longer than a run."""
    alone: bool = True
    """Whether the same comes out whatever other files hold; only then it may be taken from an earlier run."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be looked for, and how."""

    fixers: tuple[Rule, ...]
    settings: Settings
    suppressions: Suppressions
    surroundings: Surroundings
    charts: frozenset[str] = frozenset()


Watch = Callable[[str], None]
"""Is told which file is read next; an empty string when all are."""


def unwatched(_path: str) -> None:
    """For those who don't want to know which file is read."""


def examine(texts: Mapping[str, str], order: Order, watch: Watch = unwatched) -> Examined:
    """Everything from parsing to proposals, for files that may know of each other."""
    done = Examined()
    types = resource_types(order.fixers)
    order = _with_wishes(texts, order, watch, done)
    documents = _parsed(texts, order, needles_of(types), done, watch)
    watch("")
    if done.complaints:
        return done
    project = Project(documents, order.surroundings, types)
    reading = dialects.read(project)
    done.counts = reading.count(resources=bool(types))
    world = World(order.settings, project)
    problems = detect(reading, order.fixers, world)
    done.unread += [
        *reading.unread,
        *_unjudged(documents, reading),
        *_values(documents, reading, order.charts),
    ]
    statuses = _statuses(problems, documents, order)
    light = {each.id for each in problems if _severity(each) < order.settings.severity}
    open_problems = [each for each in problems if each.id not in statuses and each.id not in light]
    court = Court(world, reading, problems, order.fixers)
    settled = settle(court, open_problems, order.settings.held)
    findings = {each.id: _finding(each, documents, statuses, settled) for each in problems}
    shown = [each for each in problems if each.id not in light]
    done.findings = [_with_lapse(findings[each.id], each, documents, order) for each in shown]
    done.hidden = len(light)
    if not problems and not done.unread:  # nothing will be said of these files
        done.secrets = frozenset(values_elsewhere(text.encode() for text in texts.values()))
        done.alone = not done.secrets
        return done
    mask = Mask(documents)
    _show(settled, findings, court, mask, done)
    return _told(done, mask)


def _with_wishes(texts: Mapping[str, str], order: Order, watch: Watch, done: Examined) -> Order:
    """The order with what the comments of these files ask for."""
    wishes: dict[str, tuple[Ignore, ...]] = {}
    overruled = is_enforced(("ignore",), order.settings.enforce)
    for path, text in texts.items():
        if MARK in text:
            watch(path)
            wishes[path] = tuple(
                replace(each, overruled=overruled) for each in read_inline_wishes(path, text)
            )
    suppressions = order.suppressions.with_inline(wishes)
    done.complaints += suppressions.complaints()
    return replace(order, suppressions=suppressions)


def _parsed(
    texts: Mapping[str, str], order: Order, needles: Sequence[str], done: Examined, watch: Watch
) -> dict[str, Document]:
    """What can be read, whatever lies beside it; what can't is listed, document by document."""
    documents: dict[str, Document] = {}
    relevant = partial(relevant_text, needles=needles)
    for path, text in texts.items():
        watch(path)
        try:
            document = parse_sections(path, text, relevant)
        except SyntaxProblem as problem:
            done.unread.append(_unread(path, text, problem, order))
            continue
        done.unread += [_unread(path, text, problem, order) for problem in document.problems]
        if len(document.problems) < len(document.sections):
            documents[path] = document
            done.parsed += 1
    return documents


def _unread(path: str, text: str, problem: SyntaxProblem, order: Order) -> Unread:
    line = text.count("\n", 0, problem.offset) + 1 if problem.offset is not None else None
    in_chart = chart_of(path, order.charts) is not None
    language = template_reason(text, problem, in_chart=in_chart)
    if language is not None:
        return Unread(path, line, language, "unserved")
    if may_be_script(path, text):
        return Unread(path, line, SCRIPT, "unserved")
    return Unread(path, line, problem.reason)


def _unjudged(documents: Mapping[str, Document], reading: Reading) -> Iterator[Unread]:
    """Values that can't be known, on which a rule would have had an opinion."""
    for node, reason in reading.unjudged:
        path = node.root.source
        yield Unread(path, documents[path].position(node.start)[0], reason, "unserved")


def _values(documents: Mapping[str, Document], reading: Reading, charts: frozenset[str]) -> Iterator[Unread]:
    """Values of Helm charts: they say what containers are like, where nothing of ours reads it."""
    read = {task.path for task in reading.tasks} | {policy.path for policy in reading.policies}
    for path in documents if charts else ():
        chart = chart_of(path, charts)
        if chart is not None and path not in read and chart_values(path, chart):
            yield Unread(path, None, CHART_VALUES, "unserved")


def _statuses(
    problems: list[Problem], documents: Mapping[str, Document], order: Order
) -> dict[str, tuple[Status, str]]:
    """What is settled before anything is proven."""
    statuses: dict[str, tuple[Status, str]] = {}
    paths = {each.path for each in problems}
    reasons = {path: unpatchable(documents[path].text.encode()) for path in paths}
    for each in problems:
        declined = order.settings.declined.get(each.id)
        wish = _wish(each, documents[each.path], order.suppressions)
        if declined is not None:
            statuses[each.id] = Status.SUPPRESSED, declined
        elif wish is not None:
            statuses[each.id] = Status.SUPPRESSED, wish.reason
        elif not isinstance(each.found.outcome, Fix):
            status = Status.REFUSED if isinstance(each.found.outcome, Refusal) else Status.MANUAL
            statuses[each.id] = status, each.found.outcome.reason
        elif (reason := reasons[each.path]) is not None:
            statuses[each.id] = Status.REFUSED, f"This file is never changed: {reason}."
        elif each.path in order.surroundings.unpatched:
            statuses[each.id] = (
                Status.REFUSED,
                "The settings say that this file is never changed (`never_patch`).",
            )
        elif order.settings.safety is Safety.SAFE and each.safety is not Safety.SAFE:
            statuses[each.id] = (
                Status.REFUSED,
                "Only fixes that can't change behaviour were asked for (`--safety safe`).",
            )
    return statuses


def _wish(
    problem: Problem, document: Document, wishes: Suppressions, *, lapsed: bool = False
) -> Ignore | None:
    """The wish that counts for a problem, at its own line or where something that it is about begins."""
    if not (wishes.configured or problem.path in wishes.inline):
        return None
    look = wishes.lapsed if lapsed else wishes.find
    line = document.position(problem.found.node.start)[0]
    words = problem.fixer.name, problem.path, line, problem.found.resource
    nodes = (*_items(problem.found.node), *problem.around)
    firsts = (document.position(start)[0] for node in nodes for start in _starts(node, problem.path))
    return next((wish for first in dict.fromkeys((line, *firsts)) if (wish := look(*words, first))), None)


def _items(node: Node) -> Iterator[Node]:
    """The items of lists that a node stands in, from the inside out: a variable, its container."""
    at: Node | None = node
    while at is not None and at.parent is not None:
        if at.parent.kind is Kind.LIST:
            yield at
        at = at.parent


def _starts(node: Node, path: str) -> Iterator[int]:
    """Where a comment above a node would stand: before it, and before the key that it has."""
    if node.root.source == path:
        yield node.start
        entries = node.parent.entries if node.parent is not None else []
        yield from (entry.key_start for entry in entries if entry.value is node)


def _severity(problem: Problem) -> Severity:
    return problem.found.severity or problem.fixer.severity


def _finding(
    problem: Problem,
    documents: Mapping[str, Document],
    statuses: Mapping[str, tuple[Status, str]],
    settled: Settled,
) -> Finding:
    found = problem.found
    line, column = documents[problem.path].position(found.node.start)
    refused = settled.refused.get(problem.id)
    status, reason = (
        (Status.REFUSED, refused) if refused is not None else statuses.get(problem.id, (Status.FIXED, None))
    )
    fixer = problem.fixer
    return Finding(
        id=problem.id,
        rule=fixer.name,
        severity=_severity(problem),
        safety=problem.safety,
        path=problem.path,
        line=line,
        column=column,
        resource=found.resource,
        message=found.message,
        controls=problem.controls,
        status=status,
        reason=reason,
        topic=topic_of(problem),
    )


def _with_lapse(
    finding: Finding, problem: Problem, documents: Mapping[str, Document], order: Order
) -> Finding:
    if finding.status is Status.SUPPRESSED:
        return finding
    wish = _wish(problem, documents[problem.path], order.suppressions, lapsed=True)
    if wish is None:
        return finding
    said = lapse(wish)
    return replace(finding, message=f"{finding.message} ({said})", lapse=said)


def _show(settled: Settled, findings: dict[str, Finding], court: Court, mask: Mask, done: Examined) -> None:
    """Masked diffs of what was proven, and the proposals made of it."""
    if not settled.together and not settled.offers:
        return
    files: dict[tuple[str, str], Shown] = {}

    def show(path: str, text: str) -> Shown:
        if (path, text) not in files:  # a proposal that is alone in its file shows what the patch shows
            file = court.file(path, text)
            cover = mask.cover(file)
            diff = masked_diff(file, cover)
            files[path, text] = Shown(diff, FileEdits(path, file.edits), hides=cover.hides(file.edits))
        return files[path, text]

    before = court.world.project.documents
    for proven in settled.together:
        for path, text in sorted(proven.texts.items()):
            old = before[path].text if path in before else None
            diff, fixed = show(path, text).diff, proven.fixed_in[path]
            done.patches.append(Patch(path, old, text, diff, fixed, edits=proven.edits[path]))
    settings = court.world.settings
    composed = compose(court, settled, settings.pull_requests.group)
    proposals = propose(composed, findings, show, settings)
    done.proposals += [_with_checks(each, court) for each in proposals]


def _with_checks(proposal: Proposal, court: Court) -> Proposal:
    """The proposal with what was checked of each fix."""
    rows = tuple(replace(row, checks=court.checks.get(row.id, ())) for row in proposal.story.rows)
    return replace(proposal, story=replace(proposal.story, rows=rows))


def _told(done: Examined, mask: Mask) -> Examined:
    """What came out, with no secret of these files in any of its texts; diffs have been masked by place."""
    if mask.silent:
        return done
    done.findings = [mask_texts(each, mask.masker) for each in done.findings]
    done.proposals = [
        replace(mask_texts(replace(each, diff=""), mask.masker), diff=each.diff) for each in done.proposals
    ]
    done.unread = [mask_texts(each, mask.masker) for each in done.unread]
    done.secrets = mask.far
    done.alone = not mask.far
    return done


__all__ = ["Examined", "Order", "examine"]
