"""How a command ends: what a bug of ours cost, and whether a finding is as bad as the user said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fixbot.cli.options import FailOn
from fixbot.model.findings import Severity

if TYPE_CHECKING:
    from fixbot.model.findings import Failure, Report


def describe_loss(lost: Failure, *, debug: bool) -> Iterator[str]:
    """What a bug of ours cost; the traceback may repeat values of files, so it comes only when asked for."""
    others = f" and {len(lost.paths) - 1} more were" if len(lost.paths) > 1 else " was"
    more = "" if debug else "; `--debug` shows more"
    yield f"{lost.reason}: {lost.paths[0]}{others} not examined, all else was{more}"
    yield from lost.trace.splitlines() if debug else ()


def reaches_severity(report: Report, fail_on: FailOn) -> bool:
    """Whether a finding is as bad as that which nobody asked to ignore, and no baseline has."""
    if fail_on is FailOn.NEVER:
        return False
    least = Severity[fail_on.name]
    return any(each.severity >= least for each in report.findings if each.is_new)
