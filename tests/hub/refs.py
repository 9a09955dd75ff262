"""Moving refs: everything GitHub checks first, and what a move does to pull requests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.hub.model import ZERO, Account, Issue, Refused, Repo, Token
from tests.hub.rules import check_rules

if TYPE_CHECKING:
    from tests.hub.hub import Hub

WORKFLOWS = ".github/workflows"
ODD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|/$|\.$|^-")


@dataclass(frozen=True)
class Move:
    """One ref from `before` (None: wherever it is; zeros: it isn't there) to `after` (zeros: gone)."""

    ref: str
    after: str
    before: str | None = None
    force: bool = False


def move_refs(hub: Hub, repo: Repo, token: Token | Account, moves: Sequence[Move]) -> None:
    """Do all of the moves or, where one is refused, none. An `Account` is a person whom no rule stops."""
    actor = token.actor if isinstance(token, Token) else token
    if repo.archived:
        raise Refused(403, "Repository was archived so is read-only.", kind="FORBIDDEN")
    after = dict(repo.refs)
    for move in moves:
        _check(repo, after, move)
        if isinstance(token, Token):
            check_rules(repo, actor, move.ref, after.get(move.ref), move.after.replace(ZERO, "") or None)
            _check_workflows(hub, repo, token, move)
        if move.after == ZERO:
            del after[move.ref]
        else:
            after[move.ref] = move.after
    for move in moves:
        _apply(hub, repo, actor, move)


def _check(repo: Repo, refs: dict[str, str], move: Move) -> None:
    now = refs.get(move.ref)
    if not move.ref.startswith("refs/") or move.ref.count("/") < 2 or ODD.search(move.ref):
        raise Refused(422, f"{move.ref} is not a valid ref name.")
    if move.ref.startswith("refs/pull/"):
        raise Refused(422, f"{move.ref} is read-only")
    if move.before is not None and (now or ZERO) != move.before:
        raise Refused(
            422,
            f"Reference cannot be updated: expected {move.before} but {move.ref} is at {now or ZERO}",
            kind="STALE_DATA",
        )
    if move.after == ZERO:
        if now is None:
            raise Refused(422, "Reference does not exist", kind="NOT_FOUND")
        if move.ref == f"refs/heads/{repo.default_branch}":
            raise Refused(422, "Cannot delete the default branch")
        return
    _check_target(repo, refs, move, now)


def _check_target(repo: Repo, refs: dict[str, str], move: Move, now: str | None) -> None:
    if now is None:
        clash = next((r for r in refs if r.startswith(f"{move.ref}/") or move.ref.startswith(f"{r}/")), None)
        if clash is not None:
            raise Refused(422, "Reference update failed")
    if repo.store.get(move.after) is None:
        raise Refused(422, "Object does not exist", kind="NOT_FOUND")
    if repo.store.resolve(move.after) != move.after:
        raise Refused(422, "Object is not a commit")
    if now is not None and not move.force and not repo.store.is_ancestor(now, move.after):
        raise Refused(422, "Update is not a fast forward")


def _check_workflows(hub: Hub, repo: Repo, token: Token, move: Move) -> None:
    if move.after == ZERO or hub.allows(token, repo, "workflows", "write"):
        return
    store = repo.store
    known: set[str] = set()
    for tip in set(repo.refs.values()) - known:
        known.update(store.ancestors(tip, without=known))
    for sha in store.ancestors(move.after, without=known):
        parents = store.parents(sha)
        before = store.at(store.tree_of(parents[0]), WORKFLOWS) if parents else None
        if store.at(store.tree_of(sha), WORKFLOWS) != before:
            raise Refused(
                422,
                f"refusing to allow {'a GitHub App' if token.installation else 'a Personal Access Token'} "
                f"to create or update workflow files in `{WORKFLOWS}` without `workflows` permission",
                kind="FORBIDDEN",
            )


def _apply(hub: Hub, repo: Repo, actor: Account, move: Move) -> None:
    before, new = repo.refs.get(move.ref), None if move.after == ZERO else move.after
    if before == new:
        return
    repo.store.set_ref(move.ref, new)
    if new is None:
        del repo.refs[move.ref]
    else:
        repo.refs[move.ref] = new
    repo.pushed = hub.clock.now()
    repo.writes.append((actor.login, move.ref, move.after))
    repo.renamed_branches.pop(move.ref.removeprefix("refs/heads/"), None)
    if move.ref.startswith("refs/heads/"):
        branch = move.ref.removeprefix("refs/heads/")
        for issue in repo.pull_requests():
            _head_moved(hub, repo, actor, issue, replace(move, before=before))
            _base_moved(hub, repo, actor, repo.issues[issue.number], branch, new)


def notice(hub: Hub, repo: Repo, actor: Account) -> None:
    """Take note of what somebody pushed with git straight into the bare repository."""
    there = {ref: sha for ref, sha in repo.store.refs().items() if not ref.startswith("refs/pull/")}
    known = [ref for ref in repo.refs if not ref.startswith("refs/pull/")]
    for ref in sorted({*there, *known}):
        if there.get(ref) != repo.refs.get(ref):
            _apply(hub, repo, actor, Move(ref, there.get(ref, ZERO)))


def _head_moved(hub: Hub, repo: Repo, actor: Account, issue: Issue, move: Move) -> None:
    pull, branch = issue.the_pull, move.ref.removeprefix("refs/heads/")
    before, new = move.before, None if move.after == ZERO else move.after
    if pull.head_ref != branch or pull.head_repo is not None or not issue.open:
        return
    if new is None:
        hub.event(repo, issue.number, actor, "head_ref_deleted")
        close(hub, repo, actor, issue.number)
        return
    pull = replace(pull, head_sha=new, queued=False)
    repo.issues[issue.number] = replace(issue, pull=pull, updated=hub.clock.now())
    if issue.the_pull.queued:
        hub.event(repo, issue.number, actor, "removed_from_merge_queue")
    repo.refs[f"refs/pull/{issue.number}/head"] = new
    repo.store.set_ref(f"refs/pull/{issue.number}/head", new)
    if before and not repo.store.is_ancestor(before, new):
        hub.event(repo, issue.number, actor, "head_ref_force_pushed", commit=new)
    base = repo.refs.get(f"refs/heads/{pull.base_ref}")
    if base and repo.store.is_ancestor(new, base):
        close(hub, repo, actor, issue.number)


def _base_moved(hub: Hub, repo: Repo, actor: Account, issue: Issue, branch: str, new: str | None) -> None:
    pull = issue.the_pull
    if pull.base_ref != branch or not issue.open:
        return
    if new is None:
        close(hub, repo, actor, issue.number)
    elif repo.store.is_ancestor(pull.head_sha, new):
        merged(hub, repo, actor, issue.number, pull.head_sha)


def close(hub: Hub, repo: Repo, actor: Account, number: int) -> None:
    """Close an issue or a pull request that is open."""
    issue, now = repo.issues[number], hub.clock.now()
    repo.issues[number] = replace(issue, open=False, closed=now, closed_by=actor, updated=now)
    hub.event(repo, number, actor, "closed")


def merged(hub: Hub, repo: Repo, actor: Account, number: int, commit: str) -> None:
    """Note that a pull request's commits are in its base now."""
    issue, now = repo.issues[number], hub.clock.now()
    pull = replace(issue.the_pull, merged=now, merged_by=actor, merge_sha=commit, queued=False)
    repo.issues[number] = replace(issue, pull=pull)
    hub.event(repo, number, actor, "merged", commit=commit)
    close(hub, repo, actor, number)


def reopen(hub: Hub, repo: Repo, actor: Account, number: int) -> None:
    """Open what was closed; for a pull request only while its branch still holds its commits."""
    issue = repo.issues[number]
    pull = issue.pull
    if pull is not None:
        there = repo.refs.get(f"refs/heads/{pull.head_ref}") if pull.head_repo is None else pull.head_sha
        why = ""
        if pull.merged is not None:
            why = "The pull request is already merged."
        elif there is None:
            why = f"The {pull.head_ref} branch has been deleted."
        elif not repo.store.is_ancestor(pull.head_sha, there):
            why = f"The {pull.head_ref} branch was force-pushed or recreated."
        elif any(
            other.open
            and other.the_pull.head_ref == pull.head_ref
            and other.the_pull.base_ref == pull.base_ref
            and other.the_pull.head_repo == pull.head_repo
            for other in repo.pull_requests()
        ):
            why = "There is already an open pull request from this branch."
        if why:
            raise Refused(
                422,
                "Validation Failed",
                [
                    {
                        "resource": "PullRequest",
                        "code": "invalid",
                        "field": "state",
                        "message": f"state cannot be changed. {why}",
                    }
                ],
            )
        if there is not None:
            pull = replace(pull, head_sha=there)
            repo.refs[f"refs/pull/{number}/head"] = there
            repo.store.set_ref(f"refs/pull/{number}/head", there)
    repo.issues[number] = replace(
        issue, open=True, closed=None, closed_by=None, pull=pull, updated=hub.clock.now()
    )
    hub.event(repo, number, actor, "reopened")
