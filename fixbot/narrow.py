"""What a report says about some files of a repository that was read as a whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from fixbot.model import Report


def about(report: Report, paths: Collection[str]) -> Report:
    """The report on `paths` and on the files that have to change together with them.

    The figures stay those of the whole, which was read.
    """
    files = _with_companions(report, frozenset(paths))
    return replace(
        report,
        findings=tuple(each for each in report.findings if each.path in files),
        patches=tuple(each for each in report.patches if each.path in files),
        proposals=tuple(each for each in report.proposals if not files.isdisjoint(each.paths)),
        unread=tuple(each for each in report.unread if each.path in files),
        failures=tuple(each for each in report.failures if not files.isdisjoint(each.paths)),
    )


def _with_companions(report: Report, paths: frozenset[str]) -> frozenset[str]:
    found = paths
    while True:
        touched = (each.paths for each in report.proposals if not found.isdisjoint(each.paths))
        more = found.union(*touched)
        if more == found:
            return found
        found = more
