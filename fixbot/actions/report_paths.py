"""A report on a folder as a report on its repository: GitHub counts paths from the top."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixbot.model.findings import Report


def prefix_paths(report: Report, prefix: str) -> Report:
    """The same with each path below `prefix`, which is empty or ends with a slash."""
    if not prefix:
        return report
    return replace(
        report,
        findings=tuple(replace(each, path=prefix + each.path) for each in report.findings),
        patches=tuple(replace(each, path=prefix + each.path) for each in report.patches),
        proposals=tuple(
            replace(
                each,
                paths=tuple(prefix + path for path in each.paths),
                contents={prefix + path: text for path, text in each.contents.items()},
            )
            for each in report.proposals
        ),
        unread=tuple(replace(each, path=prefix + each.path) for each in report.unread),
    )
