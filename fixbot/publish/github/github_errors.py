"""What GitHub may answer instead of what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fixbot.model.errors import FixbotError


def explain_unseen(name: str, refused: RequestRejected) -> FixbotError:
    """Why a repository can't be read, in words that say what to do."""
    if refused.status == 404:
        return FixbotError(
            f"{name}: GitHub shows this token no such repository; check the name and the token"
        )
    if refused.status == 401:
        return FixbotError("GitHub does not accept the token; it may be misspelt, expired or revoked")
    return FixbotError(f"{name}: {refused.said or refused.status}")


class RepositoryMoved(Exception):
    """The repository has another name now."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


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


class RateLimitExceeded(FixbotError):
    """GitHub's limits ask for a longer wait than the settings allow; the next run goes on from here.

    `seconds` is how long GitHub asked to wait.
    """

    exit_code = 1

    def __init__(self, seconds: float, why: str) -> None:
        self.seconds = seconds
        super().__init__(why)


class RequestRejected(Exception):
    """GitHub said no to a request. `said` is its message, `status` its HTTP status (200 for GraphQL).

    `needs` are the permissions that would do, as GitHub's `x-accepted-github-permissions` names them.
    """

    def __init__(self, status: int, said: str, what: str, needs: str = "") -> None:
        self.status, self.said, self.what, self.needs = status, said, what, needs
        super().__init__(f"{what}: GitHub answered {status}, {said}" if said else f"{what}: {status}")

    def mentions(self, *words: str) -> bool:
        """Whether its message has one of these words, whatever their case."""
        return any(word.lower() in self.said.lower() for word in words)

    @property
    def is_for_good(self) -> bool:
        """Whether all requests of its kind will be refused in this run: a right is missing."""
        return self.status in {200, 403} and self.mentions(*_FOR_GOOD) and not self.mentions("workflow")

    def repeat_refusal(self) -> RequestRejected:
        """The same refusal, for a request that was not sent for it."""
        return RequestRejected(self.status, self.said, self.what, self.needs)


class OutcomeUnknown(Exception):
    """A request that may have happened: the connection broke, or the answer is a server's error."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


class RateLimited(Exception):
    """A limit was met. `wait` is how many seconds GitHub asks for, None where it doesn't say."""

    def __init__(self, wait: float | None, why: str) -> None:
        self.wait, self.why = wait, why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What came back. `data` is the parsed JSON, None where there is none."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: Any = field(repr=False)
