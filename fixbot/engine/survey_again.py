"""Files read once more in this very process, for what results of an analysis don't keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from fixbot.engine.analyze import ignore_path, parse_texts
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.engine.pipeline import build_request, read_files
from fixbot.engine.process_limits import limit_time
from fixbot.engine.survey import Survey, survey_documents
from fixbot.rules.rule import Rule, resource_types
from fixbot.source.discover import collect_needles
from fixbot.source.partition import partition_files

if TYPE_CHECKING:
    from fixbot.checkout.repository_files import RepositoryFiles
    from fixbot.settings import Settings


def survey_parts(
    checkout: RepositoryFiles,
    fixers: tuple[Rule, ...],
    settings: Settings,
    wanted: Callable[[Mapping[str, str]], bool],
) -> Iterator[tuple[dict[str, str], AnalysisRequest]]:
    """The texts of the wanted parts of a repository, and what they are to be read for. Raises OutOfTime."""
    read = read_files(checkout, resource_types(fixers), settings.limits)
    with limit_time(read.allowed_seconds, "reading files for what AWS is asked about"):
        # Whatever day it is, what was found a moment ago is found again.
        order = build_request(checkout, read, fixers, settings, date.today())  # noqa: DTZ011
        for part in partition_files(order.inputs.list_reads(read.facts, read.texts)):
            texts = {path: read.texts[path] for path in part}
            if wanted(texts):
                yield texts, order


def survey_texts(texts: Mapping[str, str], order: AnalysisRequest) -> Survey:
    """What these files hold."""
    needles = collect_needles(resource_types(order.fixers))
    return survey_documents(parse_texts(texts, order, needles, PartitionResult(), ignore_path), order)
