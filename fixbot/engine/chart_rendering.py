"""A chart rendered in one way: the objects, what the rules find in them, and where their lines come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from fixbot.edit.change import RewritePlan
from fixbot.edit.data import to_data
from fixbot.edit.tree import Node, SyntaxProblem
from fixbot.engine.analyze import parse_texts
from fixbot.engine.detect import Detection, detect_problems
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.engine.survey import survey_documents
from fixbot.engine.verify import Verifier
from fixbot.layers.find_layerings import RenderInputs
from fixbot.layers.find_placements import RenderedText
from fixbot.model.findings import Unread
from fixbot.render.chart import Chart, ValueSet
from fixbot.render.helm import ChartRenderer, RenderFailure
from fixbot.render.mark_lines import TemplatePlace, find_origins, mark_templates
from fixbot.rules.rule import resource_types
from fixbot.source.discover import collect_needles
from fixbot.source.document import Document, parse_document_sections

_UNORDERED = frozenset(("volumes", "volumeMounts"))
"""Lists of which no order counts: each of their items has a name or a path of its own."""


@dataclass(slots=True)
class ChartRendering:
    """One set of values: its objects as documents by the place of their template, and what is wrong there."""

    use: ValueSet
    texts: dict[str, str]
    documents: dict[str, Document]
    court: Verifier
    problems: list[Detection]
    unread: list[Unread]
    marked: dict[str, str] | None = None
    lines: dict[str, RenderedText] = field(default_factory=dict)

    def read_lines(self, path: str, templates: Sequence[str]) -> RenderedText:
        """A rendered text with where its lines come from; `templates` are the sorted paths of all."""
        if path not in self.lines:
            text = self.texts[path]
            marked = (self.marked or {}).get(path)
            count = text.count("\n") + 1
            origins: tuple[TemplatePlace | None, ...] = (None,) * count
            if marked is not None:
                origins = find_origins(text, marked, templates)
            starts = [0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1])]
            self.lines[path] = RenderedText(text, origins, starts)
        return self.lines[path]


def render_use(
    chart: Chart, use: ValueSet, renderer: ChartRenderer, order: AnalysisRequest
) -> ChartRendering | RenderFailure:
    """The chart rendered with one set of values, and looked at by every rule."""
    rendered = renderer.render_chart(chart, use)
    if isinstance(rendered, RenderFailure):
        return rendered
    texts = {chart.place_of(path): text for path, text in rendered.items() if text.strip()}
    done = PartitionResult()
    needles = collect_needles(resource_types(order.fixers))
    documents = parse_texts(texts, order, needles, done, lambda _: None)
    survey = survey_documents(documents, replace(order, inputs=RenderInputs()))
    world, reading = survey.world, survey.reading
    problems = [] if use.made_up and not documents else detect_problems(reading, order.fixers, world)
    done.unread += reading.unread
    court = Verifier(world, reading, problems, order.fixers)
    return ChartRendering(use, texts, documents, court, problems, done.unread)


def trace_lines(chart: Chart, rendering: ChartRendering, renderer: ChartRenderer) -> None:
    """Find out where the lines of a rendering come from, if nothing did yet."""
    if rendering.marked is None:
        marked = renderer.render_chart(chart, rendering.use, mark_templates(chart.list_templates()))
        found = {} if isinstance(marked, RenderFailure) else marked
        rendering.marked = {chart.place_of(path): text for path, text in found.items()}


def find_deviation(
    rendering: ChartRendering, after: Mapping[str, str], plan: RewritePlan, volatile: Mapping[str, object]
) -> str | None:
    """Where a rendering differs from what the plan makes of the one before; None where it does nowhere.

    `volatile` holds, by template, the data of what comes out otherwise each time.
    """
    touched = {rewrite.node.root_node.source for rewrite in plan.values()}
    for path in sorted({*rendering.texts, *after}):
        old, new = rendering.texts.get(path, ""), after.get(path, "")
        if (old == new and path not in touched) or path in volatile:
            continue
        if _differs(path, rendering, new, plan):
            return path
    return None


def _differs(path: str, rendering: ChartRendering, new: str, plan: RewritePlan) -> bool:
    before = rendering.documents.get(path)
    if before is None:
        before = parse_document_sections(path, rendering.texts.get(path, ""))
    try:
        after = parse_document_sections(path, new)
    except SyntaxProblem:
        return True
    if len(before.sections) != len(after.sections):
        return True
    planned = {id(rewrite.node.root_node) for rewrite in plan.values()}
    for one, two in zip(before.sections, after.sections, strict=True):
        changed = any(id(root) in planned for root in one.roots)
        if one.text == two.text and not changed:
            continue
        if one.problem is not None or two.problem is not None:
            return True
        roots = one.roots or _parse_again(path, one.text)
        if [order_freely(to_data(each, plan)) for each in roots] != [
            order_freely(to_data(each)) for each in two.roots
        ]:
            return True
    return False


def _parse_again(path: str, text: str) -> tuple[Node, ...]:
    """The roots of a section that was passed by since no rule would look at it."""
    return parse_document_sections(path, text).roots


def order_freely(data: object) -> object:
    """Data with the lists of which no order counts in one order."""
    if isinstance(data, dict):
        return {
            key: [_sort_items(each) if key in _UNORDERED else order_freely(each) for each in value]
            for key, value in data.items()
            if isinstance(value, list)
        }
    if isinstance(data, list):
        return [order_freely(each) for each in data]
    return data


def _sort_items(data: object) -> object:
    return sorted(map(order_freely, data), key=repr) if isinstance(data, list) else data


def list_roots(path: str, text: str) -> Iterable[Node]:
    """The objects of a rendered text; none where it can't be read."""
    try:
        return parse_document_sections(path, text).roots
    except SyntaxProblem:
        return ()
