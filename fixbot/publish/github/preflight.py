"""Asks before the first write which setting stands in the way, so that nothing is left half-done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

from fixbot.publish.github.github_errors import RequestRejected
from fixbot.publish.github.repository_reader import RepositoryReader
from fixbot.publish.pull_requests.pull_request import RepositoryInfo
from fixbot.text.globs import compile_word

SWITCH: Final = (
    "switch on Settings, Actions, General, “Allow GitHub Actions to create and approve pull requests”"
)


class PublishWay(Enum):
    """How far one can go."""

    PULL = "pull requests"
    BRANCH = "branches only"
    PATCH = "nothing"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A setting that stands in the way: what it is and what to do, in one line; and how far one gets."""

    says: str
    way: PublishWay


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """What was found out; `signatures`: a rule asks for signed commits, `queue`: there is a merge queue."""

    obstacles: tuple[Obstacle, ...] = ()
    signatures: bool = False
    queue: bool = False

    @property
    def remaining_way(self) -> PublishWay:
        """The way that is left."""
        ways = {each.way for each in self.obstacles}
        return (
            PublishWay.PATCH
            if PublishWay.PATCH in ways
            else PublishWay.BRANCH
            if PublishWay.BRANCH in ways
            else PublishWay.PULL
        )


def run_preflight(
    reader: RepositoryReader, facts: RepositoryInfo, base: str, branches: Iterable[str], *, in_actions: bool
) -> PreflightResult:
    """Look at the repository, its rules for our branches and the base, and the switch of Actions.

    What a token may not see is not known, and doesn't count as an obstacle.
    """
    obstacles: list[Obstacle] = []
    name = facts.full_name
    if facts.archived:
        obstacles.append(
            Obstacle(f"{name} is archived, so it is read-only; unarchive it first", PublishWay.PATCH)
        )
    elif facts.disabled:
        obstacles.append(Obstacle(f"{name} is disabled by GitHub", PublishWay.PATCH))
    elif facts.push is False:
        obstacles.append(
            Obstacle(
                f"the token may not write to {name}; it needs contents: write and pull requests: write",
                PublishWay.PATCH,
            )
        )
    if obstacles:
        return PreflightResult(tuple(obstacles))
    listed = list(branches)
    ours = _read_branch_rules(reader, listed[0]) if listed else []
    theirs = _read_branch_rules(reader, base)
    obstacles += _obstacles_of_rules(ours, listed)
    if in_actions and _is_actions_switch_off(reader):
        obstacles.append(
            Obstacle(
                f"GitHub Actions may not open pull requests here: {SWITCH}",
                PublishWay.BRANCH,
            )
        )
    kinds = {str(rule.get("type")) for rule in ours}
    signatures = "required_signatures" in kinds or any(r.get("type") == "required_signatures" for r in theirs)
    return PreflightResult(
        tuple(obstacles), signatures, any(rule.get("type") == "merge_queue" for rule in theirs)
    )


def _read_branch_rules(reader: RepositoryReader, branch: str) -> list[Mapping[str, Any]]:
    """The active rules for a branch, which need not be there yet."""
    try:
        path = f"{reader.api_root}/rules/branches/{quote(branch, safe='')}"
        return [rule for page in reader.gateway.read_pages(path, most=3) for rule in page.data or ()]
    except RequestRejected:
        return []


def _obstacles_of_rules(rules: Iterable[Mapping[str, Any]], branches: Iterable[str]) -> Iterable[Obstacle]:
    for rule in rules:
        kind, values = str(rule.get("type")), rule.get("parameters") or {}
        where = f"the ruleset {rule.get('ruleset_source', '')}".strip()
        if kind == "creation":
            yield Obstacle(
                f"{where} lets nobody create branches such as fixbot's; add fixbot to its bypass list",
                PublishWay.PATCH,
            )
        elif kind == "branch_name_pattern":
            bad = next((each for each in branches if not _obeys_pattern(values, each)), None)
            if bad is not None:
                yield Obstacle(
                    f"{where} does not allow the name {bad} "
                    f"({values.get('operator')} {values.get('pattern')}); set `branch_prefix` in .fixbot.yml",
                    PublishWay.PATCH,
                )


def _obeys_pattern(rule: Mapping[str, Any], name: str) -> bool:
    """Whether a name obeys a name pattern. Source: GitHub's REST reference, repository rules."""
    pattern = str(rule.get("pattern", ""))
    match rule.get("operator"):
        case "starts_with":
            fits = name.startswith(pattern)
        case "ends_with":
            fits = name.endswith(pattern)
        case "contains":
            fits = pattern in name
        case "regex":
            return True  # a stranger's expression is not run here; GitHub itself says no where it doesn't fit
        case _:
            fits = compile_word(pattern).holds_text(name)
    return fits is not bool(rule.get("negate"))


def _is_actions_switch_off(reader: RepositoryReader) -> bool:
    try:
        data = reader.gateway.read_path(f"{reader.api_root}/actions/permissions/workflow").data
        return data.get("can_approve_pull_request_reviews") is False
    except RequestRejected:
        return False


def _format_needed_rights(refused: RequestRejected) -> str:
    """GitHub's `contents=write,workflows=write; pull_requests=write` in words, or what it needs for that."""
    said = refused.needs
    if not said:
        return next((right for part, right in _RIGHTS if part in refused.what), "contents: write")
    words = said.replace("=", ": ").replace("_", " ")
    return " or ".join(way.strip().replace(",", " and ") for way in words.split(";"))


_RIGHTS: Final = (
    ("/comments", "pull requests: write"),
    ("/issues", "pull requests: write"),
    ("/pulls", "pull requests: write"),
)


def explain_refusal(refused: RequestRejected, branch: str) -> str:
    """A refused write in words that say what to do."""
    said = refused.said
    known = (
        (
            "not permitted to create or approve pull requests",
            SWITCH,
        ),
        ("resource not accessible", f"the token lacks a permission: {_format_needed_rights(refused)}"),
        ("archived", "unarchive the repository first"),
        ("without `workflow`", "the token lacks the permission workflows: write"),
        ("workflows permission", "the token lacks the permission workflows: write"),
        ("signature", "set pull_requests.verified: true in .fixbot.yml, or use a GitHub App"),
        ("rule violations", f"a ruleset stands in the way of {branch}; add fixbot to its bypass list"),
        (
            "protected branch",
            f"{branch} is protected; leave branches that begin with fixbot's prefix out of it",
        ),
        ("base invalid", "the branch that it is for was renamed or deleted meanwhile; run again"),
        ("could not resolve to a node", "it was deleted, transferred or made private meanwhile; run again"),
        ("cannot lock ref", f"a branch stands in the way of {branch}; delete it, or set `branch_prefix`"),
    )
    for words, what in known:
        if words in said.lower():
            return f"{said.rstrip('.')}; {what}"
    if refused.status in {301, 307, 308}:
        return "the repository was renamed or transferred meanwhile; run again"
    if refused.status in {404, 410}:
        return "GitHub shows it no longer: it was deleted, transferred or made private meanwhile; run again"
    return f"GitHub answered {refused.status}: {said}" if said else str(refused)
