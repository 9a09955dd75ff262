"""What edits do to a text: which of its lines they change, and where in the result what they write stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate

from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import TextEdit

Lines = tuple[int, int, int, int]
"""Lines `before[a:b]` became `after[c:d]`."""
_MOST_COMPARED = 40_000
"""Lines of one stretch, old times new, beyond which all of it is said to be replaced."""


@dataclass(frozen=True, slots=True)
class EditedFile:
    """A file before and after; `edits` make the one of the other. `before` is None for a new file."""

    path: str
    before: str | None
    after: str
    edits: tuple[TextEdit, ...]


def replace_whole(path: str, before: str | None, after: str) -> EditedFile:
    """The same where nobody knows more than the two texts: all that differs is one edit."""
    old = before or ""
    return EditedFile(path, before, after, trim_edits(old, (TextEdit(0, len(old), after),)))


def split_lines(text: str) -> list[str]:
    """The lines with their line feeds."""
    parts = text.split("\n")
    last = parts.pop()
    return [part + "\n" for part in parts] + ([last] if last else [])


def count_common_start(one: Sequence[str], two: Sequence[str]) -> int:
    """How far two sequences or strings begin alike; slices are compared, which costs little."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def in_order(edits: Iterable[TextEdit]) -> list[TextEdit]:
    """Edits by their place; what is written at one place stays in its order."""
    return sorted(edits, key=lambda edit: (edit.start, edit.end))


def trim_edits(before: str, edits: Iterable[TextEdit]) -> tuple[TextEdit, ...]:
    """The same edits in their order, without what they write as it was, whole words excepted."""
    return tuple(
        each for edit in in_order(edits) if (each := _trim_edit(before, edit)).text or each.end > each.start
    )


def _trim_edit(before: str, edit: TextEdit) -> TextEdit:
    old, new = before[edit.start : edit.end], edit.text
    head = count_common_start(old, new)
    while head > 0 and _splits_word(old, head, new, head):
        head -= 1
    tail = count_common_start(old[: head - 1 if head else None : -1], new[: head - 1 if head else None : -1])
    while tail > 0 and _splits_word(old, len(old) - tail, new, len(new) - tail):
        tail -= 1
    return TextEdit(edit.start + head, edit.end - tail, new[head : len(new) - tail])


def _splits_word(old: str, at: int, new: str, here: int) -> bool:
    """Whether a word goes on at these places, in either text, or an end of a line of Windows."""
    return _goes_on(old, at) or _goes_on(new, here)


def _goes_on(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    one, two = text[at - 1], text[at]
    return (_is_word(one) and _is_word(two)) or (one == "\r" and two == "\n")


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def written_spans(edits: Iterable[TextEdit]) -> Iterator[tuple[int, int]]:
    """Where what each edit writes stands in the result, in characters."""
    shift = 0
    for edit in in_order(edits):
        start = edit.start + shift
        yield start, start + len(edit.text)
        shift += len(edit.text) - (edit.end - edit.start)


def moved_spans(spans: Iterable[tuple[int, int]], file: EditedFile) -> list[tuple[int, int]] | None:
    """Where these places of the old text are in the new one; those that are replaced are left out.

    None where that can't be told: a place is changed in part, or what replaces it holds its text again.
    """
    edits = in_order(file.edits)
    ends = [each.end for each in edits]
    shifts = [0, *accumulate(len(each.text) - (each.end - each.start) for each in edits)]
    before = file.before or ""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        first = bisect_right(ends, start)
        if first < len(edits) and edits[first].start < end:
            edit = edits[first]
            if not (edit.start <= start and end <= edit.end) or before[start:end].strip() in edit.text:
                return None
        else:
            found.append((start + shifts[first], end + shifts[first]))
    return found


def changed_lines(before: str, edits: Iterable[TextEdit], lines: Sequence[str] = ()) -> list[Lines]:
    """The lines that edits change, in order, placed where a reader would put them.

    `lines` are those of `before`, where they are known. Raises CannotEdit where edits overlap.
    """
    one = lines or split_lines(before)
    starts = [0, *accumulate(map(len, one))]
    open_end = bool(one) and not one[-1].endswith("\n")
    found: list[Lines] = []
    shift = 0
    for first, end, group in _by_lines(starts, len(one) - open_end, edits):
        base = starts[first]
        new = split_lines(
            splice_edits(before[base : starts[end]], (_move_edit(each, -base) for each in group))
        )
        for a, b, c, d in _find_differing(one[first:end], new):
            span = a + first, b + first, c + first + shift, d + first + shift
            if found and found[-1][1] == span[0] and found[-1][3] == span[2]:
                span = found[-1][0], span[1], found.pop()[2], span[3]
            found.append(span)
        shift += len(new) - (end - first)
    return found


def _by_lines(
    starts: Sequence[int], last: int, edits: Iterable[TextEdit]
) -> Iterator[tuple[int, int, list[TextEdit]]]:
    """Edits that touch the same lines together: the first line, the one behind the last, the edits.

    `last` is the line that what is written at the very end goes into.
    """
    count = len(starts) - 1
    group: list[TextEdit] = []
    first = end = 0
    for edit in in_order(edits):
        begins = min(bisect_right(starts, edit.start) - 1, last)
        ends = min(bisect_right(starts, edit.end), count)
        if group and (begins > end or end == begins < count):
            yield first, end, group
            group = []
        if not group:
            first, end = begins, ends
        group.append(edit)
        end = max(end, ends)
    if group:
        yield first, end, group


def _move_edit(edit: TextEdit, by: int) -> TextEdit:
    return TextEdit(edit.start + by, edit.end + by, edit.text)


def _find_differing(one: Sequence[str], two: Sequence[str]) -> Iterator[Lines]:
    head = count_common_start(one, two)
    tail = min(count_common_start(one[::-1], two[::-1]), min(len(one), len(two)) - head)
    old, new = one[head : len(one) - tail], two[head : len(two) - tail]
    if not old and not new:
        return
    if len(old) * len(new) > _MOST_COMPARED or not set(old).intersection(new):
        yield head, head + len(old), head, head + len(new)
        return
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            yield head + a, head + b, head + c, head + d
