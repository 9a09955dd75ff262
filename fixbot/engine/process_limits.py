"""What a piece of work may cost: a clock and a bound of memory, for a process of its own or this one."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.model.errors import FixbotError

if TYPE_CHECKING:
    from types import FrameType

    from fixbot.settings.setting_groups import LimitSettings

MEGABYTE = 1_000_000
OUT_OF_MEMORY = 71
"""The exit code of a process that met its limit of memory."""


OVER = "out of time: the time for this repository was over"
"""What is said of a part that nobody could begin with, or end, in the time for the whole."""


class OutOfTime(FixbotError):
    """A piece of work took more processor time than it may."""

    exit_code = 1


class ProcessLimits:
    """The bounds of this process, held by the kernel whatever code is running; made once in a process.

    A signal (SIGXCPU) ends it when it has worked too long, and what asks for more memory than it may have
    gets a MemoryError. Limits that whoever started it had set before are never raised. A process that is
    ended leaves no core behind, which would hold what was read.
    """

    def __init__(self) -> None:
        import resource  # noqa: PLC0415 - there is none on Windows, where nothing is forked either

        self._before = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS)}
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))

    def renew_limits(self, seconds: int, memory_mb: int) -> None:
        """From now on it may work so long, and have so much memory more than now."""
        import resource  # noqa: PLC0415 - as above

        self._set_limit(resource.RLIMIT_CPU, math.ceil(time.process_time()) + seconds)
        if (size := _measure_address_space()) is not None:
            self._set_limit(resource.RLIMIT_AS, size + memory_mb * MEGABYTE)

    def _set_limit(self, kind: int, value: int) -> None:
        import resource  # noqa: PLC0415 - as above

        soft, hard = self._before[kind]
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (value if soft == resource.RLIM_INFINITY else min(value, soft), hard))


def _measure_address_space() -> int | None:
    """The bytes of address space that this process has; None where the system doesn't tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return None
    import resource  # noqa: PLC0415 - as above

    return int(pages) * resource.getpagesize()


def _measure_largest_child() -> int:
    """The most bytes that a child of this process had that has ended."""
    import resource  # noqa: PLC0415 - as above

    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return kilobytes if sys.platform == "darwin" else kilobytes * 1024


def explain_exit(code: int, seconds: int, limits: LimitSettings) -> str:
    """Why a process with this exit code ended, in words for a reader."""
    if -code == getattr(signal, "SIGXCPU", 0):
        return f"out of time: it took more than {seconds} s of work (limits.seconds)"
    # C that is refused memory may know no better than to touch what it hasn't got.
    crashed = -code in (signal.SIGSEGV, signal.SIGABRT, getattr(signal, "SIGBUS", 0))
    if code == OUT_OF_MEMORY or (crashed and _measure_largest_child() > limits.memory_mb * MEGABYTE * 3 // 4):
        return f"out of memory: it needed more than {limits.memory_mb:,} MB (limits.memory_mb)"
    return f"the process that read it died ({f'signal {-code}' if code < 0 else f'exit code {code}'})"


@contextmanager
def limit_time(seconds: float, what: str) -> Iterator[None]:
    """Raise OutOfTime in the middle of what is done here, once it has taken that much processor time.

    It interrupts Python and its regular expressions, and no other C: what strangers' files are parsed by is
    run in a process of its own. Only the main thread can be interrupted, and not on Windows.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def raise_out_of_time(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime(f"{what} took more than {seconds:g} s of work (limits.seconds)")

    before = signal.signal(signal.SIGPROF, raise_out_of_time)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
