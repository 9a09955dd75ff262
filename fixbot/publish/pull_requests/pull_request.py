"""What is on GitHub, in our own words; built by the forge, understood by everything else in this room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fixbot.publish.pull_requests.state_block import StateBlock, read_state_block

_KEY = re.compile(r"(?<![A-Za-z0-9_-])(?P<rule>[A-Za-z0-9_-]+)/(?P<key>[0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One pull request of the repository's own branches. `head` is its commit, `labels` are in lower case."""

    number: int
    branch: str
    head: str
    base: str
    open: bool
    merged: bool = False
    draft: bool = False
    title: str = field(default="", repr=False)
    body: str = field(default="", repr=False)
    author: str = ""
    bot: bool = False
    """Whether an app opened it, and no person."""
    labels: frozenset[str] = frozenset()
    asked: bool = False
    """Whether anyone is assigned or asked to review, or a milestone is set."""
    created: datetime | None = None
    updated: str = ""
    comments: int | None = None
    """How many it has; None where GitHub doesn't say, as in lists."""
    url: str = ""

    @property
    def state_block(self) -> StateBlock | None:
        """What the last run wrote into it."""
        return read_state_block(self.body)


@dataclass(frozen=True, slots=True)
class GitHubCommit:
    """A commit, as far as it matters whose it is."""

    id: str
    tree: str
    parents: tuple[str, ...]
    message: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PullRequestComment:
    """A comment on a pull request. `bot` says that an app wrote it; `author` is empty for who is gone."""

    id: int
    number: int
    author: str
    body: str = field(repr=False)
    bot: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True)
class WritePermission:
    """Whether somebody may write to the repository, as GitHub says it; `says` is why not, in words."""

    writes: bool
    says: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """The repository. `id` is GraphQL's; `push` is None where it isn't known whether the token may write."""

    owner: str
    name: str
    id: str
    default: str
    url: str
    archived: bool = False
    disabled: bool = False
    push: bool | None = None
    public: bool = True

    @property
    def full_name(self) -> str:
        """OWNER/NAME."""
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class RemoteState:
    """All that is on GitHub for us: our branches' heads by name, our pull requests from old to new.

    `base` is the branch that they are for, `base_head` its commit, empty where nobody asked.
    """

    facts: RepositoryInfo
    branches: Mapping[str, str]
    pulls: tuple[PullRequest, ...]
    base: str = ""
    base_head: str = ""

    def pulls_of_branch(self, branch: str) -> tuple[PullRequest, ...]:
        """The pull requests of a branch, from old to new."""
        return tuple(pull for pull in self.pulls if pull.branch == branch)


def parse_branch_name(branch: str, prefix: str) -> tuple[str, str] | None:
    """The rule and key in a branch's name, None where we don't name branches so."""
    found = _KEY.fullmatch(branch.removeprefix(prefix)) if branch.startswith(prefix) else None
    return (found["rule"], found["key"]) if found else None


def is_our_pull(pull: PullRequest, prefix: str) -> bool:
    """Whether fixbot opened it: by its branch's name; under another prefix, by the key in its mark too."""
    if parse_branch_name(pull.branch, prefix):
        return True
    found, mark = _KEY.search(pull.branch), pull.state_block
    return found is not None and mark is not None and pull.branch.endswith(f"/{mark.key}")


def select_ours(pulls: Iterable[PullRequest], prefix: str) -> tuple[PullRequest, ...]:
    """Those that fixbot opened, from old to new."""
    return tuple(sorted((pull for pull in pulls if is_our_pull(pull, prefix)), key=lambda pull: pull.number))
