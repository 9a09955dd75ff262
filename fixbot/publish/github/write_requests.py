"""What is asked of a writer: files to commit, branches to move, what a pull request is labelled with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


def normalize_text(text: str) -> str:
    """A text as it can be compared: GitHub may change its line ends."""
    return text.replace("\r\n", "\n").rstrip()


NOTHING: Final = "0" * 40
"""The commit that a ref has which isn't there. Source: GitHub's GraphQL reference, RefUpdate."""


class StaleState(Exception):
    """Somebody else, or another run, was faster; what they did stays. The message says what."""


@dataclass(frozen=True, slots=True)
class CommitEntry:
    """A file to commit: Git's mode (`100644`), and its text."""

    path: str
    mode: str
    text: str


@dataclass(frozen=True, slots=True)
class BranchMove:
    """A branch from one commit to another; None: it isn't there before, or is to go."""

    branch: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class PullRequestMetadata:
    """What a pull request gets beside its text. Teams are `org/team`."""

    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    milestone: int | None = None

    def __bool__(self) -> bool:
        return bool(self.labels or self.assignees or self.reviewers or self.milestone)
