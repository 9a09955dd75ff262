"""Problems: what the fixers found, each with an identity that survives moved lines."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from itertools import chain
from typing import Final

from fixbot.dialects.terraform.ignored_changes import warn_of_ignored
from fixbot.edit.tree import Node
from fixbot.lens import Container, Policy, Resource, Subject, Task
from fixbot.lens.fields import FieldElsewhere
from fixbot.lens.partial import VIRTUAL
from fixbot.model.findings import (
    Fix,
    Found,
    Manual,
    Outcome,
    Outlook,
    Refusal,
    Safety,
    resolve_outlook,
)
from fixbot.model.layer import Layer
from fixbot.rules.context import Context
from fixbot.rules.rule import Rule, Selector
from fixbot.source.project import Inventory

UNJUDGED: Final = "is set by a variable or a condition, and so not judged by"
"""Words of every place on which a rule has no opinion."""

Place = tuple[str, str, str]
"""A rule, and the path and the address of what it found something at."""


@dataclass(frozen=True, eq=False, slots=True)
class BuiltPlace:
    """Where a problem of rendered objects is mended, and the same problem in each rendering that has it.

    `around` are places in the files: what the objects there are about, from the inside out.
    """

    layer: Layer
    around: Sequence[Node]
    occurrences: Sequence[tuple[str, Detection]]
    """By rendering; their fixes change the rendered objects, which is what the proof expects."""


@dataclass(frozen=True, eq=False)
class Detection:
    """One finding on its way: who found it, where, and what became of it so far."""

    id: str
    fixer: Rule
    found: Found
    path: str
    subject: Subject
    built: BuiltPlace | None = None

    @property
    def controls(self) -> tuple[str, ...]:
        """The controls that it counts for, as a reader knows them."""
        return self.fixer.controls_for(self.subject)

    @property
    def around(self) -> Sequence[Node]:
        """What it is about, from the inside out: container, task, the resource that these stand in."""
        return self.subject.around if self.built is None else self.built.around

    @cached_property
    def outcome(self) -> Outcome:
        """What its rule says can be done about it, thought of when it is first asked for."""
        outlook = self.found.outcome
        outcome = resolve_outlook(outlook)
        ignored = warn_of_ignored(outcome.changes, self.subject) if isinstance(outcome, Fix) else ""
        if isinstance(outcome, Fix) and ignored:
            return replace(outcome, gist=f"{ignored} {outcome.gist}".strip(), safety=Safety.REVIEW)
        return outcome

    @property
    def fix(self) -> Fix | None:
        """The way out, if there is one."""
        return self.outcome if isinstance(self.outcome, Fix) else None

    @property
    def place(self) -> Place:
        """Who found it, and at what."""
        return self.fixer.name, self.subject.path, self.subject.address

    @property
    def awaited(self) -> Sequence[Place]:
        """Where the fix that its own waits for could be; empty where it waits for none."""
        if self.fix is None or self.fix.waits is None:
            return ()
        subject = self.subject
        whole: Subject = (
            subject.task if isinstance(subject, Container) and self.fix.waits.in_task else subject
        )
        held: tuple[Subject, ...] = (whole, *whole.containers) if isinstance(whole, Task) else (whole,)
        until = self.fix.waits.until
        rules = (until,) if isinstance(until, str) else until
        return [(rule, each.path, each.address) for rule in rules for each in held]

    @property
    def safety(self) -> Safety:
        """How bold its fix is."""
        match self.outcome:
            case Fix() as fix:
                return fix.safety
            case Refusal():
                return Safety.REVIEW
            case Manual():
                return Safety.MANUAL


def detect_problems(
    reading: Inventory, fixers: Iterable[Rule], world: Context, changed: Collection[str] | None = None
) -> list[Detection]:
    """Let every rule look at all that it wants to see.

    Of what is written in part only that counts which it says itself: where only `changed` files have changed,
    such parts in other files are passed by.
    Where one finds nothing, and asked for what can't be known, that is said: unknown is not absent.
    """
    seen: Counter[tuple[str, str, str, str]] = Counter()
    subjects = _sort_subjects(reading)
    partial_subjects = [
        each for each in reading.partial_subjects if changed is None or _stands_in(each, changed)
    ]
    problems = []
    for rule in fixers:
        whole = (each for selector in rule.selectors for each in subjects.get(selector, ()))
        parts = (each for each in partial_subjects if type(each) in rule.selectors)
        listed = ((each, _find_with_rule(rule, each, world, reading)) for each in whole)
        written = ((each, _find_written_out(rule, each, world)) for each in parts)
        for subject, problem in chain(listed, written):
            for found in problem:
                path = found.node.root_node.source
                key = (rule.name, path, found.address, found.wrong)
                seen[key] += 1
                problems.append(Detection(identify_problem(*key, seen[key]), rule, found, path, subject))
    return problems


def _find_with_rule(rule: Rule, subject: Subject, world: Context, reading: Inventory) -> list[Found]:
    unknown = subject.unknown
    unknown.clear()
    try:
        found = list(rule.check(subject, world))
    except FieldElsewhere as why:
        found, parts = [], subject.containers if isinstance(subject, Task) else ()
        around = (*subject.around, *(node for each in parts for node in each.around))
        unknown.update((why.field, node) for node in around[:1])
    if unknown and not found:
        reading.unjudged += ((node, name, subject, rule.name) for name, node in unknown.items())
    if isinstance(subject, Policy) and subject.uneditable:
        return [
            replace(each, outcome=partial(_keep_manual, each.outcome, subject.uneditable)) for each in found
        ]
    return found


def _stands_in(subject: Task | Container, paths: Collection[str]) -> bool:
    """Whether any text of the task, or of the container's task, stands in these files."""
    task = subject if isinstance(subject, Task) else subject.task
    return task.path in paths or any(each.path in paths for each in task.containers)


def _find_written_out(rule: Rule, subject: Task | Container, world: Context) -> list[Found]:
    """What a part of a container says outright; what isn't written there may stand elsewhere."""
    all_found = list(rule.check(subject, world))
    if not all_found:
        return []
    task = subject if isinstance(subject, Task) else subject.task
    unwritten = {id(each) for each in (task.node, task.owner, *(c.node for c in task.containers))}
    return [
        replace(found, outcome=partial(_keep_manual, found.outcome, task.partial))
        for found in all_found
        if id(found.node) not in unwritten and found.node.style != VIRTUAL
    ]


def _keep_manual(outlook: Outlook, reason: str) -> Manual:
    """What a person can do, as the rule says it; a part of a container is never changed by itself."""
    outcome = resolve_outlook(outlook)
    return outcome if isinstance(outcome, Manual) else Manual(reason)


def _sort_subjects(reading: Inventory) -> Mapping[Selector, Sequence[Subject]]:
    """Everything that a rule can look at, by what it is, so that a rule meets its own kind alone."""
    sorted_subjects: dict[Selector, list[Subject]] = defaultdict(list)
    for subject in reading.subjects:
        sorted_subjects[type(subject)].append(subject)
        if isinstance(subject, Resource):
            sorted_subjects[subject.type].append(subject)
    return sorted_subjects


@lru_cache(maxsize=4096)
def identify_problem(rule: str, path: str, address: str, wrong: str, twin: int) -> str:
    """Sixteen hexadecimal digits; twins of one address are told apart by their order."""
    parts = [rule, path, address, wrong, *([str(twin)] if twin > 1 else [])]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
