"""Protected branches and rulesets: which rules are active for a ref, and what they refuse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.hub.model import Account, Refused, Repo, Ruleset

TESTS: dict[str, Callable[[str, str], bool]] = {
    "starts_with": lambda text, pattern: text.startswith(pattern),
    "ends_with": lambda text, pattern: text.endswith(pattern),
    "contains": lambda text, pattern: pattern in text,
    "regex": lambda text, pattern: re.search(pattern, text) is not None,
}
# Rules that forbid whatever changes a ref that is there.
TO_CHANGE = {
    "update": "Cannot update this protected ref.",
    "pull_request": "Changes must be made through a pull request.",
    "merge_queue": "Changes must be made through the merge queue",
}


def covers(repo: Repo, patterns: tuple[str, ...], ref: str) -> bool:
    """Whether one of a ruleset's patterns fits the full name of a ref."""
    return any(
        pattern == "~ALL"
        or (pattern == "~DEFAULT_BRANCH" and ref == f"refs/heads/{repo.default_branch}")
        or fnmatchcase(ref, pattern)
        for pattern in patterns
    )


def active(repo: Repo, ref: str) -> Iterator[tuple[Ruleset, str, Mapping[str, Any]]]:
    """The rules for a ref, there or not there yet."""
    for ruleset in repo.rulesets:
        if covers(repo, ruleset.include, ref) and not covers(repo, ruleset.exclude, ref):
            yield from ((ruleset, kind, parameters) for kind, parameters in ruleset.rules)


def check_rules(repo: Repo, actor: Account, ref: str, before: str | None, after: str | None) -> None:
    """Refuse a move of a ref that a rule forbids to this account."""
    if not ref.startswith("refs/heads/"):
        return
    _check_protection(repo, actor, ref.removeprefix("refs/heads/"), before, after)
    wrong = [
        said
        for ruleset, kind, parameters in active(repo, ref)
        if actor.login not in ruleset.bypass
        if (said := _broken(repo, kind, parameters, ref, before, after))
    ]
    if wrong:
        raise Refused(
            422, "Repository rule violations found\n\n" + "\n\n".join(wrong) + "\n\n", kind="UNPROCESSABLE"
        )


def _check_protection(repo: Repo, actor: Account, branch: str, before: str | None, after: str | None) -> None:
    protection = repo.protections.get(branch)
    if protection is None or actor.login in protection.pushers:
        return
    if after is None:
        raise Refused(422, "Cannot delete a protected branch")
    if before and not repo.store.is_ancestor(before, after):
        raise Refused(422, "Cannot force-push to a protected branch")
    if protection.signatures and _unsigned(repo, before, after):
        raise Refused(422, "Commits must have verified signatures.")
    if protection.pull_required:
        raise Refused(422, "Changes must be made through a pull request.")


def _unsigned(repo: Repo, before: str | None, after: str) -> bool:
    """Whether commits that the default branch and the ref don't have yet lack a signature."""
    tips = [sha for sha in (before, repo.refs.get(f"refs/heads/{repo.default_branch}")) if sha]
    known = {sha for tip in tips for sha in repo.store.ancestors(tip)}
    return any(repo.store.commit(sha).gpgsig is None for sha in repo.store.ancestors(after, without=known))


def _broken(
    repo: Repo, kind: str, parameters: Mapping[str, Any], ref: str, before: str | None, after: str | None
) -> str | None:
    """What a rule says against a move, or None."""
    if after is None:
        return "Cannot delete this protected ref." if kind == "deletion" else None
    if before is None:
        if kind == "creation":
            return "Cannot create ref due to creations being restricted."
        if kind == "branch_name_pattern" and not _fits(parameters, ref.removeprefix("refs/heads/")):
            return f"Branch name must match a given pattern: {parameters['pattern']}"
    elif kind in TO_CHANGE:
        return TO_CHANGE[kind]
    return _broken_by_commits(repo, kind, parameters, before, after)


def _broken_by_commits(
    repo: Repo, kind: str, parameters: Mapping[str, Any], before: str | None, after: str
) -> str | None:
    if kind == "non_fast_forward" and before and not repo.store.is_ancestor(before, after):
        return "Cannot force-push to this branch"
    if kind == "required_signatures" and _unsigned(repo, before, after):
        return "Commits must have verified signatures."
    if kind == "required_linear_history" and len(repo.store.parents(after)) > 1:
        return "This branch must not contain merge commits."
    message = repo.store.commit(after).message.decode()
    if kind == "commit_message_pattern" and not _fits(parameters, message):
        return f"Commit message must match a given pattern: {parameters['pattern']}"
    return None


def _fits(parameters: Mapping[str, Any], text: str) -> bool:
    return TESTS[parameters["operator"]](text, parameters["pattern"]) != bool(parameters.get("negate"))
