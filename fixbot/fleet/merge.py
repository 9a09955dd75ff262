"""The results of all shards as one report, which says of every repository of the plan what is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fixbot.characters import write_json
from fixbot.errors import FixbotError
from fixbot.fleet.plan import LeftOut, Plan
from fixbot.fleet.results import Head, read
from fixbot.fleet.rows import Row, State, row_of
from fixbot.fleet.stored import load_json, read_file
from fixbot.model import PullRow, Severity


@dataclass(frozen=True, slots=True)
class Shard:
    """How much of a shard has a row."""

    number: int
    done: int
    total: int

    @property
    def says(self) -> str:
        """What is missing of it."""
        return "no results" if not self.done else f"{self.done:,} of {self.total:,} repositories"


@dataclass(frozen=True, slots=True)
class FleetReport:
    """The fleet at a glance. `rows` come worst first; `missing` are repositories without a row, by name."""

    made: str
    basis: str
    shards: int
    rows: tuple[Row, ...]
    unfinished: tuple[Shard, ...]
    missing: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    strange: tuple[str, ...] = ()
    """Files that are no results of this plan."""

    @property
    def total(self) -> int:
        """How many repositories the plan has."""
        return len(self.rows) + len(self.missing)

    @property
    def troubled(self) -> tuple[Row, ...]:
        """Those with something to be said about, failed or not."""
        return tuple(each for each in self.rows if each.trouble)

    @property
    def waiting(self) -> tuple[tuple[Row, PullRow], ...]:
        """Every pull request that is still to be opened, updated or closed, with its repository."""
        return tuple((row, pull) for row in self.rows for pull in row.waiting)

    @property
    def carried(self) -> int:
        """How many were taken over from the last report."""
        return sum(each.carried for each in self.rows)

    def counts(self, name: str) -> Counter[str]:
        """The sum over all rows of their `severities`, `statuses` or `rules`."""
        total: Counter[str] = Counter()
        for row in self.rows:
            total.update(getattr(row, name))
        return total

    def outcomes(self) -> Counter[str]:
        """How many branches ended how; what was done is counted by its deed."""
        pulls = (pull for row in self.rows for pull in row.pulls if not row.carried)
        return Counter(each.deed if each.outcome == "done" else each.outcome for each in pulls)

    def severities(self) -> list[tuple[str, int]]:
        """From critical to low, those that there are."""
        found = self.counts("severities")
        return [
            (each.label, found[each.label]) for each in sorted(Severity, reverse=True) if found[each.label]
        ]


def merged(plan: Plan, results: Iterable[tuple[str, tuple[Head, Sequence[Row]] | None]]) -> FleetReport:
    """One report of a plan and files of results, each with its name; what ended last counts."""
    members = {each.name for each in plan.repositories}
    rows: dict[str, Row] = {}
    bases: set[str] = set()
    strange = []
    for name, found in results:
        if found is None or found[0].plan != plan.digest:
            strange.append(name)
            continue
        bases.add(found[0].basis)
        for row in found[1]:
            if row.name in members:
                rows[row.name] = _later(row, rows.get(row.name))
    shards = []
    for number in range(1, plan.shards + 1):
        own = plan.of(number)
        done = sum(each.name in rows for each in own)
        if done < len(own):
            shards.append(Shard(number, done, len(own)))
    ordered = sorted(rows.values(), key=lambda row: (tuple(-n for n in row.weight), row.name.lower()))
    missing = tuple(each.name for each in plan.repositories if each.name not in rows)
    return FleetReport(
        plan.made, bases.pop() if len(bases) == 1 else "", plan.shards, tuple(ordered), tuple(shards),
        missing, plan.left_out, tuple(strange),
    )  # fmt: skip


def _later(one: Row, other: Row | None) -> Row:
    """The row that ended later; where that is a failure, with what the earlier one found."""
    if other is None:
        return one
    first, last = sorted((other, one), key=lambda row: (row.scanned, row.ended))
    if last.state is State.FAILED and first.state is State.DONE:
        return replace(first, state=State.FAILED, trouble=last.trouble, ended=last.ended, writes=last.writes)
    return last


def collected(plan: Plan, folder: Path) -> FleetReport:
    """The report of all files of results in a folder. Raises FixbotError."""
    return merged(plan, ((path.name, read(path)) for path in sorted(folder.rglob("*.jsonl"))))


def as_json(report: FleetReport) -> str:
    """For machines, and for `--since-report`; fields are only ever added to `schema` 1."""
    whole: dict[str, Any] = {
        "schema": 1,
        "made": report.made,
        "basis": report.basis,
        "repositories": report.total,
        "carried": report.carried,
        "severities": dict(report.severities()),
        "statuses": dict(report.counts("statuses")),
        "rules": dict(report.counts("rules")),
        "outcomes": dict(report.outcomes()),
        "waiting": len(report.waiting),
        "unfinished": [asdict(each) for each in report.unfinished],
        "missing": report.missing,
        "left_out": [asdict(each) for each in report.left_out],
        "strange": report.strange,
        "rows": [asdict(each) for each in report.rows],
    }
    return write_json(whole, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier report leaves: rows by name, and how much was written when (seconds since 1970)."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    basis: str = ""
    wrote: tuple[tuple[float, int], ...] = ()


def earlier(path: Path, plan: Plan) -> Earlier:
    """An earlier report from its JSON file, or what a folder has of this plan. Raises FixbotError."""
    if path.is_dir():
        report = collected(plan, path)
        return _earlier(report.rows, report.basis)
    try:
        data = load_json(read_file(path))
        return _earlier([row_of(each) for each in data["rows"]], str(data["basis"]))
    except (ValueError, LookupError, TypeError):
        raise FixbotError(
            f"{path}: that is no report of a fleet; `fixbot fleet report --format json` writes one"
        ) from None


def _earlier(rows: Sequence[Row], basis: str) -> Earlier:
    wrote = tuple((row.ended, row.writes) for row in rows if row.writes)
    return Earlier({row.name: row for row in rows if row.state is State.DONE}, basis, wrote)
