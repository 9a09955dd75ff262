"""From problems to offers: which fixes are proven, alone and together with their neighbours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from fixbot.engine.detect import Detection
from fixbot.engine.verify import VerifiedPatch, Verifier, list_changed_paths
from fixbot.model.findings import Refusal, Safety
from fixbot.model.joined_groups import JoinedGroups

MOST_TRIES = 100
"""Proofs that the search for the fixes which spoil one may cost in the files that belong together."""
_TOO_MANY = (
    "Too many fixes in this file spoil each other to find out which of them hold. "
    "Apply the others, or fix a part by hand, then run again."
)
_T = TypeVar("_T")
Proofs = dict[frozenset[str], VerifiedPatch | Refusal]
"""What was proven together already, by the ids of the findings."""


@dataclass(frozen=True, slots=True)
class FixGroup:
    """Fixes of one rule and one safety in files that belong together, and those that wait for them; proven.

    `held` is the branch of the open pull request, gathered in another way, that they stay in; mostly empty.
    `proven` is None where they are proven only together with all other fixes of their files: whoever offers
    them in smaller parts proves these.
    """

    problems: tuple[Detection, ...]
    proven: VerifiedPatch | None
    held: str = ""

    @property
    def paths(self) -> set[str]:
        """The files that the fixes change or add."""
        return {path for each in self.problems for path in list_changed_paths(each)}

    @property
    def safety(self) -> Safety:
        """How bold the boldest of the fixes is."""
        return safety_of(self.problems)


@dataclass(slots=True)
class OfferableFixes:
    """What can be offered: each rule alone, and everything at once for the working tree."""

    offers: list[FixGroup] = field(default_factory=list)
    together: list[VerifiedPatch] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def refuse_problems(self, problems: Iterable[Detection], reason: str) -> None:
        """Say why these are not offered."""
        self.refused.update((problem.id, reason) for problem in problems)


def prove_fixes(
    court: Verifier, problems: Sequence[Detection], held: Mapping[str, str] | None = None
) -> OfferableFixes:
    """Prove every fix of `problems`: all in shared files at once, else one rule and safety after the other.

    A fix that waits for another rule's is proven with that one, and refused where that one isn't offered.
    """
    settled = OfferableFixes()
    held = held or {}
    waiting = [each for each in problems if each.awaited]
    drafts = _draft_offers(problems, held)
    whole = list(drafts)
    for at, some in _match_waiting(waiting, drafts, held).items():
        whole[at] = replace(drafts[at], problems=(*drafts[at].problems, *_flatten(units_of(some))))
    known: Proofs = {}
    at_once: set[str] = set()
    for group in group_by_shared_paths(whole, lambda each: each.paths):
        if len(group) > 1:
            names = frozenset(each.id for offer in group for each in offer.problems)
            known[names] = court.verify_fixes([each for offer in group for each in offer.problems])
            at_once |= names if isinstance(known[names], VerifiedPatch) else set()
    for draft, offer in zip(drafts, whole, strict=True):
        if draft.problems[0].id in at_once:
            settled.offers.append(offer)
            continue
        good, proven = _CulpritSearch(court, settled).find_largest_provable(units_of(draft.problems))
        if proven is not None:
            settled.offers.append(FixGroup(tuple(good), proven, draft.held))
    _add_waiting(court, [each for each in waiting if each.id not in at_once], settled, held)
    for offers in group_by_shared_paths(settled.offers, lambda each: each.paths):
        _combine_offers(court, offers, settled, known)
    return settled


def _draft_offers(problems: Iterable[Detection], held: Mapping[str, str]) -> list[FixGroup]:
    """What is to be proven: the fixes of one rule and safety that share files, less those that wait."""
    alike: dict[tuple[str, Safety, str], list[Detection]] = defaultdict(list)
    by_rule: dict[str, list[Detection]] = defaultdict(list)
    for problem in problems:
        if not problem.awaited:
            by_rule[problem.fixer.name].append(problem)
    for rule, every in by_rule.items():
        for unit in units_of(every):
            alike[rule, safety_of(unit), held.get(unit[0].id, "")].extend(unit)
    return [
        FixGroup(tuple(_flatten(units_of(cluster))), None, branch)
        for (_, _, branch), each in alike.items()
        for cluster in group_by_shared_paths(each, list_changed_paths)
    ]


def safety_of(problems: Iterable[Detection]) -> Safety:
    """SAFE where every one of the fixes is."""
    return Safety.SAFE if all(each.safety is Safety.SAFE for each in problems) else Safety.REVIEW


def group_by_shared_paths(things: Iterable[_T], paths: Callable[[_T], set[str]]) -> list[list[_T]]:
    """The things in groups that have a path in common, directly or through another; in order."""
    joined = JoinedGroups[str]()
    ways = [(thing, sorted(paths(thing))) for thing in things]
    for _, way in ways:
        for path in way[1:]:
            joined.join_keys(way[0], path)
    groups: dict[str, list[_T]] = {}
    alone = []
    for thing, way in ways:
        if way:
            groups.setdefault(joined.find_leader(way[0]), []).append(thing)
        else:
            alone.append([thing])
    return [*groups.values(), *alone]


def units_of(problems: Iterable[Detection]) -> list[list[Detection]]:
    """Units that are offered whole or not at all: fixes that are alike, and one with what waits for it."""
    words = [((each.fix.alike if each.fix else "") or each.id, each) for each in problems]
    places = {each.place: word for word, each in words}
    joined = JoinedGroups[str]()
    for word, problem in words:
        for place in problem.awaited:
            if place in places:
                joined.join_keys(places[place], word)
    units: dict[str, list[Detection]] = {}
    for word, problem in words:
        units.setdefault(joined.find_leader(word), []).append(problem)
    return list(units.values())


Units = list[list[Detection]]


def _flatten(units: Units) -> list[Detection]:
    return [problem for unit in units for problem in unit]


@dataclass(slots=True)
class _CulpritSearch:
    """Looks for as many units as can be proven together; what spoils the proof is refused with its reason."""

    court: Verifier
    settled: OfferableFixes
    base: tuple[Detection, ...] = ()
    """What is proven already, and with which all of them must hold."""
    tries: int = 0

    def find_largest_provable(self, units: Units) -> tuple[list[Detection], VerifiedPatch | None]:
        """The problems that hold together and their proof; None where none does."""
        while units:
            everything = _flatten(units)
            outcome = self.court.verify_fixes([*self.base, *everything])
            self.tries += 1
            if isinstance(outcome, VerifiedPatch):
                return everything, outcome
            if len(units) == 1 or self.tries > MOST_TRIES:
                self.settled.refuse_problems(everything, outcome.reason if len(units) == 1 else _TOO_MANY)
                break
            left = self._drop_uneditable(units)
            if len(left) == len(units):
                return self._bisect_units(units)
            units = left
        return [], None

    def _drop_uneditable(self, units: Units) -> Units:
        """The units less those that have no exact edit even when alone: finding that out takes no proof."""
        kept = []
        for unit in units:
            reason = self.court.why_uneditable(unit)
            if reason is None:
                kept.append(unit)
            else:
                self.settled.refuse_problems(unit, reason)
        return kept

    def _bisect_units(self, units: Units) -> tuple[list[Detection], VerifiedPatch | None]:
        middle = len(units) // 2
        left, left_proven = self.find_largest_provable(units[:middle])
        right, right_proven = self.find_largest_provable(units[middle:])
        if left_proven is None or right_proven is None:
            return (left, left_proven) if left_proven else (right, right_proven)
        both = self.court.verify_fixes([*self.base, *left, *right])
        if isinstance(both, VerifiedPatch):
            return left + right, both
        self.settled.refuse_problems(right, both.reason)
        return left, left_proven


def _match_waiting(
    waiting: Iterable[Detection], offers: Sequence[FixGroup], held: Mapping[str, str]
) -> dict[int, list[Detection]]:
    """The fixes that wait for one of an offer, by the offer's number."""
    places = {(*each.place, offer.held): at for at, offer in enumerate(offers) for each in offer.problems}
    found: dict[int, list[Detection]] = defaultdict(list)
    for problem in waiting:
        branch = held.get(problem.id, "")
        at = next((places[key] for each in problem.awaited if (key := (*each, branch)) in places), None)
        if at is not None:
            found[at].append(problem)
    return found


def _add_waiting(
    court: Verifier, waiting: Sequence[Detection], settled: OfferableFixes, held: Mapping[str, str]
) -> None:
    """Give each fix that waits for another to the offer that holds the other, where both are proven so."""
    found = _match_waiting(waiting, settled.offers, held)
    matched = {each.id for some in found.values() for each in some}
    for problem in waiting:
        if problem.id not in matched and problem.fix is not None and problem.fix.waits is not None:
            settled.refuse_problems([problem], problem.fix.waits.reason)
    for at, some in found.items():
        offer = settled.offers[at]
        good, proven = _CulpritSearch(court, settled, offer.problems).find_largest_provable(units_of(some))
        if proven is not None:
            settled.offers[at] = FixGroup((*offer.problems, *good), proven, offer.held)


def _combine_offers(court: Verifier, offers: list[FixGroup], settled: OfferableFixes, known: Proofs) -> None:
    """All offers of some files at once, the worst first; one that doesn't fit waits for the others."""
    if len(offers) == 1 and offers[0].proven is not None:
        settled.together.append(offers[0].proven)
        return
    problems = [problem for offer in offers for problem in offer.problems]
    everything = known.get(frozenset(each.id for each in problems)) or court.verify_fixes(problems)
    if isinstance(everything, VerifiedPatch):
        settled.together.append(everything)
        return
    kept: list[FixGroup] = []
    proven: VerifiedPatch | None = None
    worst_first = sorted(offers, key=lambda o: -max(p.fixer.severity for p in o.problems))
    for offer in worst_first[MOST_TRIES:]:
        settled.offers.remove(offer)
        settled.refuse_problems(offer.problems, _TOO_MANY)
    for offer in worst_first[:MOST_TRIES]:
        outcome = court.verify_fixes([problem for each in (*kept, offer) for problem in each.problems])
        if isinstance(outcome, VerifiedPatch):
            kept.append(offer)
            proven = outcome
            continue
        settled.offers.remove(offer)
        first = kept[0].problems[0].fixer.name if kept else "another rule"
        reason = (
            f"It can't go with the fix for {first} in the same file; merge that one first, then run again."
        )
        settled.refuse_problems(offer.problems, reason)
    if proven is not None:
        settled.together.append(proven)
