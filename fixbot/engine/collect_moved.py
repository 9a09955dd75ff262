"""The values that proposals take out of files, read from those files once more, in this very process.

What is analyzed elsewhere, remembered or shown never holds them. So whoever stores one finds it again, at the
node of its finding. What files say of secrets that were moved before is read in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fixbot.checkout.repository_files import RepositoryFiles
from fixbot.engine.detect import Detection
from fixbot.engine.survey_again import survey_parts, survey_texts
from fixbot.lens import text_of
from fixbot.model.findings import Finding, Status
from fixbot.model.moved_secrets import MovedSecret, SealedText, StoreReference
from fixbot.rules.rule import Rule
from fixbot.secret_stores.store_references import list_store_references
from fixbot.settings import Settings

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
        for texts, order in survey_parts(
            checkout, fixers, settings, lambda texts: not paths.isdisjoint(texts)
        )
        for problem in survey_texts(texts, order).detect_all(rules)
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

    def names_any(texts: Mapping[str, str]) -> bool:
        return any(word in text for text in texts.values() for word in _NAMES_ITS_STORE)

    return [
        reference
        for texts, order in survey_parts(checkout, fixers, settings, names_any)
        for reference in list_store_references(survey_texts(texts, order).reading.tasks)
    ]
