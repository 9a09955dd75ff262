"""What a fleet costs: thousands of repositories on the stand-in for GitHub, with its limits and its clock.

`python benchmarks/fleet.py --write` puts the figures into docs/fleet.md. Time is simulated: each request
takes a quarter of a second of it, pauses take what they say, and nobody waits for them. Shards are
processes side by side, one of them at any moment: whoever is furthest behind in simulated time.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fixbot.cli.fleet_plan_command import PlanOptions, write_fleet_plan, write_fleet_report  # noqa: E402
from fixbot.cli.fleet_shard import ShardOptions, run_shard  # noqa: E402
from fixbot.cli.options import Options  # noqa: E402
from fixbot.publish.github import connector  # noqa: E402
from tests.hub.hub import Hub  # noqa: E402
from tests.hub.many import add_light, store_at  # noqa: E402
from tests.hub.model import Clock  # noqa: E402
from tests.hub.server import Server  # noqa: E402

LATENCY = 0.25
"""Simulated seconds that a request takes."""
BOT = "fleet-bot"
Job = PlanOptions | ShardOptions
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, labels: {{variant: "{number}"}}}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: web
        image: example.com/web@sha256:{digest}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: {readonly}
          runAsNonRoot: true
          privileged: {privileged}
"""


@dataclass
class OwnClock:
    """The clock of one shard's process: it asks for its turn, and is told what time it is then."""

    turns: Connection
    time: float = 0.0

    def now(self) -> float:
        """Simulated seconds since 1970."""
        return self.time

    def sleep(self, seconds: float, /) -> None:
        """Give up the turn for so long."""
        self.turns.send(seconds)
        self.time = self.turns.recv()


@dataclass
class Figures:
    """What one step cost. `hours` are simulated.

    `cpu` (seconds) and `memory` (MB, of the largest) are the shards' own, without the stand-in's.
    """

    requests: int = 0
    graphql: int = 0
    content: int = 0
    refused: int = 0
    hours: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    wall: float = 0.0


@dataclass
class World:
    """The stand-in with its repositories, and a folder to work in."""

    hub: Hub
    server: Server
    folder: Path
    environment: Mapping[str, str]
    figures: dict[str, Figures] = field(default_factory=dict)

    def step(self, name: str, jobs: Sequence[Job]) -> Figures:
        """Do something and count what it cost."""
        first, began, real = len(self.hub.log), self.hub.clock.current_time(), time.monotonic()
        used = side_by_side(self.hub.clock, jobs, self.environment)
        log = self.hub.log[first:]
        made = self.figures[name] = Figures(
            len(log), sum(each.path == "/graphql" for each in log), sum(each.content for each in log),
            sum(each.status in {403, 429} for each in log), (self.hub.clock.current_time() - began) / 3600,
            sum(each.cpu for each in used), max(each.memory for each in used), time.monotonic() - real,
        )  # fmt: skip
        print(name, made, flush=True)
        return made


@dataclass(frozen=True)
class Used:
    """What a process used: CPU seconds, and memory at its peak in MB."""

    cpu: float
    memory: float


def side_by_side(clock: Clock, jobs: Sequence[Job], environment: Mapping[str, str]) -> list[Used]:
    """Run each in a process, one of them at any moment: whoever is furthest behind in simulated time."""
    spawn = get_context("spawn")
    times: dict[int, float] = {}
    ends, processes, used = [], [], []
    for at, job in enumerate(jobs):
        mine, theirs = spawn.Pipe()
        process = spawn.Process(target=work, args=(theirs, job, dict(environment)))
        process.start()
        theirs.close()
        ends.append(mine)
        processes.append(process)
        times[at] = clock.current_time()
    while times:
        at = min(times, key=lambda each: (times[each], each))
        clock.freeze(max(times[at], clock.current_time()))
        ends[at].send(clock.current_time())
        said = ends[at].recv()
        if isinstance(said, Used):
            used.append(said)
            del times[at]
        else:
            times[at] = clock.current_time() + said
    for process in processes:
        process.join()
    return used


def work(turns: Connection, job: Job, environment: Mapping[str, str]) -> None:
    """In a process: the job with that clock, and requests that take their time."""
    clock = OwnClock(turns, turns.recv())
    real = connector.open_client

    def slow(address: str, token: str, kind: str = "token") -> Any:
        asks = real(address, token, kind)

        def ask(*words: Any) -> Any:
            clock.sleep_for(LATENCY)
            return asks(*words)

        return ask

    connector.open_client = slow
    if isinstance(job, PlanOptions):
        write_fleet_plan(job, environment)
    else:
        run_shard(job, environment, clock)
    turns.send(Used(time.process_time(), _peak()))


def _peak() -> float:
    """The peak of this process in MB; what `getrusage` says counts the parent's before exec too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1000


def world_of(folder: Path, server_of: Callable[[Hub], Server], repositories: int, wrong: int) -> World:
    """`wrong` of the repositories have one thing to repair each, a third of the others some manifest."""
    hub = Hub(folder / "hub")
    hub.clock.freeze()
    hub.root.mkdir()
    store = store_at(hub.root)
    for number in range(repositories):
        shown = {
            "number": number % 40,
            "digest": f"{number % 40:064x}",
            "readonly": "true",
            "privileged": "false",
        }
        files = {"README.md": b"# Service\n"}
        if number % (repositories // wrong) == 0:
            files["deploy/web.yaml"] = MANIFEST.format(**{**shown, "readonly": "false"}).encode()
        elif number % 3 == 0:
            files["deploy/web.yaml"] = MANIFEST.format(**shown).encode()
        add_light(hub, store, f"acme/service-{number:05d}", files, BOT)
    server = server_of(hub)
    environment = {
        **server.environment(hub.user_token(BOT), "acme/any"), "HOME": str(folder),
        "PATH": os.environ["PATH"],
    }  # fmt: skip
    return World(hub, server, folder, environment)


def plan(world: World, shards: int) -> None:
    """The plan."""
    path = world.folder / "plan.json"
    world.step(
        "plan", [PlanOptions(owners=("acme",), shards=shards, at_once=shards, output=path, quiet=True)]
    )


def shards(world: World, name: str, count: int, *, pr: bool, since: str = "") -> None:
    """A pass over the fleet: by so many shards at once, or by one process over the whole plan."""
    results, plan = world.folder / name, world.folder / "plan.json"
    whole = ShardOptions(
        plan, results=results, since_report=world.folder / since if since else None,
        minutes=60 * 24 * 30, run=Options("fleet", pr=pr, quiet=True),
    )  # fmt: skip
    each = [replace(whole, shard=(number, count)) for number in range(1, count + 1)]
    world.step(name, each if count > 1 else [whole])
    write_fleet_report(plan, results, "json", world.folder / f"{name}.json", world.environment)


def simulate(repositories: int, wrong: int, count: int, *, alone: bool) -> tuple[dict[str, Figures], int]:
    """Every pass; how many pull requests are open at the end."""
    with tempfile.TemporaryDirectory() as name:
        world = world_of(Path(name), Server, repositories, wrong)
        with world.server:
            plan(world, count)
            if alone:
                shards(world, "scan", count, pr=False)
                shards(world, "publish", 1, pr=True, since="scan.json")
            else:
                shards(world, "publish", count, pr=True)
            shards(world, "settle", count, pr=False, since="publish.json")
            shards(world, "unchanged", count, pr=False, since="settle.json")
        if world.hub.violations or world.hub.defects:
            raise SystemExit(f"{world.hub.violations[:3]} {world.hub.defects[:3]}")
        pulls = sum(len(repo.pull_requests()) for repo in world.hub.repos.values())
        return world.figures, pulls


def table(repositories: int, count: int, ways: Mapping[str, tuple[dict[str, Figures], int]]) -> str:
    """The figures as Markdown."""
    lines = [
        f"{repositories:,} repositories, {count} shards at once.",
        "",
        "| step | requests | of them GraphQL | content calls | 403 and 429 | simulated hours | CPU, s | MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for way, (figures, pulls) in ways.items():
        for step, each in figures.items():
            says = STEPS[step].format(way=way, pulls=f"{pulls:,}")
            lines.append(
                f"| {says} | {each.requests:,} | {each.graphql:,} | {each.content:,} | {each.refused} "
                f"| {each.hours:.2f} | {each.cpu:,.0f} | {each.memory:.0f} |"
            )
    unchanged = [figures["unchanged"].requests for figures, _ in ways.values()]
    per_hundred = 100 * max(unchanged) / repositories
    lines += ["", f"Requests for a hundred repositories in which nothing changed: {per_hundred:.2f}."]
    return "\n".join(lines)


STEPS = {
    "plan": "plan of an organisation",
    "scan": "first scan, all shards",
    "publish": "{pulls} pull requests, {way}",
    "settle": "the next run, which looks again where something was published",
    "unchanged": "the run after it, with nothing changed",
}


def main() -> None:
    """Both ways of publishing, and the figures to the page or to the terminal."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--repositories", type=int, default=10_000)
    words.add_argument("--pulls", type=int, default=2_000)
    words.add_argument("--shards", type=int, default=16)
    words.add_argument("--write", action="store_true", help="put the figures into docs/fleet.md")
    given = words.parse_args()
    ways = {
        "one process": simulate(given.repositories, given.pulls, given.shards, alone=True),
        "all shards while they scan": simulate(given.repositories, given.pulls, given.shards, alone=False),
    }
    shown = table(given.repositories, given.shards, ways)
    print(shown)
    if given.write:
        page = ROOT / "docs" / "fleet.md"
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        page.write_text(f"{before}{BEGIN}\n\n{shown}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
