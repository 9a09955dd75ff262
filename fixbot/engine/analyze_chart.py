"""One chart, from its files to findings on what it renders to and proven patches of its source."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from fixbot.edit.change import Add, Put, Replace
from fixbot.edit.tree import CannotEdit, Node, NodeKind, SyntaxProblem
from fixbot.engine.analyze import conclude_partition
from fixbot.engine.chart_court import ChartSource, ChartVerifier, LayeredDetection
from fixbot.engine.chart_rendering import ChartRendering, render_use, trace_lines
from fixbot.engine.choose_layers import LayerSearch, read_template_lines, read_values_trees
from fixbot.engine.detect import Detection
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.layers.assemble_chart import DESCRIPTION
from fixbot.layers.made_up_values import EXAMPLE, find_wanted_keys, list_switched, make_values
from fixbot.lens import Container
from fixbot.model.findings import Fix, Refusal, Unread
from fixbot.model.layer import Layer
from fixbot.render.chart import TEMPLATES, Chart, ValueSet
from fixbot.render.helm import ChartRenderer, RenderFailure
from fixbot.rules.context import Context
from fixbot.source.discover import why_unpatchable
from fixbot.source.document import Document, parse_document
from fixbot.source.project import Project
from fixbot.syntax import load_grammar
from fixbot.text.markdown_escape import mark_code

_TRIES = 8
"""How often a chart that asks for values is given more of them."""


def analyze_chart(chart: Chart, renderer: ChartRenderer, order: AnalysisRequest) -> PartitionResult | str:
    """What comes of a chart; a text says why it can't be rendered at all."""
    failures: list[tuple[str, str]] = []
    renderings: list[ChartRendering] = []
    for use in chart.uses:
        rendering = render_use(chart, use, renderer, order)
        if isinstance(rendering, RenderFailure) and not rendering.over and not renderings:
            rendering = _render_with_examples(chart, use, rendering, renderer, order)
        if isinstance(rendering, RenderFailure):
            failures.append((use.title, rendering.why))
            if rendering.over:
                break
        else:
            renderings.append(rendering)
    if not renderings:
        return f"with {failures[0][0]}: {failures[0][1]}"
    done = PartitionResult()
    place = chart.place_of("Chart.yaml")
    done.unread += [
        Unread(place, None, f"with {title} this chart can't be rendered: {why}", "unserved")
        for title, why in failures
    ]
    documents = _read_sources(chart)
    if any(rendering.problems for rendering in renderings):
        renderings += _render_switched(chart, documents, renderer, order)
    source = ChartSource(
        chart,
        documents,
        tuple(renderings),
        renderer,
        {},
        tuple(_find_volatile(chart, each, renderer) for each in renderings),
    )
    problems = list(_Layering(source, order).list_problems())
    first = renderings[0].court
    whole = _read_all(chart) | documents
    project = Project(whole, order.surroundings, first.world.project.resource_types)
    world = Context(order.settings, project, (), (), ())
    court = ChartVerifier(world, first.reading, problems, order.fixers, source=source)
    done.counts = first.reading.count_subjects(resources=bool(project.resource_types))
    done.parsed = len(renderings[0].documents)
    done.unread += [each for rendering in renderings for each in rendering.unread]
    conclude_partition(court, problems, order, done)
    for at, finding in enumerate(done.findings):
        problem = next(each for each in problems if each.id == finding.id)
        done.findings[at] = replace(finding, layer=problem.layer)
    return done


def _render_with_examples(
    chart: Chart, use: ValueSet, failure: RenderFailure, renderer: ChartRenderer, order: AnalysisRequest
) -> ChartRendering | RenderFailure:
    """The chart with examples for the values that it asks for; the first failure where that doesn't help."""
    wanted: set[tuple[str, ...]] = set()
    last = failure
    for _ in range(_TRIES):
        new = find_wanted_keys(chart, last.why) - wanted
        if not new or last.over:
            break
        wanted |= new
        texts = (make_values(dict.fromkeys(wanted, EXAMPLE)), *use.texts)
        filled = replace(use, title=f"{use.title} and examples", texts=texts)
        rendering = render_use(chart, filled, renderer, order)
        if isinstance(rendering, ChartRendering):
            return rendering
        last = rendering
    return failure


def _render_switched(
    chart: Chart, documents: Mapping[str, Document], renderer: ChartRenderer, order: AnalysisRequest
) -> Iterator[ChartRendering]:
    """What the chart's switches would do; where not all can be thrown at once, one after the other."""
    values = documents.get(chart.place_of("values.yaml"))
    if values is None or len(values.roots) != 1:
        return
    for whole, *alone in list_switched(chart, values.roots[0]):
        rendering = render_use(chart, whole, renderer, order)
        if isinstance(rendering, ChartRendering):
            yield rendering
        elif not rendering.over:
            some = (render_use(chart, each, renderer, order) for each in alone)
            yield from (each for each in some if isinstance(each, ChartRendering))


def _read_sources(chart: Chart) -> dict[str, Document]:
    """The files that may be changed: templates as texts alone, values as what they are."""
    documents = {}
    for path, place in chart.places.items():
        data = chart.files[path]
        name = path.rpartition("/")[2]
        try:
            text = data.decode()
            if "/templates/" in f"/{path}" and path.endswith(TEMPLATES):
                documents[place] = Document(place, text, "yaml", ())
            elif "values" in name and name.endswith((".yaml", ".yml")):
                documents[place] = parse_document(place, text)
        except (UnicodeDecodeError, SyntaxProblem):
            continue
    return documents


def _read_all(chart: Chart) -> dict[str, Document]:
    """All that a finding may stand in: templates of subcharts that are never changed, the description."""
    texts = chart.list_templates()
    texts[DESCRIPTION] = chart.files[DESCRIPTION].decode(errors="replace")
    return {place: Document(place, text, "yaml", ()) for place, text in _place_texts(chart, texts)}


def _place_texts(chart: Chart, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((chart.place_of(path), text) for path, text in texts.items())


def _find_volatile(chart: Chart, rendering: ChartRendering, renderer: ChartRenderer) -> dict[str, object]:
    """What packed subcharts, which are never changed, render otherwise each time."""
    if not any(path.endswith(".tgz") for path in chart.files):
        return {}
    again = renderer.render_chart(chart, rendering.use)
    if isinstance(again, RenderFailure):
        return {}
    texts = {chart.place_of(path): text for path, text in again.items()}
    known = set(chart.places.values())
    return {
        path: True for path, text in rendering.texts.items() if texts.get(path) != text and path not in known
    }


class _Layering:
    """The findings of all renderings, each once, at the places of the source that they are mended at."""

    def __init__(self, source: ChartSource, order: AnalysisRequest) -> None:
        self.source = source
        self.order = order
        chart = source.chart
        templates = [chart.place_of(path) for path in chart.list_templates()]
        self.readable = _read_all(chart)
        self.templates = sorted(chart.list_templates())
        self.lines = read_template_lines(source.documents, templates)
        self.search = LayerSearch(source, self.lines, tuple(read_values_trees(chart, source.documents)))
        world = Context(order.settings, Project(dict(source.documents), order.surroundings, ()), (), (), ())
        reading = source.renderings[0].court.reading
        self.court = ChartVerifier(world, reading, (), order.fixers, source=source)

    def list_problems(self) -> Iterator[LayeredDetection]:
        """One for each finding, whatever number of renderings has it."""
        grouped: dict[str, dict[int, list[Detection]]] = defaultdict(lambda: defaultdict(list))
        names: dict[tuple[str, ...], str] = {}
        for number, rendering in enumerate(self.source.renderings):
            seen: dict[tuple[str, ...], int] = defaultdict(int)
            for problem in rendering.problems:
                key = _name_problem(problem)
                seen[key] += 1
                name = names.setdefault((*key, str(seen[key])), problem.id)
                grouped[name][number].append(problem)
        for name, members in grouped.items():
            numbers = [each for each in members if not self.source.renderings[each].use.made_up]
            if numbers:
                yield self._layer_problem(name, members, numbers[0])

    def _layer_problem(
        self, name: str, members: Mapping[int, Sequence[Detection]], number: int
    ) -> LayeredDetection:
        problem = members[number][0]
        home = self._find_home(number, problem)
        layered = LayeredDetection(
            name,
            problem.fixer,
            problem.found,
            home.root_node.source,
            problem.subject,
            members={at: tuple(some) for at, some in members.items()},
            spots=(home, *self._list_spots(number, problem)),
        )
        outcome = problem.outcome
        if isinstance(outcome, Fix):
            try:
                nodes = self._place_edits(layered)
                outcome = replace(outcome, changes=tuple(Replace(node, None) for node in nodes))
                home = nodes[0]
            except CannotEdit as reason:
                outcome = self._refuse(problem, home, str(reason))
        in_template = "/templates/" in f"/{home.root_node.source}"
        return replace(
            layered,
            found=replace(problem.found, node=home, outcome=outcome),
            path=home.root_node.source,
            layer=Layer("template" if in_template else "values", self.source.chart.root),
        )

    def _place_edits(self, layered: LayeredDetection) -> list[Node]:
        """Where each of the files that a fix changes is changed first. Raises CannotEdit."""
        for number, some in layered.members.items():
            for each in () if self.source.renderings[number].use.made_up else some:
                if (why := self.search.place_problem(number, each)) is not None:
                    raise CannotEdit(why)
        found = []
        for path, edits in sorted(self.court.render_edits_of([layered]).items()):
            text = self.source.documents[path].text
            if path in self.order.surroundings.unpatched:
                raise CannotEdit(f"the settings say that {path} is never changed (`never_patch`)")
            if (generated := why_unpatchable(text.encode())) is not None:
                raise CannotEdit(f"{path} is never changed: {generated}")
            if edits:
                found.append(self._mark_place(path, min(each.start for each in edits)))
        if not found:
            raise CannotEdit("there is nothing to change in its source")
        return found

    def _refuse(self, problem: Detection, home: Node, why: str) -> Refusal:
        document = self.readable.get(home.root_node.source)
        line = document.locate_offset(home.start)[0] if document is not None else 1
        text = document.text.split("\n")[line - 1].strip() if document is not None else ""
        said = f"line {line} of its template ({mark_code(text[:80])})" if text else "its template"
        return Refusal(f"It is made by {said}: {why}. {_by_hand(problem)} by hand.")

    def _find_home(self, number: int, problem: Detection) -> Node:
        """The line of a template where what a finding is about begins, as far as that is known."""
        subject = problem.subject
        nodes = [problem.found.node, *subject.around]
        rendering = self.source.renderings[number]
        path = problem.found.node.root_node.source
        trace_lines(self.source.chart, rendering, self.source.renderer)
        lines = rendering.read_lines(path, self.templates)
        for node in nodes:
            if node.root_node.source != path:
                continue
            first, last = lines.line_at(node.start), lines.line_at(max(node.end - 1, node.start))
            place = next((each for each in lines.origins[first : last + 1] if each is not None), None)
            if place is not None:
                return self._mark_line(self.source.chart.place_of(place.path), place.line)
        known = path in self.lines or path in self.readable
        return self._mark_line(path if known else self.source.chart.place_of(DESCRIPTION), 0)

    def _list_spots(self, number: int, problem: Detection) -> Iterator[Node]:
        rendering = self.source.renderings[number]
        path = problem.found.node.root_node.source
        lines = rendering.read_lines(path, self.templates)
        for node in problem.subject.around:
            place = lines.place_at(node.start) if node.root_node.source == path else None
            if place is not None:
                yield self._mark_line(self.source.chart.place_of(place.path), place.line)

    def _mark_line(self, path: str, line: int) -> Node:
        document = self.source.documents.get(path) or self.readable.get(path)
        text = document.text if document is not None else ""
        start = sum(len(each) + 1 for each in text.split("\n")[:line])
        return self._mark_place(path, start)

    def _mark_place(self, path: str, start: int) -> Node:
        node = Node(NodeKind.SCALAR, start, start, load_grammar("yaml"))
        node.source = path
        return node


def _name_problem(problem: Detection) -> tuple[str, ...]:
    """What tells a finding from others in all renderings, whatever its object is called there."""
    subject = problem.subject
    part = subject.name if isinstance(subject, Container) else ""
    return (
        problem.fixer.name,
        problem.path,
        problem.found.address.partition("/")[0],
        part,
        problem.found.wrong,
    )


def _by_hand(problem: Detection) -> str:
    """What a person writes to get what the fix wants."""
    fix = problem.fix
    wishes = []
    for change in fix.changes if fix is not None else ():
        match change:
            case Put(path=path, value=value):
                wishes.append(mark_code(f"{'.'.join(path)}: {_flow(value)}"))
            case Add(path=path, item=item):
                wishes.append(f"{mark_code(_flow(item))} in {mark_code('.'.join(path) or 'the list')}")
            case Replace(value=value):
                wishes.append(f"{mark_code(_flow(value))} in the place of what is there")
            case _:
                wishes.append("take it out there")
    return f"For {problem.found.resource}, write {' and '.join(wishes)}"


def _flow(value: object) -> str:
    return json.dumps(value, default=str)
