"""The five proofs that every fix passes, in this order, before it is offered.

The bytes outside the edits are the same; the text parses; the data differ only where the plan says;
the result is valid where the original was; the finding is gone and none is new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from fixbot import dialects
from fixbot.addition import additions, as_documents
from fixbot.change import Change, Plan, edits, plan
from fixbot.detect import Problem, detect
from fixbot.discover import needles_of, relevant_text
from fixbot.document import Document, parse
from fixbot.edited import EditedFile, rewritten, trim_edits, written_spans
from fixbot.lens import Policy, Task
from fixbot.model import Refusal
from fixbot.plain import alike, difference, plain
from fixbot.policies.proof import policy_problem
from fixbot.project import Project, Reading
from fixbot.rules.rule import Rule
from fixbot.splice import splice
from fixbot.story import Checks
from fixbot.tree import CannotEdit, Edit, SyntaxProblem
from fixbot.validity import new_problems
from fixbot.validity.outside import ask_outside
from fixbot.world import World


@dataclass(frozen=True, slots=True)
class Proven:
    """What the files will say. `texts` holds changed and new files whole, `edits` what makes them.

    `checks` are those that had something to look at.
    `fixed` are the findings that are gone, `fixed_in` those of them that each of the files is changed for.
    """

    texts: dict[str, str]
    edits: dict[str, tuple[Edit, ...]]
    new: frozenset[str]
    fixed: tuple[str, ...]
    fixed_in: dict[str, tuple[str, ...]]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Court:
    """What is needed to judge a fix: the files, what was found in them, and who looks."""

    world: World
    reading: Reading
    problems: Sequence[Problem]
    fixers: tuple[Rule, ...]
    made: dict[tuple[str, int], tuple[Edit, ...]] = field(default_factory=dict)
    """The edits of all that was proven, by path and the hash of the text that they make."""
    checks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What was checked of each finding's fix when it was proven last."""

    def file(self, path: str, after: str) -> EditedFile:
        """A file as it is and as it was proven to be right, with what is changed in it."""
        document = self.world.project.documents.get(path)
        before = document.text if document is not None else None
        edits = self.made.get((path, hash(after)), ())
        if splice(before or "", edits) == after:
            return EditedFile(path, before, after, edits)
        return rewritten(path, before, after)

    def prove(self, chosen: Sequence[Problem]) -> Proven | Refusal:
        """All the fixes of `chosen` together, proven, or the reason why not."""
        try:
            return self._prove(chosen)
        except CannotEdit as reason:
            return Refusal(_no_edit(reason))

    def uneditable(self, chosen: Sequence[Problem]) -> str | None:
        """Why these fixes have no exact edit even by themselves, if so; nothing is parsed for that."""
        before = self.world.project.documents
        try:
            for path, made in self.edited(chosen).items():
                splice(before[path].text, made)
        except CannotEdit as reason:
            return _no_edit(reason)
        return None

    def edited(self, chosen: Sequence[Problem]) -> dict[str, list[Edit]]:
        """The edits of these fixes by file. Raises CannotEdit where there is none that is exact."""
        before = self.world.project.documents
        changes = _by_document(c for each in chosen if each.fix is not None for c in each.fix.changes)
        return {path: edits(before[path].text, plan(some)) for path, some in changes.items()}

    def _prove(self, chosen: Sequence[Problem]) -> Proven | Refusal:
        fixes = [each.fix for each in chosen if each.fix is not None]
        plans = {
            path: plan(changes)
            for path, changes in _by_document(c for fix in fixes for c in fix.changes).items()
        }
        before = self.world.project.documents
        made = {path: tuple(edits(before[path].text, wanted)) for path, wanted in plans.items()}
        texts = {path: _spliced(before[path].text, each) for path, each in made.items()}
        try:
            relevant = partial(relevant_text, needles=needles_of(self.world.project.resource_types))
            after = {path: parse(path, text, relevant, before[path]) for path, text in texts.items()}
        except SyntaxProblem as problem:
            return Refusal(f"The patched file would no longer parse ({problem.reason}).")
        new = additions(fixes, self.world.surroundings.paths)
        if isinstance(new, Refusal):
            return new
        checks = [Checks.BYTES, Checks.DATA, *([Checks.NEW_FILES] if new else [])]
        if (wrong := self._wrong(chosen, plans, after, as_documents(new), checks)) is not None:
            return Refusal(wrong)
        others = tuple(each for each in checks if each != Checks.POLICIES)
        self.checks.update((each.id, tuple(checks) if each.found.policy else others) for each in chosen)
        texts |= {each.path: each.text for each in new}
        written = {path: trim_edits(before[path].text, each) for path, each in made.items()}
        written |= {each.path: (Edit(0, 0, each.text),) for each in new}
        self.made.update(((path, hash(texts[path])), each) for path, each in written.items())
        fixed_in: dict[str, tuple[str, ...]] = dict.fromkeys(texts, ())
        for each in chosen:
            for path in changed_paths(each):
                fixed_in[path] += (each.id,)
        added = frozenset(each.path for each in new)
        fixed = tuple(each.id for each in chosen)
        return Proven(texts, written, added, fixed, fixed_in, tuple(checks))

    def _wrong(
        self,
        chosen: Sequence[Problem],
        plans: Mapping[str, Plan],
        after: Mapping[str, Document],
        new: Mapping[str, Document],
        checks: list[str],
    ) -> str | None:
        """What speaks against the changed files, now that they parse, and against the new ones.

        `checks` hears which checks had something to look at.
        """
        project = self._project(dict(after), new)
        reading = dialects.read(project)
        for path, document in after.items():
            if (place := _unplanned(self.world.project.documents[path], document, plans[path])) is not None:
                return f"The patched file would differ in more than the fix ({place})."
        if (invalid := self._invalid(reading, checks)) is not None:
            return f"The result would not be valid: {invalid}."
        if any(each.found.policy for each in chosen):
            checks.append(Checks.POLICIES)
        if (grant := self._new_grant(reading, chosen)) is not None:
            return f"That nothing new is allowed could not be proven ({grant})."
        if (said := self._said_outside(after, checks)) is not None:
            return f"The result would not be valid: {said}."
        checks.append(Checks.AGAIN)
        return self._still_there(project, reading, chosen)

    def _project(self, after: dict[str, Document], new: Mapping[str, Document]) -> Project:
        whole = self.world.project
        return Project({**whole.related(after), **after, **new}, whole.surroundings, whole.resource_types)

    def _invalid(self, reading: Reading, checks: list[str]) -> str | None:
        before = {(task.path, task.address): task for task in self.reading.tasks}
        for task in reading.tasks:
            was = before.get((task.path, task.address))
            if was is None or not _touched(was, task):
                continue
            if Checks.VALID not in checks:
                checks.append(Checks.VALID)
            if (found := _new_problem(was, task)) is not None:
                return found
        return None

    def _new_grant(self, reading: Reading, chosen: Sequence[Problem]) -> str | None:
        """What isn't proven of the policies that a fix narrows, as they were read before and after."""
        narrowed = {(p.path, p.found.policy) for p in chosen if p.found.policy}
        before, after = _by_address(self.reading.policies), _by_address(reading.policies)
        for key in sorted(narrowed):
            if len(before[key]) != len(after[key]):
                return "a policy came or went"
            for pair in zip(before[key], after[key], strict=True):
                if (problem := policy_problem(*pair)) is not None:
                    return problem
        return None

    def _said_outside(self, after: Mapping[str, Document], checks: list[str]) -> str | None:
        programs = self.world.settings.programs
        if programs is None:
            return None
        before = self.world.project.documents
        for path, document in after.items():
            answer = ask_outside(before[path], document, programs)
            if answer is not None and answer.problem is not None:
                return answer.problem
            if answer is not None and answer.program not in checks:
                checks.append(answer.program)
        return None

    def _still_there(self, project: Project, reading: Reading, chosen: Sequence[Problem]) -> str | None:
        world = World(self.world.settings, project)
        after = {each.id for each in detect(reading, self.fixers, world)}
        if any(each.id in after for each in chosen):
            return "The finding would still be there after the patch."
        before = {each.id for each in self.problems}
        if after - before:
            return "The patch would bring a new finding."
        return None


def changed_paths(problem: Problem) -> set[str]:
    """The files that the fix of a problem changes or adds."""
    fix = problem.fix
    changed = {change.node.root.source for change in fix.changes} if fix else set()
    return changed | {file.path for file in fix.files} if fix else changed


def _no_edit(reason: CannotEdit) -> str:
    return f"There is no exact edit here: {reason}."


def _by_address(policies: Iterable[Policy]) -> dict[tuple[str, str], list[Policy]]:
    """Policies by file and address; those of one address keep their order."""
    found: dict[tuple[str, str], list[Policy]] = defaultdict(list)
    for policy in policies:
        found[policy.path, policy.address].append(policy)
    return found


def _by_document(changes: Iterable[Change]) -> dict[str, list[Change]]:
    by_document: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_document[change.node.root.source].append(change)
    return by_document


def _spliced(text: str, made: Sequence[Edit]) -> str:
    after = splice(text, made)
    written = [Edit(start, end, "") for start, end in written_spans(made)]
    if _outside(text, made) != _outside(after, written):
        raise CannotEdit("bytes outside the edits would change")
    return after


def _outside(text: str, made: Iterable[Edit]) -> str:
    return splice(text, (Edit(edit.start, edit.end, "") for edit in made))


def _unplanned(before: Document, after: Document, wanted: Plan) -> str | None:
    if len(before.roots) != len(after.roots):
        return "the number of documents"
    for one, two in zip(before.roots, after.roots, strict=True):
        if one is two or alike(one, two, wanted):
            continue
        if (place := difference(plain(one, wanted), plain(two))) is not None:
            return place
    return None


def _touched(was: Task, task: Task) -> bool:
    """Whether any text of a task was read anew: its own, or that of its containers in another file."""
    nodes = [
        (was.node, task.node),
        *((a.node, b.node) for a, b in zip(was.containers, task.containers, strict=False)),
    ]
    return len(was.containers) != len(task.containers) or any(one is not two for one, two in nodes)


def _new_problem(was: Task, task: Task) -> str | None:
    found = new_problems(was, task)
    return found[0] if found else None
