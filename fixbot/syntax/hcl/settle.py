"""Keeps in column what was in column: the blanks that must grow or shrink with an edit."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixbot.splice import splice
from fixbot.syntax.hcl.align import Line, chains, comment_gap, equals_gap, openers, scan, spaces
from fixbot.tree import Edit

if TYPE_CHECKING:
    from fixbot.syntax.hcl.align import Sheet


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the edited text: copied from `old` on, or written by edit number `edit`."""

    start: int
    end: int
    old: int = -1
    edit: int = -1


def settle(sheet: Sheet, edits: list[Edit]) -> list[Edit]:
    """`edits`, which lie within the sheet, and those that line up again what they put out of line."""
    edits = sorted(edits, key=lambda edit: (edit.start, edit.end))
    pieces = _pieces(sheet, edits)
    new = "".join(
        sheet.text[piece.old : piece.old + piece.end - piece.start]
        if piece.edit < 0
        else edits[piece.edit].text
        for piece in pieces
    )
    starts = [piece.start for piece in pieces]
    blanks = _blanks(sheet, new, pieces, starts)
    more: list[Edit] = []
    for start, end, wanted in sorted(blanks, reverse=True):
        piece = pieces[bisect_right(starts, start) - 1]
        if end > piece.end:
            continue
        if piece.edit < 0:
            old = piece.old - piece.start
            more.append(Edit(start + old, end + old, " " * wanted))
        else:
            edit = edits[piece.edit]
            inside = Edit(start - piece.start, end - piece.start, " " * wanted)
            edits[piece.edit] = replace(edit, text=splice(edit.text, [inside]))
    return edits + more


def _pieces(sheet: Sheet, edits: list[Edit]) -> list[_Piece]:
    pieces: list[_Piece] = []
    at, new = sheet.start, 0
    for number, edit in enumerate([*edits, Edit(sheet.end, sheet.end, "")]):
        if edit.start > at:
            pieces.append(_Piece(new, new + edit.start - at, old=at))
            new += edit.start - at
        if edit.text:
            pieces.append(_Piece(new, new + len(edit.text), edit=number))
            new += len(edit.text)
        at = edit.end
    return pieces


def _blanks(sheet: Sheet, new: str, pieces: list[_Piece], starts: list[int]) -> list[tuple[int, int, int]]:
    """Start, end and wanted width of each run of blanks in `new` that has the wrong width."""
    lines = scan(new)
    grown: dict[int, int] = {}
    blanks: list[tuple[int, int, int]] = []

    def want(start: int, end: int, wanted: int, line: Line) -> None:
        if new[start:end] != " " * wanted:
            blanks.append((start, end, wanted))
            grown[line.start] = grown.get(line.start, 0) + wanted - (end - start)

    for line in openers(lines):
        if _may_move(sheet, line.equals, pieces, starts):
            want(line.lead, line.equals, 1, line)
    for gap in (equals_gap, comment_gap):
        for chain in chains(lines, gap):
            if all(_may_move(sheet, gap(line)[1], pieces, starts) for line in chain):
                for line, wanted in zip(chain, spaces(chain, gap, grown), strict=True):
                    want(*gap(line), wanted, line)
    return blanks


def _may_move(sheet: Sheet, offset: int, pieces: list[_Piece], starts: list[int]) -> bool:
    piece = pieces[bisect_right(starts, offset) - 1]
    return piece.edit >= 0 or offset - piece.start + piece.old in sheet.tidy
