"""Measures fixbot and whatever peers are installed, in turn on the same copies, and prints ratios.

A figure from a shared machine says little; the ratio of two that were taken in turn says more. For
each tool the least CPU time of all rounds counts, the other processes that it starts included.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from peers import PEERS, Tool
from places import Place, corpus, places

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent


@dataclass(slots=True)
class Cost:
    """What the rounds of one tool cost: seconds, and megabytes of its largest process."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    memory: float = 0.0
    found: str = ""

    @property
    def least(self) -> tuple[float, float]:
        """CPU and wall time of the best round; endless where there is none."""
        return min(self.cpu, default=float("inf")), min(self.wall, default=float("inf"))


def measured(tool: Tool, folder: Path, limit: float) -> tuple[float, float, float, str] | None:
    """CPU seconds, wall seconds, megabytes and what was found; None where it takes longer than the limit."""
    output = folder.parent / f"{folder.name}.out"
    command = [*tool.command, *tool.arguments(folder)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(limit), str(output), *command],
        cwd=folder, env={**os.environ, **tool.variables}, capture_output=True, check=True,
    )  # fmt: skip
    cost = json.loads(done.stdout)
    if cost["late"]:
        return None
    return cost["cpu"], cost["wall"], cost["megabytes"], tool.found(output.read_bytes(), cost["code"])


def fixbot(cache: Path, *words: str, name: str) -> Tool:
    """Ourselves, with these words more."""
    variables = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}
    counts = ["run", "--format", "json", "--quiet", *words]
    return Tool(
        name, (sys.executable, "-m", "fixbot"), lambda folder: [*counts, str(folder)], variables=variables
    )


def compared(place: Place, tools: Sequence[Tool], rounds: int, limit: float) -> dict[str, Cost]:
    """Every tool, in turn, as often as asked for; one that was too slow once isn't tried again."""
    costs = {tool.name: Cost() for tool in tools}
    for number in range(rounds):
        for tool in tools:
            cost = costs[tool.name]
            if number and not cost.cpu:
                continue
            took = measured(tool, place.folder, limit)
            if took is None:
                cost.found = f"no end within {limit:g} s"
                continue
            cost.cpu.append(took[0])
            cost.wall.append(took[1])
            cost.memory = max(cost.memory, took[2])
            cost.found = took[3]
    return costs


def table(place: Place, costs: dict[str, Cost]) -> Iterator[str]:
    """The figures, and what each tool costs for every second of ours."""
    first = next(iter(costs.values())).least
    yield f"\n{place.name}: {place.files:,} files, {place.size / 1e6:.1f} MB"
    yield f"  {'':34}{'CPU s':>9}{'ratio':>8}{'wall s':>9}{'ratio':>8}{'MB':>7}  found"
    for name, cost in costs.items():
        cpu, wall = cost.least
        figures = f"{cpu:9.2f}{cpu / first[0]:8.2f}{wall:9.2f}{wall / first[1]:8.2f}{cost.memory:7.0f}"
        yield f"  {name:34}{figures if cost.cpu else '':41}  {cost.found}"


def cold(work: Path, rounds: int) -> Iterator[str]:
    """What the shortest calls cost."""
    folder = work / "one"
    folder.mkdir()
    (folder / "task.json").write_text(
        '{\n  "family": "web",\n  "containerDefinitions": [{"name": "web", "image": "nginx:1.27"}]\n}\n'
    )
    base = fixbot(work / "cache", name="")
    calls = {
        "python -c pass": Tool("", (sys.executable,), lambda _: ["-c", "pass"]),
        "fixbot --version": Tool("", base.command, lambda _: ["--version"], variables=base.variables),
        "fixbot run, one fix in one file": fixbot(work / "cache", "--no-cache", name=""),
    }
    yield "\nCold start"
    for name, tool in calls.items():
        took = [each for _ in range(rounds + 2) if (each := measured(tool, folder, 60)) is not None]
        cpu, wall, memory = (min(each[at] for each in took) for at in range(3))
        yield f"  {name:34}{cpu * 1000:6.0f} ms CPU {wall * 1000:6.0f} ms wall {memory:6.0f} MB"


def profile(folder: Path) -> str:
    """Where our own time goes."""
    command = [sys.executable, str(HERE / "profile_phases.py"), str(folder)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    return done.stdout or done.stderr


def main() -> int:
    """Run it all and print as it comes."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=3, help="how often each tool is run")
    words.add_argument("--limit", type=float, default=900, help="seconds that a peer may take")
    words.add_argument("--only", default="", help="only places whose name holds this")
    words.add_argument("--no-peers", action="store_true", help="ourselves and the floor alone")
    given = words.parse_args()
    work = Path(tempfile.mkdtemp(prefix="fixbot-bench-"))
    try:
        source = corpus(ROOT)
        sys.stdout.write(
            f"{source}; {os.cpu_count()} cores; best of {given.rounds} rounds; ratios to the first row\n"
        )
        whole = None
        for place in places(source, work / "files"):
            whole = whole or place
            if given.only in place.name:
                _one(place, work, given)
        sys.stdout.writelines(f"{line}\n" for line in cold(work, given.rounds))
        if whole is not None:
            sys.stdout.write(f"\nWhere our time goes ({whole.name})\n{profile(whole.folder)}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


def _one(place: Place, work: Path, given: argparse.Namespace) -> None:
    cache = work / "cache" / place.name.replace(" ", "-")
    own = [
        fixbot(cache, "--no-cache", "--jobs", "1", name="fixbot run, one process"),
        fixbot(cache, "--no-cache", name="fixbot run, a process a core"),
    ]
    again = fixbot(cache, name="fixbot run, second and unchanged")
    floor = Tool(
        "the floor: read it, parse it in C", (sys.executable, str(HERE / "floor.py")), lambda f: [str(f)]
    )
    peers = [] if given.no_peers else [peer for peer in PEERS(ROOT) if peer.reads(place.kind)]
    measured(again, place.folder, given.limit)  # the first of the two runs
    costs = compared(place, [*own, again, floor, *peers], given.rounds, given.limit)
    sys.stdout.writelines(f"{line}\n" for line in table(place, costs))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
