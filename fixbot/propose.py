"""Proposals: what one pull request would hold, one concern in one folder."""

from __future__ import annotations

import hashlib
import posixpath
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from fixbot.body import Row, Story, body, notes
from fixbot.detect import Problem
from fixbot.fixer import Fixer
from fixbot.model import Finding, Proposal, Safety
from fixbot.settle import Offer

Diff = Callable[[str, str | None, str], str]


def propose(
    offers: Iterable[Offer],
    findings: dict[str, Finding],
    before: dict[str, str],
    diff: Diff,
    prefix: str,
) -> list[Proposal]:
    """Group offers by rule and folder, and write each group's branch name, title and body.

    `before` holds the texts of the files as they are, `diff` writes a masked diff of one file.
    """
    groups: dict[tuple[str, str], list[Offer]] = defaultdict(list)
    for offer in offers:
        groups[offer.problems[0].fixer.name, _area(offer)].append(offer)
    return [_proposal(area, group, findings, before, diff, prefix) for (_, area), group in groups.items()]


def apart(proposals: Iterable[Proposal]) -> list[Proposal]:
    """The same proposals; those that share a title have their folder in it."""
    listed = list(proposals)
    often = Counter(each.title for each in listed)
    return [
        replace(each, title=f"{each.title} in {_plain(folder)}")
        if often[each.title] > 1 and (folder := posixpath.dirname(each.paths[0]))
        else each
        for each in listed
    ]


def _area(offer: Offer) -> str:
    return posixpath.dirname(offer.problems[0].path)


def _proposal(
    area: str,
    group: Sequence[Offer],
    findings: dict[str, Finding],
    before: dict[str, str],
    diff: Diff,
    prefix: str,
) -> Proposal:
    problems = sorted(
        (p for offer in group for p in offer.problems), key=lambda p: (p.path, findings[p.id].line)
    )
    fixer = problems[0].fixer
    contents = {path: text for offer in group for path, text in offer.proven.texts.items()}
    key = hashlib.sha256(f"{fixer.name}\0{area}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
    title = _title(fixer, problems, area)
    rows = tuple(Row(findings[p.id], fix) for p in problems if (fix := p.fix) is not None)
    nearby = tuple(
        f
        for f in findings.values()
        if f.rule == fixer.name and f.reason is not None and posixpath.dirname(f.path) == area
    )
    story = Story(fixer, key, title, rows, nearby)
    return Proposal(
        key=key,
        rule=fixer.name,
        branch=f"{prefix}{fixer.name}/{key}",
        title=title,
        body=body(story),
        paths=tuple(sorted(contents)),
        findings=tuple(p.id for p in problems),
        contents=contents,
        diff="".join(diff(path, before.get(path), text) for path, text in sorted(contents.items())),
        severity=max(findings[p.id].severity for p in problems),
        safety=Safety.SAFE if all(p.safety is Safety.SAFE for p in problems) else Safety.REVIEW,
        notes=notes(story),
    )


def _title(fixer: Fixer, problems: Sequence[Problem], area: str) -> str:
    subjects = {problem.found.subject for problem in problems}
    if len(subjects) == 1:
        return fixer.one.format(subject=_plain(subjects.pop()))
    return fixer.many.format(count=len(problems), folder=_plain(area) or "the top folder")


def _plain(name: str) -> str:
    """A name for a title: one line, no more than a title takes."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return line if len(line) <= 60 else line[:59] + "…"
