"""Problems: what the fixers found, each with an identity that survives moved lines."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fixbot.fixer import Fixer
from fixbot.lens import Container, ResourceType, Subject, Task
from fixbot.model import Fix, Found, Manual, Refusal, Safety
from fixbot.project import Reading
from fixbot.tree import Node
from fixbot.world import World

UNJUDGED: Final = "is set by a variable or a condition, and so not judged by"
"""Words of every place on which a rule has no opinion."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One finding on its way: who found it, where, and what became of it so far."""

    id: str
    fixer: Fixer
    found: Found
    path: str
    around: tuple[Node, ...] = ()
    """What it is about, from the inside out: container, task, the resource that these stand in."""

    @property
    def fix(self) -> Fix | None:
        """The way out, if there is one."""
        return self.found.outcome if isinstance(self.found.outcome, Fix) else None

    @property
    def safety(self) -> Safety:
        """How bold its fix is."""
        match self.found.outcome:
            case Fix() as fix:
                return fix.safety
            case Refusal():
                return Safety.REVIEW
            case Manual():
                return Safety.MANUAL


def detect(reading: Reading, fixers: Iterable[Fixer], world: World) -> list[Problem]:
    """Let every fixer look at all that it wants to see.

    Where one finds nothing, and asked for what can't be known, that is said: unknown is not absent.
    """
    seen: Counter[tuple[str, str, str, str]] = Counter()
    problems = []
    for fixer in fixers:
        for subject in _subjects(reading, fixer.looks_at):
            around = tuple(subject.around)
            unknown = subject.unknown
            unknown.clear()
            all_found = list(fixer.check(subject, world))
            if unknown and not all_found:
                reading.unjudged += (
                    (node, f"{name} of {subject.title} {UNJUDGED} {fixer.name}")
                    for name, node in unknown.items()
                )
            for found in all_found:
                path = found.node.root.source
                key = (fixer.name, path, found.address, found.wrong)
                seen[key] += 1
                problems.append(Problem(_identity(*key, seen[key]), fixer, found, path, around))
    return problems


def _subjects(reading: Reading, wanted: type | ResourceType) -> Iterator[Subject]:
    if isinstance(wanted, ResourceType):
        yield from (each for each in reading.resources if each.type == wanted)
    elif wanted is Container:
        for task in reading.tasks:
            yield from task.containers
    elif wanted is Task:
        yield from reading.tasks
    else:
        yield from reading.policies


def _identity(rule: str, path: str, address: str, wrong: str, twin: int) -> str:
    """Sixteen hexadecimal digits; twins of one address are told apart by their order."""
    parts = [rule, path, address, wrong, *([str(twin)] if twin > 1 else [])]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
