"""Proposals: what one pull request would hold, and by which name it is known from run to run."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fixbot.detect import Problem
from fixbot.model import FileEdits, Finding, Fix, Proposal, Safety
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.settle import Offer, Settled
from fixbot.story import Concern, Nearby, Row, Story
from fixbot.wording import headline


@dataclass(frozen=True, slots=True)
class Shown:
    """A changed file for people: its masked diff, its edits, and whether any of these is hidden there."""

    diff: str
    edits: FileEdits
    hides: bool


Show = Callable[[str, str], Shown]
EVERYTHING = "all"
"""The name that stands for the rule where one proposal holds all of them."""
LONGEST_BRANCH = 200
"""Bytes. A file system takes 255 for a name, and git adds a suffix to the files that hold branches."""


def propose(
    settled: Settled, findings: Mapping[str, Finding], show: Show, settings: Settings
) -> list[Proposal]:
    """The offers of a part in groups, as `pull_requests.group` says, each with its story.

    `show` brings the masked diff of a file from its path and its new text.
    """
    groups: dict[tuple[str, str], list[Offer]] = defaultdict(list)
    for offer in settled.offers:
        groups[_group(offer, settings.pull_requests.group)].append(offer)
    together = {path: text for proven in settled.together for path, text in proven.texts.items()}
    proposals = []
    for (rule, _), group in groups.items():
        alone = {path: text for offer in group for path, text in offer.proven.texts.items()}
        contents = together if rule == EVERYTHING else alone
        problems = [problem for offer in group for problem in offer.problems]
        proposals.append(_proposal(rule, problems, findings, contents, show, settings.branch_prefix))
    return proposals


def _group(offer: Offer, way: str) -> tuple[str, str]:
    rule, path = offer.problems[0].fixer.name, offer.problems[0].path
    match way:
        case "file":
            return rule, path
        case "rule":
            return rule, ""
        case "all":
            return EVERYTHING, ""
        case _:
            return rule, posixpath.dirname(path)


def gathered(proposals: Iterable[Proposal], settings: Settings) -> list[Proposal]:
    """The proposals of all parts: those that the settings want as one are, and no two have the same title."""
    if settings.pull_requests.group not in ("rule", "all"):
        return _apart(list(proposals))
    by_rule: dict[str, list[Proposal]] = defaultdict(list)
    for each in proposals:
        by_rule[each.rule].append(each)
    return _apart([_merged(rule, group, settings.branch_prefix) for rule, group in by_rule.items()])


def _merged(rule: str, group: Sequence[Proposal], prefix: str) -> Proposal:
    """One proposal of several, whose files are never the same: each stands in a part of its own."""
    group = sorted(group, key=lambda each: each.paths)
    findings = tuple(name for each in group for name in each.findings)
    key = identity(rule, findings)
    return Proposal(
        key=key,
        rule=rule,
        branch=branch_name(prefix, rule, key),
        paths=tuple(sorted(path for each in group for path in each.paths)),
        findings=findings,
        story=Story(
            tuple(dict.fromkeys(concern for each in group for concern in each.story.concerns)),
            tuple(row for each in group for row in each.story.rows),
            tuple(near for each in group for near in each.story.nearby),
        ),
        contents={path: text for each in group for path, text in each.contents.items()},
        diff="".join(each.diff for each in group),
        severity=max(each.severity for each in group),
        safety=Safety.SAFE if all(each.safety is Safety.SAFE for each in group) else Safety.REVIEW,
        edits=tuple(file for each in group for file in each.edits)
        if all(each.edits for each in group)
        else (),
    )


def _apart(proposals: Sequence[Proposal]) -> list[Proposal]:
    """The same proposals; those that share a title have in it what tells their folders or files apart."""
    by_title: dict[str, list[Proposal]] = defaultdict(list)
    for each in proposals:
        by_title[headline(each.story)].append(each)
    told: dict[str, str] = {}
    for group in by_title.values():
        if len(group) > 1:
            folders = {each.key: posixpath.dirname(each.paths[0]) for each in group}
            files = {each.key: each.paths[0] for each in group}
            told |= _ends(folders) or _ends(files) or files
    return [
        replace(each, story=replace(each.story, apart=told[each.key])) if each.key in told else each
        for each in proposals
    ]


def _ends(paths: Mapping[str, str]) -> dict[str, str]:
    """The shortest ends of the paths, in whole steps, that tell all of them apart; none if nothing does."""
    for count in range(1, max(path.count("/") for path in paths.values()) + 2):
        ends = {key: "/".join(path.split("/")[-count:]) for key, path in paths.items()}
        if len(set(ends.values())) == len(ends) and all(ends.values()):
            return ends
    return {}


def identity(rule: str, findings: Iterable[str]) -> str:
    """The key: it says what is repaired, so it stays when files are reformatted and when neighbours come."""
    return hashlib.sha256("\0".join([rule, *sorted(findings)]).encode()).hexdigest()[:12]


def branch_name(prefix: str, rule: str, key: str) -> str:
    """A name that Git takes for a branch, with the prefix as it is and at most LONGEST_BRANCH bytes."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", rule).strip("-") or "rule"
    room = LONGEST_BRANCH - len(prefix.encode()) - len(key) - 1
    return f"{prefix}{name[: max(1, room)]}/{key}"


def _proposal(
    rule: str,
    problems: Sequence[Problem],
    findings: Mapping[str, Finding],
    contents: dict[str, str],
    show: Show,
    prefix: str,
) -> Proposal:
    problems = sorted(problems, key=lambda p: (p.path, findings[p.id].line))
    names = tuple(problem.id for problem in problems)
    key = identity(rule, names)
    shown = [show(path, text) for path, text in sorted(contents.items())]
    return Proposal(
        key=key,
        rule=rule,
        branch=branch_name(prefix, rule, key),
        paths=tuple(sorted(contents)),
        findings=names,
        story=_story(problems, findings),
        contents=contents,
        diff="".join(each.diff for each in shown),
        severity=max(findings[name].severity for name in names),
        safety=Safety.SAFE if all(p.safety is Safety.SAFE for p in problems) else Safety.REVIEW,
        edits=() if any(each.hides for each in shown) else tuple(each.edits for each in shown),
    )


def _story(problems: Sequence[Problem], findings: Mapping[str, Finding]) -> Story:
    concerns = {problem.fixer.name: problem.fixer for problem in problems}
    story = Story(
        tuple(_concern(concerns[name]) for name in sorted(concerns)),
        tuple(_row(problem, findings[problem.id], fix) for problem in problems if (fix := problem.fix)),
    )
    nearby = (
        Nearby(each.path, each.line, each.resource, each.reason)
        for each in findings.values()
        if each.reason is not None and each.rule in concerns and posixpath.dirname(each.path) in story.folders
    )
    return replace(story, nearby=tuple(nearby))


def _concern(fixer: Rule) -> Concern:
    return Concern(fixer.name, fixer.title, fixer.title_for_many, fixer.section("Threat"))


def _row(problem: Problem, finding: Finding, fix: Fix) -> Row:
    return Row(
        id=finding.id,
        rule=finding.rule,
        path=finding.path,
        line=finding.line,
        resource=finding.resource,
        subject=problem.found.subject,
        controls=finding.controls,
        who=fix.who,
        before=fix.before,
        after=fix.after,
        gist=fix.gist,
        why=fix.why,
        effect=fix.effect,
        rollout=fix.rollout,
        unknown=fix.unknown,
        commands=fix.commands,
        steps_before=fix.steps_before,
        steps_after=fix.steps_after,
        notes=fix.notes,
    )
