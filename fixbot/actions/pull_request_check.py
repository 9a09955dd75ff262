"""What a check has to say of a pull request, for its comment, the page of the run and the annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixbot.model.findings import Finding, Unread


@dataclass(frozen=True, slots=True)
class PullRequestCheck:
    """What a pull request brings. Paths are from the repository's top.

    `findings` are on lines that it touches or new with it, the gravest first; `damaged` are touched
    files that can't be judged, `named` those that fixbot only names; `ignores` say what it asks
    to leave alone itself.
    """

    findings: tuple[Finding, ...] = ()
    damaged: tuple[Unread, ...] = ()
    named: tuple[Unread, ...] = ()
    ignores: tuple[str, ...] = ()
    silenced: tuple[str, ...] = ()
    """What is new and ignored by the settings of the base."""

    @property
    def says_something(self) -> bool:
        """Whether its author should hear of it."""
        return bool(self.findings or self.damaged or self.ignores)
