"""Unified diffs: exact ones that `git apply` takes, and masked ones for people's eyes.

Lines end at a line feed only, as they do for Git; a carriage return belongs to its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

MOST_EDITS = 1500
"""Beyond this distance the middle is shown as replaced: finding the least diff costs its square."""

Span = tuple[int, int, int, int]
"""Lines `before[a:b]` became `after[c:d]`."""

AROUND = 4
"""Lines beyond a hunk that whoever hides secrets may look at: they may name what the hunk shows."""


class Cover(Protocol):
    """What hides secrets in a diff's lines."""

    def old(self, some: Sequence[str], first: int, /) -> Sequence[str]:
        """Lines of the old text, from number `first` on (counted from 0), without their secrets."""

    def new(self, some: Sequence[str], first: int, /) -> Sequence[str]:
        """The same of the new text."""


def unified(path: str, before: str | None, after: str, context: int = 3) -> str:
    """A diff that `git apply` takes; it holds removed lines as they are. `before` None is a new file."""
    return _unified(path, before, after, context, None)


def masked_diff(path: str, before: str | None, after: str, cover: Cover, context: int = 3) -> str:
    """The same diff with secrets masked, for reports and bodies; not to be applied."""
    return _unified(path, before, after, context, cover)


def _unified(path: str, before: str | None, after: str, context: int, cover: Cover | None) -> str:
    if before == after:
        return ""
    old, new = quoted(f"a/{path}"), quoted(f"b/{path}")
    out = [f"diff --git {old} {new}\n"]
    if before is None:
        out.append("new file mode 100644\n")
    one, two = lines(before or ""), lines(after)
    spans = changed(one, two)
    if spans:
        out.append(f"--- {_tabbed(old) if before is not None else '/dev/null'}\n+++ {_tabbed(new)}\n")
    for hunk in _hunks(spans, context):
        out.extend(_hunk(one, two, hunk, context, cover))
    return "".join(out)


def quoted(path: str) -> str:
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


def _tabbed(path: str) -> str:
    """A name with a space needs a tab behind it, or readers other than Git cut it there."""
    return f"{path}\t" if " " in path and not path.startswith('"') else path


def lines(text: str) -> list[str]:
    """The lines with their line feeds."""
    parts = text.split("\n")
    last = parts.pop()
    return [part + "\n" for part in parts] + ([last] if last else [])


def changed(one: Sequence[str], two: Sequence[str]) -> list[Span]:
    """The spans that differ, in order: the fewest lines, placed where a reader would put them."""
    head = shared(one, two)
    tail = min(shared(one[::-1], two[::-1]), min(len(one), len(two)) - head)
    middle_one, middle_two = one[head : len(one) - tail], two[head : len(two) - tail]
    spans = [(a + head, b + head, c + head, d + head) for a, b, c, d in _middle(middle_one, middle_two)]
    return _settled(one, two, spans)


def shared(one: Sequence[str], two: Sequence[str]) -> int:
    """How far two sequences or strings begin alike; slices are compared, which costs little."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _middle(one: Sequence[str], two: Sequence[str]) -> list[Span]:
    if not one or not two:
        return [(0, len(one), 0, len(two))] if one or two else []
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(line, len(numbers)) for line in one]
    b = [numbers.setdefault(line, len(numbers)) for line in two]
    return _shortest(a, b) or [(0, len(a), 0, len(b))]


def _shortest(a: list[int], b: list[int]) -> list[Span]:
    """Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986); empty beyond MOST_EDITS."""
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for distance in range(min(len(a) + len(b), MOST_EDITS) + 1):
        row: dict[int, int] = {}
        for k in range(-distance, distance + 1, 2):
            down = k == -distance or (k != distance and furthest[k - 1] < furthest[k + 1])
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            while x < len(a) and 0 <= x - k < len(b) and a[x] == b[x - k]:
                x += 1
            row[k] = x
            if x >= len(a) and x - k >= len(b):
                return _walked_back(trace, len(a), len(b))
        trace.append(row)
        furthest = row
    return []


def _walked_back(trace: list[dict[int, int]], x: int, y: int) -> list[Span]:
    steps: list[Span] = []
    for distance in range(len(trace), 0, -1):
        row, k = trace[distance - 1], x - y
        down = k == -distance or (k != distance and row[k - 1] < row[k + 1])
        x = row[k + 1] if down else row[k - 1]
        y = x - (k + 1 if down else k - 1)
        steps.append((x, x, y, y + 1) if down else (x, x + 1, y, y))
    return _joined(reversed(steps))


def _joined(steps: Iterator[Span]) -> list[Span]:
    out: list[Span] = []
    for a, b, c, d in steps:
        if out and out[-1][1] == a and out[-1][3] == c:
            out[-1] = (out[-1][0], b, out[-1][2], d)
        else:
            out.append((a, b, c, d))
    return out


def _settled(one: Sequence[str], two: Sequence[str], spans: list[Span]) -> list[Span]:
    """Slide pure insertions and deletions to where their first line is indented least."""
    out: list[Span] = []
    for index, (a, b, c, d) in enumerate(spans):
        low = out[-1][1] + 1 if out else 0
        high = spans[index + 1][0] - 1 if index + 1 < len(spans) else len(one)
        if a == b:
            by = _best_slide(two, c, d, low - a, high - b)
        elif c == d:
            by = _best_slide(one, a, b, low - a, high - b)
        else:
            by = 0
        out.append((a + by, b + by, c + by, d + by))
    return out


def _best_slide(text: Sequence[str], start: int, end: int, low: int, high: int) -> int:
    best, by, indent = 0, 0, _indent(text[start])
    while by > low and start + by > 0 and text[start + by - 1] == text[end + by - 1]:
        by -= 1
        if _indent(text[start + by]) < indent:
            best, indent = by, _indent(text[start + by])
    by = 0
    while by < high and end + by < len(text) and text[start + by] == text[end + by]:
        by += 1
        if _indent(text[start + by]) <= indent:
            best, indent = by, _indent(text[start + by])
    return best


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else 1000


def _hunks(spans: list[Span], context: int) -> Iterator[list[Span]]:
    hunk = spans[:1]
    for before, span in pairwise(spans):
        if span[0] - before[1] > 2 * context:
            yield hunk
            hunk = []
        hunk.append(span)
    if hunk:
        yield hunk


def _hunk(
    one: Sequence[str], two: Sequence[str], spans: list[Span], context: int, cover: Cover | None
) -> Iterator[str]:
    above = min(context, spans[0][0])
    below = min(context, len(one) - spans[-1][1])
    start, end = spans[0][0] - above, spans[-1][1] + below
    new_start, new_end = spans[0][2] - above, spans[-1][3] + below
    yield f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@\n"
    first, new_first = max(0, start - AROUND), max(0, new_start - AROUND)
    old, new = one[first : end + AROUND], two[new_first : new_end + AROUND]
    if cover is not None:
        added = any(c < d for _, _, c, d in spans)
        old, new = cover.old(old, first), cover.new(new, new_first) if added else new
    at = start
    for a, b, c, d in spans:
        yield from _marked(" ", old[at - first : a - first])
        yield from _marked("-", old[a - first : b - first])
        yield from _marked("+", new[c - new_first : d - new_first])
        at = b
    yield from _marked(" ", old[at - first : end - first])


def _range(start: int, end: int) -> str:
    count = end - start
    return f"{start + 1 if count else start},{count}"


def _marked(mark: str, some: Sequence[str]) -> Iterator[str]:
    for line in some:
        yield f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"
