"""What settings left out of a run, in lines that name it; none where nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.model.findings import Severity
from fixbot.report.style import format_count

if TYPE_CHECKING:
    from fixbot.model.findings import LeftOutBySettings

_NAMED: Final = 20


def describe_left_out(left: LeftOutBySettings) -> Iterator[str]:
    """One plain sentence for each way of leaving out."""
    if left.rules:
        yield f"Rules that are off: {_list_some(left.rules)}."
    patterns = [f"{name} {_list_some(globs)}" for name, globs in left.glob_settings if globs]
    if patterns:
        yield f"{format_count(left.files, 'file')} left out by {', '.join(patterns)}."
    if left.severity is not Severity.LOW:
        yield f"{format_count(left.hidden, 'finding')} below {left.severity.label} not shown (severity)."
    if left.ephemeral:
        yield f"No protection from deletion asked for in: {_list_some(left.ephemeral)}."
    if left.never_patch:
        yield f"Never changed, though looked at: {_list_some(left.never_patch)}."


def _list_some(words: Sequence[str]) -> str:
    more = f" and {len(words) - _NAMED:,} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more
