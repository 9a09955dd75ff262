"""`fixbot run --pr` against the stand-in, in this process, with the stand-in's clock for every pause."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fixbot.cli.options import Options
from fixbot.cli.pull_request_runs import run_pull_requests
from fixbot.model.errors import FixbotError
from fixbot.publish.pull_requests.state_block import read_state_block
from tests.hub.hub import Hub
from tests.hub.model import Clock, Issue, Repo
from tests.hub.people import Person
from tests.hub.server import Server

NAME = "shop/deploy"


@dataclass(frozen=True)
class HubClock:
    """The gateway's clock: a pause moves the stand-in's time and takes none of ours."""

    clock: Clock

    def current_time(self) -> float:
        return self.clock.now()

    def sleep_for(self, seconds: float, /) -> None:
        self.clock.advance(seconds)


@dataclass
class World:
    """A repository on the stand-in, a person, and fixbot."""

    hub: Hub
    server: Server
    home: Path
    token: str
    person: Person
    name: str = NAME
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def organisation(self) -> Path:
        """Settings that are older than profiles: with them the four rules of then run."""
        return self.home.parent / "organisation.yml"

    @property
    def repo(self) -> Repo:
        return self.hub.repo(self.name)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "GITHUB_API_URL": self.server.api_url,
            "GITHUB_GRAPHQL_URL": self.server.graphql_url,
            "GITHUB_SERVER_URL": self.server.server_url,
            "GITHUB_TOKEN": self.token,
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
        }

    def run(self, *, cache: bool = True, **options: object) -> int:
        """One run without a checkout; its exit code, 2 for a wrong call."""
        words = {
            "path": ".",
            "pr": True,
            "repositories": (self.repo.full_name,),
            "quiet": True,
            "cache": cache,
            "config": self.organisation,
        }
        self.hub.clock.advance(1)  # GitHub tells times to the second; people are slower than that
        made = Options("run", **{**words, **options}, jobs=1)  # type: ignore[arg-type]
        try:
            return run_pull_requests(made, self.environment, HubClock(self.hub.clock))
        except FixbotError as error:
            return error.exit_code
        finally:
            self.hub.clock.advance(1)

    @property
    def asked(self) -> int:
        """The number of the last request."""
        return max((entry.number for entry in self.hub.log), default=0)

    def open(self) -> list[Issue]:
        """The open pull requests, from old to new."""
        found = (issue for issue in self.repo.pull_requests() if issue.open)
        return sorted(found, key=lambda issue: issue.number)

    def ours(self) -> list[Issue]:
        """Those of them on branches of fixbot's."""
        return [issue for issue in self.open() if issue.the_pull.head_ref.startswith("fixbot/")]

    def findings(self, issue: Issue) -> frozenset[str]:
        """What a pull request's mark says that it repairs."""
        mark = read_state_block(issue.body or "")
        return frozenset(mark.findings) if mark is not None else frozenset()

    def branches(self) -> dict[str, str]:
        """fixbot's branches."""
        prefix = "refs/heads/fixbot/"
        return {
            ref.removeprefix("refs/heads/"): sha
            for ref, sha in self.repo.refs.items()
            if ref.startswith(prefix)
        }


@contextmanager
def world(folder: Path, files: Mapping[str, str], token: str = "") -> Iterator[World]:
    """A stand-in with one repository that holds these files."""
    hub = Hub(folder / "hub")
    hub.root.mkdir(parents=True, exist_ok=True)
    hub.clock.freeze()
    (folder / "organisation.yml").write_text("# older than profiles: the four rules of then\n")
    hub.add_repo(NAME, {path: text.encode() for path, text in files.items()})
    with Server(hub) as server:
        made = World(
            hub, server, folder / "home", token or hub.actions_token(NAME), Person(hub, "anna", NAME)
        )
        try:
            yield made
            assert (hub.violations, hub.defects) == ([], []), "every request is as GitHub describes it"
        finally:
            hub.close()


def pod(name: str, extra: str = "", privileged: bool = False) -> str:
    """A Deployment whose container can write to its root."""
    more = "          securityContext:\n            privileged: true\n" if privileged else ""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n"
        f"      containers:\n        - name: {name}\n          image: example.org/{name}:1.0\n{more}{extra}"
    )


def fixed(name: str) -> str:
    """The same without the finding."""
    return pod(name, "          securityContext:\n            readOnlyRootFilesystem: true\n")
