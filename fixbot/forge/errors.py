"""What GitHub may answer instead of what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fixbot.errors import FixbotError

_FOR_GOOD = (
    "resource not accessible", "not permitted to create", "archived", "must have", "write access",
    "push access", "saml", "forbids access", "suspended",
)  # fmt: skip
"""What GitHub says where a right is missing, and not where one thing is locked or breaks a rule."""


class NoConnection(FixbotError):
    """GitHub can't be talked to at all: no token, a host that does not answer."""

    exit_code = 1


class WrongHost(NoConnection):
    """A server that no token may be sent to, or an address that is none: mended by whoever set it."""

    exit_code = 2


class ChangedMeanwhile(FixbotError):
    """Something of the world went or moved while the run looked at it; the next run sees how it is."""

    exit_code = 1


class Tired(FixbotError):
    """GitHub's limits ask for a longer wait than the settings allow; the next run goes on from here.

    `seconds` is how long GitHub asked to wait.
    """

    exit_code = 1

    def __init__(self, seconds: float, why: str) -> None:
        self.seconds = seconds
        super().__init__(why)


class Refused(Exception):
    """GitHub said no to a request. `said` is its message, `status` its HTTP status (200 for GraphQL).

    `needs` are the permissions that would do, as GitHub's `x-accepted-github-permissions` names them.
    """

    def __init__(self, status: int, said: str, what: str, needs: str = "") -> None:
        self.status, self.said, self.what, self.needs = status, said, what, needs
        super().__init__(f"{what}: GitHub answered {status}, {said}" if said else f"{what}: {status}")

    def says(self, *words: str) -> bool:
        """Whether its message has one of these words, whatever their case."""
        return any(word.lower() in self.said.lower() for word in words)

    @property
    def for_good(self) -> bool:
        """Whether all requests of its kind will be refused in this run: a right is missing."""
        return self.status in {200, 403} and self.says(*_FOR_GOOD) and not self.says("workflow")

    def again(self) -> Refused:
        """The same refusal, for a request that was not sent for it."""
        return Refused(self.status, self.said, self.what, self.needs)


class Unclear(Exception):
    """A request that may have happened: the connection broke, or the answer is a server's error."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


class Limited(Exception):
    """A limit was met. `wait` is how many seconds GitHub asks for, None where it doesn't say."""

    def __init__(self, wait: float | None, why: str) -> None:
        self.wait, self.why = wait, why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `data` is the parsed JSON, None where there is none."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: Any = field(repr=False)
