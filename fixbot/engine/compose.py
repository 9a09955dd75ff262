"""From offers to what each pull request holds: what belongs together, and what git could not merge apart.

A composition is a list of commits. A commit holds one rule where its lines touch no other rule's, so that a
reviewer can drop it; every prefix of the commits is proven, and so is all of it together.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fixbot.edit.overlap import LinedText, TouchedHunk, do_touch, find_touching
from fixbot.edit.tree import CannotEdit
from fixbot.engine.detect import Detection
from fixbot.engine.prove_together import (
    FixGroup,
    OfferableFixes,
    Proofs,
    group_by_shared_paths,
    safety_of,
    units_of,
)
from fixbot.engine.verify import VerifiedPatch, Verifier, list_changed_paths
from fixbot.lens import Policy, Resource
from fixbot.model.findings import Refusal, Safety, Severity
from fixbot.model.joined_groups import JoinedGroups

EVERYTHING = "all"
"""The name that stands for the topic where one proposal holds all of them."""


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What shares a pull request: the name in its branch, how bold it is, its folder or file, or its branch.

    `topic` is the rule's name where each rule has pull requests of its own.
    """

    topic: str
    safety: Safety | None = None
    where: str = ""
    held: str = ""


@dataclass(frozen=True, slots=True)
class CommitStage:
    """One commit: its problems, and the files that it changes, as they are after it and those before."""

    problems: tuple[Detection, ...]
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
class ProposalContent:
    """What one pull request would hold; `texts` are its files as all of its commits leave them."""

    share: GroupKey
    stages: tuple[CommitStage, ...]
    texts: dict[str, str] = field(repr=False)

    @property
    def problems(self) -> tuple[Detection, ...]:
        """What it repairs."""
        return tuple(each for stage in self.stages for each in stage.problems)

    @property
    def safety(self) -> Safety:
        """SAFE only where every fix is, and nothing of another topic had to be taken in."""
        return self.share.safety or safety_of(self.problems)


def compose_offers(court: Verifier, settled: OfferableFixes, way: str) -> list[ProposalContent]:
    """The offers in groups, as `pull_requests.group` says; by topic, what would conflict is one."""
    groups: dict[GroupKey, list[FixGroup]] = defaultdict(list)
    for offer in settled.offers:
        groups[_group_key(offer, way)].append(offer)
    alone = [each.proven for each in settled.offers if each.proven is not None]
    composer = _Composer(court, {frozenset(each.fixed): each for each in (*alone, *settled.together)})
    if way == "topic":
        groups = composer.merge_conflicting(groups)
    groups = composer.join_unprovable(groups)
    return [composer.compose_group(share, offers) for share, offers in groups.items()]


def topic_of(problem: Detection) -> str:
    """What a problem's fix belongs together with, by what it is about: `iam-scope`."""
    subject = problem.subject
    if isinstance(subject, Policy):
        return problem.fixer.topic_of(next(iter(subject.holders), ""))
    return problem.fixer.topic_of(subject.type.edited if isinstance(subject, Resource) else "")


def _group_key(offer: FixGroup, way: str) -> GroupKey:
    problem = offer.problems[0]
    rule, path = problem.fixer.name, problem.path
    if offer.held:
        return GroupKey(topic_of(problem) if way == "topic" else rule, held=offer.held)
    match way:
        case "file":
            return GroupKey(rule, where=path)
        case "rule":
            return GroupKey(rule)
        case "all":
            return GroupKey(EVERYTHING)
        case "folder":
            return GroupKey(rule, where=posixpath.dirname(path))
        case _:
            return GroupKey(topic_of(problem), offer.safety, posixpath.dirname(path))


Hunks = dict[str, tuple[TouchedHunk, ...]]
EVERYWHERE = TouchedHunk(0, 1 << 60)
"""What touches every line of a file."""


@dataclass(slots=True)
class _Composer:
    court: Verifier
    proofs: Proofs
    lined: dict[str, LinedText] = field(default_factory=dict)
    hunks: dict[tuple[str, ...], Hunks] = field(default_factory=dict)
    """What was found to be touched already, by the ids of the findings: each joining asks for all again."""

    def find_hunks(self, problems: Sequence[Detection]) -> Hunks:
        """The lines that some fixes touch together, by file; in a new file all that is put there."""
        names = tuple(each.id for each in problems)
        if names not in self.hunks:
            self.hunks[names] = self._compute_hunks(problems)
        return self.hunks[names]

    def _compute_hunks(self, problems: Sequence[Detection]) -> Hunks:
        found: Hunks = {}
        try:
            edited = self.court.render_edits_of(problems)
        except CannotEdit:  # not by themselves, as it seems: then nothing may be told apart from them
            return {path: (EVERYWHERE,) for each in problems for path in list_changed_paths(each)}
        for path, edits in edited.items():
            if path not in self.lined:
                self.lined[path] = LinedText(self.court.world.project.documents[path].text)
            found[path] = self.lined[path].find_hunks(edits)
        new = {file.path for each in problems if each.fix is not None for file in each.fix.files}
        return found | dict.fromkeys(new, (TouchedHunk(0, 0),))

    def merge_conflicting(self, groups: Mapping[GroupKey, list[FixGroup]]) -> dict[GroupKey, list[FixGroup]]:
        """The groups, those made one that could not be merged one after the other."""
        left = dict(groups)
        while (pair := self._find_conflicting(left)) is not None:
            _join_groups(left, *pair)
        return left

    def _find_conflicting(
        self, groups: Mapping[GroupKey, list[FixGroup]]
    ) -> tuple[GroupKey, GroupKey] | None:
        by_path: dict[str, list[GroupKey]] = defaultdict(list)
        for share, offers in groups.items():
            for path in dict.fromkeys(path for offer in offers for path in sorted(offer.paths)):
                by_path[path].append(share)
        pairs = dict.fromkeys(
            (one, two)
            for shares in by_path.values()
            for at, one in enumerate(shares)
            for two in shares[at + 1 :]
            if not (one.held and two.held)
        )
        asked = dict.fromkeys(share for pair in pairs for share in pair)
        hunks = {share: self.find_hunks(_problems_of(groups[share])) for share in asked}
        return next((pair for pair in pairs if _would_conflict(*(hunks[share] for share in pair))), None)

    def join_unprovable(self, groups: Mapping[GroupKey, list[FixGroup]]) -> dict[GroupKey, list[FixGroup]]:
        """The groups, each joined with what it can't be proven without; all of a file's are proven."""
        left = dict(groups)
        while (pair := self._find_inseparable(left)) is not None:
            _join_groups(left, *pair)
        return left

    def _find_inseparable(
        self, groups: Mapping[GroupKey, list[FixGroup]]
    ) -> tuple[GroupKey, GroupKey] | None:
        for share, offers in groups.items():
            for cluster in group_by_shared_paths(offers, lambda each: each.paths):
                if isinstance(self._prove_cluster(cluster), Refusal):
                    paths = {path for offer in cluster for path in offer.paths}
                    others = [each for each in groups if each != share]
                    near = (each for each in others if any(paths & one.paths for one in groups[each]))
                    if (other := next(near, None)) is not None:
                        return share, other
        return None

    def compose_group(self, share: GroupKey, offers: Sequence[FixGroup]) -> ProposalContent:
        """The commits of a group, in order; those that spoil the proof of a prefix go with the next one."""
        clusters = group_by_shared_paths(offers, lambda each: each.paths)
        whole = [each for each in map(self._prove_cluster, clusters) if isinstance(each, VerifiedPatch)]
        if len(whole) < len(clusters):  # what was refused of these files held them together
            clusters = [list(offers)]
            whole = [each for each in map(self._prove_cluster, clusters) if isinstance(each, VerifiedPatch)]
        texts = {path: text for proven in whole for path, text in proven.texts.items()}
        commits = self._arrange_commits(offers)
        stages = self._build_stages(commits, clusters, whole)
        while stages is None:
            commits = [[*commits[0], *commits[1]], *commits[2:]]
            stages = self._build_stages(commits, clusters, whole)
        return ProposalContent(share, stages, texts)

    def _prove_cluster(self, cluster: Sequence[FixGroup]) -> VerifiedPatch | Refusal:
        return self._prove_problems(_problems_of(cluster))

    def _prove_problems(self, problems: Sequence[Detection]) -> VerifiedPatch | Refusal:
        names = frozenset(each.id for each in problems)
        if names not in self.proofs:
            self.proofs[names] = self.court.verify_fixes(problems)
        return self.proofs[names]

    def _arrange_commits(self, offers: Sequence[FixGroup]) -> list[list[Detection]]:
        """The problems by commit, in order; what touches another rule's lines goes with it."""
        units = units_of(_problems_of(offers))
        if len({each.fixer.name for unit in units for each in unit}) == 1:
            return [[each for unit in units for each in unit]]
        found: dict[tuple[Safety, tuple[str, ...]], list[Detection]] = defaultdict(list)
        for linked in self._link_touching(units):
            rules = tuple(sorted({each.fixer.name for each in linked}))
            found[safety_of(linked), rules].extend(linked)
        stages = sorted(
            (CommitStage(tuple(each), {}) for each in found.values()), key=lambda stage: stage.order
        )
        return [list(each.problems) for each in stages]

    def _link_touching(self, units: Sequence[list[Detection]]) -> Iterator[list[Detection]]:
        """Units whose lines touch, as one."""
        by_path: dict[str, list[tuple[TouchedHunk, int]]] = defaultdict(list)
        for number, unit in enumerate(units):
            for path, hunks in self.find_hunks(unit).items():
                by_path[path] += [(hunk, number) for hunk in hunks]
        joined = JoinedGroups[int]()
        for rows in by_path.values():
            for one, two in find_touching(rows):
                joined.join_keys(one, two)
        groups: dict[int, list[Detection]] = defaultdict(list)
        for number, unit in enumerate(units):
            groups[joined.find_leader(number)] += unit
        yield from groups.values()

    def _build_stages(
        self,
        commits: Sequence[list[Detection]],
        clusters: Sequence[list[FixGroup]],
        whole: Sequence[VerifiedPatch],
    ) -> tuple[CommitStage, ...] | None:
        """The commits with the files after each; None where a prefix of them can't be proven."""
        number = {each.id: at for at, commit in enumerate(commits) for each in commit}
        texts: list[dict[str, str]] = [{} for _ in commits]
        for cluster, proven in zip(clusters, whole, strict=True):
            problems = _problems_of(cluster)
            steps = sorted({number[each.id] for each in problems})
            for step in steps:
                inside = [each for each in problems if number[each.id] <= step]
                after = proven if step == steps[-1] else self._prove_problems(inside)
                if isinstance(after, Refusal):
                    return None
                changed = {
                    path for each in problems if number[each.id] == step for path in list_changed_paths(each)
                }
                texts[step] |= {path: text for path, text in after.texts.items() if path in changed}
        return tuple(CommitStage(tuple(commit), text) for commit, text in zip(commits, texts, strict=True))


def _problems_of(offers: Iterable[FixGroup]) -> list[Detection]:
    return [problem for offer in offers for problem in offer.problems]


def _worst_severity(problems: Iterable[Detection]) -> Severity:
    return max(each.found.severity or each.fixer.severity for each in problems)


def _gravest_severity(offers: Iterable[FixGroup]) -> Severity:
    return _worst_severity(_problems_of(offers))


def _join_groups(groups: dict[GroupKey, list[FixGroup]], one: GroupKey, two: GroupKey) -> None:
    """Make two of the groups one, together with what is gathered under its name already."""
    first, second = groups.pop(one), groups.pop(two)
    share = _join_keys(one, two, _gravest_severity(first), _gravest_severity(second))
    groups[share] = [*groups.get(share, ()), *first, *second]


def _join_keys(one: GroupKey, two: GroupKey, weight: Severity, other: Severity) -> GroupKey:
    """What two groups are together: the one that is open already, else the graver one; never safe."""
    first = one if (bool(one.held), weight, two.topic) >= (bool(two.held), other, one.topic) else two
    return replace(first, safety=Safety.REVIEW)


def _would_conflict(one: Hunks, two: Hunks) -> bool:
    return any(do_touch(one[path], two[path]) for path in one.keys() & two.keys())
