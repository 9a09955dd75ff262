"""The one notation in fixbot's sentences, read and written: code spans, as CommonMark has them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

_FENCES = re.compile("(`+)")


class SentencePiece(NamedTuple):
    """A part of a sentence: words, or a name that stands in a code span."""

    text: str
    code: bool = False


def read_code_spans(sentence: str) -> Iterator[SentencePiece]:
    """The pieces of a sentence on one line, in time that grows with its length alone.

    A run of backticks without another one of the same length behind it is a part of the words.
    """
    if "`" not in sentence:
        yield SentencePiece(sentence)
        return
    parts = _FENCES.split(sentence)
    places: dict[int, list[int]] = {}
    for at in range(1, len(parts), 2):
        places.setdefault(len(parts[at]), []).append(at)
    words, at = parts[0], 1
    while at < len(parts):
        same = places[len(parts[at])]
        after = bisect_right(same, at)
        if after == len(same):
            words += parts[at] + parts[at + 1]
            at += 2
            continue
        end = same[after]
        if words:
            yield SentencePiece(words)
        yield SentencePiece(_strip_padding("".join(parts[at + 1 : end])), True)
        words, at = parts[end + 1], end + 2
    if words:
        yield SentencePiece(words)


def _strip_padding(inside: str) -> str:
    padded = inside[:1] == " " == inside[-1:] and inside.strip(" ")
    return inside[1:-1] if padded else inside


def write_code_span(text: str) -> str:
    """A name on one line as a code span that is read as just that name; an empty one is a space."""
    if "`" not in text and text[:1] != " ":
        return f"`{text or ' '}`"
    longest = max((len(run) for run in _FENCES.findall(text)), default=0)
    fence = "`" * (longest + 1)
    padded = "`" in text[:1] + text[-1:] or (text[:1] == " " == text[-1:] and text.strip(" "))
    pad = " " if padded else ""
    return f"{fence}{pad}{text or ' '}{pad}{fence}"
