"""Unified diffs: exact ones that `git apply` takes, and masked ones for people's eyes.

Lines end at a line feed only, as they do for Git; a carriage return belongs to its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from fixbot.edit.edited_text import EditedFile, Lines, changed_lines, split_lines

AROUND = 4
"""Lines beyond a hunk that whoever hides secrets may look at: they may name what the hunk shows."""


class LineMask(Protocol):
    """What hides secrets in a diff's lines."""

    def mask_old(self, some: Sequence[str], first: int, /) -> Sequence[str]:
        """Lines of the old text, from number `first` on (counted from 0), without their secrets."""

    def mask_new(self, some: Sequence[str], first: int, /) -> Sequence[str]:
        """The same of the new text."""


def unified_diff(file: EditedFile, context: int = 3) -> str:
    """A diff that `git apply` takes; it holds removed lines as they are."""
    return _render_diff(file, context, None)


def masked_diff(file: EditedFile, cover: LineMask, context: int = 3) -> str:
    """The same diff with secrets masked, for reports and bodies; not to be applied."""
    return _render_diff(file, context, cover)


def _render_diff(file: EditedFile, context: int, cover: LineMask | None) -> str:
    before = file.before or ""
    if file.before == file.after:
        return ""
    old, new = quote_path(f"a/{file.path}"), quote_path(f"b/{file.path}")
    out = [f"diff --git {old} {new}\n"]
    if file.before is None:
        out.append("new file mode 100644\n")
    one, two = split_lines(before), split_lines(file.after)
    spans = _settle_spans(one, two, changed_lines(before, file.edits, one))
    if spans:
        first = "/dev/null" if file.before is None else _add_tab(old)
        out.append(f"--- {first}\n+++ {_add_tab(new)}\n")
    for hunk in _group_hunks(spans, context):
        out.extend(_render_hunk(one, two, hunk, context, cover))
    return "".join(out)


def quote_path(path: str) -> str:
    """A path as Git writes it in a patch: in C's quotes where it holds anything odd."""
    plain = path.isascii() and path.isprintable() and '"' not in path and "\\" not in path
    if plain:
        return path
    names = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
    out = []
    for byte in path.encode("utf-8", "surrogateescape"):
        if byte in names:
            out.append("\\" + names[byte])
        else:
            out.append(chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def _add_tab(path: str) -> str:
    """A name with a space needs a tab behind it, or readers other than Git cut it there."""
    return f"{path}\t" if " " in path and not path.startswith('"') else path


def _settle_spans(one: Sequence[str], two: Sequence[str], spans: list[Lines]) -> list[Lines]:
    """Slide pure insertions and deletions to where their first line is indented least."""
    out: list[Lines] = []
    for index, (a, b, c, d) in enumerate(spans):
        low = out[-1][1] + 1 if out else 0
        high = spans[index + 1][0] - 1 if index + 1 < len(spans) else len(one)
        if a == b:
            by = _find_best_slide(two, c, d, low - a, high - b)
        elif c == d:
            by = _find_best_slide(one, a, b, low - a, high - b)
        else:
            by = 0
        out.append((a + by, b + by, c + by, d + by))
    return out


def _find_best_slide(text: Sequence[str], start: int, end: int, low: int, high: int) -> int:
    best, by, indent = 0, 0, _measure_indent(text[start])
    while by > low and start + by > 0 and text[start + by - 1] == text[end + by - 1]:
        by -= 1
        if _measure_indent(text[start + by]) < indent:
            best, indent = by, _measure_indent(text[start + by])
    by = 0
    while by < high and end + by < len(text) and text[start + by] == text[end + by]:
        by += 1
        if _measure_indent(text[start + by]) <= indent:
            best, indent = by, _measure_indent(text[start + by])
    return best


def _measure_indent(line: str) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else 1000


def _group_hunks(spans: list[Lines], context: int) -> Iterator[list[Lines]]:
    hunk = spans[:1]
    for before, span in pairwise(spans):
        if span[0] - before[1] > 2 * context:
            yield hunk
            hunk = []
        hunk.append(span)
    if hunk:
        yield hunk


def _render_hunk(
    one: Sequence[str], two: Sequence[str], spans: list[Lines], context: int, cover: LineMask | None
) -> Iterator[str]:
    above = min(context, spans[0][0])
    below = min(context, len(one) - spans[-1][1])
    start, end = spans[0][0] - above, spans[-1][1] + below
    new_start, new_end = spans[0][2] - above, spans[-1][3] + below
    yield f"@@ -{_format_range(start, end)} +{_format_range(new_start, new_end)} @@\n"
    first, new_first = max(0, start - AROUND), max(0, new_start - AROUND)
    old, new = one[first : end + AROUND], two[new_first : new_end + AROUND]
    if cover is not None:
        added = any(c < d for _, _, c, d in spans)
        old, new = cover.mask_old(old, first), cover.mask_new(new, new_first) if added else new
    at = start
    for a, b, c, d in spans:
        yield from _mark_lines(" ", old[at - first : a - first])
        yield from _mark_lines("-", old[a - first : b - first])
        yield from _mark_lines("+", new[c - new_first : d - new_first])
        at = b
    yield from _mark_lines(" ", old[at - first : end - first])


def _format_range(start: int, end: int) -> str:
    count = end - start
    return f"{start + 1 if count else start},{count}"


def _mark_lines(mark: str, some: Sequence[str]) -> Iterator[str]:
    for line in some:
        yield f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"
