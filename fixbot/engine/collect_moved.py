"""The values that proposals take out of files, read from those files once more, in this very process.

What is analyzed elsewhere, remembered or shown never holds them. So whoever stores one finds it again, at the
node of its finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from fixbot.checkout.repository_files import RepositoryFiles
from fixbot.engine.analyze import detect_again
from fixbot.engine.detect import Detection
from fixbot.engine.pipeline import build_request, read_files
from fixbot.engine.process_limits import limit_time
from fixbot.lens import text_of
from fixbot.model.findings import Finding, Status
from fixbot.model.moved_secrets import MovedSecret, SealedText
from fixbot.rules.rule import Rule, resource_types
from fixbot.settings import Settings
from fixbot.source.partition import partition_files


def collect_moved_secrets(
    checkout: RepositoryFiles, fixers: tuple[Rule, ...], settings: Settings, findings: Sequence[Finding]
) -> list[MovedSecret]:
    """What the proven fixes of these findings move, in the order of the findings. Raises OutOfTime."""
    fixed = {each.id: at for at, each in enumerate(findings) if each.status is Status.FIXED}
    paths = {findings[at].path for at in fixed.values()}
    names = {findings[at].rule for at in fixed.values() if findings[at].topic == "secrets"}
    rules = tuple(each for each in fixers if each.name in names)
    if not rules:
        return []
    read = read_files(checkout, resource_types(fixers), settings.limits)
    with limit_time(read.allowed_seconds, "reading what the proposals would move"):
        # Whoever's day it is, what was found a moment ago is found again.
        order = build_request(checkout, read, fixers, settings, date.today())  # noqa: DTZ011
        grouped = partition_files({path: read.facts[path].reads for path in read.texts})
        found = [
            moved
            for part in grouped
            if not paths.isdisjoint(part)
            for problem in detect_again({path: read.texts[path] for path in part}, order, rules)
            if problem.id in fixed
            for moved in _list_moved(problem)
        ]
    return sorted(found, key=lambda each: fixed[each.finding])


def _list_moved(problem: Detection) -> Iterator[MovedSecret]:
    for place in problem.fix.stores if problem.fix is not None else ():
        text = text_of(problem.found.node)
        value = SealedText(text) if text is not None and not place.refusal else None
        yield MovedSecret(place, value, problem.id, problem.fixer.name, problem.path)
