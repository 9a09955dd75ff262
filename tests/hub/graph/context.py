"""What the resolvers share: the asker, the view of the repositories, connections."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.hub.hub import Hub, Request
from tests.hub.model import Account, Issue, Json, Refused, Repo, Token
from tests.hub.shapes import node_id, site


@dataclass(frozen=True)
class Context:
    """One request. `repos` are the repositories as they are, or as they were for a stale read."""

    hub: Hub
    token: Token
    request: Request
    repos: dict[str, Repo]

    def find(self, full_name: str) -> Repo:
        """The repository, if the token can see it. GraphQL follows a rename without a word."""
        name = full_name.lower()
        repo = self.repos.get(name) or self.repos.get(self.hub.renamed_repos.get(name, name))
        if repo is None or not self.hub.level(self.token, repo, "metadata"):
            raise Refused(
                404, f"Could not resolve to a Repository with the name '{full_name}'.", kind="NOT_FOUND"
            )
        return repo

    def visible(self) -> list[Repo]:
        found = (repo for repo in self.repos.values() if self.hub.level(self.token, repo, "metadata"))
        return sorted(found, key=lambda repo: repo.full_name.lower())

    def by_node(self, text: str) -> tuple[str, Repo, str]:
        """The kind, the repository and the rest of what an opaque name stands for."""
        kind, _, coded = text.partition("_")
        try:
            inner = b64decode(coded + "=" * (-len(coded) % 4)).decode()
        except ValueError:
            inner = ""
        number, _, rest = inner.partition("/")
        for repo in self.repos.values():
            if str(repo.id) == number and self.hub.level(self.token, repo, "metadata"):
                return kind, repo, rest
        raise Refused(404, f"Could not resolve to a node with the global id of '{text}'", kind="NOT_FOUND")

    def pull(self, text: str) -> tuple[Repo, Issue]:
        kind, repo, rest = self.by_node(text)
        if kind != "PR" or int(rest) not in repo.issues:
            raise Refused(
                404, f"Could not resolve to a node with the global id of '{text}'", kind="NOT_FOUND"
            )
        return repo, repo.issues[int(rest)]

    @property
    def site(self) -> str:
        return site(self.request.base)


def actor(account: Account | None) -> Json | None:
    if account is None:
        return None
    login = account.login.removesuffix("[bot]")
    return {
        "__typename": account.kind,
        "id": node_id("U", account.login),
        "login": login,
        "databaseId": account.id,
        "name": account.name,
    }


def connection(
    items: Sequence[Any], show: Callable[[Any], Any], arguments: Json, *, total: str = "totalCount"
) -> Json:
    """One page of a list. GitHub wants to be told how many, at most 100."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise Refused(
            422,
            "You must provide a `first` or `last` value to properly paginate the connection.",
            kind="MISSING_PAGINATION_BOUNDARIES",
        )
    if max(first or 0, last or 0) > 100 or min(first or 1, last or 1) < 1:
        raise Refused(
            422,
            "Requesting too many records on the connection exceeds the `first` limit of 100 records.",
            kind="EXCESSIVE_PAGINATION",
        )
    start, end = 0, len(items)
    if arguments.get("after"):
        start = _position(arguments["after"]) + 1
    if arguments.get("before"):
        end = _position(arguments["before"])
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    shown = [show(item) for item in items[start:end]]
    cursors = [_cursor(index) for index in range(start, min(end, len(items)))]
    return {
        "nodes": shown,
        "edges": [{"cursor": cursor, "node": node} for cursor, node in zip(cursors, shown, strict=True)],
        total: len(items),
        "pageInfo": {
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
        },
    }


def _cursor(index: int) -> str:
    return b64encode(f"cursor:{index}".encode()).decode()


def _position(text: str) -> int:
    try:
        return int(b64decode(text).decode().partition(":")[2])
    except ValueError as error:
        raise Refused(
            422, f"`{text}` does not appear to be a valid cursor.", kind="INVALID_CURSOR_ARGUMENTS"
        ) from error
