"""The values that proposals take out of files, read from those files once more, in this very process.

What is analyzed elsewhere, remembered or shown never holds them. So whoever stores one finds it again, at the
node of its finding. What files say of secrets that were moved before is read in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from fixbot.checkout.repository_files import RepositoryFiles
from fixbot.engine.analyze import ignore_path, parse_texts
from fixbot.engine.detect import Detection
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.engine.pipeline import build_request, read_files
from fixbot.engine.process_limits import limit_time
from fixbot.engine.survey import Survey, survey_documents
from fixbot.lens import text_of
from fixbot.model.findings import Finding, Status
from fixbot.model.moved_secrets import MovedSecret, SealedText, StoreReference
from fixbot.rules.rule import Rule, resource_types
from fixbot.secret_stores.store_references import list_store_references
from fixbot.settings import Settings
from fixbot.source.discover import collect_needles
from fixbot.source.partition import partition_files

_NAMES_ITS_STORE = ("valueFrom", "ValueFrom", "value_from")


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
    found = [
        moved
        for survey in _survey_again(checkout, fixers, settings, lambda texts: not paths.isdisjoint(texts))
        for problem in survey.detect_all(rules)
        if problem.id in fixed
        for moved in _list_moved(problem)
    ]
    return sorted(found, key=lambda each: fixed[each.finding])


def _list_moved(problem: Detection) -> Iterator[MovedSecret]:
    for place in problem.fix.stores if problem.fix is not None else ():
        text = text_of(problem.found.node)
        value = SealedText(text) if text is not None and not place.refusal else None
        yield MovedSecret(place, value, problem.id, problem.fixer.name, problem.path)


def collect_references(
    checkout: RepositoryFiles, fixers: tuple[Rule, ...], settings: Settings
) -> list[StoreReference]:
    """The secrets of AWS that the tasks of a repository name. Raises OutOfTime."""

    def names_any(texts: dict[str, str]) -> bool:
        return any(word in text for text in texts.values() for word in _NAMES_ITS_STORE)

    return [
        reference
        for survey in _survey_again(checkout, fixers, settings, names_any)
        for reference in list_store_references(survey.reading.tasks)
    ]


def _survey_again(
    checkout: RepositoryFiles,
    fixers: tuple[Rule, ...],
    settings: Settings,
    wanted: Callable[[dict[str, str]], bool],
) -> Iterator[Survey]:
    """What the wanted parts of a repository hold."""
    read = read_files(checkout, resource_types(fixers), settings.limits)
    with limit_time(read.allowed_seconds, "reading what the files say of secrets"):
        # Whatever day it is, what was found a moment ago is found again.
        order = build_request(checkout, read, fixers, settings, date.today())  # noqa: DTZ011
        for part in partition_files(order.inputs.list_reads(read.facts, read.texts)):
            texts = {path: read.texts[path] for path in part}
            if wanted(texts):
                yield _survey_part(texts, order)


def _survey_part(texts: dict[str, str], order: AnalysisRequest) -> Survey:
    needles = collect_needles(resource_types(order.fixers))
    return survey_documents(parse_texts(texts, order, needles, PartitionResult(), ignore_path), order)
