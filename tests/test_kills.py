"""`fixbot run --pr` killed (SIGKILL) at every single write: the next run ends as if nothing had happened.

Each run that is killed is a process of its own, forked from a server that has imported fixbot already, since
starting Python some hundred times would take minutes.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from fixbot.__main__ import main
from tests.hub import invariants
from tests.hub.graph.execute import is_mutation
from tests.hub.hub import Request
from tests.hub.model import Repo, Ruleset
from tests.hub_runs import NAME, World, fixed, pod, world

SETTINGS = "rules: {only: [readonly-root-filesystem]}\n"
FILES = {
    ".fixbot.yml": SETTINGS,
    "apps/api.yaml": pod("api"),
    "jobs/job.yaml": pod("job"),
    ".github/CODEOWNERS": "* @bert\n",
}
MOST_WRITES = 60
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["tests.test_kills", "tests.loaded_rules"])


def _process(arguments: list[str], environment: Mapping[str, str], log: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    into = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(into, 1)
    os.dup2(into, 2)
    os._exit(main(arguments))


def is_write(request: Request) -> bool:
    """Whether a request could change something."""
    return is_mutation(request.body) if request.path == "/graphql" else request.verb != "GET"


@dataclass
class Killer:
    """Runs fixbot in a process and kills it at its nth write, before or after GitHub has done it."""

    shop: World
    folder: Path
    where: str | None = None
    """A checkout, or None for `--repo`."""
    kept: Repo | None = None
    running: BaseProcess | None = field(default=None, repr=False)
    writes: int = 0

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def arguments(self) -> list[str]:
        target = [self.where] if self.where else ["--repo", NAME]
        return ["run", *target, "--pr", "--quiet", "--jobs", "1"]

    def environment(self) -> dict[str, str]:
        return {**self.shop.environment, "GITHUB_REPOSITORY": NAME, "PYTHONPATH": os.getcwd()}  # noqa: PTH109

    def keep(self) -> None:
        """Remember how everything stands now."""
        self.kept = _copied(self.shop.repo)
        shutil.copytree(self.shop.home, self.folder / "kept-home", dirs_exist_ok=True)

    def back(self) -> None:
        """Put everything back as it stood."""
        assert self.kept is not None
        for name, value in vars(_copied(self.kept)).items():
            setattr(self.shop.repo, name, value)
        store, refs = self.shop.repo.store, self.shop.repo.refs
        for ref in store.refs():
            if ref not in refs:
                store.set_ref(ref, None)
        for ref, commit in refs.items():
            store.set_ref(ref, commit)
        shutil.rmtree(self.shop.home, ignore_errors=True)
        shutil.copytree(self.folder / "kept-home", self.shop.home)

    def run(self, kill_at: int = 0, moment: str = "before") -> int:
        """One run; its exit code, which is -9 where it was killed."""
        hub = self.shop.hub
        self.writes = 0

        def before(request: Request) -> None:
            if is_write(request):
                self.writes += 1
                if self.writes == kill_at and moment == "before":
                    self._kill()
                    raise ConnectionAbortedError("killed before GitHub took notice")

        def after(request: Request) -> None:
            if is_write(request) and self.writes == kill_at and moment == "after":
                self._kill()

        hub.before, hub.after = before, after
        hub.clock.advance(2)
        try:
            made = FORKED.Process(target=_process, args=(self.arguments(), self.environment(), str(self.log)))
            self.running = made
            made.start()
            made.join(120)
            assert made.exitcode is not None, "it hangs"
            return made.exitcode
        finally:
            hub.before = hub.after = None

    def _kill(self) -> None:
        assert self.running is not None
        assert self.running.pid is not None
        os.kill(self.running.pid, signal.SIGKILL)


def _copied(repo: Repo) -> Repo:
    made = repo.snapshot()
    for each in fields(made):
        value = getattr(made, each.name)
        if isinstance(value, list | set | dict):
            setattr(made, each.name, copy(value))
    return made


def shown(shop: World) -> list[tuple[object, ...]]:
    """What people see of all pull requests, in no order that depends on when they were opened."""
    return sorted(
        (
            issue.title,
            issue.open,
            issue.labels,
            issue.the_pull.reviewers,
            sorted(shop.findings(issue)),
            issue.the_pull.head_ref,
            (issue.body or "").partition("<!-- fixbot")[0],
            sum(comment.number == issue.number for comment in shop.repo.comments.values()),
        )
        for issue in shop.repo.pull_requests()
    )


def holds(shop: World, refused: set[str], newest: int) -> None:
    """What must be true at any moment."""
    assert invariants.doubled(shop.repo) == []
    assert invariants.unreachable(shop.repo) == []
    assert invariants.off_branches(shop.repo) == []
    for login in ("github-actions[bot]", "robot"):
        assert invariants.written_outside(shop.repo, "refs/heads/fixbot/", login) == []
    seen: set[str] = set()
    for issue in shop.ours():
        assert not shop.findings(issue) & seen, "two offer the same"
        seen |= shop.findings(issue)
        assert issue.number <= newest or not shop.findings(issue) & refused, "it asks again after a no"


# Situations: what there is before the run that is killed


def first_run(shop: World) -> None:
    """Nothing yet: two pull requests are to come."""


def a_neighbour_came(shop: World) -> None:
    shop.run()
    shop.person.push("main", {"apps/web.yaml": pod("web")}, "A neighbour")


def the_finding_went(shop: World) -> None:
    shop.run()
    shop.person.push("main", {"apps/api.yaml": fixed("api")}, "By hand")


def a_no_whose_branch_is_left(shop: World) -> None:
    shop.run()
    shop.person.close(shop.ours()[0].number)


def a_wish_to_make_it_anew(shop: World) -> None:
    shop.run()
    issue = shop.ours()[0]
    shop.person.push(issue.the_pull.head_ref, {"mine.md": "mine\n"})
    shop.person.comment(issue.number, "fixbot: recreate")


def a_wish_to_ignore_it(shop: World) -> None:
    shop.run()
    shop.person.comment(shop.ours()[0].number, "fixbot: ignore it is on purpose")


def signatures_are_required(shop: World) -> None:
    shop.person.push("main", {"jobs/job.yaml": None}, "No job")
    shop.repo.rulesets = (Ruleset(1, (("required_signatures", {}),), ("~ALL",)),)
    shop.token = shop.hub.user_token("robot")
    shop.repo.collaborators["robot"] = "write"


def signatures_are_required_for_an_update(shop: World) -> None:
    signatures_are_required(shop)
    a_neighbour_came(shop)


SITUATIONS: tuple[Callable[[World], None], ...] = (
    first_run,
    a_neighbour_came,
    the_finding_went,
    a_no_whose_branch_is_left,
    a_wish_to_make_it_anew,
    a_wish_to_ignore_it,
    signatures_are_required,
    signatures_are_required_for_an_update,
)


@contextmanager
def killer(folder: Path, situation: Callable[[World], None], *, checkout: bool) -> Iterator[Killer]:
    """A world in that situation."""
    with world(folder / "world", FILES) as shop:
        shop.hub.clock._still = None  # noqa: SLF001 - the process has the machine's time
        shop.repo.collaborators["bert"] = "write"
        shop.home.mkdir(parents=True)
        situation(shop)
        made = Killer(shop, folder)
        if checkout:
            bare = shop.hub.path(*NAME.split("/"))
            made.where = str(folder / "clone")
            subprocess.run(["git", "clone", "-q", str(bare), made.where], check=True, capture_output=True)
        made.keep()
        yield made


def refused(shop: World) -> set[str]:
    closed = (each for each in shop.repo.pull_requests() if not each.open and not each.the_pull.merged)
    return {finding for issue in closed for finding in shop.findings(issue)}


@pytest.mark.parametrize("checkout", [True, False], ids=["checkout", "repo"])
@pytest.mark.parametrize("situation", SITUATIONS, ids=[each.__name__ for each in SITUATIONS])
def test_killed_at_any_write_the_next_run_ends_as_if_nothing_had_happened(
    tmp_path: Path, situation: Callable[[World], None], checkout: bool
) -> None:
    moment = "before" if checkout else "after"
    with killer(tmp_path, situation, checkout=checkout) as kill:
        shop, no = kill.shop, refused(kill.shop)
        newest = max((each.number for each in shop.repo.pull_requests()), default=0)
        kept = {ref for ref in shop.repo.refs if "/kept/" in ref}
        assert kill.run() == 0, kill.log.read_text()
        wanted, writes = shown(shop), kill.writes
        assert 0 < writes < MOST_WRITES
        for nth in range(1, writes + 1):
            kill.back()
            assert kill.run(nth, moment) == -signal.SIGKILL
            holds(shop, no, newest)
            assert kill.run() == 0, (nth, kill.log.read_text())
            holds(shop, no, newest)
            assert shown(shop) == wanted, f"killed {moment} write {nth}"
            left = [
                each for each in invariants.orphans(shop.repo, "refs/heads/fixbot/") if "/kept/" not in each
            ]
            assert left == [], f"killed {moment} write {nth}"
            start = shop.asked
            assert kill.run() == 0, kill.log.read_text()
            assert kill.writes == 0, f"killed {moment} write {nth}, the second run wrote"
            # Where a no came, files are read once more: what is left out of a report is another report.
            assert shop.asked - start <= (3 if checkout else 4), f"killed {moment} write {nth}"
        assert kept <= set(shop.repo.refs)


def test_a_killed_python_m_fixbot_is_carried_on_by_the_next(tmp_path: Path) -> None:
    with killer(tmp_path, first_run, checkout=True) as kill:
        shop = kill.shop
        words = [sys.executable, "-m", "fixbot", *kill.arguments()]
        made = subprocess.Popen(words, env=kill.environment())
        pulls: list[int] = []

        def after(request: Request) -> None:
            if request.verb == "POST" and request.path.endswith("/pulls"):
                pulls.append(request.number)
                made.kill()

        shop.hub.after = after
        assert made.wait(60) == -signal.SIGKILL
        shop.hub.after = None
        assert len(pulls) == len(shop.ours()) == 1
        subprocess.run(words, env=kill.environment(), check=True)
        assert len(shop.ours()) == 2
        assert {issue.labels for issue in shop.ours()} == {("fixbot",)}
