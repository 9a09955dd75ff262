"""Keeps in column what was in column: the blanks that must grow or shrink with an edit."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import TextEdit
from fixbot.syntax.hcl.align import (
    AlignedLine,
    compute_spaces,
    find_chains,
    find_openers,
    gap_before_comment,
    gap_before_equals,
    scan_lines,
)

if TYPE_CHECKING:
    from fixbot.syntax.hcl.align import AlignmentSheet


@dataclass(frozen=True, slots=True)
class _TextPiece:
    """A stretch of the edited text: copied from `old` on, or written by edit number `edit`."""

    start: int
    end: int
    old: int = -1
    edit: int = -1


def realign_edits(sheet: AlignmentSheet, edits: list[TextEdit]) -> list[TextEdit]:
    """`edits`, which lie within the sheet, and those that line up again what they put out of line."""
    if not edits:
        return []
    edits = sorted(edits, key=lambda edit: (edit.start, edit.end))
    window = sheet.find_window(edits[0].start, max(edit.end for edit in edits))
    pieces = _split_pieces(window, edits)
    new = "".join(
        sheet.text[piece.old : piece.old + piece.end - piece.start]
        if piece.edit < 0
        else edits[piece.edit].text
        for piece in pieces
    )
    starts = [piece.start for piece in pieces]
    blanks = _find_wrong_blanks(sheet, new, pieces, starts)
    more: list[TextEdit] = []
    for start, end, wanted in sorted(blanks, reverse=True):
        piece = pieces[bisect_right(starts, start) - 1]
        if end > piece.end:
            continue
        if piece.edit < 0:
            old = piece.old - piece.start
            more.append(TextEdit(start + old, end + old, " " * wanted))
        else:
            edit = edits[piece.edit]
            inside = TextEdit(start - piece.start, end - piece.start, " " * wanted)
            edits[piece.edit] = replace(edit, text=splice_edits(edit.text, [inside]))
    return edits + more


def _split_pieces(window: tuple[int, int], edits: list[TextEdit]) -> list[_TextPiece]:
    pieces: list[_TextPiece] = []
    at, new = window[0], 0
    for number, edit in enumerate([*edits, TextEdit(window[1], window[1], "")]):
        if edit.start > at:
            pieces.append(_TextPiece(new, new + edit.start - at, old=at))
            new += edit.start - at
        if edit.text:
            pieces.append(_TextPiece(new, new + len(edit.text), edit=number))
            new += len(edit.text)
        at = edit.end
    return pieces


def _find_wrong_blanks(
    sheet: AlignmentSheet, new: str, pieces: list[_TextPiece], starts: list[int]
) -> list[tuple[int, int, int]]:
    """Start, end and wanted width of each run of blanks in `new` that has the wrong width."""
    lines = scan_lines(new)
    grown: dict[int, int] = {}
    blanks: list[tuple[int, int, int]] = []

    def want_blanks(start: int, end: int, wanted: int, line: AlignedLine) -> None:
        if new[start:end] != " " * wanted:
            blanks.append((start, end, wanted))
            grown[line.start] = grown.get(line.start, 0) + wanted - (end - start)

    for line in find_openers(lines):
        if _may_move(sheet, line.equals, pieces, starts):
            want_blanks(line.lead, line.equals, 1, line)
    for gap in (gap_before_equals, gap_before_comment):
        for chain in find_chains(lines, gap):
            if all(_may_move(sheet, gap(line)[1], pieces, starts) for line in chain):
                for line, wanted in zip(chain, compute_spaces(chain, gap, grown), strict=True):
                    want_blanks(*gap(line), wanted, line)
    return blanks


def _may_move(sheet: AlignmentSheet, offset: int, pieces: list[_TextPiece], starts: list[int]) -> bool:
    piece = pieces[bisect_right(starts, offset) - 1]
    return piece.edit >= 0 or offset - piece.start + piece.old in sheet.tidy
