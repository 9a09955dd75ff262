"""One repository's line in the results, and whether the next run may take it over as it stands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from fixbot.fleet.json_records import ID, REPOSITORY, WORD, build_record
from fixbot.model.findings import PullRequestRow, Report, Severity
from fixbot.settings.value_shapes import BRANCH, BRANCH_PREFIX
from fixbot.text.text_shape import RULE, TextShape

DAY: Final = 86_400.0
_PREFIX: Final = replace(BRANCH_PREFIX, pattern=f"({BRANCH_PREFIX.pattern})?")
_BASE: Final = replace(BRANCH, pattern=f"({BRANCH.pattern})?")
_SEVERITY: Final = TextShape("a severity", "|".join(each.label for each in Severity), 8)
_WAITS: Final = frozenset(("would", "waits", "failed"))


class RowState(StrEnum):
    """How far a repository was done. Only DONE may be carried over."""

    DONE = "done"
    FAILED = "failed"
    TIRED = "tired"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class RepositoryPulse:
    """What one line of the batched query says of a repository.

    `head` and `tree` are the commit of the branch `base`, empty where there is none; `ours` counts branches
    that are named as ours, `pulls` all pull requests ever; `moved` is when the last of them changed.
    """

    id: str
    name: str
    base: str
    head: str
    tree: str = ""
    ours: int = 0
    pulls: int = 0
    moved: str = ""
    url: str = ""
    archived: bool = False
    disabled: bool = False
    push: bool = False


@dataclass(frozen=True, slots=True)
class FleetRow:
    """A repository's line. `scanned` and `ended` are seconds since 1970.

    `base` is set where settings name another branch than the default one. `requests` and `writes` count
    what was sent to GitHub for it, its share of batches left out.
    """

    name: str = field(metadata={"shape": REPOSITORY})
    id: str = field(metadata={"shape": ID})
    state: RowState
    trouble: str = ""
    head: str = field(default="", metadata={"shape": WORD})
    base: str = field(default="", metadata={"shape": _BASE})
    prefix: str = field(default="", metadata={"shape": _PREFIX})
    ours: int = 0
    moved: str = field(default="", metadata={"shape": WORD})
    scanned: float = 0.0
    ended: float = 0.0
    requests: int = 0
    writes: int = 0
    files: int = 0
    unread: int = 0
    severities: Mapping[str, int] = field(default_factory=dict, metadata={"shape": _SEVERITY})
    """Findings that nobody asked to ignore."""
    statuses: Mapping[str, int] = field(default_factory=dict, metadata={"shape": WORD})
    rules: Mapping[str, int] = field(default_factory=dict, metadata={"shape": RULE})
    pulls: tuple[PullRequestRow, ...] = ()
    carried: bool = False

    @property
    def waiting(self) -> tuple[PullRequestRow, ...]:
        """What is still to be done on GitHub."""
        return tuple(each for each in self.pulls if each.outcome in _WAITS)

    @property
    def worst(self) -> Severity | None:
        """The worst finding."""
        return max((Severity[name.upper()] for name in self.severities), default=None)

    @property
    def weight(self) -> tuple[int, ...]:
        """How many findings there are of each severity, from critical to low: for sorting."""
        return tuple(self.severities.get(each.label, 0) for each in sorted(Severity, reverse=True))


def count_report(report: Report) -> dict[str, Any]:
    """What a report comes to in a row."""
    open_ones = [each for each in report.findings if each.status.value != "suppressed"]
    return {
        "files": report.stats.files_parsed,
        "unread": len(report.unread),
        "severities": dict(Counter(each.severity.label for each in open_ones)),
        "statuses": dict(Counter(each.status.value for each in report.findings)),
        "rules": dict(sorted(Counter(each.rule for each in open_ones).items())),
    }


def is_unchanged(row: FleetRow, pulse: RepositoryPulse, now: float, days: float, *, publishing: bool) -> bool:
    """Whether the row still holds, so that nothing needs to be asked or read.

    Where no branch of ours is there, other people's pull requests don't matter. Everything is looked at anew
    after `days`: suppressions and answers of people end on a day.
    """
    return (
        row.state is RowState.DONE
        and bool(row.head)
        and row.head == pulse.head
        and row.ours == pulse.ours
        and (not pulse.ours or row.moved == pulse.moved)
        and now - row.scanned < days * DAY * _spread_by_name(row.name)
        and not (publishing and row.waiting)
    )


def _spread_by_name(name: str) -> float:
    """Between a half and one, by the name: so that not all are looked at anew on the same day."""
    return 0.5 + blake2b(name.lower().encode(), digest_size=1).digest()[0] / 510


def format_row(row: FleetRow) -> str:
    """The row as a line of JSON, without the end of the line."""
    return json.dumps(asdict(row), separators=(",", ":"))


def parse_row(data: Mapping[str, Any]) -> FleetRow:
    """A row from its JSON, without fields of a later version. Raises ValueError, LookupError, TypeError."""
    return build_record(FleetRow, data)
