"""`fixbot fleet plan` and `fixbot fleet report`: what comes before the shards and after them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fixbot.cli.fleet_shard import read_plan
from fixbot.cli.terminal import Terminal
from fixbot.fleet.html_page import render_html
from fixbot.fleet.json_records import MOST_BYTES, read_file
from fixbot.fleet.merge import collect_results, render_json
from fixbot.fleet.plan import Candidate, FleetPlan, build_plan, choose_candidates, count_shards
from fixbot.fleet.render_page import render_markdown, render_text
from fixbot.fleet.result_rows import RowState
from fixbot.model.errors import FixbotError
from fixbot.publish.github.credentials import Token
from fixbot.publish.github.fleet_queries import OwnersConnector, list_repositories, query_candidates
from fixbot.publish.github.github_errors import NoConnection
from fixbot.publish.github.hosts import is_repository_name
from fixbot.report.style import format_count


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


def write_fleet_plan(given: PlanOptions, environment: Mapping[str, str]) -> int:
    """Write the plan and say what is in it; 1 where there is nothing. Raises FixbotError."""
    if not (given.names or given.owners or given.source):
        raise FixbotError("which repositories? name them, or add --org OWNER or --from FILE")
    if given.topics and not given.owners:
        raise FixbotError("--topic chooses among the repositories of --org; add --org OWNER")
    terminal = Terminal(environment, quiet=given.quiet)
    connector = OwnersConnector(environment, waiting=terminal.print_note, chosen=given.host)
    names = list(dict.fromkeys(_list_names(given, connector)))
    found: dict[str, Candidate] = {}
    for owner, own in _group_by_owner(names).items():
        for each in query_candidates(connector.gateway_for(f"{owner}/{own[0].partition('/')[2]}"), own):
            found.setdefault(each.name.lower(), each)
    taken, left = choose_candidates(found.values(), given.include, given.exclude, forks=given.forks)
    shards = given.shards or count_shards(len(taken), given.per_shard)
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    plan = build_plan(taken, left, made, shards, given.at_once)
    terminal.write_file(given.output, plan.render_text())
    if given.matrix:
        terminal.print_out(f"{plan.render_matrix()}\n")
    for line in _describe_plan(plan, given.output):
        if given.matrix:
            terminal.print_note(line)
        else:
            terminal.print_out(f"{line}\n")
    return 0 if taken else 1


def _list_names(given: PlanOptions, connector: OwnersConnector) -> Iterator[str]:
    yield from (_check_name(name, "OWNER/NAME") for name in given.names)
    if given.source is not None:
        where = "stdin" if str(given.source) == "-" else str(given.source)
        try:
            text = _read_stdin() if where == "stdin" else read_file(given.source).decode()
        except UnicodeDecodeError:
            raise FixbotError(f"{where}: cannot be read: it is not UTF-8") from None
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if name := line.partition("#")[0].strip():
                yield _check_name(name, f"{where}:{number}")
    for owner in given.owners:
        if not is_repository_name(f"{owner}/x"):
            raise FixbotError(f"--org {owner}: that is no name of an organisation")
        if not isinstance(connector.find_credentials(), Token):
            raise NoConnection("--org needs a token in GITHUB_TOKEN; an app's key alone can list nothing")
        yield from list_repositories(connector.gateway_for(f"{owner}/any"), owner, given.topics)


def _read_stdin() -> str:
    try:
        text = sys.stdin.read(MOST_BYTES + 1)
    except OSError as error:
        raise FixbotError(f"stdin: cannot be read: {error.strerror}") from None
    if len(text) > MOST_BYTES:
        raise FixbotError(f"stdin: it has more than {MOST_BYTES:,} bytes")
    return text


def _check_name(name: str, where: str) -> str:
    if not is_repository_name(name):
        raise FixbotError(f"{where}: {name!r} is no repository; write OWNER/NAME")
    return name


def _group_by_owner(names: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition("/")[0].lower(), []).append(name)
    return found


def _describe_plan(plan: FleetPlan, output: Path) -> Iterator[str]:
    sizes = [len(plan.members_of(number)) for number in range(1, plan.shards + 1)]
    total = format_count(len(plan.repositories), "repository", "repositories")
    shards = format_count(plan.shards, "shard")
    yield f"{output}: {total} in {shards} ({min(sizes):,} to {max(sizes):,} each), {plan.at_once} at once"
    for each in plan.left_out:
        yield f"left out: {each.name}: {each.reason}"


def write_fleet_report(
    plan: Path, results: Path, form: str, output: Path | None, environment: Mapping[str, str]
) -> int:
    """Merge what is there and show it; 1 where a shard is missing or a repository failed."""
    terminal = Terminal(environment)
    report = collect_results(read_plan(plan), results)
    shown = {"text": render_text, "json": render_json, "markdown": render_markdown, "html": render_html}[
        form
    ](report)
    if output is None or str(output) == "-":
        terminal.print_out(shown)
    else:
        terminal.write_file(output, shown)
    for shard in report.unfinished:
        terminal.print_trouble(f"shard {shard.number}/{report.shards}: {shard.describe_missing}")
    failed = any(row.state is RowState.FAILED for row in report.rows)
    return 1 if report.unfinished or failed else 0
