"""`--write` and `--branch`: the offers put into files, or into branches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.checkout import Checkout, FileChange
from fixbot.checkout.commit_on_branch import commits_on_branch
from fixbot.model.findings import Refusal
from fixbot.model.joined_groups import JoinedGroups
from fixbot.proposal.pull_request_text import commit_messages, render_proposal

if TYPE_CHECKING:
    from fixbot.model.findings import Patch, Report


@dataclass(frozen=True, slots=True)
class AppliedChanges:
    """What was done, and what could not be."""

    files: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def write_patches(checkout: Checkout, report: Report) -> AppliedChanges:
    """Put every patch into its file. Files that one proposal ties together are written as one, or not."""
    files: list[str] = []
    failures: list[str] = []
    for group in _group_tied_patches(report):
        refusal = checkout.write_files(_file_change_of(patch, patch.after) for patch in group)
        if refusal is None:
            files.extend(patch.path for patch in group)
        else:
            failures.append(refusal.reason)
    return AppliedChanges(tuple(sorted(files)), failures=tuple(failures))


def commit_branches(checkout: Checkout, report: Report) -> AppliedChanges:
    """Put every proposal on a branch of its own, on top of HEAD, with its commits one after the other."""
    patches = {patch.path: patch for patch in report.patches}
    made: list[str] = []
    failures: list[str] = []
    for proposal in report.proposals:
        steps = [
            ([_file_change_of(patches[path], text) for path, text in each.contents.items()], message)
            for each, message in zip(proposal.commits, commit_messages(proposal), strict=True)
        ]
        commit = commits_on_branch(checkout, proposal.branch, steps)
        if isinstance(commit, Refusal):
            failures.append(f"{render_proposal(proposal).title}: {commit.reason}")
        else:
            made.append(commit.branch)
    return AppliedChanges(branches=tuple(made), failures=tuple(failures))


def _file_change_of(patch: Patch, after: str) -> FileChange:
    before = None if patch.before is None else patch.before.encode()
    return FileChange(patch.path, before, after.encode())


def _group_tied_patches(report: Report) -> Iterable[list[Patch]]:
    """The patches in groups that share a proposal, directly or through another."""
    patched = {patch.path for patch in report.patches}
    joined = JoinedGroups[str]()
    for proposal in report.proposals:
        known = [path for path in proposal.paths if path in patched]
        for path in known[1:]:
            joined.join_keys(known[0], path)
    groups: dict[str, list[Patch]] = {}
    for patch in report.patches:
        groups.setdefault(joined.find_leader(patch.path), []).append(patch)
    return groups.values()
