"""The results of all shards as one report, which says of every repository of the plan what is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fixbot.fleet.json_records import load_json, read_file
from fixbot.fleet.plan import FleetPlan, LeftOutRepository
from fixbot.fleet.result_rows import FleetRow, RowState, parse_row
from fixbot.fleet.results_file import ResultsHead, read_results
from fixbot.model.errors import FixbotError
from fixbot.model.findings import PullRequestRow, Severity
from fixbot.text.characters import write_json


@dataclass(frozen=True, slots=True)
class ShardProgress:
    """How much of a shard has a row."""

    number: int
    done: int
    total: int

    @property
    def describe_missing(self) -> str:
        """What is missing of it."""
        return "no results" if not self.done else f"{self.done:,} of {self.total:,} repositories"


@dataclass(frozen=True, slots=True)
class FleetReport:
    """The fleet at a glance. `rows` come worst first; `missing` are repositories without a row, by name."""

    made: str
    basis: str
    shards: int
    rows: tuple[FleetRow, ...]
    unfinished: tuple[ShardProgress, ...]
    missing: tuple[str, ...]
    left_out: tuple[LeftOutRepository, ...]
    strange: tuple[str, ...] = ()
    """Files that are no results of this plan."""

    @property
    def total(self) -> int:
        """How many repositories the plan has."""
        return len(self.rows) + len(self.missing)

    @property
    def troubled(self) -> tuple[FleetRow, ...]:
        """Those with something to be said about, failed or not."""
        return tuple(each for each in self.rows if each.trouble)

    @property
    def waiting(self) -> tuple[tuple[FleetRow, PullRequestRow], ...]:
        """Every pull request that is still to be opened, updated or closed, with its repository."""
        return tuple((row, pull) for row in self.rows for pull in row.waiting)

    @property
    def carried(self) -> int:
        """How many were taken over from the last report."""
        return sum(each.carried for each in self.rows)

    def count_all(self, name: str) -> Counter[str]:
        """The sum over all rows of their `severities`, `statuses` or `rules`."""
        total: Counter[str] = Counter()
        for row in self.rows:
            total.update(getattr(row, name))
        return total

    def count_outcomes(self) -> Counter[str]:
        """How many branches ended how; what was done is counted by its deed."""
        pulls = (pull for row in self.rows for pull in row.pulls if not row.carried)
        return Counter(each.deed if each.outcome == "done" else each.outcome for each in pulls)

    def count_severities(self) -> list[tuple[str, int]]:
        """From critical to low, those that there are."""
        found = self.count_all("severities")
        return [
            (each.label, found[each.label]) for each in sorted(Severity, reverse=True) if found[each.label]
        ]


def merge_results(
    plan: FleetPlan, results: Iterable[tuple[str, tuple[ResultsHead, Sequence[FleetRow]] | None]]
) -> FleetReport:
    """One report of a plan and files of results, each with its name; what ended last counts."""
    members = {each.name for each in plan.repositories}
    rows: dict[str, FleetRow] = {}
    bases: set[str] = set()
    strange = []
    for name, found in results:
        if found is None or found[0].plan != plan.plan_digest:
            strange.append(name)
            continue
        bases.add(found[0].basis)
        for row in found[1]:
            if row.name in members:
                rows[row.name] = _later_row(row, rows.get(row.name))
    shards = []
    for number in range(1, plan.shards + 1):
        own = plan.members_of(number)
        done = sum(each.name in rows for each in own)
        if done < len(own):
            shards.append(ShardProgress(number, done, len(own)))
    ordered = sorted(rows.values(), key=lambda row: (tuple(-n for n in row.weight), row.name.lower()))
    missing = tuple(each.name for each in plan.repositories if each.name not in rows)
    return FleetReport(
        plan.made, bases.pop() if len(bases) == 1 else "", plan.shards, tuple(ordered), tuple(shards),
        missing, plan.left_out, tuple(strange),
    )  # fmt: skip


def _later_row(one: FleetRow, other: FleetRow | None) -> FleetRow:
    """The row that ended later; where that is a failure, with what the earlier one found."""
    if other is None:
        return one
    first, last = sorted((other, one), key=lambda row: (row.scanned, row.ended))
    if last.state is RowState.FAILED and first.state is RowState.DONE:
        return replace(
            first, state=RowState.FAILED, trouble=last.trouble, ended=last.ended, writes=last.writes
        )
    return last


def collect_results(plan: FleetPlan, folder: Path) -> FleetReport:
    """The report of all files of results in a folder. Raises FixbotError."""
    return merge_results(plan, ((path.name, read_results(path)) for path in sorted(folder.rglob("*.jsonl"))))


def render_json(report: FleetReport) -> str:
    """For machines, and for `--since-report`; fields are only ever added to `schema` 1."""
    whole: dict[str, Any] = {
        "schema": 1,
        "made": report.made,
        "basis": report.basis,
        "repositories": report.total,
        "carried": report.carried,
        "severities": dict(report.count_severities()),
        "statuses": dict(report.count_all("statuses")),
        "rules": dict(report.count_all("rules")),
        "outcomes": dict(report.count_outcomes()),
        "waiting": len(report.waiting),
        "unfinished": [asdict(each) for each in report.unfinished],
        "missing": report.missing,
        "left_out": [asdict(each) for each in report.left_out],
        "strange": report.strange,
        "rows": [asdict(each) for each in report.rows],
    }
    return write_json(whole, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """What an earlier report leaves: rows by name, and how much was written when (seconds since 1970)."""

    rows: Mapping[str, FleetRow] = field(default_factory=dict)
    basis: str = ""
    wrote: tuple[tuple[float, int], ...] = ()


def read_earlier(path: Path, plan: FleetPlan) -> EarlierReport:
    """An earlier report from its JSON file, or what a folder has of this plan. Raises FixbotError."""
    if path.is_dir():
        report = collect_results(plan, path)
        return _earlier_of_rows(report.rows, report.basis)
    try:
        data = load_json(read_file(path))
        return _earlier_of_rows([parse_row(each) for each in data["rows"]], str(data["basis"]))
    except (ValueError, LookupError, TypeError):
        raise FixbotError(
            f"{path}: that is no report of a fleet; `fixbot fleet report --format json` writes one"
        ) from None


def _earlier_of_rows(rows: Sequence[FleetRow], basis: str) -> EarlierReport:
    wrote = tuple((row.ended, row.writes) for row in rows if row.writes)
    return EarlierReport({row.name: row for row in rows if row.state is RowState.DONE}, basis, wrote)
