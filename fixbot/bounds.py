"""What a piece of work may cost: a clock and a bound of memory, for a process of its own or this one."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.errors import FixbotError

if TYPE_CHECKING:
    from types import FrameType

    from fixbot.settings import Limits

MEGABYTE = 1_000_000
OUT_OF_MEMORY = 71
"""The exit code of a process that met its limit of memory."""


class OutOfTime(FixbotError):
    """A piece of work took more processor time than it may."""

    exit_code = 1


def bound_process(seconds: int, memory_mb: int) -> None:
    """From now on, end this process when it has worked so long, and refuse it more memory than that.

    Both are held by the kernel, whatever code is running: a signal (SIGXCPU) ends it, and what asks for more
    memory gets a MemoryError. Whoever is ended leaves no core behind, which would hold what was read.
    """
    import resource  # noqa: PLC0415 - there is none on Windows, where nothing is forked either

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    _lower(resource.RLIMIT_CPU, math.ceil(time.process_time()) + seconds)
    if (size := _address_space()) is not None:
        _lower(resource.RLIMIT_AS, size + memory_mb * MEGABYTE)


def _lower(kind: int, value: int) -> None:
    import resource  # noqa: PLC0415 - as above

    _, hard = resource.getrlimit(kind)
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _address_space() -> int | None:
    """The bytes of address space that this process has; None where the system doesn't tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return None
    import resource  # noqa: PLC0415 - as above

    return int(pages) * resource.getpagesize()


def why_ended(code: int, seconds: int, limits: Limits) -> str:
    """Why a process with this exit code ended, in words for a reader."""
    if -code == getattr(signal, "SIGXCPU", 0):
        return f"out of time: it took more than {seconds} s of work (limits.seconds)"
    if code == OUT_OF_MEMORY:
        return f"out of memory: it needed more than {limits.memory_mb:,} MB (limits.memory_mb)"
    return f"the process that read it died ({f'signal {-code}' if code < 0 else f'exit code {code}'})"


@contextmanager
def timed(seconds: float, what: str) -> Iterator[None]:
    """Raise OutOfTime in the middle of what is done here, once it has taken that much processor time.

    It interrupts Python and its regular expressions, and no other C: what strangers' files are parsed by is
    run in a process of its own. Only the main thread can be interrupted, and not on Windows.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def over(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime(f"{what} took more than {seconds:g} s of work (limits.seconds)")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
