"""What is to be done about one branch, and what a run knows when it decides that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fixbot.model.findings import Proposal, Report, Severity
from fixbot.model.foreign_findings import rank_cited
from fixbot.publish.file_source import FileSource
from fixbot.publish.pull_requests.decide import BranchAction, BranchState, WantedPullRequest
from fixbot.publish.pull_requests.pull_request import RepositoryInfo
from fixbot.settings import Settings

BESIDE = "-next"
"""What the name of a branch ends with on which a signed commit is made; an interrupted run may leave one."""


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One branch, and what is to be done about it. `proposal` is what is offered on it, if anything."""

    action: BranchAction
    place: BranchState
    wanted: WantedPullRequest | None = None
    proposal: Proposal | None = None
    later: str = ""
    """When it comes, where it waits for a reason of its own."""

    @property
    def branch(self) -> str:
        """The branch's name."""
        return self.place.branch

    @property
    def order(self) -> tuple[tuple[int, int], int, tuple[str, ...], str]:
        """What is opened first: for the gravest finding from outside, of the greatest risk, then by path."""
        offered = self.proposal
        if offered is None:
            return (0, 0), 0, (), self.branch
        return rank_cited(offered.story.cited), -offered.risk, offered.paths, self.branch

    @property
    def severity(self) -> Severity:
        """How bad what it repairs is."""
        return self.proposal.severity if self.proposal is not None else Severity.LOW


def is_careful(settings: Settings, repository: RepositoryInfo) -> bool:
    """Whether what is of use to an attacker is to be worded neutrally here."""
    return repository.public and settings.pull_requests.disclose == "careful"


@dataclass(frozen=True, slots=True)
class RunKnowledge:
    """What a run knows: its report, the files it is about, and files that changed on GitHub since.

    `rules` are those that ran, `every` says that these are all there are; `scope` says of a path whether it
    was looked at, `whole` that all were.
    """

    report: Report
    ground: FileSource
    stale: frozenset[str]
    rules: frozenset[str]
    every: bool
    scope: Callable[[str], bool]
    whole: bool
