"""What the stand-in remembers: accounts, tokens, repositories, issues. Records are frozen and replaced."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.hub.store import Store

Json = dict[str, Any]
ZERO = "0" * 40
GITHUB = ("GitHub", "noreply@github.com")
LEVELS = {"none": 0, "read": 1, "triage": 1, "write": 2, "maintain": 2, "admin": 3}
ROLES: dict[str, dict[str, str]] = {
    "read": {"metadata": "read", "contents": "read", "pull_requests": "read", "issues": "read"},
    "triage": {"metadata": "read", "contents": "read", "pull_requests": "read", "issues": "write"},
    "write": {
        "metadata": "read",
        "contents": "write",
        "pull_requests": "write",
        "issues": "write",
        "workflows": "write",
        "security_events": "write",
    },
}
RANKS = ("none", "read", "triage", "write", "maintain", "admin")
"""The roles that every repository has, from least to most."""
ROLES["maintain"] = ROLES["write"]
ROLES["admin"] = {**ROLES["write"], "administration": "write"}


class Refused(Exception):
    """GitHub says no: a status and the body that goes with it."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[Json] | None = None,
        headers: Mapping[str, str] | None = None,
        kind: str = "UNPROCESSABLE",
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.errors, self.kind = status, message, errors, kind
        self.headers = dict(headers or {})


def invalid(resource: str, name: str, code: str = "invalid") -> Refused:
    """A 422 that names one field."""
    return Refused(422, "Validation Failed", [{"resource": resource, "field": name, "code": code}])


def custom(resource: str, message: str) -> Refused:
    """A 422 that explains itself in a sentence."""
    return Refused(422, "Validation Failed", [{"resource": resource, "code": "custom", "message": message}])


class Clock:
    """The time in seconds since 1970: the machine's own, moved by what a test adds, or standing still."""

    def __init__(self) -> None:
        self._added = 0.0
        self._still: float | None = None

    def now(self) -> float:
        return (time.time() if self._still is None else self._still) + self._added

    def freeze(self, at: float = 1_800_000_000.0) -> None:
        self._still, self._added = at, 0.0

    def advance(self, seconds: float) -> None:
        self._added += seconds


def stamp(seconds: float) -> str:
    """A moment as GitHub writes it, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@dataclass(frozen=True)
class Account:
    """A user, a bot or an organization."""

    login: str
    id: int
    kind: str = "User"
    name: str = ""

    @property
    def email(self) -> str:
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(frozen=True)
class Token:
    """A credential: whose, for what (None: what the account's role allows), and where (None: anywhere)."""

    text: str
    actor: Account
    permissions: Mapping[str, str] | None = None
    repos: frozenset[str] | None = None
    expires: float | None = None
    app: str | None = None

    @property
    def installation(self) -> bool:
        return self.text.startswith("ghs_")

    @property
    def key(self) -> str:
        """Whom limits are counted for: the user, or the app."""
        return self.app or self.actor.login


@dataclass(frozen=True)
class Pull:
    """What makes an issue a pull request. `head_repo` is None for this repository's own branches."""

    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    head_owner: str = ""
    head_repo: str | None = None
    head_gone: bool = False
    """Whether the fork was deleted since."""
    merged: float | None = None
    merged_by: Account | None = None
    merge_sha: str | None = None
    reviewers: tuple[str, ...] = ()
    queued: bool = False


@dataclass(frozen=True)
class Issue:
    """An issue; a pull request where `pull` is there."""

    number: int
    id: int
    author: Account
    title: str
    body: str | None
    created: float
    updated: float
    open: bool = True
    closed: float | None = None
    closed_by: Account | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: int | None = None
    pull: Pull | None = None
    through: str | None = None
    editor: Account | None = None
    """Who wrote its text last, where that was changed after it was made."""

    @property
    def the_pull(self) -> Pull:
        if self.pull is None:
            raise Refused(404, "Not Found")
        return self.pull


@dataclass(frozen=True)
class Comment:
    """A comment below an issue."""

    id: int
    number: int
    author: Account
    body: str
    created: float
    updated: float


@dataclass(frozen=True)
class Event:
    """One line of an issue's history."""

    id: int
    number: int
    actor: Account
    event: str
    created: float
    commit: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ruleset:
    """Rules for refs whose full names fit a pattern (`refs/heads/fixbot/*`, `~ALL`, `~DEFAULT_BRANCH`)."""

    id: int
    rules: tuple[tuple[str, Mapping[str, Any]], ...]
    include: tuple[str, ...] = ("~DEFAULT_BRANCH",)
    exclude: tuple[str, ...] = ()
    bypass: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Protection:
    """Classic protection of one branch."""

    branch: str
    pull_required: bool = True
    signatures: bool = False
    pushers: frozenset[str] = frozenset()


@dataclass
class Repo:
    """A repository. Its records are frozen, so that `snapshot` is cheap and true."""

    id: int
    owner: Account
    name: str
    store: Store
    created: float
    refs: dict[str, str]
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    fork: bool = False
    disabled: bool = False
    has_issues: bool = True
    drafts: bool = True
    actions_may_open: bool = True
    description: str | None = None
    topics: tuple[str, ...] = ()
    collaborators: dict[str, str] = field(default_factory=dict)
    custom_roles: dict[str, str] = field(default_factory=dict)
    """An organisation's own roles, by name, and the role that each builds on."""
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    reviews: dict[int, tuple[Json, ...]] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    milestones: dict[int, str] = field(default_factory=dict)
    rulesets: tuple[Ruleset, ...] = ()
    protections: dict[str, Protection] = field(default_factory=dict)
    renamed_branches: dict[str, str] = field(default_factory=dict)
    weighed: set[tuple[str, str]] = field(default_factory=set)
    sarifs: list[Json] = field(default_factory=list)
    pushed: float = 0.0
    pushes: list[tuple[str, str, str]] = field(default_factory=list)
    writes: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def empty(self) -> bool:
        return not any(ref.startswith("refs/heads/") for ref in self.refs)

    def snapshot(self) -> Repo:
        """The repository as it stands now, not moved by what comes."""
        return replace(
            self,
            refs=dict(self.refs),
            issues=dict(self.issues),
            comments=dict(self.comments),
            reviews=dict(self.reviews),
            labels=dict(self.labels),
        )

    def issue(self, number: int) -> Issue:
        if number not in self.issues:
            raise Refused(404, "Not Found", kind="NOT_FOUND")
        return self.issues[number]

    def pull_requests(self) -> list[Issue]:
        return [issue for issue in self.issues.values() if issue.pull is not None]

    def role(self, login: str) -> str:
        """What an account may do here: its own role, admin for the owner, read where the world may read."""
        return self.custom_roles.get(name := self.role_name(login), name)

    def role_name(self, login: str) -> str:
        """The same, as its organisation calls it."""
        if login == self.owner.login:
            return "admin"
        return self.collaborators.get(login, "none" if self.private else "read")

    def may(self, login: str, role: str) -> bool:
        """Whether an account has that role, or one that may more."""
        return RANKS.index(self.role(login)) >= RANKS.index(role)
