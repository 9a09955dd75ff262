"""Runs one command and prints what it cost, as JSON.

A small process of its own: what the one that starts a command holds in memory counts as the command's.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time


def main(limit: float, output: str, command: list[str]) -> None:
    """Run `command` with its words to `output`; end it, and all it started, after `limit` seconds."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.execvp(command[0], command)

    def late(_number: int, _frame: object) -> None:
        os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, limit)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - started
    unit = 1 if sys.platform == "darwin" else 1024
    cost = {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": wall,
        "megabytes": usage.ru_maxrss * unit / 1e6,
        "code": os.waitstatus_to_exitcode(status),
        "late": wall >= limit,
    }
    sys.stdout.write(json.dumps(cost))


main(float(sys.argv[1]), sys.argv[2], sys.argv[3:])
