"""The way to a bug of ours, for people who ask for it: places in code, and no word of what it worked on."""

from __future__ import annotations

import traceback
from typing import Final

_LONGEST: Final = 400


def format_trace(error: BaseException) -> str:
    """The frames of an exception, and of those that it came from, with their types.

    Their messages are left out: Python's own words repeat values of files.
    """
    out: list[str] = []
    at: BaseException | None = error
    while at is not None and len(out) < _LONGEST:
        head = "Traceback (most recent call last):\n"
        out += [head, *traceback.format_tb(at.__traceback__), f"{type(at).__name__}\n"]
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return "".join(out)
