"""Stretches of a text, and the text with dots in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fixbot.text.characters import MASK

Span = tuple[int, int]
"""Start and end in characters."""


def mask_spans(text: str, spans: Iterable[Span]) -> str:
    """The text with each span, or group of spans that touch, replaced by one mask."""
    out: list[str] = []
    at = 0
    covered = -1
    for start, end in sorted(spans):
        if text[start:end] == MASK:
            continue
        if start > covered:
            out += (text[at:start], MASK)
            at = covered = end
        elif end > covered:
            at = covered = end
    return "".join((*out, text[at:]))


def split_by_line(lines: Sequence[str], spans: Iterable[Span]) -> Iterator[tuple[int, Span]]:
    """The spans of a text that was cut into lines, line by line: (number from 0, columns).

    Indentation, blanks at the end and the line's own end are left out, so that a line stays one.
    """
    number, start = 0, 0
    for begin, end in sorted(spans):
        while number < len(lines) and start + len(lines[number]) <= begin:
            start += len(lines[number])
            number += 1
        line, at = number, start
        while line < len(lines) and at < end:
            text = lines[line]
            piece = text[max(0, begin - at) : end - at]
            left = max(0, begin - at) + len(piece) - len(piece.lstrip())
            right = max(0, begin - at) + len(piece.rstrip())
            if left < right:
                yield line, (left, right)
            at += len(text)
            line += 1


def mask_line_spans(lines: Sequence[str], spans: Iterable[Span]) -> list[str]:
    """The lines, each with its part of the spans replaced by a mask."""
    found: dict[int, list[Span]] = {}
    for number, span in split_by_line(lines, spans):
        found.setdefault(number, []).append(span)
    return [mask_spans(line, found[n]) if n in found else line for n, line in enumerate(lines)]
