"""Proposals: what one pull request would hold, and by which name it is known from run to run."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from fixbot.engine.compose import EVERYTHING, CommitStage, ProposalContent, topic_of
from fixbot.engine.detect import Detection
from fixbot.model.findings import FileEdits, Finding, Fix, Proposal, ProposedCommit, Safety, Severity
from fixbot.model.proposal_facts import FixedFinding, FixWords, ProposalFacts, RuleSummary, SkippedFinding
from fixbot.proposal.pull_request_text import render_headline
from fixbot.rules.consequences import add_consequences
from fixbot.rules.context import Context
from fixbot.settings import Settings
from fixbot.source.codeowners import find_owners


@dataclass(frozen=True, slots=True)
class Shown:
    """A changed file for people: its masked diff, its edits, and whether any of these is hidden there."""

    diff: str
    edits: FileEdits
    hides: bool


Show = Callable[[str, str], Shown]
LONGEST_BRANCH = 200
"""Bytes. A file system takes 255 for a name, and git adds a suffix to the files that hold branches."""


def build_proposals(
    composed: Iterable[ProposalContent], findings: Mapping[str, Finding], show: Show, world: Context
) -> list[Proposal]:
    """What is to be offered in a part, each with its story.

    `show` brings the masked diff of a file from its path and its new text; `world` is what was read together.
    """
    return [_build_proposal(each, findings, show, world) for each in composed]


def gather_proposals(
    proposals: Iterable[Proposal], settings: Settings, code_owners: Callable[[], str] = str
) -> list[Proposal]:
    """The proposals of all parts: those that the settings want as one are, and no two have the same title.

    `code_owners` brings the text of the repository's CODEOWNERS: what is safe is one for each owner.
    """
    proposals = list(proposals)
    text = code_owners() if any(each.shares.startswith(_SAFE) for each in proposals) else ""
    groups: dict[str, list[Proposal]] = defaultdict(list)
    for each in proposals:
        owner = next(iter(find_owners(text, each.paths)), "") if each.shares.startswith(_SAFE) else ""
        groups[f"{each.shares}\0{owner}" if each.shares else f"={each.key}"].append(each)
    return _tell_titles_apart([_merge_proposals(group, settings.branch_prefix) for group in groups.values()])


_SAFE = "safe "


_RISKS: Final = {Severity.LOW: 15, Severity.MEDIUM: 40, Severity.HIGH: 65, Severity.CRITICAL: 85}


def _estimate_risk(problems: Sequence[Detection], findings: Mapping[str, Finding], *, example: bool) -> int:
    """0 to 100: the gravest finding's severity, more where it is of use to an outsider and where it is sure.

    What nobody deploys comes after all that runs.
    """
    gravest = max(findings[each.id].severity for each in problems)
    grave = [each for each in problems if findings[each.id].severity is gravest]
    open_to_all = any(each.fixer.discloses for each in grave)
    known = any(each.fix is not None and not each.fix.unknown for each in grave)
    risk = _RISKS[gravest] + 10 * open_to_all + 5 * known
    return risk // 10 if example else risk


def _shared_word(composition: ProposalContent, way: str, *, example: bool) -> str:
    """The word under which proposals of several parts become one; empty where they don't.

    What nobody deploys never shares one with what runs.
    """
    apart = " example" if example else ""
    share = composition.share
    if share.held:
        return f"held {share.held}"
    if way == "topic":
        return f"{_SAFE}{share.topic}{apart}" if share.safety is Safety.SAFE else ""
    return f"{way} {share.topic}{apart}" if way in ("rule", "all") else ""


def _merge_proposals(group: Sequence[Proposal], prefix: str) -> Proposal:
    """One proposal of several, whose files are never the same: each stands in a part of its own."""
    if len(group) == 1:
        return group[0]
    group = sorted(group, key=lambda each: each.paths)
    findings = tuple(name for each in group for name in each.findings)
    story = ProposalFacts(
        tuple(sorted({concern for each in group for concern in each.story.concerns}, key=lambda c: c.rule)),
        tuple(row for each in group for row in each.story.rows),
        tuple(near for each in group for near in each.story.nearby),
        topic=group[0].story.topic,
    )
    first = max(group, key=lambda each: each.severity)
    name = first.branch.removeprefix(prefix).partition("/")[0]
    key = identify_proposal(name, findings)
    rules = [concern.rule for concern in story.concerns]
    return replace(
        first,
        key=key,
        rule=rules[0] if len(rules) == 1 else None,
        branch=build_branch_name(prefix, name, key),
        paths=tuple(sorted(path for each in group for path in each.paths)),
        findings=findings,
        story=story,
        contents={path: text for each in group for path, text in each.contents.items()},
        diff="".join(each.diff for each in group),
        severity=max(each.severity for each in group),
        risk=max(each.risk for each in group),
        example=all(each.example for each in group),
        discloses=any(each.discloses for each in group),
        safety=Safety.SAFE if all(each.safety is Safety.SAFE for each in group) else Safety.REVIEW,
        commits=tuple(_merge_commits(group)),
        edits=tuple(file for each in group for file in each.edits)
        if all(each.edits for each in group)
        else (),
    )


def _merge_commits(group: Sequence[Proposal]) -> Iterable[ProposedCommit]:
    """The commits of all in their common order, those for the same rules as one."""
    found: dict[tuple[tuple[bool, int], tuple[str, ...]], list[ProposedCommit]] = defaultdict(list)
    for commit in (each for proposal in group for each in proposal.commits):
        found[commit.order, commit.rules].append(commit)
    for (order, rules), some in sorted(found.items(), key=lambda row: row[0]):
        contents = {path: text for each in some for path, text in each.contents.items()}
        yield ProposedCommit(rules, tuple(name for each in some for name in each.findings), contents, order)


def _tell_titles_apart(proposals: Sequence[Proposal]) -> list[Proposal]:
    """The same proposals; those that share a title have in it what tells their folders or files apart."""
    by_title: dict[str, list[Proposal]] = defaultdict(list)
    for each in proposals:
        by_title[render_headline(each.story)].append(each)
    told: dict[str, str] = {}
    for group in by_title.values():
        if len(group) > 1:
            folders = {each.key: posixpath.dirname(each.paths[0]) for each in group}
            files = {each.key: each.paths[0] for each in group}
            told |= _find_distinct_ends(folders) or _find_distinct_ends(files) or files
    return [
        replace(each, story=replace(each.story, apart=told[each.key])) if each.key in told else each
        for each in proposals
    ]


def _find_distinct_ends(paths: Mapping[str, str]) -> dict[str, str]:
    """The shortest ends of the paths, in whole steps, that tell all of them apart; none if nothing does."""
    for count in range(1, max(path.count("/") for path in paths.values()) + 2):
        ends = {key: "/".join(path.split("/")[-count:]) for key, path in paths.items()}
        if len(set(ends.values())) == len(ends) and all(ends.values()):
            return ends
    return {}


def identify_proposal(rule: str, findings: Iterable[str]) -> str:
    """The key: it says what is repaired, so it stays when files are reformatted and when neighbours come."""
    return hashlib.sha256("\0".join([rule, *sorted(findings)]).encode()).hexdigest()[:12]


def build_branch_name(prefix: str, rule: str, key: str) -> str:
    """A name that Git takes for a branch, with the prefix as it is and at most LONGEST_BRANCH bytes."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", rule).strip("-") or "rule"
    room = LONGEST_BRANCH - len(prefix.encode()) - len(key) - 1
    return f"{prefix}{name[: max(1, room)]}/{key}"


def _build_proposal(
    composition: ProposalContent, findings: Mapping[str, Finding], show: Show, world: Context
) -> Proposal:
    problems = sorted(composition.problems, key=lambda p: (p.path, findings[p.id].line))
    names = tuple(problem.id for problem in problems)
    rules = {problem.fixer.name for problem in problems}
    settings, examples = world.settings, world.surroundings.examples
    example = all(path in examples for path in {problem.path for problem in problems})
    share, prefix = composition.share, settings.branch_prefix
    key = identify_proposal(share.topic, names)
    contents, topic = composition.texts, _choose_topic(composition, problems, findings)
    shown = [show(path, text) for path, text in sorted(contents.items())]
    return Proposal(
        key=key,
        rule=rules.pop() if len(rules) == 1 else None,
        branch=build_branch_name(prefix, share.topic, key),
        paths=tuple(sorted(contents)),
        findings=names,
        story=replace(_collect_facts(problems, findings, world), topic=topic),
        contents=contents,
        diff="".join(each.diff for each in shown),
        severity=max(findings[name].severity for name in names),
        safety=composition.safety,
        topic=topic,
        commits=tuple(_build_commit(stage, names) for stage in composition.stages),
        shares=_shared_word(composition, settings.pull_requests.group, example=example),
        discloses=any(each.fixer.discloses for each in problems),
        risk=_estimate_risk(problems, findings, example=example),
        example=example,
        edits=() if any(each.hides for each in shown) else tuple(each.edits for each in shown),
    )


def _choose_topic(
    composition: ProposalContent, problems: Sequence[Detection], findings: Mapping[str, Finding]
) -> str:
    """The gravest topic among its findings; `all` where one proposal holds everything."""
    if composition.share.topic == EVERYTHING:
        return EVERYTHING
    topics = {topic_of(each) for each in problems}
    if composition.share.topic in topics:
        return composition.share.topic
    return topic_of(max(problems, key=lambda each: findings[each.id].severity))


def _build_commit(stage: CommitStage, order: Sequence[str]) -> ProposedCommit:
    names = {each.id for each in stage.problems}
    ids = tuple(name for name in order if name in names)
    return ProposedCommit(stage.rules, ids, stage.texts, stage.order[:2])


def _collect_facts(
    problems: Sequence[Detection], findings: Mapping[str, Finding], world: Context
) -> ProposalFacts:
    concerns = {problem.fixer.name: problem for problem in problems}
    story = ProposalFacts(
        tuple(_summarize_rule(concerns[name], problems) for name in sorted(concerns)),
        tuple(
            _fixed_finding(problem, findings[problem.id], add_consequences(problem.subject, fix, world))
            for problem in problems
            if (fix := problem.fix)
        ),
    )
    nearby = (
        SkippedFinding(each.path, each.line, each.resource, each.reason)
        for each in findings.values()
        if each.reason is not None and each.rule in concerns and posixpath.dirname(each.path) in story.folders
    )
    return replace(story, nearby=tuple(nearby))


def _summarize_rule(problem: Detection, problems: Sequence[Detection]) -> RuleSummary:
    rule = problem.fixer
    many = rule.title_for(each.subject.label.plural for each in problems if each.fixer is rule)
    return RuleSummary(rule.name, rule.title, many, rule.section("Threat"), topic_of(problem))


def _fixed_finding(problem: Detection, finding: Finding, fix: Fix) -> FixedFinding:
    return FixedFinding(
        id=finding.id,
        rule=finding.rule,
        path=finding.path,
        line=finding.line,
        resource=finding.resource,
        subject=problem.found.subject,
        controls=finding.controls,
        **{each.name: getattr(fix, each.name) for each in fields(FixWords)},
    )
