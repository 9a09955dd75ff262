"""Problems of rendered objects: found in every rendering, told once, and proven by rendering again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fixbot import dialects
from fixbot.edit.change import Change, plan_rewrites
from fixbot.edit.data import find_difference, matches_plan, to_data
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
ObjectName = tuple[str, str, str, str]
"""API version, kind, namespace and name."""
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
    found: dict[Rendering, list[Detection]] = field(default_factory=dict)
    """The problems of each rendering, at places of the rendered objects."""
    readings: dict[Rendering, Inventory] = field(default_factory=dict)
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
                    if here and _name_object(each.found.node.root_node) in fault.objects:
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
        changes = [change for each in mine if each.fix is not None for change in each.fix.changes]
        fixes = [each.fix for each in chosen if each.fix is not None]
        new = {(file.data.get("kind"), _name_of_new(file.data)) for fix in fixes for file in fix.files}
        try:
            places = _compare_objects(before, after, changes, new)
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
                wrong = frozenset((_name_object(task.node.root_node),))
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
    before: Document,
    after: Document,
    changes: Sequence[Change],
    new: Collection[tuple[object, object]],
) -> dict[ObjectName, str]:
    """Where the objects are not what the changes say, by object; nothing where they are exactly that."""
    plan = plan_rewrites(changes)
    wanted, made = _index_objects(before), _index_objects(after)
    wrong = {
        key: ""
        for key in made.keys() - wanted.keys()
        if not any(key[1] == kind and key[3].endswith(str(name)) for kind, name in new)
    }
    for key, nodes in wanted.items():
        others = made.get(key, [])
        if len(others) != len(nodes):
            wrong[key] = ""
            continue
        for one, two in zip(nodes, others, strict=True):
            if matches_plan(one, two, plan):
                continue
            place = find_difference(_sort_unordered(to_data(one, plan)), _sort_unordered(to_data(two)))
            if place is not None:
                wrong[key] = f": {place}"
    unread = [
        Counter(each.text.strip() for each in one.sections if not each.roots) for one in (before, after)
    ]
    if unread[0] != unread[1] and not new:
        wrong["", "an object", "", "that no rule looks at"] = ""
    return wrong


def _index_objects(document: Document) -> dict[ObjectName, list[Node]]:
    found: dict[ObjectName, list[Node]] = defaultdict(list)
    for root in document.roots:
        found[_name_object(root)].append(root)
    return found


def _name_object(root: Node) -> ObjectName:
    ways = (("apiVersion",), ("kind",), ("metadata", "namespace"), ("metadata", "name"))
    version, kind, space, name = (text_of(root.find_node(*way)) or "" for way in ways)
    return version, kind, space, name


def _hold_names(problems: Iterable[Detection], names: Collection[tuple[str, ...]]) -> frozenset[ObjectName]:
    return frozenset(
        _name_object(each.found.node.root_node) for each in problems if _name_built(each) in names
    )


def _sort_unordered(data: object, key: str = "") -> object:
    """The same data, such lists in an order of their own; a map holds its values in lists."""
    if isinstance(data, dict):
        return {name: [_sort_unordered(each, name) for each in data[name]] for name in sorted(data)}
    if isinstance(data, list):
        items = [_sort_unordered(each) for each in data]
        return sorted(items, key=repr) if key in _UNORDERED else items
    return data
