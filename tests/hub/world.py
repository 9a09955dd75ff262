"""A small repository with a bot and a person, as many tests begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hub.asking import Ask
from tests.hub.hub import Hub
from tests.hub.limits import Limits
from tests.hub.model import Repo
from tests.hub.people import Person
from tests.hub.server import Server
from tests.hub.shapes import node_id

FILES: dict[str, bytes | tuple[int, bytes]] = {
    "README.md": b"# shop\n",
    "infra/main.tf": b"one\ntwo\nthree\n",
    "infra/run.sh": (0o100755, b"#!/bin/sh\n"),
    ".github/workflows/ci.yml": b"on: push\n",
}
NAME = "acme/shop"
ZERO = "0" * 40


@dataclass
class World:
    """The stand-in with acme/shop, a GITHUB_TOKEN that asks, and Pat, who works there."""

    hub: Hub
    server: Server
    token: str
    ask: Ask
    pat: Person

    @property
    def repo(self) -> Repo:
        return self.hub.repo(NAME)

    @property
    def node(self) -> str:
        return node_id("R", self.repo.id)

    def commit(
        self, path: str = "infra/main.tf", text: str = "1\ntwo\nthree\n", parent: str | None = None
    ) -> str:
        """A commit that changes one file, made as a bot makes it."""
        parent = parent or self.repo.refs["refs/heads/main"]
        tree = self.ask(
            "POST",
            f"/repos/{NAME}/git/trees",
            {
                "base_tree": self.repo.store.tree_of(parent),
                "tree": [{"path": path, "mode": "100644", "type": "blob", "content": text}],
            },
        )
        made = self.ask(
            "POST",
            f"/repos/{NAME}/git/commits",
            {"message": "Fix", "tree": tree.body["sha"], "parents": [parent]},
        )
        return str(made.body["sha"])

    def branch(self, name: str, **change: str) -> str:
        """A branch of the bot's with one commit."""
        sha = self.commit(**change)
        answer = self.ask.update_refs(self.node, (f"refs/heads/{name}", sha, ZERO, False))
        assert "errors" not in answer, answer
        return sha

    def pull(self, branch: str = "fixbot/a/1", **said: Any) -> int:
        """A pull request of the bot's, from a new branch."""
        self.branch(branch)
        body = {"title": "Fix", "head": branch, "base": "main", **said}
        return int(self.ask("POST", f"/repos/{NAME}/pulls", body).body["number"])


@contextmanager
def world(root: Path, *, limits: bool = False, **settings: Any) -> Iterator[World]:
    """The world, served; at its end nothing may have gone wrong inside the stand-in."""
    hub = Hub(root, limits=Limits(on=limits))
    hub.clock.freeze()
    hub.add_repo(NAME, FILES, **settings)
    token = hub.actions_token(NAME)
    with Server(hub) as server:
        ask = Ask(server, token)
        yield World(hub, server, token, ask, Person(hub, "pat", NAME))
        ask.close()
    assert hub.defects == []
