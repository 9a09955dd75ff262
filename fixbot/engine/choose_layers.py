"""Which line of a chart, or key of its values, makes a difference that a rule wants: found by rendering."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import CannotEdit, NodeKind
from fixbot.engine.chart_court import ChartSource, is_done
from fixbot.engine.chart_rendering import find_deviation, trace_lines
from fixbot.engine.detect import Detection
from fixbot.layers.assemble_chart import list_dependencies, read_description
from fixbot.layers.find_placements import (
    ValuesTree,
    find_template_places,
    find_values_places,
)
from fixbot.layers.operations import Operation, list_operations, list_settings, merge_plans
from fixbot.layers.placements import Placement, WrittenElsewhere
from fixbot.render.chart import Chart
from fixbot.render.helm import RenderFailure
from fixbot.render.template_text import TemplateLine, mentions_values, split_lines
from fixbot.source.document import Document


@dataclass(slots=True)
class LayerSearch:
    """Looks for placements, and remembers for each operation what became of it."""

    source: ChartSource
    lines: dict[str, tuple[TemplateLine, ...]]
    """The lines of the templates that may be changed, by place."""
    trees: tuple[tuple[str, ValuesTree], ...]
    """Values by the folder, within the chart, of the templates that read them; the innermost first."""
    failed: set[tuple[str, ...]] = field(default_factory=set)

    def place_problem(self, number: int, problem: Detection) -> str | None:
        """Find a placement for all that a fix changes in one rendering; else why there is none."""
        fix = problem.fix
        if fix is None:
            return None
        if fix.files:
            return "it needs an object of its own, which a chart would have to make by a template"
        try:
            operations = list(list_operations(fix.changes))
        except CannotEdit as reason:
            return str(reason)
        for operation in operations:
            if operation.name in self.source.placements:
                continue
            if operation.name in self.failed or not self._search(number, operation, problem):
                self.failed.add(operation.name)
                return "no line of its chart and no key of its values makes just this difference"
        return None

    def _search(self, number: int, operation: Operation, problem: Detection) -> bool:
        twins = self._list_twins(problem, operation)
        for placement in self._list_candidates(number, operation):
            covered = self._try(number, operation, placement, twins)
            if covered is not None:
                for each in covered:
                    alike = (each.verb, each.key) == (operation.verb, operation.key)
                    self.source.placements[each.name] = placement if alike else WrittenElsewhere()
                return True
        return False

    def _list_twins(self, problem: Detection, operation: Operation) -> list[list[Operation]]:
        """By rendering, the operations of the same rule that are alike: one line may well serve several."""
        rule = problem.fixer.name
        found: list[list[Operation]] = []
        for rendering in self.source.renderings:
            some: list[Operation] = []
            for each in rendering.problems:
                if each.fixer.name == rule and each.fix is not None and not each.fix.files:
                    try:
                        some += list_operations(each.fix.changes)
                    except CannotEdit:
                        continue
            found.append([each for each in some if _are_alike(each, operation)])
        return found

    def _list_candidates(self, number: int, operation: Operation) -> Iterator[Placement]:
        rendering, chart = self.source.renderings[number], self.source.chart
        path = operation.node.root_node.source
        trace_lines(chart, rendering, self.source.renderer)
        lines = rendering.read_lines(path, sorted(chart.list_templates()))
        placed = {chart.place_of(each): each for each in chart.files}
        own = self.lines.get(path) is not None
        trees = [tree for folder, tree in self.trees if placed.get(path, path).startswith(folder)]
        for tree in trees:
            yield from find_values_places(operation, tree, absent=False)
        if own:
            within = {
                each: self.lines[chart.place_of(each)]
                for each in chart.files
                if chart.place_of(each) in self.lines
            }
            for spot in find_template_places(operation, lines, within):
                yield _with_path(spot, chart)
        for tree in trees:
            yield from find_values_places(operation, tree, absent=True)

    def _try(
        self, number: int, operation: Operation, placement: Placement, twins: Sequence[Sequence[Operation]]
    ) -> list[Operation] | None:
        """The operations that a placement carries out in all renderings, if it does that and nothing else."""
        source = self.source
        try:
            edits = source.make_edits([(operation, placement)])
            texts = {path: splice_edits(source.documents[path].text, each) for path, each in edits.items()}
        except CannotEdit:
            return None
        covered: list[Operation] = []
        order = [number, *(each for each in range(len(source.renderings)) if each != number)]
        for at in order:
            after = source.render_again(texts, at)
            if isinstance(after, RenderFailure):
                return None
            done = [each for each in twins[at] if is_done(each, after)]
            if at == number and not any(each.name == operation.name for each in done):
                return None
            volatile = source.volatile[at] if source.volatile else {}
            try:
                if find_deviation(source.renderings[at], after, merge_plans(done), volatile) is not None:
                    return None
            except CannotEdit:
                return None
            covered += done
        return covered


def _are_alike(one: Operation, two: Operation) -> bool:
    return one is two or one.name == two.name or list_settings(one) == list_settings(two)


def _with_path(spot: Placement, chart: Chart) -> Placement:
    return replace(spot, path=chart.place_of(spot.path))


def read_values_trees(chart: Chart, documents: Mapping[str, Document]) -> list[tuple[str, ValuesTree]]:
    """The values that each folder of templates reads, with that folder, the innermost first."""
    mentioned = frozenset(keys for text in chart.list_templates().values() for keys in mentions_values(text))
    top = documents.get(chart.place_of("values.yaml"))
    trees: list[tuple[str, ValuesTree]] = []
    for each in list_dependencies(chart.files):
        for folder in dict.fromkeys((f"charts/{each.name}/", f"charts/{each.key}/")):
            path = f"{folder}values.yaml"
            data = chart.files.get(path) or chart.files.get(f"charts/{each.name}/values.yaml")
            own = documents.get(chart.place_of(path)) if path in chart.places else None
            if own is not None and _is_map(own):
                trees.append((folder, ValuesTree(own.roots[0], own.path, (), mentioned)))
            if top is None or not _is_map(top):
                continue
            given = top.roots[0].find_node(each.key)
            if given is not None and given.kind is NodeKind.MAP:
                trees.append((folder, ValuesTree(given, top.path, (each.key,), frozenset())))
            below = read_description(data) if data is not None and own is None else None
            if below is not None and below.kind is NodeKind.MAP:
                trees.append((folder, ValuesTree(below, top.path, (each.key,), mentioned)))
    if top is not None and _is_map(top):
        trees.append(("", ValuesTree(top.roots[0], top.path, (), mentioned)))
    return trees


def _is_map(document: Document) -> bool:
    return len(document.roots) == 1 and document.roots[0].kind is NodeKind.MAP


def read_template_lines(
    documents: Mapping[str, Document], paths: Sequence[str]
) -> dict[str, tuple[TemplateLine, ...]]:
    """The lines of templates by place."""
    return {path: split_lines(documents[path].text) for path in paths if path in documents}
