"""Which place of the files a finding is about: by stack, state, taggers' tags, labels of GitOps, names.

The order is that of how sure they are. What made a resource narrows where it can stand: of a resource of a
stack no file but a template counts, of one in a state none but Terraform's. A place that is written under
another name is not it. One way that names two places ends the search: nobody guesses.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fixbot.intake.deployed_names import DeployedName, DeployedNames, build_physical_key, drop_indices
from fixbot.model.foreign_findings import (
    Confidence,
    ForeignFinding,
    MatchedBy,
    ResourcePlace,
    SourceCandidate,
)

_STACK: Final = "aws:cloudformation:logical-id"
_GIT_FILE: Final = "git_file"
_TRACE: Final = "yor_trace"
_TAG_NAME: Final = "yor_name"
_ARGO: Final = ("argocd.argoproj.io/instance", "argocd.argoproj.io/tracking-id")
_FLUX: Final = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")
_TRACKED: Final = re.compile(r"([\w.-]{1,253}):[\w.-]{0,253}/(\w{1,63}):([\w.-]{0,63})/([\w.-]{1,253})")
MOST_CANDIDATES: Final = 20


@dataclass(frozen=True, slots=True)
class FindingMatch:
    """What a finding is about. Without a `place` the candidates are two or more, or there are none.

    `rest` are places that another way names, and that lost. `reason` says why it is none.
    """

    place: ResourcePlace | None = None
    by: MatchedBy | None = None
    confidence: Confidence | None = None
    rest: tuple[SourceCandidate, ...] = ()
    reason: str = ""
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    """What one way names. `ends`: it is the last word, even where it names nothing, for the `reason`."""

    by: MatchedBy
    places: tuple[ResourcePlace, ...] = ()
    confidence: Confidence = "likely"
    ends: bool = False
    reason: str = ""
    dialects: frozenset[str] = frozenset()
    """The only dialects that count from here on, where it says what made the resource."""


@dataclass(frozen=True)
class FindingMapper:
    """Maps findings to `places`. `applications` are the folders of Argo's and Flux' objects by name."""

    places: Sequence[ResourcePlace]
    modules: Mapping[tuple[str, str], str] = field(default_factory=dict)
    stacks: DeployedNames = field(default_factory=DeployedNames)
    states: DeployedNames = field(default_factory=DeployedNames)
    repository: str = ""
    prefix: str = ""
    applications: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def map_finding(self, finding: ForeignFinding) -> FindingMatch:
        """The place of a finding, or why there is none."""
        steps: list[_Step] = []
        dialects: frozenset[str] = frozenset()
        chosen: _Step | None = None
        for step in self._list_steps(finding):
            steps.append(step)
            if chosen is None:
                dialects = step.dialects or dialects
                fitting = [each for each in step.places if not dialects or each.dialect in dialects]
                kept = _narrow_places(fitting, finding)
                if kept or step.ends:
                    chosen = _Step(step.by, tuple(kept), step.confidence, step.ends, step.reason)
        rest = _list_candidates(steps, chosen)
        if chosen is None:
            return FindingMatch(rest=rest, reason=_explain_none(finding, dialects))
        if chosen.places and all(_why_foreign(each, finding) for each in chosen.places):
            return FindingMatch(
                rest=_list_candidates(steps, None), reason=_why_foreign(chosen.places[0], finding)
            )
        if len(chosen.places) != 1:
            ambiguous = len(chosen.places) > 1
            said = f"{len(chosen.places)} places fit by {chosen.by}" if ambiguous else chosen.reason
            return FindingMatch(
                None, chosen.by if ambiguous else None, rest=rest, reason=said, is_ambiguous=ambiguous
            )
        return FindingMatch(chosen.places[0], chosen.by, chosen.confidence, rest)

    def _list_steps(self, finding: ForeignFinding) -> Iterator[_Step]:
        if finding.path:
            yield self._find_by_path(finding)
            return
        kind = [each for each in self.places if not finding.kind or finding.kind in each.kinds]
        yield from self._find_by_stack(finding, kind)
        yield from self._find_by_state(finding, kind)
        yield from self._find_by_tags(finding, kind)
        yield from self._find_by_label(finding, kind)
        yield _Step("name", tuple(_find_by_name(finding, kind)))

    def _find_by_path(self, finding: ForeignFinding) -> _Step:
        """A scanner's finding names its file, and a line or a resource there."""
        path = self._find_path(finding.path)
        if path is None:
            return _Step(
                "name",
                ends=True,
                reason="the file that it names is not here, or holds nothing that fixbot reads",
            )
        here = [
            each
            for each in self.places
            if any(file == path for file, _, _ in each.lines) or each.path == path
        ]
        named = [each for each in here if _is_called(each, finding.resource)]
        if not named and finding.line:
            named = _find_around(here, path, finding.line)
        alone = here if len(here) == 1 and not finding.line and not finding.resource else []
        why = "nothing that fixbot reads stands at the place that it names"
        return _Step("name", tuple(named or alone), "certain", ends=True, reason=why)

    def _find_path(self, named: str) -> str | None:
        """The file of that name; of an absolute one the file whose path is its end."""
        files = {file for each in self.places for file, _, _ in each.lines} | {
            each.path for each in self.places
        }
        bare = posixpath.normpath(re.sub(r"^file:/{0,3}", "/", named)).lstrip("/")
        bare = bare.removeprefix(self.prefix) if self.prefix else bare
        if bare in files:
            return bare
        ends = (
            [file for file in files if f"/{bare}".endswith(f"/{file}")]
            if named.startswith(("/", "file:"))
            else []
        )
        return max(ends, key=len) if ends else None

    def _find_by_stack(self, finding: ForeignFinding, kind: Sequence[ResourcePlace]) -> Iterator[_Step]:
        logical = finding.tags.get(_STACK, "")
        told = {logical} if logical else {each.name for each in self._find_stacked(finding)}
        if told:
            templates = [each for each in kind if each.dialect == "cloudformation" and each.address in told]
            found = [each for each in templates if not _is_called_otherwise(each, finding)]
            yield _Step("stack", tuple(found), "certain", dialects=frozenset(("cloudformation",)))

    def _find_stacked(self, finding: ForeignFinding) -> tuple[DeployedName, ...]:
        keys = (finding.resource, *(build_physical_key(finding.kind, name) for name in finding.names))
        return next((found for key in keys if (found := self.stacks.find_names(key))), ())

    def _find_by_state(self, finding: ForeignFinding, kind: Sequence[ResourcePlace]) -> Iterator[_Step]:
        names = self.states.find_names(finding.resource) or next(
            (found for each in finding.names if (found := self.states.find_names(each))), ()
        )
        if names:
            terraform = [each for each in kind if each.dialect == "terraform"]
            held = [each for name in names for each in terraform if self._is_deployed_as(each, name)]
            kept = [each for each in dict.fromkeys(held) if not _is_called_otherwise(each, finding)]
            yield _Step("state", tuple(kept), "certain", dialects=frozenset(("terraform",)))

    def _is_deployed_as(self, place: ResourcePlace, name: DeployedName) -> bool:
        """Whether a place has the address, in the folder that the calls of modules lead to."""
        if place.address != name.name:
            return place.address == f"module.{name.modules[0]}" if len(name.modules) == 1 else False
        return not name.modules or posixpath.dirname(place.path) in self._follow_modules(name.modules)

    def _follow_modules(self, calls: Sequence[str]) -> frozenset[str]:
        """The folders where a chain of calls can end, from any folder that begins it."""
        found = {folder for (_, called), folder in self.modules.items() if called == calls[0]}
        for call in calls[1:]:
            found = {self.modules[folder, call] for folder in found if (folder, call) in self.modules}
        return frozenset("" if folder == "." else folder for folder in found)

    def _find_by_tags(self, finding: ForeignFinding, kind: Sequence[ResourcePlace]) -> Iterator[_Step]:
        file, trace = finding.tags.get(_GIT_FILE, ""), finding.tags.get(_TRACE, "").lower()
        if not file and not trace:
            return
        traced = [each for each in self.places if trace and trace in each.traces]
        if self._is_of_other_repository(finding):
            why = "its tags say that it comes from another repository"
            yield _Step("tag", ends=True, reason=why)
            return
        wanted = posixpath.normpath(file).lstrip("/").removeprefix(self.prefix) if file else ""
        here = [
            each
            for each in kind
            if wanted and (each.path == wanted or wanted in {at for at, _, _ in each.lines})
        ]
        label = finding.tags.get(_TAG_NAME, "")
        called = [each for each in here if label and each.address.rpartition(".")[2] == label]
        narrow = [each for each in traced if not here or each in here] or called
        sure: Confidence = "certain" if narrow or len(here) == 1 else "likely"
        why = "its tags name a file that is not here, or holds nothing like it"
        yield _Step("tag", tuple(narrow or here), sure, ends=True, reason=why)

    def _is_of_other_repository(self, finding: ForeignFinding) -> bool:
        owner, _, name = self.repository.lower().partition("/")
        said, whose = (finding.tags.get(key, "").lower() for key in ("git_repo", "git_org"))
        said = said.removesuffix(".git").rstrip("/")
        other_name = bool(said and name) and said.rpartition("/")[2] != name
        return other_name or bool(whose and owner and whose != owner)

    def _find_by_label(self, finding: ForeignFinding, kind: Sequence[ResourcePlace]) -> Iterator[_Step]:
        names = [finding.tags[key] for key in (*_ARGO, *_FLUX) if finding.tags.get(key)]
        tracked = next((found for each in names if (found := _TRACKED.fullmatch(each))), None)
        apps = {tracked[1]} if tracked else set(names)
        folders = {folder for app in apps for folder in self.applications.get(app, ())}
        if not names or not folders:
            return
        below = [each for each in kind if any(_lies_below(each.path, folder) for folder in folders)]
        wanted = (tracked[4],) if tracked else finding.names
        yield _Step("label", tuple(each for each in below if each.names & set(wanted)), "likely")


def _is_called_otherwise(place: ResourcePlace, finding: ForeignFinding) -> bool:
    """Whether a place is written under a name that is none of the finding's resource."""
    names = {each.casefold() for each in finding.names}
    return bool(names and place.written) and names.isdisjoint(each.casefold() for each in place.written)


def _lies_below(path: str, folder: str) -> bool:
    return folder in ("", ".") or path.startswith(f"{folder.rstrip('/')}/")


def _find_by_name(finding: ForeignFinding, kind: Sequence[ResourcePlace]) -> Iterator[ResourcePlace]:
    """Those called so; the first of its names that any place has counts."""
    if not finding.kind:
        return
    for name in finding.names:
        found = [each for each in kind if name in each.names and finding.kind in each.kinds]
        if found:
            yield from found
            return


def _list_files(place: ResourcePlace) -> frozenset[str]:
    """All files that a place is written in."""
    return frozenset((place.path, *(file for file, _, _ in place.lines)))


def _is_called(place: ResourcePlace, resource: str) -> bool:
    """Whether a scanner's name for a resource is a place's: its address, `Kind.namespace.name`, its title."""
    if not resource:
        return False
    bare = drop_indices(resource)
    last = re.split(r"[./]", place.address)[-1]
    kubernetes = (
        place.dialect == "kubernetes"
        and bare.split(".")[-1] == last
        and bare.lower().split(".")[0] in place.kinds
    )
    template = place.dialect == "cloudformation" and bare.rpartition(".")[2] == place.address
    return (
        kubernetes or template or bare in (place.address, place.title) or bare.endswith(f".{place.address}")
    )


def _find_around(places: Sequence[ResourcePlace], path: str, line: int) -> list[ResourcePlace]:
    """Those that are written around a line, without those that others of them lie in."""
    spans = [
        (last - first, each)
        for each in places
        for file, first, last in each.lines
        if file == path and first <= line <= last
    ]
    least = min((size for size, _ in spans), default=0)
    return list(dict.fromkeys(each for size, each in spans if size == least))


def _narrow_places(places: Sequence[ResourcePlace], finding: ForeignFinding) -> list[ResourcePlace]:
    """Of several, those that account, name, namespace and containers leave, each where it leaves any."""
    kept = list(places)
    tests = (
        lambda each: not each.accounts or not finding.account or finding.account in each.accounts,
        lambda each: bool(each.names & set(finding.names[:1])),
        lambda each: bool(finding.namespace) and each.namespace == finding.namespace,
        lambda each: bool(finding.containers) and each.containers == frozenset(finding.containers),
    )
    for test in tests:
        if len(kept) > 1:
            kept = [each for each in kept if test(each)] or kept
    return kept


def _why_foreign(place: ResourcePlace, finding: ForeignFinding) -> str:
    if finding.account and place.accounts and finding.account not in place.accounts:
        return f"its account is {finding.account}, and the roles of {place.path} are of another one"
    return ""


def _list_candidates(steps: Iterable[_Step], chosen: _Step | None) -> tuple[SourceCandidate, ...]:
    """Every place that some way named, but for the one that won."""
    won = chosen.places[0] if chosen is not None and len(chosen.places) == 1 else None
    found: dict[tuple[str, str], SourceCandidate] = {}
    for step in steps:
        for each in step.places:
            if each is not won:
                found.setdefault((each.path, each.address), SourceCandidate(each.path, each.title, step.by))
    return tuple(found.values())[:MOST_CANDIDATES]


def _explain_none(finding: ForeignFinding, dialects: frozenset[str]) -> str:
    if "cloudformation" in dialects:
        return "a stack made it, and no template here has its logical id"
    if "terraform" in dialects:
        return "it is in the Terraform state, and no file here has its address"
    if not finding.kind and not finding.names:
        return "nothing that it says of its resource leads to a file"
    return "no file here declares a resource of that name"
