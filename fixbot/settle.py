"""From problems to offers: which fixes are proven, alone and together with their neighbours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fixbot.detect import Problem
from fixbot.model import Refusal
from fixbot.proof import Court, Proven


@dataclass(frozen=True, slots=True)
class Offer:
    """Fixes of one rule in files that belong together, proven as they stand."""

    problems: tuple[Problem, ...]
    proven: Proven


@dataclass(slots=True)
class Settled:
    """What can be offered: each rule alone, and everything at once for the working tree."""

    offers: list[Offer] = field(default_factory=list)
    together: list[Proven] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def settle(court: Court, problems: Sequence[Problem]) -> Settled:
    """Prove every fix of `problems`: the fixes of one rule that share files first, then all that share files."""
    settled = Settled()
    by_rule: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_rule[problem.fixer.name].append(problem)
    for each in by_rule.values():
        for cluster in _sharing_files(each):
            good, proven = _largest(court, _alike(cluster), settled)
            if proven is not None:
                settled.offers.append(Offer(tuple(good), proven))
    for offers in _offers_sharing_files(settled.offers):
        _combine(court, offers, settled)
    return settled


def _paths(problem: Problem) -> set[str]:
    fix = problem.fix
    changed = {change.node.root.source for change in fix.changes} if fix else set()
    return changed | {file.path for file in fix.files} if fix else changed


def _sharing_files(problems: Iterable[Problem]) -> list[list[Problem]]:
    clusters: list[tuple[set[str], list[Problem]]] = []
    by_path: dict[str, tuple[set[str], list[Problem]]] = {}
    for problem in problems:
        paths, members = _paths(problem), [problem]
        for other in {id(by_path[p]): by_path[p] for p in paths if p in by_path}.values():
            paths |= other[0]
            members = other[1] + members
            clusters = [cluster for cluster in clusters if cluster is not other]
        cluster = (paths, members)
        clusters.append(cluster)
        by_path.update(dict.fromkeys(paths, cluster))
    return [members for _, members in clusters]


def _alike(problems: Iterable[Problem]) -> list[list[Problem]]:
    """Units that are offered whole or not at all."""
    units: dict[str, list[Problem]] = {}
    for problem in problems:
        word = problem.fix.alike if problem.fix else ""
        units.setdefault(word or problem.id, []).append(problem)
    return list(units.values())


def _largest(
    court: Court, units: list[list[Problem]], settled: Settled
) -> tuple[list[Problem], Proven | None]:
    """As many units as can be proven together; what spoils the proof is refused with its reason."""
    everything = [problem for unit in units for problem in unit]
    outcome = court.prove(everything)
    if isinstance(outcome, Proven):
        return everything, outcome
    if len(units) == 1:
        settled.refused.update((problem.id, outcome.reason) for problem in everything)
        return [], None
    middle = len(units) // 2
    left, left_proven = _largest(court, units[:middle], settled)
    right, right_proven = _largest(court, units[middle:], settled)
    if left_proven is None or right_proven is None:
        return (left, left_proven) if left_proven else (right, right_proven)
    both = court.prove(left + right)
    if isinstance(both, Proven):
        return left + right, both
    settled.refused.update((problem.id, both.reason) for problem in right)
    return left, left_proven


def _offers_sharing_files(offers: Iterable[Offer]) -> list[list[Offer]]:
    groups: list[tuple[set[str], list[Offer]]] = []
    for offer in offers:
        paths, members = set(offer.proven.texts), [offer]
        for other in [group for group in groups if group[0] & paths]:
            groups.remove(other)
            paths |= other[0]
            members = other[1] + members
        groups.append((paths, members))
    return [members for _, members in groups]


def _combine(court: Court, offers: list[Offer], settled: Settled) -> None:
    """All offers of some files at once, the worst findings first; one that doesn't fit waits for the others."""
    if len(offers) == 1:
        settled.together.append(offers[0].proven)
        return
    everything = court.prove([problem for offer in offers for problem in offer.problems])
    if isinstance(everything, Proven):
        settled.together.append(everything)
        return
    kept: list[Offer] = []
    proven: Proven | None = None
    for offer in sorted(offers, key=lambda o: -max(p.fixer.severity for p in o.problems)):
        outcome = court.prove([problem for each in (*kept, offer) for problem in each.problems])
        if isinstance(outcome, Proven):
            kept.append(offer)
            proven = outcome
            continue
        settled.offers.remove(offer)
        first = kept[0].problems[0].fixer.name if kept else "another rule"
        reason = f"It can't be combined with the fix for {first} in the same file; merge that one first, then run again."
        settled.refused.update((problem.id, reason) for problem in offer.problems)
    if proven is not None:
        settled.together.append(proven)
