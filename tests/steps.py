"""Counts the lines of our own code that run, so that a test can ask how work grows without a clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = str(Path(__file__).parent.parent)


def steps(do: Callable[[], object], room: str = "fixbot") -> int:
    """How many lines of the files below `room` run while `do` does."""
    count = 0
    home = f"{ROOT}/{room}"

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(home) else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        do()
    finally:
        sys.settrace(before)
    return count
