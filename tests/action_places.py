"""A repository on the stand-in for GitHub, and the checkouts of it that Actions makes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.action_runner import PYTHON, Machine, Ran
from tests.hub.hub import Hub
from tests.hub.people import Person
from tests.hub.server import Server

NAME = "acme/shop"
WEB = """{
  "family": "shop-web",
  "requiresCompatibilities": ["FARGATE"],
  "containerDefinitions": [
    {
      "name": "web",
      "logConfiguration": {"logDriver": "splunk"},
      "image": "public.ecr.aws/nginx/nginx:1.27"
    }
  ]
}
"""
API = WEB.replace("shop-web", "shop-api").replace('"web"', '"api"')
SAFE = WEB.replace('"web",', '"web",\n      "readonlyRootFilesystem": true,')


def git(at: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "protocol.file.allow=always")
    return subprocess.run(["git", *who, *words], cwd=at, check=True, capture_output=True, text=True).stdout


class Place:
    """The hub with one repository, and a folder for all that Actions puts on a machine."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self.folder = folder
        (folder / "hub").mkdir()
        self.hub = Hub(folder / "hub")
        self.hub.add_repo(NAME, {path: text.encode() for path, text in files.items()})
        self.ann = Person(self.hub, "ann", NAME)
        self.token = self.hub.actions_token(NAME)

    @property
    def bare(self) -> Path:
        return self.hub.path("acme", "shop")

    def checkout(self, ref: str = "refs/heads/main", depth: int | None = 100) -> Path:
        """What actions/checkout leaves: one commit, no branch, no credentials."""
        at = self.folder / f"work-{len(list(self.folder.iterdir()))}"
        git(self.folder, "init", "-q", str(at))
        git(at, "remote", "add", "origin", f"https://github.com/{NAME}")
        deep = () if depth is None else ("--depth", str(depth))
        git(at, "fetch", "-q", *deep, f"file://{self.bare}", f"+{ref}:refs/remotes/origin/it")
        git(at, "checkout", "-q", "--detach", "refs/remotes/origin/it")
        return at

    def pull(self, files: dict[str, str | None], branch: str = "work", *, fork: bool = False) -> int:
        """A pull request of a person's, with the merge of it that GitHub makes."""
        if fork:
            number = self.ann.fork_pull(branch, files, "Work")
        else:
            self.ann.push(branch, files)
            number = self.ann.open_pull(branch, "Work")
        self.merged(number)
        return number

    def merged(self, number: int) -> None:
        """Make the merge of a pull request, as GitHub does after each push."""
        at = self.folder / f"merge-{len(list(self.folder.iterdir()))}"
        git(self.folder, "clone", "-q", str(self.bare), str(at))
        git(at, "fetch", "-q", "origin", f"refs/pull/{number}/head")
        git(at, "merge", "-q", "--no-ff", "-m", "Merge", "FETCH_HEAD")
        git(at, "push", "-q", "origin", f"+HEAD:refs/pull/{number}/merge")

    def event(self, number: int, *, fork: bool = False) -> dict[str, Any]:
        base = git(self.bare, "rev-parse", "refs/heads/main").strip()
        head = git(self.bare, "rev-parse", f"refs/pull/{number}/head").strip()
        return {
            "number": number,
            "repository": {"full_name": NAME, "default_branch": "main"},
            "pull_request": {
                "number": number,
                "base": {"ref": "main", "sha": base, "repo": {"id": 1, "full_name": NAME}},
                "head": {"ref": "work", "sha": head, "repo": {"id": 2 if fork else 1}},
            },
        }

    def check(
        self,
        number: int,
        *,
        depth: int | None = 2,
        fork: bool = False,
        token: str | None = None,
        **inputs: str,
    ) -> Ran:
        """The Action's step that runs fixbot, in a `pull_request` event."""
        at = self.checkout(f"refs/pull/{number}/merge", depth)
        with Server(self.hub) as server:
            variables = {
                **server.environment("", NAME),
                "GITHUB_EVENT_NAME": "pull_request",
                "GITHUB_REF": f"refs/pull/{number}/merge",
                "GITHUB_SHA": git(at, "rev-parse", "HEAD").strip(),
            }
            machine = Machine(self._machine(), at, self.event(number, fork=fork), variables)
            return machine.run("fixbot", PYTHON, token=self.token if token is None else token, **inputs)

    def scheduled(
        self, at: Path | None = None, /, name: str = "schedule", ref: str = "main", **inputs: str
    ) -> Ran:
        """The same when the clock starts it, or a push."""
        at = at or self.checkout()
        event = {"repository": {"full_name": NAME, "default_branch": "main"}}
        with Server(self.hub) as server:
            variables = {
                **server.environment("", NAME),
                "GITHUB_EVENT_NAME": name,
                "GITHUB_REF": f"refs/heads/{ref}",
                "GITHUB_SHA": git(at, "rev-parse", "HEAD").strip(),
            }
            machine = Machine(self._machine(), at, event, variables)
            return machine.run("fixbot", PYTHON, **{"token": self.token, **inputs})

    def _machine(self) -> Path:
        at = self.folder / f"machine-{len(list(self.folder.iterdir()))}"
        at.mkdir()
        return at

    def comments(self, number: int) -> list[str]:
        """The texts of a pull request's comments."""
        repo = self.hub.repo(NAME)
        return [each.body for each in repo.comments.values() if each.number == number]

    def content(self) -> None:
        """What every test ends with: the stand-in found nothing wrong with what it was asked."""
        assert self.hub.violations == []
        assert self.hub.defects == [], self.hub.defects
