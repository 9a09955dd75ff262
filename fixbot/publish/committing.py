"""The commits of a proposal, one on the other, before any branch is moved to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fixbot.model.findings import Patch, Proposal, ProposedCommit, Refusal
from fixbot.publish.pull_requests.pull_request import GitHubCommit

if TYPE_CHECKING:
    from fixbot.publish.file_source import FileSource
    from fixbot.publish.github.repository_reader import RepositoryReader
    from fixbot.publish.github.repository_writer import RepositoryWriter
    from fixbot.publish.github.write_requests import CommitEntry


def entries_of(
    proposal: Proposal, ground: FileSource, patches: Mapping[str, Patch]
) -> list[list[CommitEntry]] | Refusal:
    """The files of each commit; refused where one of them can't be committed."""
    steps = proposal.commits or (ProposedCommit(proposal.rules, proposal.findings, proposal.contents),)
    several: list[list[CommitEntry]] = []
    for each in steps:
        entries = ground.build_entries(each.contents, patches)
        if isinstance(entries, Refusal):
            return entries
        several.append(entries)
    return several


def commit_all(
    writer: RepositoryWriter,
    base: GitHubCommit,
    several: Sequence[Sequence[CommitEntry]],
    messages: Sequence[str],
    branch: str,
    before: str | None,
) -> tuple[str, ...]:
    """Make the commits on `base`, from old to new; what `before`, the branch's commit, has already stays."""
    old = chain_to(writer.reader, before, len(several)) if before else ()
    commit, made = base, []
    for at, (entries, message) in enumerate(zip(several, messages, strict=True)):
        commit = writer.create_commit(commit, entries, message, branch, old[at] if at < len(old) else None)
        made.append(commit.id)
    return tuple(made)


def chain_to(reader: RepositoryReader, head: str, count: int) -> tuple[GitHubCommit, ...]:
    """The last commits up to `head`, at most `count`, from old to new."""
    found: list[GitHubCommit] = []
    while head and len(found) < count and (commit := reader.read_commit(head)) is not None:
        found.append(commit)
        head = commit.parents[0] if commit.parents else ""
    return tuple(reversed(found))
