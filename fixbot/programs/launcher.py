"""Puts limits on itself and becomes another program. Run by path, alone: it imports nothing of fixbot's.

Arguments: the id of the process that asked, seconds of CPU, bytes of memory, bytes of a file, whether it is
to have no network, the program, and the arguments of that.
"""

from __future__ import annotations

import os
import sys

_END_WITH_PARENT, _NO_NEW_RIGHTS = 1, 38
"""PR_SET_PDEATHSIG and PR_SET_NO_NEW_PRIVS, as prctl(2) of Linux has them."""
_KILL = 9
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
"""CLONE_NEWUSER and CLONE_NEWNET, as unshare(2) of Linux has them."""


def _set_limits(seconds: int, memory: int, size: int) -> None:
    import resource  # noqa: PLC0415 - not on Windows, where nothing of this runs

    wanted = {"RLIMIT_CPU": seconds, "RLIMIT_AS": memory, "RLIMIT_FSIZE": size, "RLIMIT_CORE": 0}
    for name, value in wanted.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):
            continue  # macOS knows no limit of memory; the clock stays


def _tie_to_parent(parent: int) -> None:
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - needed here alone

        system = ctypes.CDLL(None)
        system.prctl(_END_WITH_PARENT, _KILL, 0, 0, 0)
        system.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)  # whoever asked has ended meanwhile


def _leave_network() -> None:
    """A namespace of its own, in which there is no network at all; some kernels and containers give none."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - needed here alone

        ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK)


def main(words: list[str]) -> None:
    """Never returns."""
    parent, seconds, memory, size, offline = map(int, words[:5])
    _tie_to_parent(parent)
    if offline:
        _leave_network()
    _set_limits(seconds, memory, size)
    os.execv(words[5], words[5:])  # noqa: S606 - no shell is what is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
