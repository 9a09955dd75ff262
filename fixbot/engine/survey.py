"""What the files of a part hold, as they stand and as they are rendered, and what rules find there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from fixbot import dialects
from fixbot.engine.detect import Detection, detect_problems
from fixbot.engine.detect_built import BuiltProblems, drop_covered
from fixbot.engine.partition_result import AnalysisRequest
from fixbot.layers.find_layerings import find_layerings
from fixbot.layers.kustomize_files import is_kustomization
from fixbot.rules.context import Context
from fixbot.rules.rule import Rule, resource_types
from fixbot.source.discover import collect_needles, is_relevant_text
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project


@dataclass(frozen=True, slots=True)
class Survey:
    """The files, what is in them, what rules may ask, and what is rendered of them."""

    world: Context
    reading: Inventory
    built: BuiltProblems | None
    counts: dict[str, int]

    def detect_all(self, fixers: tuple[Rule, ...]) -> list[Detection]:
        """Every problem, each at the place of a file where it would be mended."""
        problems = detect_problems(self.reading, fixers, self.world)
        return problems if self.built is None else [*problems, *self.built.detect_all()]


def survey_documents(documents: dict[str, Document], order: AnalysisRequest) -> Survey:
    """What these documents hold; what is judged in renderings is not judged as it stands."""
    types = resource_types(order.fixers)
    project = Project(documents, order.surroundings, types)
    reading = dialects.survey_dialects(project)
    counts = reading.count_subjects(resources=bool(types))
    built = None
    if order.inputs.roots:
        relevant = partial(is_relevant_text, needles=collect_needles(types))
        layerings = find_layerings(documents, order.inputs, order.settings.renderers, relevant)
        if layerings:
            documents |= {path: each for one in layerings for path, each in one.sources.items()}
            built = BuiltProblems(layerings, order.fixers, order.settings, project, replace(reading))
            drop_covered(reading, built.covered, frozenset(filter(is_kustomization, documents)))
            reading.unread += [each for one in layerings for each in one.unread]
    world = Context(order.settings, project, reading.resources, reading.policies, reading.tasks)
    return Survey(world, reading, built, counts)
