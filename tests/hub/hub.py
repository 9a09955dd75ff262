"""The stand-in for GitHub as a whole: who is there, what they may do, and everything that was asked."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hub.faults import Faults
from tests.hub.limits import Limits
from tests.hub.model import LEVELS, ROLES, Account, Clock, Event, Json, Refused, Repo, Token
from tests.hub.store import Store

ACTIONS = "github-actions"
GITHUB_ID = 19864447


@dataclass(frozen=True)
class Request:
    """One request as it came in. `number` counts from 1."""

    number: int
    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    base: str


@dataclass(frozen=True)
class Entry:
    """One line of the log. `writes`: it could change something. `content`: GitHub counts it as content."""

    number: int
    verb: str
    path: str
    actor: str
    status: int
    writes: bool
    content: bool
    operation: str
    fault: str | None = None


@dataclass(frozen=True)
class App:
    """A GitHub App with the public half of its key (PEM), installed on the repositories named."""

    id: int
    slug: str
    public_key: str
    permissions: Mapping[str, str]
    repos: frozenset[str]
    owner: Account


@dataclass
class Hub:
    """State and switches. `tests.hub.server.Server` puts it on a port."""

    root: Path
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)
    faults: Faults = field(default_factory=Faults)
    previous: dict[str, Repo] = field(default_factory=dict)
    nobody: Token = field(default_factory=lambda: Token("", Account("-", 0)))
    lazy_mergeable: bool = True
    tree_limit: int = 100_000
    teams: dict[str, tuple[str, ...]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    repos: dict[str, Repo] = field(default_factory=dict)
    renamed_repos: dict[str, str] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    before: Callable[[Request], None] | None = None
    after: Callable[[Request], None] | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    _ids: int = 1000

    def next_id(self) -> int:
        self._ids += 1
        return self._ids

    def account(self, login: str, kind: str = "User") -> Account:
        """The account of that name, made where it isn't there."""
        if login.lower() not in self.accounts:
            self.accounts[login.lower()] = Account(login, self.next_id(), kind, login.title())
        return self.accounts[login.lower()]

    def add_repo(
        self, full_name: str, files: Mapping[str, bytes | tuple[int, bytes]] | None = None, **settings: Any
    ) -> Repo:
        """A new repository with one commit that holds the files, or modes and files; empty without any."""
        owner_name, _, name = full_name.partition("/")
        owner = self.account(owner_name, settings.pop("owner_kind", "Organization"))
        number = self.next_id()
        now = self.clock.now()
        store = Store(self.root / f"{number}.git")
        repo = Repo(number, owner, name, store, now, {}, **settings)
        store.set_head(repo.default_branch)
        if files:
            pairs = {path: (0o100644, it) if isinstance(it, bytes) else it for path, it in files.items()}
            entries = {path: (mode, store.blob(data)) for path, (mode, data) in pairs.items()}
            tree = store.with_changes(None, entries)
            who = ("Ann Author", "ann@example.com", int(now) - 3600)
            first = store.write_commit(tree, [], "Start\n", who, who, signed=False)
            repo.refs[f"refs/heads/{repo.default_branch}"] = first
            store.set_ref(f"refs/heads/{repo.default_branch}", first)
            repo.pushed = now
        self.repos[full_name.lower()] = repo
        return repo

    def add_clone(self, full_name: str, source: Path, **settings: Any) -> Repo:
        """A new repository with the branches and the history of one on disk."""
        repo = self.add_repo(full_name, **settings)
        words = ["git", "-C", str(repo.store.path), "fetch", "--quiet", "--no-tags", str(source.resolve())]
        subprocess.run([*words, "refs/heads/*:refs/heads/*"], check=True)
        repo.refs = repo.store.refs()
        repo.pushed = self.clock.now()
        return repo

    def user_token(
        self,
        login: str,
        permissions: Mapping[str, str] | None = None,
        repos: frozenset[str] | None = None,
        prefix: str = "ghp_",
    ) -> str:
        """A token of a person; what the person's role allows, or less."""
        text = f"{prefix}{login}{self.next_id():036d}"
        self.tokens[text] = Token(text, self.account(login), permissions, repos)
        return text

    def installation_token(
        self,
        slug: str,
        permissions: Mapping[str, str],
        repos: frozenset[str],
        expires: float | None = None,
    ) -> str:
        """A token of an app's installation; `github-actions` makes it a workflow's GITHUB_TOKEN."""
        text = f"ghs_{self.next_id():036d}"
        bot = self.account(f"{slug}[bot]", "Bot")
        names = frozenset(name.lower() for name in repos)
        self.tokens[text] = Token(text, bot, {"metadata": "read", **permissions}, names, expires, slug)
        return text

    def actions_token(self, full_name: str, **permissions: str) -> str:
        """The GITHUB_TOKEN of a workflow in that repository."""
        wanted = permissions or {"contents": "write", "pull_requests": "write", "issues": "write"}
        return self.installation_token(ACTIONS, wanted, frozenset({full_name}))

    def token_of(self, headers: Mapping[str, str]) -> Token | None:
        """The token that a request carries, if we know it."""
        return self.tokens.get(headers.get("authorization", "").partition(" ")[2].strip())

    def repo(self, full_name: str) -> Repo:
        return self.repos[self.renamed_repos.get(full_name.lower(), full_name.lower())]

    def path(self, owner: str, name: str) -> Path:
        """Where the bare repository lies."""
        return self.repo(f"{owner}/{name}").store.path

    def level(self, token: Token, repo: Repo, permission: str) -> int:
        """0 nothing, 1 read, 2 write, 3 admin."""
        if token.repos is not None and repo.full_name.lower() not in token.repos:
            return 0 if repo.private else LEVELS["read"]
        role: Mapping[str, str] = ROLES.get(repo.role(token.actor.login), {})
        own = role if token.permissions is None else token.permissions
        if token.installation:
            role = own
        return min(LEVELS[own.get(permission, "none")], LEVELS[role.get(permission, "none")])

    def allows(self, token: Token, repo: Repo, permission: str, level: str) -> bool:
        return self.level(token, repo, permission) >= LEVELS[level]

    def demand(self, token: Token, repo: Repo, permission: str, level: str) -> None:
        """Refuse as GitHub does: 404 for what the token can't see, 403 for what it may not do."""
        if self.level(token, repo, "metadata") == 0:
            raise Refused(404, "Not Found", kind="NOT_FOUND")
        if self.allows(token, repo, permission, level):
            return
        what = "integration" if token.installation else "personal access token"
        raise Refused(403, f"Resource not accessible by {what}", kind="FORBIDDEN")

    def event(
        self, repo: Repo, number: int, actor: Account, kind: str, commit: str | None = None, **extra: Any
    ) -> None:
        made = Event(self.next_id(), number, actor, kind, self.clock.now(), commit, extra)
        repo.events = (*repo.events, made)

    def content_calls(self) -> int:
        return sum(entry.content for entry in self.log)

    def writes(self) -> list[Entry]:
        return [entry for entry in self.log if entry.writes]

    def snapshot(self) -> dict[str, Repo]:
        """The repositories as they stand now, for stale reads."""
        return {name: repo.snapshot() for name, repo in self.repos.items()}

    def close(self) -> None:
        for repo in self.repos.values():
            repo.store.close()


def error_body(refused: Refused) -> Json:
    """The JSON that goes with a refusal."""
    body: Json = {
        "message": refused.message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(refused.status),
    }
    if refused.errors is not None:
        body["errors"] = refused.errors
    return body
