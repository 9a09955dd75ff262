"""A text with its edits carried out."""

from __future__ import annotations

from collections.abc import Iterable

from fixbot.edit.tree import CannotEdit, TextEdit


def splice_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """`text` with all edits carried out. Edits may touch but not overlap, or CannotEdit is raised."""
    out: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            raise CannotEdit("two changes touch the same text")
        out += (text[at : edit.start], edit.text)
        at = edit.end
    out.append(text[at:])
    return "".join(out)
