"""From problems to offers: which fixes are proven, alone and together with their neighbours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from fixbot.detect import Problem
from fixbot.model import Safety
from fixbot.proof import Court, Proven, changed_paths

MOST_TRIES = 100
"""Proofs that the search for the fixes which spoil one may cost in the files that belong together."""
_TOO_MANY = (
    "Too many fixes in this file spoil each other to find out which of them hold. "
    "Apply the others, or fix a part by hand, then run again."
)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Offer:
    """Fixes of one rule and one safety in files that belong together, proven as they stand.

    `held` is the branch of the open pull request, gathered in another way, that they stay in; mostly empty.
    """

    problems: tuple[Problem, ...]
    proven: Proven
    held: str = ""

    @property
    def safety(self) -> Safety:
        """How bold the boldest of the fixes is."""
        return safety_of(self.problems)


@dataclass(slots=True)
class Settled:
    """What can be offered: each rule alone, and everything at once for the working tree."""

    offers: list[Offer] = field(default_factory=list)
    together: list[Proven] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def refuse(self, problems: Iterable[Problem], reason: str) -> None:
        """Say why these are not offered."""
        self.refused.update((problem.id, reason) for problem in problems)


def settle(court: Court, problems: Sequence[Problem], held: Mapping[str, str] | None = None) -> Settled:
    """Prove every fix of `problems`: those of one rule and safety in shared files, then all in them."""
    settled = Settled()
    alike: dict[tuple[str, Safety, str], list[Problem]] = defaultdict(list)
    by_rule: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_rule[problem.fixer.name].append(problem)
    for rule, every in by_rule.items():
        for unit in units_of(every):
            alike[rule, safety_of(unit), (held or {}).get(unit[0].id, "")].extend(unit)
    for (_, _, branch), each in alike.items():
        for cluster in sharing(each, changed_paths):
            good, proven = _Search(court, settled).largest(units_of(cluster))
            if proven is not None:
                settled.offers.append(Offer(tuple(good), proven, branch))
    for offers in sharing(settled.offers, lambda offer: set(offer.proven.texts)):
        _combine(court, offers, settled)
    return settled


def safety_of(problems: Iterable[Problem]) -> Safety:
    """SAFE where every one of the fixes is."""
    return Safety.SAFE if all(each.safety is Safety.SAFE for each in problems) else Safety.REVIEW


def sharing(things: Iterable[_T], paths: Callable[[_T], set[str]]) -> list[list[_T]]:
    """The things in groups that have a path in common, directly or through another; in order."""
    leader: dict[str, str] = {}

    def find(path: str) -> str:
        while (above := leader.setdefault(path, path)) != path:
            leader[path] = path = leader[above]
        return path

    ways = [(thing, sorted(paths(thing))) for thing in things]
    for _, way in ways:
        for path in way[1:]:
            leader[find(path)] = find(way[0])
    groups: dict[str, list[_T]] = {}
    alone = []
    for thing, way in ways:
        if way:
            groups.setdefault(find(way[0]), []).append(thing)
        else:
            alone.append([thing])
    return [*groups.values(), *alone]


def units_of(problems: Iterable[Problem]) -> list[list[Problem]]:
    """Units that are offered whole or not at all."""
    units: dict[str, list[Problem]] = {}
    for problem in problems:
        word = problem.fix.alike if problem.fix else ""
        units.setdefault(word or problem.id, []).append(problem)
    return list(units.values())


Units = list[list[Problem]]


@dataclass(slots=True)
class _Search:
    """Looks for as many units as can be proven together; what spoils the proof is refused with its reason."""

    court: Court
    settled: Settled
    tries: int = 0

    def largest(self, units: Units) -> tuple[list[Problem], Proven | None]:
        """The problems that hold together and their proof; None where none does."""
        while units:
            everything = [problem for unit in units for problem in unit]
            outcome = self.court.prove(everything)
            self.tries += 1
            if isinstance(outcome, Proven):
                return everything, outcome
            if len(units) == 1 or self.tries > MOST_TRIES:
                self.settled.refuse(everything, outcome.reason if len(units) == 1 else _TOO_MANY)
                break
            left = self._without_culprits(units)
            if len(left) == len(units):
                return self._halved(units)
            units = left
        return [], None

    def _without_culprits(self, units: Units) -> Units:
        """The units less those that have no exact edit even when alone: finding that out takes no proof."""
        kept = []
        for unit in units:
            reason = self.court.uneditable(unit)
            if reason is None:
                kept.append(unit)
            else:
                self.settled.refuse(unit, reason)
        return kept

    def _halved(self, units: Units) -> tuple[list[Problem], Proven | None]:
        middle = len(units) // 2
        left, left_proven = self.largest(units[:middle])
        right, right_proven = self.largest(units[middle:])
        if left_proven is None or right_proven is None:
            return (left, left_proven) if left_proven else (right, right_proven)
        both = self.court.prove(left + right)
        if isinstance(both, Proven):
            return left + right, both
        self.settled.refuse(right, both.reason)
        return left, left_proven


def _combine(court: Court, offers: list[Offer], settled: Settled) -> None:
    """All offers of some files at once, the worst first; one that doesn't fit waits for the others."""
    if len(offers) == 1:
        settled.together.append(offers[0].proven)
        return
    everything = court.prove([problem for offer in offers for problem in offer.problems])
    if isinstance(everything, Proven):
        settled.together.append(everything)
        return
    kept: list[Offer] = []
    proven: Proven | None = None
    worst_first = sorted(offers, key=lambda o: -max(p.fixer.severity for p in o.problems))
    for offer in worst_first[MOST_TRIES:]:
        settled.offers.remove(offer)
        settled.refuse(offer.problems, _TOO_MANY)
    for offer in worst_first[:MOST_TRIES]:
        outcome = court.prove([problem for each in (*kept, offer) for problem in each.problems])
        if isinstance(outcome, Proven):
            kept.append(offer)
            proven = outcome
            continue
        settled.offers.remove(offer)
        first = kept[0].problems[0].fixer.name if kept else "another rule"
        reason = (
            f"It can't go with the fix for {first} in the same file; merge that one first, then run again."
        )
        settled.refuse(offer.problems, reason)
    if proven is not None:
        settled.together.append(proven)
