"""Secrets of files in which nothing else is looked for: they may stand in what is told of other files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from fixbot.knowledge.secret_shapes import is_made_up
from fixbot.masking.masker import recognised

_STEMS: Final = (b"password", b"passwd", b"secret", b"token", b"api_key", b"apikey", b"api-key")
_SIGN: Final = re.compile(rb"[\w.-]{0,20}[\"']?[ \t]{0,8}[:=][ \t]{0,8}[^\s]")
_LONGEST: Final = 2_000
"""Bytes of a line on both sides of a name."""


def values_elsewhere(files: Iterable[bytes]) -> set[str]:
    """The values in these files that are taken for secrets and that nobody is called like."""
    found: set[str] = set()
    for data in files:
        for line in _telling(data):
            text = line.decode(errors="replace")
            found.update(text[start:end] for start, end in recognised(text))
    return {value for value in found if is_made_up(value)}


def _telling(data: bytes) -> Iterator[bytes]:
    """Lines on which a value stands under a name that is a secret's, each once."""
    lower = data.lower()
    done: set[int] = set()
    for stem in _STEMS:
        at = lower.find(stem)
        while at >= 0:
            end = data.find(b"\n", at, at + _LONGEST)
            end = end if end >= 0 else min(len(data), at + _LONGEST)
            start = data.rfind(b"\n", max(0, at - _LONGEST), at) + 1 or max(0, at - _LONGEST)
            if start not in done:
                done.add(start)
                if _SIGN.match(data, at + len(stem)) is not None:
                    yield data[start:end]
            at = lower.find(stem, max(end, at + 1))
