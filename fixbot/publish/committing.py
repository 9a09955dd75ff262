"""The commits of a proposal, one on the other, before any branch is moved to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fixbot.life.pull import Commit
from fixbot.model import Patch, Proposal, ProposedCommit, Refusal

if TYPE_CHECKING:
    from fixbot.forge.reading import Reader
    from fixbot.forge.writing import Entry, Writer
    from fixbot.publish.ground import Ground


def entries_of(
    proposal: Proposal, ground: Ground, patches: Mapping[str, Patch]
) -> list[list[Entry]] | Refusal:
    """The files of each commit; refused where one of them can't be committed."""
    steps = proposal.commits or (ProposedCommit(proposal.rules, proposal.findings, proposal.contents),)
    several: list[list[Entry]] = []
    for each in steps:
        entries = ground.entries(each.contents, patches)
        if isinstance(entries, Refusal):
            return entries
        several.append(entries)
    return several


def commit_all(
    writer: Writer,
    base: Commit,
    several: Sequence[Sequence[Entry]],
    messages: Sequence[str],
    branch: str,
    before: str | None,
) -> tuple[str, ...]:
    """Make the commits on `base`, from old to new; what `before`, the branch's commit, has already stays."""
    old = chain_to(writer.reader, before, len(several)) if before else ()
    commit, made = base, []
    for at, (entries, message) in enumerate(zip(several, messages, strict=True)):
        commit = writer.commit(commit, entries, message, branch, old[at] if at < len(old) else None)
        made.append(commit.id)
    return tuple(made)


def chain_to(reader: Reader, head: str, count: int) -> tuple[Commit, ...]:
    """The last commits up to `head`, at most `count`, from old to new."""
    found: list[Commit] = []
    while head and len(found) < count and (commit := reader.commit(head)) is not None:
        found.append(commit)
        head = commit.parents[0] if commit.parents else ""
    return tuple(reversed(found))
