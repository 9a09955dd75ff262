"""`fixbot fleet run`: one shard's repositories, each looked at or carried over, one line of results each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Final

from fixbot import __version__
from fixbot.checkout.git_home import stranger_folders
from fixbot.checkout.named_files import find_planted_link
from fixbot.cli.effective_settings import overlay_options
from fixbot.cli.fleet_repository import FleetRun, process_repository
from fixbot.cli.options import Options
from fixbot.cli.terminal import Terminal
from fixbot.fleet.json_records import read_file
from fixbot.fleet.merge import EarlierReport, read_earlier
from fixbot.fleet.plan import FleetPlan, Member, parse_plan
from fixbot.fleet.result_rows import FleetRow, RepositoryPulse, RowState, is_unchanged
from fixbot.fleet.results_file import ResultsFile, ResultsHead
from fixbot.model.errors import FixbotError
from fixbot.publish.github.fleet_queries import A_BATCH, OwnersConnector, query_pulses
from fixbot.publish.github.gateway import Clock, WallClock
from fixbot.publish.github.github_errors import OutcomeUnknown, RateLimitExceeded
from fixbot.publish.github.request_pace import HOUR, WRITES_A_MINUTE, RequestPace
from fixbot.report.style import format_count
from fixbot.rules.loading import load_rules
from fixbot.settings import Settings
from fixbot.settings.read_settings import read_settings

MOST_WRITERS: Final = WRITES_A_MINUTE // 2
"""How many shards may publish at once: with more, one's part of a minute is too small to share."""


_A_MEMBER: Final = 6
"""Limits of a part that a repository may use up in any case, however little time is left for all."""
A_REPOSITORY: Final = 50
"""Writes that one repository may need: ten pull requests, as many as one run opens, of five each."""


@dataclass(frozen=True)
class ShardOptions:
    """What `fleet run` was told: `shard` as I of N, else `index` as a job's own; the whole plan without both.

    `minutes` is how long to begin new work, after `days` everything is looked at anew.
    """

    plan: Path
    shard: tuple[int, int] | None = None
    index: int | None = None
    results: Path = Path("fleet-results")
    since_report: Path | None = None
    minutes: float = 330
    days: float = 7
    run: Options = field(default_factory=lambda: Options("fleet"))


def run_shard(
    given: ShardOptions,
    environment: Mapping[str, str],
    clock: Clock | None = None,
    terminal: Terminal | None = None,
) -> int:
    """Do it; 1 where it did not come to the end, or every repository failed. Raises FixbotError.

    A repository that failed is for the report to say: what follows must not be stopped by it.
    """
    terminal = terminal or Terminal(environment, quiet=given.run.quiet)
    plan = read_plan(given.plan)
    number = _shard_number(given, plan)
    sharers = 1 if number is None else plan.at_once
    if given.run.pr and sharers > MOST_WRITERS:
        raise FixbotError(
            f"--pr with {sharers} shards at once: they share GitHub's limits, and a part would be too small. "
            f"Scan with all of them, then publish with one: `fixbot fleet run {given.plan} --pr "
            f"--since-report REPORT` without --shard; or plan for --at-once {MOST_WRITERS}"
        )
    fixers = load_rules()
    settings = Settings()
    if given.run.config is not None:
        settings = read_settings(settings, given.run.config, stranger_folders())
    overlay_options(settings, given.run, fixers)
    connector = OwnersConnector(
        environment,
        waiting=terminal.print_note,
        clock=clock or WallClock(),
        pace=RequestPace(sharers=sharers),
        chosen=given.run.host,
    )
    desk = FleetRun(given.run, terminal, fixers, connector, settings)
    which = "all" if number is None else f"{number}/{plan.shards}"
    head = ResultsHead(plan.plan_digest, which, _results_basis(desk))
    file = given.results / _results_file_name(number, plan, pr=given.run.pr)
    if link := find_planted_link(str(file), stranger_folders()):
        raise FixbotError(f"--results: {link} is a symbolic link that leads out of the checkout")
    results = ResultsFile.open_results(file, head)
    known = EarlierReport() if given.since_report is None else read_earlier(given.since_report, plan)
    if known.rows and known.basis != head.basis:
        terminal.print_note(
            "note: the last report was made by other rules, settings or version: all is looked at anew"
        )
        known = replace(known, rows={})
    shard = _ShardRun(given, desk, plan.members_of(number), results, known)
    try:
        return shard.run_members()
    finally:
        results.close_file()


def read_plan(path: Path) -> FleetPlan:
    """The plan in a file. Raises FixbotError."""
    try:
        return parse_plan(read_file(path).decode(), str(path))
    except UnicodeDecodeError:
        raise FixbotError(f"{path}: cannot be read: not UTF-8") from None


def _shard_number(given: ShardOptions, plan: FleetPlan) -> int | None:
    if given.shard is None and given.index is None:
        return None
    number, of = given.shard or (given.index or 0, plan.shards)
    if of != plan.shards or not 1 <= number <= of:
        last = f"{plan.shards}/{plan.shards}"
        raise FixbotError(f"shard {number}/{of}: {given.plan} has shards 1/{plan.shards} to {last}")
    return number


def _results_file_name(number: int | None, plan: FleetPlan, *, pr: bool) -> str:
    """Its own for scanning and for publishing: what was scanned is not published yet."""
    which = "all" if number is None else f"{number}-of-{plan.shards}"
    return f"{'publish' if pr else 'scan'}-{which}.jsonl"


def _results_basis(desk: FleetRun) -> str:
    """What names everything that rows depend on beside the repositories."""
    options = desk.options
    parts = (
        __version__, sorted(each.name for each in desk.fixers), desk.settings, options.only, options.skip,
        options.safety, options.include, options.exclude,
    )  # fmt: skip
    return blake2b(repr(parts).encode(), digest_size=8).hexdigest()


@dataclass
class _ShardRun:
    """One run over these members. `known` are the rows of the last report."""

    given: ShardOptions
    desk: FleetRun
    members: Sequence[Member]
    results: ResultsFile
    known: EarlierReport
    done: int = 0
    carried: int = 0
    failed: int = 0

    def run_members(self) -> int:
        """All of them, until the time is over or GitHub wants a longer pause than there is time for."""
        clock, terminal = self.desk.connector.clock, self.desk.terminal
        ends = clock.current_time() + 60 * self.given.minutes
        todo = [each for each in self.members if each.name not in self.results.rows]
        if len(todo) < len(self.members):
            terminal.print_note(
                f"{len(self.members) - len(todo):,} of {len(self.members):,} are done: going on from there"
            )
        self._remember_writes(clock.current_time())
        todo.sort(key=self._member_order)
        stopped, broken = "", False
        try:
            for begin in range(0, len(todo), A_BATCH):
                self._process_batch(todo[begin : begin + A_BATCH], ends)
                terminal.print_note(self._describe_progress(len(todo)))
        except (RateLimitExceeded, OutcomeUnknown) as trouble:
            stopped, broken = str(trouble), isinstance(trouble, OutcomeUnknown)
        terminal.clear_progress()
        left = len(todo) - self.done
        if left:
            terminal.print_trouble(
                f"{format_count(left, 'repository', 'repositories')} left for the next run: {stopped}"
            )
        on_purpose = self.desk.options.pr and not broken
        nothing_works = 0 < self.done == self.failed
        return 1 if nothing_works or (left and not on_purpose) else 0

    def _member_order(self, member: Member) -> tuple[object, ...]:
        """Where pull requests wait, the worst first: what is left at the end can wait best.

        What failed in the last try comes last, so that it can't take the time of all others again.
        """
        row = self.known.rows.get(member.name)
        waiting = row is not None and bool(row.waiting)
        weight = tuple(-each for each in row.weight) if row is not None and waiting else ()
        return (member.name in self.results.failed, not waiting, weight, member.name.lower())

    def _remember_writes(self, now: float) -> None:
        """What was written in the last hour counts, whichever run did it."""
        before = [*self.known.wrote, *((row.ended, row.writes) for row in self.results.rows.values())]
        recent = sorted((at, writes) for at, writes in before if at > now - HOUR)
        for at, writes in recent:
            self.desk.connector.pace.writes.extend([min(at, now)] * writes)

    def _process_batch(self, members: Sequence[Member], ends: float) -> None:
        clock = self.desk.connector.clock
        found = self._query_pulses(members, ends)
        for member in members:
            left = ends - clock.current_time()
            if left <= 0:
                raise RateLimitExceeded(0, "the time is over")
            prefix, _ = self._asked_prefix_and_base(member)
            row = self._process_member(member, found.get(member.id), prefix, left)
            if row.state is not RowState.TIRED or row.pulls:
                self.results.append_row(row)
            if row.state is RowState.TIRED:
                raise RateLimitExceeded(0, row.trouble)
            self.done += 1
            self.carried += row.carried
            if row.state is RowState.FAILED:
                self.failed += 1
                self.desk.terminal.print_trouble(f"{row.name}: {row.trouble}")
            self.desk.terminal.draw_progress(self.done, len(self.members), row.name)

    def _process_member(
        self, member: Member, pulse: RepositoryPulse | None, prefix: str, left: float
    ) -> FleetRow:
        known, now = self.known.rows.get(member.name), self.desk.connector.clock.current_time()
        publishing = self.desk.options.pr
        if known and pulse and is_unchanged(known, pulse, now, self.given.days, publishing=publishing):
            return replace(known, carried=True)
        if known and known.waiting and publishing:
            left -= self._wait_for_room(left)
        self.desk.connector.gateway_for(member.name).patience = left
        seconds = max(left, self.desk.settings.limits.seconds * _A_MEMBER)
        return process_repository(
            replace(self.desk, deadline=time.monotonic() + seconds), member, pulse, prefix
        )

    def _wait_for_room(self, left: float) -> float:
        """Wait before a repository and not in it: an app's token may end while one waits."""
        connector = self.desk.connector
        seconds = connector.pace.wait_for_room(connector.clock.current_time(), A_REPOSITORY)
        if seconds > left:
            raise RateLimitExceeded(seconds, "what may be written in an hour is used up")
        if seconds:
            self.desk.terminal.print_note(f"waiting {seconds:.0f} s, so that no limit of GitHub's is met")
            connector.clock.sleep_for(seconds)
        return seconds

    def _query_pulses(self, members: Sequence[Member], ends: float) -> dict[str, RepositoryPulse]:
        """One query for those that share an owner and settings, which are mostly all."""
        groups: dict[tuple[str, str, str], list[str]] = {}
        for each in members:
            owner = each.name.partition("/")[0].lower()
            groups.setdefault((owner, *self._asked_prefix_and_base(each)), []).append(each.id)
        found: dict[str, RepositoryPulse] = {}
        for (_, prefix, base), ids in groups.items():
            name = next(each.name for each in members if each.id == ids[0])
            gateway = self.desk.connector.gateway_for(name)
            gateway.patience = max(0.0, ends - self.desk.connector.clock.current_time())
            found |= query_pulses(gateway, ids, prefix, base)
        return found

    def _asked_prefix_and_base(self, member: Member) -> tuple[str, str]:
        """The prefix and base to ask for: what the repository's settings said last time."""
        row, settings = self.known.rows.get(member.name), self.desk.settings
        if row is not None and row.prefix:
            return row.prefix, row.base
        return settings.branch_prefix, settings.pull_requests.base or ""

    def _describe_progress(self, total: int) -> str:
        looked = self.done - self.carried
        counts = f"{looked:,} looked at, {self.carried:,} unchanged, {self.failed:,} failed"
        return f"{self.done:,} of {total:,}: {counts}"
