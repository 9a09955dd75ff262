"""Thousands of repositories at once: all in one store, where the same files are the same commit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.hub.hub import Hub
from tests.hub.model import Repo
from tests.hub.store import Store, Who

ANN = ("Ann Author", "ann@example.com")


class OneStore(Store):
    """The objects of many repositories. Where their branches are is known to the repositories alone."""

    def set_ref(self, name: str, sha: str | None) -> None:
        """Nothing: two repositories have branches of the same name."""

    def set_head(self, branch: str) -> None:
        """Nothing, as above."""

    def refs(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """Nothing: the others still use it."""


def store_at(folder: Path) -> OneStore:
    """The store for one hub."""
    return OneStore(folder / "all.git")


def add_light(hub: Hub, store: OneStore, full_name: str, files: Mapping[str, bytes], bot: str = "") -> Repo:
    """A repository of one commit, to which `bot` may write."""
    owner, _, name = full_name.partition("/")
    now = hub.clock.now()
    repo = Repo(hub.next_id(), hub.account(owner, "Organization"), name, store, now, {}, pushed=now)
    who: Who = (*ANN, 1_700_000_000)
    tree = store.with_changes(None, {path: (0o100644, store.blob(data)) for path, data in files.items()})
    repo.refs["refs/heads/main"] = store.write_commit(tree, [], "Start\n", who, who, signed=False)
    if bot:
        repo.collaborators[bot] = "write"
    hub.repos[full_name.lower()] = repo
    return repo
