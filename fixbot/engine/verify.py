"""The five proofs that every fix passes, in this order, before it is offered.

The bytes outside the edits are the same; the text parses; the data differ only where the plan says;
the result is valid where the original was; the finding is gone and none is new.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from fixbot import dialects
from fixbot.edit.change import Change, RewritePlan, plan_rewrites, render_edits
from fixbot.edit.data import find_difference, matches_plan, to_data
from fixbot.edit.edited_text import EditedFile, replace_whole, trim_edits, written_spans
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import CannotEdit, SyntaxProblem, TextEdit
from fixbot.engine.detect import Detection, detect_problems
from fixbot.engine.detect_built import BuiltProblems, drop_covered
from fixbot.iam.policies.policy_proof import find_policy_problem
from fixbot.iam.policies.sizes import find_oversized_policy
from fixbot.layers.kustomize_files import is_kustomization
from fixbot.lens import Policy, Task
from fixbot.model.findings import Refusal
from fixbot.model.proposal_facts import Checks
from fixbot.rules.context import Context
from fixbot.rules.rule import Rule
from fixbot.source.discover import collect_needles, is_relevant_text
from fixbot.source.document import Document, parse_document
from fixbot.source.new_documents import as_documents, plan_new_files
from fixbot.source.project import Inventory, Project
from fixbot.validity import find_new_problems
from fixbot.validity.ask_checkers import ask_outside


@dataclass(frozen=True, slots=True)
class VerifiedPatch:
    """What the files will say. `texts` holds changed and new files whole, `render_edits` what makes them.

    `checks` are those that had something to look at.
    `fixed` are the findings that are gone, `fixed_in` those of them that each of the files is changed for.
    """

    texts: dict[str, str]
    edits: dict[str, tuple[TextEdit, ...]]
    new: frozenset[str]
    fixed: tuple[str, ...]
    fixed_in: dict[str, tuple[str, ...]]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verifier:
    """What is needed to judge a fix: the files, what was found in them, and who looks."""

    world: Context
    reading: Inventory
    problems: Sequence[Detection]
    fixers: tuple[Rule, ...]
    built: BuiltProblems | None = None
    """What was rendered of the files."""
    made: dict[tuple[str, int], tuple[TextEdit, ...]] = field(default_factory=dict)
    """The edits of all that was proven, by path and the hash of the text that they make."""
    planned: dict[tuple[str, ...], tuple[dict[str, RewritePlan], dict[str, tuple[TextEdit, ...]]]] = field(
        default_factory=dict
    )
    """Plans and edits by path, by the ids of the findings whose fixes they are."""
    checks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What was checked of each finding's fix when it was proven last."""
    needles: tuple[str, ...] = field(init=False)
    """Texts by which documents are told in which a rule may find something."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "needles", collect_needles(self.world.project.resource_types))

    def edited_file(self, path: str, after: str) -> EditedFile:
        """A file as it is and as it was proven to be right, with what is changed in it."""
        document = self.world.project.documents.get(path)
        before = document.text if document is not None else None
        edits = self.made.get((path, hash(after)), ())
        if splice_edits(before or "", edits) == after:
            return EditedFile(path, before, after, edits)
        return replace_whole(path, before, after)

    def verify_fixes(self, chosen: Sequence[Detection]) -> VerifiedPatch | Refusal:
        """All the fixes of `chosen` together, proven, or the reason why not."""
        try:
            return self._verify_planned(chosen)
        except CannotEdit as reason:
            return Refusal(_explain_no_edit(reason))

    def why_uneditable(self, chosen: Sequence[Detection]) -> str | None:
        """Why these fixes have no exact edit even by themselves, if so; nothing is parsed for that."""
        before = self.world.project.documents
        try:
            for path, made in self.render_edits_of(chosen).items():
                splice_edits(before[path].text, made)
        except CannotEdit as reason:
            return _explain_no_edit(reason)
        return None

    def render_edits_of(self, chosen: Sequence[Detection]) -> dict[str, tuple[TextEdit, ...]]:
        """The edits of these fixes by file. Raises CannotEdit where there is none that is exact."""
        return self._plan_edits(chosen)[1]

    def _plan_edits(
        self, chosen: Sequence[Detection]
    ) -> tuple[dict[str, RewritePlan], dict[str, tuple[TextEdit, ...]]]:
        """What is asked of each file, and the edits that do it: proofs and pull requests share them."""
        names = tuple(each.id for each in chosen)
        if names not in self.planned:
            texts = self.world.project.documents
            changes = _group_by_document(c for each in chosen if each.fix for c in each.fix.changes)
            plans = {path: plan_rewrites(some) for path, some in changes.items()}
            made = {path: tuple(render_edits(texts[path].text, plan)) for path, plan in plans.items()}
            for file in (file for each in chosen if each.fix for file in each.fix.edits):
                edits = {*made.get(file.path, ()), *file.edits}
                made[file.path] = tuple(sorted(edits))
            self.planned[names] = plans, made
        return self.planned[names]

    def _verify_planned(self, chosen: Sequence[Detection]) -> VerifiedPatch | Refusal:
        fixes = [each.fix for each in chosen if each.fix is not None]
        plans, made = self._plan_edits(chosen)
        before = self.world.project.documents
        texts = {path: splice_document(before[path].text, each) for path, each in made.items()}
        try:
            relevant = partial(is_relevant_text, needles=self.needles)
            after = {
                path: parse_document(path, text, relevant, before[path])
                for path, text in texts.items()
                if path in plans
            }
        except SyntaxProblem as problem:
            return Refusal(f"The patched file would no longer parse ({problem.reason}).")
        new = plan_new_files(fixes, self.world.surroundings.paths)
        if isinstance(new, Refusal):
            return new
        checks = [Checks.BYTES, Checks.DATA, *([Checks.NEW_FILES] if new else [])]
        if (wrong := self._find_fault(chosen, plans, after, as_documents(new), checks)) is not None:
            return Refusal(wrong)
        whole = texts | {each.path: each.text for each in new}
        if self.built is not None and (wrong := self.built.find_fault(chosen, whole)) is not None:
            return Refusal(wrong)
        others = tuple(each for each in checks if each != Checks.POLICIES)
        self.checks.update((each.id, tuple(checks) if each.found.policy else others) for each in chosen)
        texts |= {each.path: each.text for each in new}
        written = {path: trim_edits(before[path].text, each) for path, each in made.items()}
        written |= {each.path: (TextEdit(0, 0, each.text),) for each in new}
        self.made.update(((path, hash(texts[path])), each) for path, each in written.items())
        fixed_in: dict[str, tuple[str, ...]] = dict.fromkeys(texts, ())
        for each in chosen:
            for path in list_changed_paths(each):
                fixed_in[path] += (each.id,)
        added = frozenset(each.path for each in new)
        fixed = tuple(each.id for each in chosen)
        return VerifiedPatch(texts, written, added, fixed, fixed_in, tuple(checks))

    def _find_fault(
        self,
        chosen: Sequence[Detection],
        plans: Mapping[str, RewritePlan],
        after: Mapping[str, Document],
        new: Mapping[str, Document],
        checks: list[str],
    ) -> str | None:
        """What speaks against the changed files, now that they parse, and against the new ones.

        `checks` hears which checks had something to look at.
        """
        project = self._build_project(dict(after), new)
        reading = dialects.read_dialects(project)
        if self.built is not None:
            patches = {file.path for each in chosen if each.fix for file in each.fix.files if file.merged}
            drop_covered(reading, self.built.covered | patches, frozenset(filter(is_kustomization, after)))
        for path, document in after.items():
            if (
                place := _find_unplanned(self.world.project.documents[path], document, plans[path])
            ) is not None:
                return f"The patched file would differ in more than the fix ({place})."
        if (invalid := self._find_invalid(reading, checks)) is not None:
            return f"The result would not be valid: {invalid}."
        if any(each.found.policy for each in chosen):
            checks.append(Checks.POLICIES)
        if (large := find_oversized_policy(self.reading.policies, reading.policies)) is not None:
            return f"The result would not be valid: {large}."
        if (grant := self._find_new_grant(reading, chosen)) is not None:
            return f"That nothing new is allowed could not be proven ({grant})."
        if (said := self._ask_checkers(after, checks)) is not None:
            return f"The result would not be valid: {said}."
        checks.append(Checks.AGAIN)
        return self._find_remaining(project, reading, chosen, {*after, *new})

    def _build_project(self, after: dict[str, Document], new: Mapping[str, Document]) -> Project:
        whole = self.world.project
        return Project(
            {**whole.related_documents(after), **after, **new},
            whole.surroundings,
            whole.resource_types,
            types_by_name=whole.types_by_name,
        )

    def _find_invalid(self, reading: Inventory, checks: list[str]) -> str | None:
        before = {(task.path, task.address): task for task in self.reading.tasks}
        for task in reading.tasks:
            was = before.get((task.path, task.address))
            if was is None or not _is_touched(was, task):
                continue
            if Checks.VALID not in checks:
                checks.append(Checks.VALID)
            if (found := _find_new_problem(was, task)) is not None:
                return found
        return None

    def _find_new_grant(self, reading: Inventory, chosen: Sequence[Detection]) -> str | None:
        """What isn't proven of the policies that a fix narrows, as they were read before and after."""
        narrowed = {(p.path, p.found.policy) for p in chosen if p.found.policy}
        before, after = _group_by_address(self.reading.policies), _group_by_address(reading.policies)
        for key in sorted(narrowed):
            if len(before[key]) != len(after[key]):
                return "a policy came or went"
            for pair in zip(before[key], after[key], strict=True):
                if (problem := find_policy_problem(*pair)) is not None:
                    return problem
        return None

    def _ask_checkers(self, after: Mapping[str, Document], checks: list[str]) -> str | None:
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

    def _find_remaining(
        self, project: Project, reading: Inventory, chosen: Sequence[Detection], changed: set[str]
    ) -> str | None:
        after = self._count_problems(project, reading, chosen, changed)
        as_written = [[each for each in some if each.built is None] for some in (self.problems, chosen)]
        before, gone = (Counter(map(_name_problem, some)) for some in as_written)
        if any(after[name] > before[name] - count for name, count in gone.items() if after[name]):
            return "The finding would still be there after the patch."
        if after - before and self._count_in_all(project, chosen) - before:
            return "The patch would bring a new finding."
        return None

    def _count_in_all(self, project: Project, chosen: Sequence[Detection]) -> Counter[tuple[str, ...]]:
        """The problems of all files: one may look new only because the files beside it weren't read."""
        whole = self._build_project({**self.world.project.documents, **project.documents}, {})
        return self._count_problems(whole, dialects.read_dialects(whole), chosen, None)

    def _count_problems(
        self, project: Project, reading: Inventory, chosen: Sequence[Detection], changed: set[str] | None
    ) -> Counter[tuple[str, ...]]:
        facts = reading.resources, reading.policies, reading.tasks
        found = detect_problems(reading, self.fixers, Context(self.world.settings, project, *facts), changed)
        return Counter(_name_problem(each) for each in found if not _is_left_over(each, chosen))


def _is_left_over(problem: Detection, chosen: Sequence[Detection]) -> bool:
    """Whether it is a smaller one, that a chosen fix leaves in the same place of what was there."""
    left_by = problem.fixer.left_by
    return bool(left_by) and any(
        each.fixer.name in left_by and each.found.address == problem.found.address for each in chosen
    )


def _name_problem(problem: Detection) -> tuple[str, ...]:
    """What tells a problem from others, but for its twins: where one goes, those behind it move up.

    Statements of a policy are twins too: the address of one without a Sid is what it allows, and that changes
    when another rule's fix takes an action out of it.
    """
    found = problem.found
    return (problem.fixer.name, problem.path, found.policy or found.address, found.wrong)


def list_changed_paths(problem: Detection) -> set[str]:
    """The files that the fix of a problem changes or adds."""
    fix = problem.fix
    if fix is None:
        return set()
    changed = {change.node.root_node.source for change in fix.changes}
    return changed.union((file.path for file in fix.files), (file.path for file in fix.edits))


def _explain_no_edit(reason: CannotEdit) -> str:
    return f"There is no exact edit here: {reason}."


def _group_by_address(policies: Iterable[Policy]) -> dict[tuple[str, str], list[Policy]]:
    """Policies by file and address; those of one address keep their order."""
    found: dict[tuple[str, str], list[Policy]] = defaultdict(list)
    for policy in policies:
        found[policy.path, policy.address].append(policy)
    return found


def _group_by_document(changes: Iterable[Change]) -> dict[str, list[Change]]:
    by_document: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_document[change.node.root_node.source].append(change)
    return by_document


def splice_document(text: str, made: Sequence[TextEdit]) -> str:
    """The text with the edits made. Raises CannotEdit where anything else would change."""
    after = splice_edits(text, made)
    written = [TextEdit(start, end, "") for start, end in written_spans(made)]
    if _text_outside(text, made) != _text_outside(after, written):
        raise CannotEdit("bytes outside the edits would change")
    return after


def _text_outside(text: str, made: Iterable[TextEdit]) -> str:
    return splice_edits(text, (TextEdit(edit.start, edit.end, "") for edit in made))


def _find_unplanned(before: Document, after: Document, wanted: RewritePlan) -> str | None:
    if len(before.roots) != len(after.roots):
        return "the number of documents"
    for one, two in zip(before.roots, after.roots, strict=True):
        if one is two or matches_plan(one, two, wanted):
            continue
        if (place := find_difference(to_data(one, wanted), to_data(two))) is not None:
            return place
    return None


def _is_touched(was: Task, task: Task) -> bool:
    """Whether any text of a task was read anew: its own, or that of its containers in another file."""
    nodes = [
        (was.node, task.node),
        *((a.node, b.node) for a, b in zip(was.containers, task.containers, strict=False)),
    ]
    return len(was.containers) != len(task.containers) or any(one is not two for one, two in nodes)


def _find_new_problem(was: Task, task: Task) -> str | None:
    found = find_new_problems(was, task)
    return found[0] if found else None
