"""`fixbot fleet plan` and `fixbot fleet report`: what comes before the shards and after them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fixbot.cli.shard import plan_of
from fixbot.cli.terminal import Terminal
from fixbot.errors import FixbotError
from fixbot.fleet.html import html
from fixbot.fleet.merge import as_json, collected
from fixbot.fleet.page import markdown, text
from fixbot.fleet.plan import Candidate, Plan, chosen, planned, shards_for
from fixbot.fleet.rows import State
from fixbot.fleet.stored import MOST_BYTES, read_file
from fixbot.forge.connection import Token
from fixbot.forge.errors import NoConnection
from fixbot.forge.fleet import OwnersConnector, candidates, listed
from fixbot.forge.hosts import is_repository
from fixbot.report.style import count


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What `fleet plan` was told."""

    names: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    source: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    forks: bool = False
    shards: int | None = None
    per_shard: int = 500
    at_once: int = 16
    output: Path = Path("fleet-plan.json")
    matrix: bool = False
    quiet: bool = False
    host: str = ""


def carry_out_plan(given: PlanOptions, environment: Mapping[str, str]) -> int:
    """Write the plan and say what is in it; 1 where there is nothing. Raises FixbotError."""
    if not (given.names or given.owners or given.source):
        raise FixbotError("which repositories? name them, or add --org OWNER or --from FILE")
    if given.topics and not given.owners:
        raise FixbotError("--topic chooses among the repositories of --org; add --org OWNER")
    terminal = Terminal(environment, quiet=given.quiet)
    connector = OwnersConnector(environment, waiting=terminal.note, chosen=given.host)
    names = list(dict.fromkeys(_names(given, connector)))
    found: dict[str, Candidate] = {}
    for owner, own in _by_owner(names).items():
        for each in candidates(connector.gateway(f"{owner}/{own[0].partition('/')[2]}"), own):
            found.setdefault(each.name.lower(), each)
    taken, left = chosen(found.values(), given.include, given.exclude, forks=given.forks)
    shards = given.shards or shards_for(len(taken), given.per_shard)
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    plan = planned(taken, left, made, shards, given.at_once)
    terminal.file(given.output, plan.text())
    if given.matrix:
        terminal.out(f"{plan.matrix()}\n")
    for line in _told(plan, given.output):
        if given.matrix:
            terminal.note(line)
        else:
            terminal.out(f"{line}\n")
    return 0 if taken else 1


def _names(given: PlanOptions, connector: OwnersConnector) -> Iterator[str]:
    yield from (_checked(name, "OWNER/NAME") for name in given.names)
    if given.source is not None:
        where = "stdin" if str(given.source) == "-" else str(given.source)
        try:
            text = _piped() if where == "stdin" else read_file(given.source).decode()
        except UnicodeDecodeError:
            raise FixbotError(f"{where}: cannot be read: it is not UTF-8") from None
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if name := line.partition("#")[0].strip():
                yield _checked(name, f"{where}:{number}")
    for owner in given.owners:
        if not is_repository(f"{owner}/x"):
            raise FixbotError(f"--org {owner}: that is no name of an organisation")
        if not isinstance(connector.known(), Token):
            raise NoConnection("--org needs a token in GITHUB_TOKEN; an app's key alone can list nothing")
        yield from listed(connector.gateway(f"{owner}/any"), owner, given.topics)


def _piped() -> str:
    try:
        text = sys.stdin.read(MOST_BYTES + 1)
    except OSError as error:
        raise FixbotError(f"stdin: cannot be read: {error.strerror}") from None
    if len(text) > MOST_BYTES:
        raise FixbotError(f"stdin: it has more than {MOST_BYTES:,} bytes")
    return text


def _checked(name: str, where: str) -> str:
    if not is_repository(name):
        raise FixbotError(f"{where}: {name!r} is no repository; write OWNER/NAME")
    return name


def _by_owner(names: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition("/")[0].lower(), []).append(name)
    return found


def _told(plan: Plan, output: Path) -> Iterator[str]:
    sizes = [len(plan.of(number)) for number in range(1, plan.shards + 1)]
    total = count(len(plan.repositories), "repository", "repositories")
    shards = count(plan.shards, "shard")
    yield f"{output}: {total} in {shards} ({min(sizes):,} to {max(sizes):,} each), {plan.at_once} at once"
    for each in plan.left_out:
        yield f"left out: {each.name}: {each.reason}"


def carry_out_report(
    plan: Path, results: Path, form: str, output: Path | None, environment: Mapping[str, str]
) -> int:
    """Merge what is there and show it; 1 where a shard is missing or a repository failed."""
    terminal = Terminal(environment)
    report = collected(plan_of(plan), results)
    shown = {"text": text, "json": as_json, "markdown": markdown, "html": html}[form](report)
    if output is None or str(output) == "-":
        terminal.out(shown)
    else:
        terminal.file(output, shown)
    for shard in report.unfinished:
        terminal.trouble(f"shard {shard.number}/{report.shards}: {shard.says}")
    failed = any(row.state is State.FAILED for row in report.rows)
    return 1 if report.unfinished or failed else 0
