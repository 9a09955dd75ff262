"""What settings left out of a run, in lines that name it; none where nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.model import Severity
from fixbot.report.style import count

if TYPE_CHECKING:
    from fixbot.model import LeftOut

_NAMED: Final = 20


def left_out_lines(left: LeftOut) -> Iterator[str]:
    """One plain sentence for each way of leaving out."""
    if left.rules:
        yield f"Rules that are off: {_some(left.rules)}."
    patterns = [f"{name} {_some(globs)}" for name, globs in left.globs if globs]
    if patterns:
        yield f"{count(left.files, 'file')} left out by {', '.join(patterns)}."
    if left.severity is not Severity.LOW:
        yield f"{count(left.hidden, 'finding')} below {left.severity.label} not shown (severity)."
    if left.never_patch:
        yield f"Never changed, though looked at: {_some(left.never_patch)}."


def _some(words: Sequence[str]) -> str:
    more = f" and {len(words) - _NAMED:,} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more
