"""Problems of rendered objects: found in every rendering, told once, and proven by rendering again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fixbot import dialects
from fixbot.edit.change import Change, plan_rewrites
from fixbot.edit.data import find_difference, to_data
from fixbot.edit.tree import CannotEdit, Node
from fixbot.engine.detect import BuiltPlace, Detection, detect_problems, identify_problem
from fixbot.layers import LayeredProblem, Layering, Occurrence
from fixbot.lens import text_of
from fixbot.model.findings import Fix, Outcome, Refusal
from fixbot.rules.context import Context
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project
from fixbot.validity import find_new_problems

_UNORDERED: Final = frozenset(("volumes", "volumeMounts"))
"""Lists in which a patch may put its items anywhere, and whose order says nothing."""
Rendering = tuple[int, str]
"""The number of a layering, and the name of one of its roots."""


@dataclass(slots=True)
class BuiltProblems:
    """What rules find in the rendered objects of a part, and the proof that a fix changes what it says."""

    layerings: Sequence[Layering]
    fixers: tuple[Rule, ...]
    settings: Settings
    project: Project
    found: dict[Rendering, list[Detection]] = field(default_factory=dict)
    """The problems of each rendering, at places of the rendered objects."""
    readings: dict[Rendering, Inventory] = field(default_factory=dict)

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
                problems.append(_place_detection(placed, some, seen))
        return problems

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
        """What speaks against changed and new files: each rendering that reads one is made anew."""
        for number, layering in enumerate(self.layerings):
            for root, after in layering.rebuild(texts).items():
                if isinstance(after, Refusal):
                    return f"What is built in {root} could not be built with it: {after.reason}"
                if (fault := self._find_difference((number, root), after, chosen)) is not None:
                    return fault
        return None

    def _find_difference(self, name: Rendering, after: Document, chosen: Sequence[Detection]) -> str | None:
        number, root = name
        mine = [
            each
            for problem in chosen
            if problem.built is not None
            for where, each in problem.built.occurrences
            if where == root and self.layerings[number].roots[root].path == each.path
        ]
        changes = [change for each in mine if each.fix is not None for change in each.fix.changes]
        before = self.layerings[number].roots[root]
        new = {
            (file.data.get("kind"), _name_of_new(file.data)) for p in chosen if p.fix for file in p.fix.files
        }
        try:
            place = _compare_objects(before, after, changes, new)
        except CannotEdit as why:
            return f"There is no exact edit here: {why}."
        if place is not None:
            return f"What is built in {root} would differ in more, or less, than the fix ({place})."
        return self._find_remaining(name, after, mine)

    def _find_remaining(self, name: Rendering, after: Document, mine: Sequence[Detection]) -> str | None:
        reading, problems = self._look_at(after)
        was = {(task.address): task for task in self.readings[name].tasks}
        for task in reading.tasks:
            old = was.get(task.address)
            if old is not None and (found := find_new_problems(old, task)):
                return f"The result would not be valid: {found[0]}."
        then, gone = Counter(map(_name_built, problems)), Counter(map(_name_built, mine))
        before = Counter(map(_name_built, self.found[name]))
        if any(then[each] > before[each] - count for each, count in gone.items() if then[each]):
            return "The finding would still be there after the patch."
        return "The patch would bring a new finding." if then - before else None


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


def _place_detection(
    placed: LayeredProblem, some: Sequence[tuple[str, Detection]], seen: Counter[tuple[str, str, str, str]]
) -> Detection:
    first = some[0][1]
    path = placed.node.root_node.source
    key = (first.fixer.name, path, first.found.address, first.found.wrong)
    seen[key] += 1

    def find_outcome() -> Outcome:
        outcomes = [each.outcome for _, each in some]
        wrong = next((each for each in outcomes if not isinstance(each, Fix)), None)
        if wrong is not None:
            return wrong
        edit = placed.find_edit()
        if isinstance(edit, Refusal):
            return edit
        fix = first.outcome
        assert isinstance(fix, Fix)  # noqa: S101 - so says `wrong`
        return replace(fix, changes=edit.changes, files=edit.files, edits=edit.edits)

    found = replace(first.found, node=placed.node, outcome=find_outcome)
    place = BuiltPlace(placed.layer, tuple(placed.around), tuple(some))
    return Detection(identify_problem(*key, seen[key]), first.fixer, found, path, first.subject, place)


def _name_built(problem: Detection) -> tuple[str, ...]:
    found = problem.found
    return (problem.fixer.name, found.policy or found.address, found.wrong)


def _name_of_new(data: Mapping[str, object]) -> object:
    metadata = data.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def _compare_objects(
    before: Document, after: Document, changes: Sequence[Change], new: Collection[tuple[object, object]]
) -> str | None:
    """The first place where the objects are not what the changes say; None where they are exactly that."""
    plan = plan_rewrites(changes)
    wanted, made = _index_objects(before), _index_objects(after)
    for key in made.keys() - wanted.keys():
        if not any(key[1] == kind and key[3].endswith(str(name)) for kind, name in new):
            return f"{key[1]} {key[3]}"
    for key, nodes in wanted.items():
        others = made.get(key, [])
        if len(others) != len(nodes):
            return f"{key[1]} {key[3]}"
        for one, two in zip(nodes, others, strict=True):
            place = find_difference(_sort_unordered(to_data(one, plan)), _sort_unordered(to_data(two)))
            if place is not None:
                return f"{key[1]} {key[3]}: {place}"
    return None


def _index_objects(document: Document) -> dict[tuple[str, str, str, str], list[Node]]:
    found: dict[tuple[str, str, str, str], list[Node]] = defaultdict(list)
    for root in document.roots:
        ways = (("apiVersion",), ("kind",), ("metadata", "namespace"), ("metadata", "name"))
        version, kind, space, name = (text_of(root.find_node(*way)) or "" for way in ways)
        found[version, kind, space, name].append(root)
    return found


def _sort_unordered(data: object, key: str = "") -> object:
    if isinstance(data, dict):
        return {name: _sort_unordered(each, name) for name, each in data.items()}
    if isinstance(data, list):
        items = (
            [_sort_unordered(each) for each in data] if len(data) != 1 else [_sort_unordered(data[0], key)]
        )
        return sorted(items, key=repr) if key in _UNORDERED else items
    if isinstance(data, tuple):
        return tuple(_sort_unordered(each) for each in data)
    return data
