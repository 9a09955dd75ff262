"""What is kept of a bug of ours: where it happened, and nothing of anyone's data."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from fixbot import __version__
from fixbot.engine.crash_trace import format_trace
from fixbot.text.characters import sanitize_lines

HOME = Path(__file__).resolve().parent.parent.parent
OURS = ("fixbot", "fixers")


def describe_crash(error: BaseException, *, debug: bool) -> str:
    """Write the report and say in one line where it is. With `debug` the traceback goes to stderr."""
    if debug:
        sys.stderr.write(sanitize_lines(format_trace(error)))
    frames = list(_own_frames(error))
    where = f" in {frames[-1]}" if frames else ""
    what = f"a bug of ours ({type(error).__name__}{where})"
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix="fixbot-", suffix=".txt", delete=False
        ) as file:
            file.write(render_crash_report(error))
    except OSError:
        return f"{what}; `--debug` shows more"
    return f"{what}; {file.name} says where, holds nothing of yours, and is safe to paste into an issue"


def render_crash_report(error: BaseException) -> str:
    """Versions, the type of each exception and our own frames; no messages, no values, no paths of yours."""
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    out = [f"fixbot {__version__}, {python}"]
    at: BaseException | None = error
    while at is not None and len(out) < 200:
        out.append(type(at).__name__)
        out.extend(f"  {frame}" for frame in _own_frames(at))
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return "\n".join(out) + "\n"


def _own_frames(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(HOME) and path.relative_to(HOME).parts[0] in OURS:
            yield f"{path.relative_to(HOME).as_posix()}:{frame.lineno} {frame.name}"
