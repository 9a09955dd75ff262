"""One part of a repository, from texts to findings and proven patches: a pure function of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from fixbot.edit.diff import masked_diff
from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.engine.compose import compose_offers, topic_of
from fixbot.engine.detect import UNJUDGED, Detection
from fixbot.engine.foreign_ignores import ForeignIgnores
from fixbot.engine.list_items import list_items
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.engine.propose import Shown, build_proposals
from fixbot.engine.prove_built import prove_built
from fixbot.engine.prove_together import OfferableFixes, prove_fixes
from fixbot.engine.survey import Survey, survey_documents
from fixbot.engine.verify import Verifier
from fixbot.masking.documents_mask import DocumentsMask
from fixbot.masking.mask_texts import mask_texts
from fixbot.masking.values_elsewhere import find_values_elsewhere
from fixbot.model.findings import (
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
from fixbot.rules.rule import resource_types
from fixbot.settings.enforced import is_enforced
from fixbot.settings.suppressions import Ignore, Suppressions, describe_lapse
from fixbot.source.discover import (
    collect_needles,
    find_chart,
    is_relevant_text,
    is_values_file,
    may_be_script,
    why_unpatchable,
)
from fixbot.source.document import Document, parse_document_sections
from fixbot.source.inline_ignores import MARK, read_inline_ignores
from fixbot.source.project import Inventory
from fixbot.source.template_languages import CHART_VALUES, SCRIPT, find_template_reason

Watch = Callable[[str], None]
"""Is told which file is read next; an empty string when all are."""


def ignore_path(_path: str) -> None:
    """For those who don't want to know which file is read."""


def analyze_partition(
    texts: Mapping[str, str], order: AnalysisRequest, watch: Watch = ignore_path
) -> PartitionResult:
    """Everything from parsing to proposals, for files that may know of each other."""
    done = PartitionResult()
    order = add_inline_ignores(texts, order, watch, done)
    documents = parse_texts(texts, order, collect_needles(resource_types(order.fixers)), done, watch)
    watch("")
    if done.complaints:
        return done
    survey = survey_documents(documents, order)
    reading, done.counts = survey.reading, survey.counts
    done.items = list_items(documents, reading) if order.settings.listing else []
    problems = survey.detect_all(order.fixers)
    done.unread += [
        *reading.unread,
        *_list_unjudged(documents, survey),
        *_find_chart_values(documents, reading, order.charts),
    ]
    court = Verifier(survey.world, reading, problems, order.fixers, survey.built)
    conclude_partition(court, problems, order, done)
    return done


def conclude_partition(
    court: Verifier, problems: Sequence[Detection], order: AnalysisRequest, done: PartitionResult
) -> None:
    """Settle what becomes of problems, prove what can be mended, and write findings and proposals down."""
    documents = court.world.project.documents
    statuses = _settle_statuses(problems, documents, order)
    light = {each.id for each in problems if _severity_of(each) < order.settings.severity}
    open_problems = [each for each in problems if each.id not in statuses and each.id not in light]
    prove_built(court, open_problems)
    settled = prove_fixes(court, open_problems, order.settings.held)
    findings = {each.id: _build_finding(each, documents, statuses, settled) for each in problems}
    shown = [each for each in problems if each.id not in light]
    done.findings = [_add_lapse(findings[each.id], each, documents, order) for each in shown]
    done.hidden = len(light)
    if not problems and not done.unread:  # nothing will be said of these files
        texts = (each.text.encode() for each in documents.values())
        done.secrets = frozenset(find_values_elsewhere(texts))
        done.alone = not done.secrets
        return
    mask = DocumentsMask(documents)
    _show_results(settled, findings, court, mask, done)
    _mask_result(done, mask)


def add_inline_ignores(
    texts: Mapping[str, str], order: AnalysisRequest, watch: Watch, done: PartitionResult
) -> AnalysisRequest:
    """The order with what the comments of these files ask for."""
    wishes: dict[str, tuple[Ignore, ...]] = {}
    overruled = is_enforced(("ignore",), order.settings.enforce)
    for path, text in texts.items():
        if MARK in text:
            watch(path)
            wishes[path] = tuple(
                replace(each, overruled=overruled) for each in read_inline_ignores(path, text)
            )
    suppressions = order.suppressions.with_inline(wishes)
    done.complaints += suppressions.list_complaints()
    return replace(order, suppressions=suppressions)


def parse_texts(
    texts: Mapping[str, str],
    order: AnalysisRequest,
    needles: Sequence[str],
    done: PartitionResult,
    watch: Watch,
) -> dict[str, Document]:
    """What can be read, whatever lies beside it; what can't is listed, document by document."""
    documents: dict[str, Document] = {}
    relevant = partial(is_relevant_text, needles=needles)
    for path, text in texts.items():
        watch(path)
        try:
            document = parse_document_sections(path, text, relevant)
        except SyntaxProblem as problem:
            done.unread.append(_explain_unread(path, text, problem, order))
            continue
        done.unread += [_explain_unread(path, text, problem, order) for problem in document.problems]
        if len(document.problems) < len(document.sections):
            documents[path] = document
            done.parsed += 1
    return documents


def _explain_unread(path: str, text: str, problem: SyntaxProblem, order: AnalysisRequest) -> Unread:
    line = text.count("\n", 0, problem.offset) + 1 if problem.offset is not None else None
    in_chart = find_chart(path, order.charts) is not None
    language = find_template_reason(text, problem, in_chart=in_chart)
    if language is not None:
        return Unread(path, line, language, "unserved")
    if may_be_script(path, text):
        return Unread(path, line, SCRIPT, "unserved")
    return Unread(path, line, problem.reason)


def _list_unjudged(documents: Mapping[str, Document], survey: Survey) -> Iterator[Unread]:
    """Values that can't be known, on which a rule would have had an opinion."""
    rows = [(node, field, subject.title, rule) for node, field, subject, rule in survey.reading.unjudged]
    for node, field, title, rule in (*rows, *(survey.built.list_unjudged() if survey.built else ())):
        path = node.root_node.source
        reason = f"{field} of {title} {UNJUDGED} {rule}"
        yield Unread(path, documents[path].locate_offset(node.start)[0], reason, "unserved")


def _find_chart_values(
    documents: Mapping[str, Document], reading: Inventory, charts: frozenset[str]
) -> Iterator[Unread]:
    """Values of Helm charts: they say what containers are like, where nothing of ours reads it."""
    read = {task.path for task in reading.tasks} | {policy.path for policy in reading.policies}
    for path in documents if charts else ():
        chart = find_chart(path, charts)
        if chart is not None and path not in read and is_values_file(path, chart):
            yield Unread(path, None, CHART_VALUES, "unserved")


def _settle_statuses(
    problems: Sequence[Detection], documents: Mapping[str, Document], order: AnalysisRequest
) -> dict[str, tuple[Status, str]]:
    """What is settled before anything is proven."""
    statuses: dict[str, tuple[Status, str]] = {}
    foreign = ForeignIgnores({} if is_enforced(("ignore",), order.settings.enforce) else documents)
    paths = {each.path for each in problems}
    reasons = {path: why_unpatchable(documents[path].text.encode(), order.charts) for path in paths}
    for each in problems:
        declined = order.settings.declined.get(each.id)
        wish = _find_wish(each, documents[each.path], order.suppressions)
        if declined is not None:
            statuses[each.id] = Status.SUPPRESSED, declined
        elif wish is not None:
            statuses[each.id] = Status.SUPPRESSED, wish.reason
        elif (told := foreign.find_reason(each)) is not None:
            statuses[each.id] = Status.SUPPRESSED, told
        elif not isinstance(each.outcome, Fix):
            status = Status.REFUSED if isinstance(each.outcome, Refusal) else Status.MANUAL
            statuses[each.id] = status, each.outcome.reason
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


def _find_wish(
    problem: Detection, document: Document, wishes: Suppressions, *, lapsed: bool = False
) -> Ignore | None:
    """The wish that counts for a problem, at its own line or where something that it is about begins."""
    if not (wishes.configured or problem.path in wishes.inline):
        return None
    look = wishes.find_lapsed if lapsed else wishes.find_ignore
    line = document.locate_offset(problem.found.node.start)[0]
    words = problem.fixer.name, problem.path, line, problem.found.resource
    nodes = (*_enclosing_items(problem.found.node), *problem.around)
    firsts = (
        document.locate_offset(start)[0] for node in nodes for start in _comment_starts(node, problem.path)
    )
    return next((wish for first in dict.fromkeys((line, *firsts)) if (wish := look(*words, first))), None)


def _enclosing_items(node: Node) -> Iterator[Node]:
    """The items of lists that a node stands in, from the inside out: a variable, its container."""
    at: Node | None = node
    while at is not None and at.parent is not None:
        if at.parent.kind is NodeKind.LIST:
            yield at
        at = at.parent


def _comment_starts(node: Node, path: str) -> Iterator[int]:
    """Where a comment above a node would stand: before it, and before the key that it has."""
    if node.root_node.source == path:
        yield node.start
        entries = node.parent.entries if node.parent is not None else []
        yield from (entry.key_start for entry in entries if entry.value is node)


def _severity_of(problem: Detection) -> Severity:
    return problem.found.severity or problem.fixer.severity


def _build_finding(
    problem: Detection,
    documents: Mapping[str, Document],
    statuses: Mapping[str, tuple[Status, str]],
    settled: OfferableFixes,
) -> Finding:
    found = problem.found
    line, column = documents[problem.path].locate_offset(found.node.start)
    refused = settled.refused.get(problem.id)
    status, reason = (
        (Status.REFUSED, refused) if refused is not None else statuses.get(problem.id, (Status.FIXED, None))
    )
    fixer = problem.fixer
    return Finding(
        id=problem.id,
        rule=fixer.name,
        severity=_severity_of(problem),
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
        layer=problem.built.layer if problem.built is not None else None,
    )


def _add_lapse(
    finding: Finding, problem: Detection, documents: Mapping[str, Document], order: AnalysisRequest
) -> Finding:
    if finding.status is Status.SUPPRESSED:
        return finding
    wish = _find_wish(problem, documents[problem.path], order.suppressions, lapsed=True)
    if wish is None:
        return finding
    said = describe_lapse(wish)
    return replace(finding, message=f"{finding.message} ({said})", lapse=said)


def _show_results(
    settled: OfferableFixes,
    findings: dict[str, Finding],
    court: Verifier,
    mask: DocumentsMask,
    done: PartitionResult,
) -> None:
    """Masked diffs of what was proven, and the proposals made of it."""
    if not settled.together and not settled.offers:
        return
    files: dict[tuple[str, str], Shown] = {}

    def show_file(path: str, text: str) -> Shown:
        if (path, text) not in files:  # a proposal that is alone in its file shows what the patch shows
            file = court.edited_file(path, text)
            cover = mask.cover_document(file)
            diff = masked_diff(file, cover)
            files[path, text] = Shown(diff, FileEdits(path, file.edits), hides=cover.hides_any_of(file.edits))
        return files[path, text]

    before = court.world.project.documents
    for proven in settled.together:
        for path, text in sorted(proven.texts.items()):
            old = before[path].text if path in before else None
            diff, fixed = show_file(path, text).diff, proven.fixed_in[path]
            done.patches.append(Patch(path, old, text, diff, fixed, edits=proven.edits[path]))
    settings = court.world.settings
    composed = compose_offers(court, settled, settings.pull_requests.group)
    proposals = build_proposals(composed, findings, show_file, court.world)
    done.proposals += [_with_checks(each, court) for each in proposals]


def _with_checks(proposal: Proposal, court: Verifier) -> Proposal:
    """The proposal with what was checked of each fix."""
    rows = tuple(replace(row, checks=court.checks.get(row.id, ())) for row in proposal.story.rows)
    return replace(proposal, story=replace(proposal.story, rows=rows))


def _mask_result(done: PartitionResult, mask: DocumentsMask) -> None:
    """What came out, with no secret of these files in any of its texts; diffs have been masked by place."""
    if mask.is_silent:
        return
    done.findings = [mask_texts(each, mask.masker) for each in done.findings]
    done.proposals = [
        replace(mask_texts(replace(each, diff=""), mask.masker), diff=each.diff) for each in done.proposals
    ]
    done.unread = [mask_texts(each, mask.masker) for each in done.unread]
    done.secrets = mask.far_values
    done.alone = not mask.far_values


__all__ = ["AnalysisRequest", "PartitionResult", "analyze_partition"]
