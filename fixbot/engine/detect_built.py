"""Problems of rendered objects: found in every rendering, told once, and proven by rendering again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from fixbot import dialects
from fixbot.edit.change import Change, plan_rewrites
from fixbot.edit.tree import CannotEdit, Node
from fixbot.engine.compare_objects import ObjectName, compare_objects, name_object
from fixbot.engine.detect import BuiltPlace, Detection, detect_problems, identify_problem
from fixbot.layers import LayerEdit, LayeredProblem, Layering, Occurrence
from fixbot.layers.node_steps import move_to_rendering
from fixbot.model.findings import Fix, Outcome, Refusal
from fixbot.rules.context import Context
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project
from fixbot.validity import find_new_problems

Rendering = tuple[int, str]
"""The number of a layering, and the name of one of its roots."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What speaks against a fix, and at which objects."""

    reason: str
    objects: frozenset[ObjectName]


@dataclass(slots=True)
class BuiltProblems:
    """What rules find in the rendered objects of a part, and the proof that a fix changes what it says."""

    layerings: Sequence[Layering]
    fixers: tuple[Rule, ...]
    settings: Settings
    project: Project
    written: Inventory
    """All that stands in files, as it stands there."""
    found: dict[Rendering, list[Detection]] = field(default_factory=dict)
    """The problems of each rendering, at places of the rendered objects."""
    readings: dict[Rendering, Inventory] = field(default_factory=dict)
    expected: dict[int, tuple[Change, ...]] = field(default_factory=dict, repr=False)
    """By the ids of problems of renderings: what is changed there by a fix that was made for the file."""
    by_rule: dict[str, list[Detection]] = field(default_factory=dict, repr=False)
    """Problems of what is judged in renderings as it stands in files, where that was asked for."""
    proven: dict[str, str] = field(default_factory=dict, repr=False)
    """Files as a proof has seen them in all renderings, and the fixes that it was of."""
    proven_fixes: set[str] = field(default_factory=set)

    @property
    def covered(self) -> frozenset[str]:
        """The files whose objects are judged here."""
        return frozenset[str]().union(*(each.covered for each in self.layerings))

    def detect_all(self) -> list[Detection]:
        """Each problem once, at the place where it would be mended."""
        problems: list[Detection] = []
        seen: Counter[tuple[str, str, str, str]] = Counter()
        for number, layering in enumerate(self.layerings):
            by_occurrence: dict[int, tuple[str, Detection]] = {}
            occurrences: list[Occurrence] = []
            for root, document in layering.roots.items():
                name = number, root
                self.readings[name], self.found[name] = self._look_at(document)
                for each in self.found[name]:
                    occurrences.append(_describe_occurrence(root, each))
                    by_occurrence[id(occurrences[-1])] = root, each
            for placed in layering.place_problems(occurrences):
                some = [by_occurrence[id(each)] for each in placed.occurrences]
                problems.append(self._place_detection(placed, some, seen))
        return problems

    def _place_detection(
        self,
        placed: LayeredProblem,
        some: Sequence[tuple[str, Detection]],
        seen: Counter[tuple[str, str, str, str]],
    ) -> Detection:
        first = some[0][1]
        path = placed.node.root_node.source
        key = (first.fixer.name, path, first.found.address, first.found.wrong)
        seen[key] += 1
        found = replace(first.found, node=placed.node, outcome=partial(self._find_outcome, placed, some))
        place = BuiltPlace(placed.layer, tuple(placed.around), tuple(some))
        return Detection(identify_problem(*key, seen[key]), first.fixer, found, path, first.subject, place)

    def _find_outcome(self, placed: LayeredProblem, some: Sequence[tuple[str, Detection]]) -> Outcome:
        first = some[0][1].outcome
        wrong = next((each.outcome for _, each in some if not isinstance(each.outcome, Fix)), None)
        if wrong is not None or not isinstance(first, Fix):
            return wrong or first
        edit = placed.find_edit()
        try:
            if isinstance(edit, LayerEdit):
                plan_rewrites(edit.changes)
                return replace(first, changes=edit.changes, files=edit.files, edits=edit.edits)
        except CannotEdit as why:
            edit = Refusal(f"There is no exact edit here: {why}.")
        return (self._mend_as_written(placed, some) if placed.as_written else None) or edit

    def _mend_as_written(self, placed: LayeredProblem, some: Sequence[tuple[str, Detection]]) -> Fix | None:
        """What its rule does to the object in its own file, where each rendering asks for something else.

        Names that a fix makes of an object's differ by root; those of the file are the same for all.
        """
        rule = some[0][1].fixer
        if rule.name not in self.by_rule:
            covered = self.covered
            own = Inventory(
                tasks=[each for each in self.written.tasks if each.path in covered],
                policies=[each for each in self.written.policies if each.path in covered],
                resources=[each for each in self.written.resources if each.path in covered],
            )
            world = Context(
                self.settings, self.project, self.written.resources, self.written.policies, self.written.tasks
            )
            self.by_rule[rule.name] = detect_problems(own, (rule,), world)
        same = (each for each in self.by_rule[rule.name] if each.found.node is placed.node)
        fix = next((each.fix for each in same), None)
        if fix is None:
            return None
        for _, each in some:
            moved = move_to_rendering(fix.changes, placed.node.root_node, each.found.node.root_node)
            if moved is None:
                return None
            self.expected[id(each)] = moved
        return fix

    def _look_at(self, document: Document) -> tuple[Inventory, list[Detection]]:
        whole = self.project
        alone = Project(
            {document.path: document},
            whole.surroundings,
            whole.resource_types,
            types_by_name=whole.types_by_name,
        )
        reading = dialects.read_dialects(alone)
        world = Context(self.settings, alone, reading.resources, reading.policies, reading.tasks)
        return reading, detect_problems(reading, self.fixers, world)

    def list_unjudged(self) -> Iterable[tuple[Node, str, str, str]]:
        """Places on which a rule has no opinion: a node of a file, the field, whose it is, and the rule."""
        for (number, root), reading in self.readings.items():
            for node, name, subject, rule in reading.unjudged:
                source = self.layerings[number].find_source(root, node)
                if source is not None:
                    yield source, name, subject.title, rule

    def find_fault(self, chosen: Sequence[Detection], texts: Mapping[str, str]) -> str | None:
        """What speaks against changed and new files: each rendering that reads one is made anew.

        Where the very texts were proven already, beside others, that counts. Of fixes that are a part of
        such, one rendering is enough: what they change in others was seen.
        """
        if texts and all(self.proven.get(path) == text for path, text in texts.items()):
            return None
        part = all(each.id in self.proven_fixes for each in chosen)
        for _, fault in self._judge_all(chosen, texts, first=part):
            if fault is not None:
                return fault.reason
        return None

    def prove_most(self, chosen: Sequence[Detection], texts: Mapping[str, str]) -> set[str]:
        """Prove many fixes at once, each rendering once; the ids of those that spoil it, none if it holds."""
        spoilers: set[str] = set()
        for (number, root), fault in self._judge_all(chosen, texts):
            if fault is None:
                continue
            for problem in chosen:
                for where, each in problem.built.occurrences if problem.built is not None else ():
                    document = self.layerings[number].roots.get(where)
                    here = where == root and document is not None and document.path == each.path
                    if here and name_object(each.found.node.root_node) in fault.objects:
                        spoilers.add(problem.id)
            if not spoilers:
                return {each.id for each in chosen}
        if not spoilers:
            self.proven.update(texts)
            self.proven_fixes.update(each.id for each in chosen)
        return spoilers

    def _judge_all(
        self, chosen: Sequence[Detection], texts: Mapping[str, str], *, first: bool = False
    ) -> Iterator[tuple[Rendering, Fault | None]]:
        for number, layering in enumerate(self.layerings):
            for root, after in layering.rebuild(texts):
                if isinstance(after, Refusal):
                    reason = f"What is built in {root} could not be built with it: {after.reason}"
                    yield (number, root), Fault(reason, frozenset())
                else:
                    yield (number, root), self._find_difference((number, root), after, chosen)
                if first:
                    break

    def _find_difference(self, name: Rendering, after: Document, chosen: Sequence[Detection]) -> Fault | None:
        number, root = name
        before = self.layerings[number].roots[root]
        mine = [
            each
            for problem in chosen
            if problem.built is not None
            for where, each in problem.built.occurrences
            if where == root and before.path == each.path
        ]
        changes = [
            change
            for each in mine
            if each.fix is not None
            for change in self.expected.get(id(each), each.fix.changes)
        ]
        fixes = [each.fix for each in chosen if each.fix is not None]
        new = {(file.data.get("kind"), _name_of_new(file.data)) for fix in fixes for file in fix.files}
        try:
            places = compare_objects(before, after, changes, new)
        except CannotEdit as why:
            return Fault(f"There is no exact edit here: {why}.", frozenset())
        if places:
            (_, kind, _, title), place = next(iter(places.items()))
            where = f"{kind} {title}{place}"
            reason = f"What is built in {root} would differ in more, or less, than the fix ({where})."
            return Fault(reason, frozenset(places))
        return self._find_remaining(name, after, mine)

    def _find_remaining(self, name: Rendering, after: Document, mine: Sequence[Detection]) -> Fault | None:
        reading, problems = self._look_at(after)
        was = {task.address: task for task in self.readings[name].tasks}
        for task in reading.tasks:
            old = was.get(task.address)
            if old is not None and task.node is not None and (found := find_new_problems(old, task)):
                wrong = frozenset((name_object(task.node.root_node),))
                return Fault(f"The result would not be valid: {found[0]}.", wrong)
        then, gone = Counter(map(_name_built, problems)), Counter(map(_name_built, mine))
        before = Counter(map(_name_built, self.found[name]))
        there = {each for each, count in gone.items() if then[each] > max(0, before[each] - count)}
        if there:
            return Fault("The finding would still be there after the patch.", _hold_names(problems, there))
        if come := then - before:
            return Fault("The patch would bring a new finding.", _hold_names(problems, come))
        return None


def drop_covered(reading: Inventory, covered: frozenset[str], kustomizations: frozenset[str]) -> None:
    """Take out what is judged in renderings; what kustomizations generate stays where it is written."""
    if not covered:
        return

    def stays(path: str) -> bool:
        return path not in covered

    reading.tasks = [each for each in reading.tasks if stays(each.path)]
    reading.partial = [
        each for each in reading.partial if stays(each.path) or each.workload.endswith("Generator")
    ]
    reading.policies = [each for each in reading.policies if stays(each.path)]
    reading.resources = [
        each for each in reading.resources if stays(each.path) or each.path in kustomizations
    ]


def _describe_occurrence(root: str, problem: Detection) -> Occurrence:
    return Occurrence(
        root,
        problem.fixer.name,
        problem.found.address,
        problem.found.wrong,
        problem.found.node,
        problem.subject.around,
        lambda: problem.fix,
    )


def _name_built(problem: Detection) -> tuple[str, ...]:
    found = problem.found
    return (problem.fixer.name, found.policy or found.address, found.wrong)


def _name_of_new(data: Mapping[str, object]) -> object:
    metadata = data.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def _hold_names(problems: Iterable[Detection], names: Collection[tuple[str, ...]]) -> frozenset[ObjectName]:
    return frozenset(
        name_object(each.found.node.root_node) for each in problems if _name_built(each) in names
    )
