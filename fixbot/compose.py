"""From offers to what each pull request holds: what belongs together, and what git could not merge apart.

A composition is a list of commits. A commit holds one rule where its lines touch no other rule's, so that a
reviewer can drop it; every prefix of the commits is proven, and so is all of it together.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fixbot.detect import Problem
from fixbot.lens import Resource
from fixbot.model import Refusal, Safety, Severity
from fixbot.overlap import Hunk, LinedText, touches, touching
from fixbot.proof import Court, Proven, changed_paths
from fixbot.settle import Offer, Settled, safety_of, sharing, units_of
from fixbot.tree import CannotEdit

EVERYTHING = "all"
"""The name that stands for the topic where one proposal holds all of them."""


@dataclass(frozen=True, slots=True)
class Share:
    """What shares a pull request: the name in its branch, how bold it is, its folder or file, or its branch.

    `topic` is the rule's name where each rule has pull requests of its own.
    """

    topic: str
    safety: Safety | None = None
    where: str = ""
    held: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One commit: its problems, and the files that it changes, as they are after it and those before."""

    problems: tuple[Problem, ...]
    texts: dict[str, str] = field(repr=False)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it is for."""
        return tuple(sorted({each.fixer.name for each in self.problems}))

    @property
    def safety(self) -> Safety:
        """SAFE where every fix in it is."""
        return safety_of(self.problems)

    @property
    def order(self) -> tuple[bool, int, tuple[str, ...]]:
        """Safe ones first, then the gravest rule: an order that all parts of a repository agree on."""
        bold = self.safety is not Safety.SAFE
        return bold, -max(each.fixer.severity for each in self.problems), self.rules


@dataclass(frozen=True, slots=True)
class Composition:
    """What one pull request would hold; `texts` are its files as all of its commits leave them."""

    share: Share
    stages: tuple[Stage, ...]
    texts: dict[str, str] = field(repr=False)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What it repairs."""
        return tuple(each for stage in self.stages for each in stage.problems)

    @property
    def safety(self) -> Safety:
        """SAFE only where every fix is, and nothing of another topic had to be taken in."""
        return self.share.safety or safety_of(self.problems)


def compose(court: Court, settled: Settled, way: str) -> list[Composition]:
    """The offers in groups, as `pull_requests.group` says; by topic, what would conflict is one."""
    groups: dict[Share, list[Offer]] = defaultdict(list)
    for offer in settled.offers:
        groups[_share(offer, way)].append(offer)
    composer = _Composer(court, {frozenset(each.fixed): each for each in settled.together})
    if way == "topic":
        groups = composer.merged(groups)
    groups = composer.provable(groups)
    return [composer.composed(share, offers) for share, offers in groups.items()]


def topic_of(problem: Problem) -> str:
    """What a problem's fix belongs together with, by what it is about: `iam-scope`."""
    subject = problem.subject
    return problem.fixer.topic_of(subject.type.cloudformation if isinstance(subject, Resource) else "")


def _share(offer: Offer, way: str) -> Share:
    problem = offer.problems[0]
    rule, path = problem.fixer.name, problem.path
    if offer.held:
        return Share(topic_of(problem) if way == "topic" else rule, held=offer.held)
    match way:
        case "file":
            return Share(rule, where=path)
        case "rule":
            return Share(rule)
        case "all":
            return Share(EVERYTHING)
        case "folder":
            return Share(rule, where=posixpath.dirname(path))
        case _:
            return Share(topic_of(problem), offer.safety, posixpath.dirname(path))


Hunks = dict[str, tuple[Hunk, ...]]
EVERYWHERE = Hunk(0, 1 << 60)
"""What touches every line of a file."""


@dataclass(slots=True)
class _Composer:
    court: Court
    proofs: dict[frozenset[str], Proven | Refusal]
    """What was proven together already, by the ids of the findings."""
    lined: dict[str, LinedText] = field(default_factory=dict)

    def hunks(self, problems: Sequence[Problem]) -> Hunks:
        """The lines that some fixes touch together, by file; in a new file all that is put there."""
        found: Hunks = {}
        try:
            edited = self.court.edited(problems)
        except CannotEdit:  # not by themselves, as it seems: then nothing may be told apart from them
            return {path: (EVERYWHERE,) for each in problems for path in changed_paths(each)}
        for path, edits in edited.items():
            if path not in self.lined:
                self.lined[path] = LinedText(self.court.world.project.documents[path].text)
            found[path] = self.lined[path].hunks(edits)
        new = {file.path for each in problems if each.fix is not None for file in each.fix.files}
        return found | dict.fromkeys(new, (Hunk(0, 0),))

    def merged(self, groups: Mapping[Share, list[Offer]]) -> dict[Share, list[Offer]]:
        """The groups, those made one that could not be merged one after the other."""
        left = dict(groups)
        while (pair := self._conflicting(left)) is not None:
            _join(left, *pair)
        return left

    def _conflicting(self, groups: Mapping[Share, list[Offer]]) -> tuple[Share, Share] | None:
        by_path: dict[str, list[Share]] = defaultdict(list)
        for share, offers in groups.items():
            for path in dict.fromkeys(path for offer in offers for path in offer.proven.texts):
                by_path[path].append(share)
        pairs = dict.fromkeys(
            (one, two)
            for shares in by_path.values()
            for at, one in enumerate(shares)
            for two in shares[at + 1 :]
            if not (one.held and two.held)
        )
        asked = dict.fromkeys(share for pair in pairs for share in pair)
        hunks = {share: self.hunks(_problems(groups[share])) for share in asked}
        return next((pair for pair in pairs if _would_conflict(*(hunks[share] for share in pair))), None)

    def provable(self, groups: Mapping[Share, list[Offer]]) -> dict[Share, list[Offer]]:
        """The groups, each joined with what it can't be proven without; all of a file's are proven."""
        left = dict(groups)
        while (pair := self._inseparable(left)) is not None:
            _join(left, *pair)
        return left

    def _inseparable(self, groups: Mapping[Share, list[Offer]]) -> tuple[Share, Share] | None:
        for share, offers in groups.items():
            for cluster in sharing(offers, _paths):
                if isinstance(self._together(cluster), Refusal):
                    paths = {path for offer in cluster for path in offer.proven.texts}
                    others = [each for each in groups if each != share]
                    near = (each for each in others if any(paths & _paths(one) for one in groups[each]))
                    if (other := next(near, None)) is not None:
                        return share, other
        return None

    def composed(self, share: Share, offers: Sequence[Offer]) -> Composition:
        """The commits of a group, in order; those that spoil the proof of a prefix go with the next one."""
        clusters = sharing(offers, _paths)
        whole = [each for each in map(self._together, clusters) if isinstance(each, Proven)]
        if len(whole) < len(clusters):  # what was refused of these files held them together
            clusters = [list(offers)]
            whole = [each for each in map(self._together, clusters) if isinstance(each, Proven)]
        texts = {path: text for proven in whole for path, text in proven.texts.items()}
        commits = self._commits(offers)
        stages = self._stages(commits, clusters, whole)
        while stages is None:
            commits = [[*commits[0], *commits[1]], *commits[2:]]
            stages = self._stages(commits, clusters, whole)
        return Composition(share, stages, texts)

    def _together(self, cluster: Sequence[Offer]) -> Proven | Refusal:
        return cluster[0].proven if len(cluster) == 1 else self._proven(_problems(cluster))

    def _proven(self, problems: Sequence[Problem]) -> Proven | Refusal:
        names = frozenset(each.id for each in problems)
        if names not in self.proofs:
            self.proofs[names] = self.court.prove(problems)
        return self.proofs[names]

    def _commits(self, offers: Sequence[Offer]) -> list[list[Problem]]:
        """The problems by commit, in order; what touches another rule's lines goes with it."""
        units = units_of(_problems(offers))
        if len({each.fixer.name for unit in units for each in unit}) == 1:
            return [[each for unit in units for each in unit]]
        found: dict[tuple[Safety, tuple[str, ...]], list[Problem]] = defaultdict(list)
        for linked in self._linked(units):
            rules = tuple(sorted({each.fixer.name for each in linked}))
            found[safety_of(linked), rules].extend(linked)
        stages = sorted((Stage(tuple(each), {}) for each in found.values()), key=lambda stage: stage.order)
        return [list(each.problems) for each in stages]

    def _linked(self, units: Sequence[list[Problem]]) -> Iterator[list[Problem]]:
        """Units whose lines touch, as one."""
        by_path: dict[str, list[tuple[Hunk, int]]] = defaultdict(list)
        for number, unit in enumerate(units):
            for path, hunks in self.hunks(unit).items():
                by_path[path] += [(hunk, number) for hunk in hunks]
        leader = list(range(len(units)))

        def find(number: int) -> int:
            while leader[number] != number:
                number = leader[number]
            return number

        for rows in by_path.values():
            for one, two in touching(rows):
                leader[find(two)] = find(one)
        groups: dict[int, list[Problem]] = defaultdict(list)
        for number, unit in enumerate(units):
            groups[find(number)] += unit
        yield from groups.values()

    def _stages(
        self, commits: Sequence[list[Problem]], clusters: Sequence[list[Offer]], whole: Sequence[Proven]
    ) -> tuple[Stage, ...] | None:
        """The commits with the files after each; None where a prefix of them can't be proven."""
        number = {each.id: at for at, commit in enumerate(commits) for each in commit}
        texts: list[dict[str, str]] = [{} for _ in commits]
        for cluster, proven in zip(clusters, whole, strict=True):
            problems = _problems(cluster)
            steps = sorted({number[each.id] for each in problems})
            for step in steps:
                inside = [each for each in problems if number[each.id] <= step]
                after = proven if step == steps[-1] else self._prefix(cluster, inside)
                if after is None:
                    return None
                changed = {
                    path for each in problems if number[each.id] == step for path in changed_paths(each)
                }
                texts[step] |= {path: text for path, text in after.texts.items() if path in changed}
        return tuple(Stage(tuple(commit), text) for commit, text in zip(commits, texts, strict=True))

    def _prefix(self, cluster: Sequence[Offer], inside: Sequence[Problem]) -> Proven | None:
        names = {each.id for each in inside}
        for offer in cluster:
            if {each.id for each in offer.problems} == names:
                return offer.proven
        outcome = self._proven(inside)
        return outcome if isinstance(outcome, Proven) else None


def _paths(offer: Offer) -> set[str]:
    return set(offer.proven.texts)


def _problems(offers: Iterable[Offer]) -> list[Problem]:
    return [problem for offer in offers for problem in offer.problems]


def _worst(problems: Iterable[Problem]) -> Severity:
    return max(each.found.severity or each.fixer.severity for each in problems)


def _gravest(offers: Iterable[Offer]) -> Severity:
    return _worst(_problems(offers))


def _join(groups: dict[Share, list[Offer]], one: Share, two: Share) -> None:
    """Make two of the groups one, together with what is gathered under its name already."""
    first, second = groups.pop(one), groups.pop(two)
    share = _joined(one, two, _gravest(first), _gravest(second))
    groups[share] = [*groups.get(share, ()), *first, *second]


def _joined(one: Share, two: Share, weight: Severity, other: Severity) -> Share:
    """What two groups are together: the one that is open already, else the graver one; never safe."""
    first = one if (bool(one.held), weight, two.topic) >= (bool(two.held), other, one.topic) else two
    return replace(first, safety=Safety.REVIEW)


def _would_conflict(one: Hunks, two: Hunks) -> bool:
    return any(touches(one[path], two[path]) for path in one.keys() & two.keys())
