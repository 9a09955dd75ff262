"""Proofs for fixes in a chart: the five on what it renders to, and that its source renders to just that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fixbot.edit.change import Change, RewritePlan, plan_rewrites
from fixbot.edit.edited_text import trim_edits
from fixbot.edit.merge_named import merge_values
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import CannotEdit, Node, TextEdit, Value
from fixbot.engine.chart_rendering import ChartRendering, find_deviation, list_roots
from fixbot.engine.detect import Detection
from fixbot.engine.verify import VerifiedPatch, Verifier, list_changed_paths
from fixbot.layers.operations import Operation, is_carried_out, list_operations, merge_plans
from fixbot.layers.placements import (
    Leaves,
    Placement,
    ValuesSpot,
    WantedText,
    WrittenElsewhere,
    edit_template,
    edit_values,
    list_leaves,
)
from fixbot.model.findings import Refusal
from fixbot.model.layer import Layer
from fixbot.model.proposal_facts import Checks
from fixbot.render.chart import Chart
from fixbot.render.helm import ChartRenderer, RenderFailure
from fixbot.source.document import Document

Name = tuple[str, ...]
"""What tells an operation from others in all renderings."""


@dataclass(frozen=True, eq=False)
class LayeredDetection(Detection):
    """A finding of a rendered object, at the place of the source that is, or would be, changed.

    `members` are the same finding in each rendering, by the number of the rendering.
    """

    members: Mapping[int, tuple[Detection, ...]] = field(default_factory=dict)
    spots: tuple[Node, ...] = ()
    layer: Layer | None = None

    @property
    def around(self) -> Sequence[Node]:
        """Places in the source before which a comment can ask to leave it alone."""
        return self.spots


@dataclass(frozen=True, slots=True)
class ChartSource:
    """All that the fixes of a chart may change, how it renders, and who renders it again."""

    chart: Chart
    documents: Mapping[str, Document]
    renderings: tuple[ChartRendering, ...]
    renderer: ChartRenderer
    placements: dict[Name, Placement]
    volatile: tuple[Mapping[str, object], ...] = ()

    def make_edits(
        self, operations: Iterable[tuple[Operation, Placement]]
    ) -> dict[str, tuple[TextEdit, ...]]:
        """The edits of the source by file. Raises CannotEdit where two of them contradict each other."""
        lines: dict[tuple[Placement, str], Value] = {}
        leaves: dict[str, Leaves] = defaultdict(dict)
        for operation, placement in operations:
            item = operation.verb == "item"
            if isinstance(placement, WrittenElsewhere):
                continue
            if isinstance(placement, ValuesSpot):
                for keys, value in list_leaves(
                    placement, [operation.value] if item else operation.value
                ).items():
                    held = leaves[placement.path]
                    held[keys] = _merge_rendered(held[keys], value) if keys in held else value
            else:
                key = placement, repr(operation.value) if item else operation.key
                lines[key] = _merge_rendered(lines[key], operation.value) if key in lines else operation.value
        made: dict[str, list[TextEdit]] = defaultdict(list)
        for (spot, word), value in lines.items():
            if not isinstance(spot, ValuesSpot | WrittenElsewhere):
                text = self._find_document(spot.path).text
                made[spot.path].append(edit_template(text, spot, WantedText(word, value)))
        for path, some in leaves.items():
            made[path] += edit_values(self._find_document(path), some)
        return {path: tuple(dict.fromkeys(each)) for path, each in made.items()}

    def _find_document(self, path: str) -> Document:
        document = self.documents.get(path)
        if document is None:
            raise CannotEdit(f"{path} is not a file that can be changed")
        return document

    def render_again(self, texts: Mapping[str, str], number: int) -> dict[str, str] | RenderFailure:
        """One of the renderings with other texts for some files, by the places of templates."""
        within = {self.chart.place_of(path): path for path in self.chart.files}
        files = {within[path]: text for path, text in texts.items() if path in within}
        use = self.renderings[number].use
        laid = tuple(replace(each, text=texts.get(each.path, each.text)) for each in use.texts)
        found = self.renderer.render_chart(self.chart, replace(use, texts=laid), files)
        if isinstance(found, RenderFailure):
            return found
        return {self.chart.place_of(path): text for path, text in found.items()}


def _merge_rendered(one: Value, two: Value) -> Value:
    try:
        return merge_values(one, two, "")
    except CannotEdit:
        raise CannotEdit("the renderings of this chart would need different values there") from None


@dataclass(frozen=True, slots=True)
class ChartVerifier(Verifier):
    """Judges fixes of a chart: `world` and `problems` are those of its source."""

    source: ChartSource | None = None

    def render_edits_of(self, chosen: Sequence[Detection]) -> dict[str, tuple[TextEdit, ...]]:
        """The edits of the source by file. Raises CannotEdit."""
        return self._place_changes(_members_of(chosen))

    def _place_changes(self, members: Mapping[int, Sequence[Detection]]) -> dict[str, tuple[TextEdit, ...]]:
        source = self._source
        placed: list[tuple[Operation, Placement]] = []
        for number, some in members.items():
            if source.renderings[number].use.made_up:
                continue
            for operation in list_operations(_changes_of(some)):
                placement = source.placements.get(operation.name)
                if placement is None:
                    raise CannotEdit("no line of its chart makes just this difference")
                placed.append((operation, placement))
        return source.make_edits(placed)

    @property
    def _source(self) -> ChartSource:
        if self.source is None:
            raise CannotEdit("there is no chart")
        return self.source

    def verify_fixes(self, chosen: Sequence[Detection]) -> VerifiedPatch | Refusal:
        """All the fixes of `chosen` together, proven in every rendering, or the reason why not."""
        try:
            return self._verify_chosen(chosen)
        except CannotEdit as reason:
            return Refusal(f"There is no exact edit here: {reason}.")

    def _verify_chosen(self, chosen: Sequence[Detection]) -> VerifiedPatch | Refusal:
        source, members = self._source, _members_of(chosen)
        checks: tuple[str, ...] = ()
        for number, some in members.items():
            if source.renderings[number].use.made_up:
                continue
            proven = source.renderings[number].court.verify_fixes(some)
            if isinstance(proven, Refusal):
                return proven
            checks = tuple(dict.fromkeys((*checks, *proven.checks)))
        edits = self._place_changes(members)
        before = self.world.project.documents
        texts = {path: splice_edits(before[path].text, each) for path, each in edits.items()}
        if (why := self._find_deviation(texts, members)) is not None:
            return Refusal(why)
        written = {path: trim_edits(before[path].text, each) for path, each in edits.items()}
        self.made.update(((path, hash(texts[path])), each) for path, each in written.items())
        self.checks.update(
            (each.id, tuple(each for each in checks if each != Checks.POLICIES)) for each in chosen
        )
        fixed_in: dict[str, tuple[str, ...]] = dict.fromkeys(texts, ())
        for each in chosen:
            for path in list_changed_paths(each):
                fixed_in[path] = (*fixed_in.get(path, ()), each.id)
        fixed_in = {path: names for path, names in fixed_in.items() if path in texts}
        return VerifiedPatch(texts, written, frozenset(), tuple(each.id for each in chosen), fixed_in, checks)

    def _find_deviation(
        self, texts: Mapping[str, str], members: Mapping[int, Sequence[Detection]]
    ) -> str | None:
        """What would change in some rendering beside what is planned there."""
        source = self._source
        for number, rendering in enumerate(source.renderings):
            after = source.render_again(texts, number)
            if isinstance(after, RenderFailure):
                return f"With {rendering.use.title} the changed chart would not render ({after.why})."
            some = members.get(number, ())
            plan = _plan_done(some, after) if rendering.use.made_up else plan_rewrites(_changes_of(some))
            volatile = source.volatile[number] if source.volatile else {}
            if (path := find_deviation(rendering, after, plan, volatile)) is not None:
                return f"With {rendering.use.title} the changed chart would render {path} not as planned."
        return None


def _plan_done(problems: Iterable[Detection], after: Mapping[str, str]) -> RewritePlan:
    """What of some fixes came about where a switch is thrown: it need not be all, and may be no more."""
    problems = list(problems)
    done = [each for each in list_operations(_changes_of(problems)) if is_done(each, after)]
    together = {each.name for each in done}
    for each in problems:
        alone = (one for one in list_operations(_changes_of([each])) if one.name not in together)
        done += [one for one in alone if is_done(one, after)]
    return merge_plans(done)


def is_done(operation: Operation, after: Mapping[str, str]) -> bool:
    """Whether rendered texts have what an operation wants."""
    path = operation.node.root_node.source
    return is_carried_out(operation, list_roots(path, after.get(path, "")))


def _changes_of(problems: Iterable[Detection]) -> list[Change]:
    return [change for each in problems if each.fix is not None for change in each.fix.changes]


def _members_of(chosen: Iterable[Detection]) -> dict[int, list[Detection]]:
    """The findings of each rendering that these are."""
    members: dict[int, dict[int, Detection]] = defaultdict(dict)
    for each in chosen:
        for number, some in each.members.items() if isinstance(each, LayeredDetection) else ():
            members[number].update((id(one), one) for one in some)
    return {number: list(some.values()) for number, some in sorted(members.items())}
