"""What a report says that the one on its base does not: in files too that nobody has changed.

A value in one file makes a finding in another; a resource that is slid under a comment is ignored by words
that were there before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixbot.engine.detect import UNJUDGED
from fixbot.model.findings import Status

if TYPE_CHECKING:
    from fixbot.model.findings import Finding, Report, Unread
    from fixbot.settings.suppressions import Suppressions


@dataclass(frozen=True, slots=True)
class Brought:
    """What is here and was not in the base. Paths are the report's.

    `findings` are ids of open ones; `ignored` are findings that a comment, and `left` those that settings
    silence, and did not silence in the base; `unread` are files or places that could be judged there.
    """

    findings: frozenset[str] = frozenset()
    ignored: tuple[Finding, ...] = ()
    left: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()


def compare_reports(
    here: Report,
    before: Report,
    old_paths: Mapping[str, str],
    was_there: Collection[str],
    wishes: Suppressions,
) -> Brought:
    """Everything in `here` that `before` hasn't got. `old_paths` are the names that files had before.

    In files that were there, a value that can't be known any more hides what it said: that is damage.
    `wishes` are those of the settings.
    """
    was_open = {each.id for each in _open_findings(before)}
    known = {each.id for each in _silenced_findings(before)}
    moved = {(each.path, each.rule, each.resource) for each in _silenced_findings(before)}
    ignored: list[Finding] = []
    left: list[Finding] = []
    for each in _silenced_findings(here):
        old = old_paths.get(each.path)
        if each.id not in known and (old, each.rule, each.resource) not in moved:
            by_settings = wishes.find_ignore(each.rule, each.path, each.line, each.resource) is not None
            (left if by_settings else ignored).append(each)
    return Brought(
        frozenset(each.id for each in _open_findings(here) if each.id not in was_open),
        tuple(ignored),
        tuple(left),
        tuple(_newly_unread(here.unread, before.unread, was_there)),
    )


def _open_findings(report: Report) -> Iterable[Finding]:
    return (each for each in report.findings if each.status is not Status.SUPPRESSED)


def _silenced_findings(report: Report) -> Iterable[Finding]:
    return (each for each in report.findings if each.status is Status.SUPPRESSED)


def _newly_unread(
    here: Iterable[Unread], before: Iterable[Unread], was_there: Collection[str]
) -> Iterable[Unread]:
    """Those of files of which fewer places, or none, were unread before."""
    here = tuple(here)
    now, then = (Counter((each.path, each.cause) for each in some) for some in (here, before))
    more = now - then
    for each in here:
        if (each.path, each.cause) in more:
            hides = UNJUDGED in each.reason and each.path in was_there
            yield replace(each, cause="damaged") if hides else each
