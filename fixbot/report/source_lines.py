"""Findings from outside on a terminal: what became of each, those for a person with what can be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from fixbot.model.foreign_findings import SourceOutcome, SourceRow
    from fixbot.report.style import TerminalStyle

_WORDS: Final[dict[SourceOutcome, str]] = {
    "matched": "found in a file",
    "ambiguous": "fit several places, so nothing is changed for them",
    "no-file": "lead to no file here",
    "no-rule": "are for a person: no rule repairs them",
    "clean": "are right in the file already",
    "suppressed": "are left alone as asked",
    "resolved": "are resolved at their source",
    "unread": "can't be read or judged",
}
_QUIET: Final = frozenset(("matched", "resolved"))
_MOST: Final = 30
"""Rows of an outcome that are named."""


def render_source_lines(rows: Sequence[SourceRow] | None, style: TerminalStyle) -> Iterator[str]:
    """How many there are of each outcome, and each that is not a proposal's matter, with the reason."""
    if rows is None:
        return
    counts = Counter(row.outcome for row in rows)
    yield style.paint_bold(f"Findings from outside: {len(rows):,}")
    for outcome, words in _WORDS.items():
        some = [row for row in rows if row.outcome == outcome]
        if not some:
            continue
        yield f"  {counts[outcome]:,} {words}"
        named = [row for row in some if row.reason] if outcome in _QUIET - {"resolved"} else some
        for row in named[:_MOST] if outcome != "resolved" else ():
            yield from style.wrap_text(f"    {_describe_row(row)}", "      ")
        if len(named) > _MOST and outcome != "resolved":
            yield f"    … {len(named) - _MOST:,} more; --format json lists them all"
    yield ""


def _describe_row(row: SourceRow) -> str:
    what = " ".join(filter(None, (row.control, row.resource or row.id)))
    where = f" ({row.path})" if row.path else ""
    reason = f": {row.reason}" if row.reason else ""
    places = "; ".join(f"{each.path} {each.resource}" for each in row.candidates[:4])
    fits = f" [{places}]" if row.outcome == "ambiguous" and places else ""
    note = f" note: {row.note}" if row.note else ""
    return escape_hidden(f"{what}{where}{reason}{fits}{note}")
