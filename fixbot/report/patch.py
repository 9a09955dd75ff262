"""All fixes as one patch for `git apply`. It holds removed lines as they are, so it goes only into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.diff import unified_diff

if TYPE_CHECKING:
    from fixbot.model.findings import Report


def render_patch(report: Report) -> str:
    """The unified diff of every file that the offered fixes change."""
    return "".join(unified_diff(each.file) for each in report.patches)


def holds_secrets(report: Report) -> bool:
    """Whether the patch shows anything that the masked diffs hide."""
    return any(each.diff != unified_diff(each.file) for each in report.patches)
