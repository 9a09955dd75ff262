"""Starts a program in an empty folder, with an environment of our own, within limits, and ends it whole."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fixbot.programs import Programs

_LAUNCHER: Final = str(Path(__file__).with_name("launcher.py"))
GIVEN: Final = "../given"
"""Where the files of a task lie, as seen from the folder that its program runs in."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds on the clock, bytes of memory, bytes that it may print or put into one file."""

    seconds: int = 60
    memory: int = 2_000_000_000
    output: int = 20_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be run: the program's absolute path, its words, what it reads, and what else it is told.

    `files` are copies, by names without folders; the program sees them below GIVEN. `variables` come on top
    of the environment that every program gets.
    """

    program: str
    words: tuple[str, ...] = ()
    stdin: bytes = field(default=b"", repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Finished:
    """The status that a program ended with, and what it printed on standard output."""

    status: int
    output: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Why there is no result: `it took longer than 60 seconds`."""

    why: str


def run_program(task: Task, programs: Programs) -> Finished | Unfinished:
    """Run one program to its end, or end it with all that it started. Never raises for what it does."""
    try:
        with tempfile.TemporaryDirectory(
            prefix="run-", dir=programs.scratch, ignore_cleanup_errors=True
        ) as folder:
            return _run(task, programs, Path(folder))
    except OSError as error:
        return Unfinished(f"it can't be run: {os.strerror(error.errno or 0).lower()}")


def _run(task: Task, programs: Programs, folder: Path) -> Finished | Unfinished:
    for name in ("work", "home", "temporary", "given"):
        (folder / name).mkdir()
    for name, data in task.files.items():
        if Path(name).name != name:
            raise ValueError(f"{name!r} is no plain name")
        (folder / "given" / name).write_bytes(data)
    (folder / "stdin").write_bytes(task.stdin)
    with (folder / "stdin").open("rb") as stdin, (folder / "stdout").open("wb") as stdout:
        process = subprocess.Popen(
            _words(task, programs),
            cwd=folder / "work",
            env={**_environment(programs, folder), **task.variables},
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            status = process.wait(task.limits.seconds)
        except subprocess.TimeoutExpired:
            return Unfinished(f"it took longer than {task.limits.seconds} seconds")
        finally:
            _end(process)
    if (folder / "stdout").stat().st_size >= task.limits.output:
        return Unfinished(f"it printed more than {task.limits.output:,} bytes")
    return Finished(status, (folder / "stdout").read_bytes())


def _words(task: Task, programs: Programs) -> list[str]:
    if os.name == "nt":
        return [task.program, *task.words]
    limits = (task.limits.seconds, task.limits.memory, task.limits.output)
    launcher = [programs.python, "-I", "-S", _LAUNCHER, str(os.getpid()), *map(str, limits)]
    return [*launcher, task.program, *task.words]


def _environment(programs: Programs, folder: Path) -> dict[str, str]:
    home, temporary = str(folder / "home"), str(folder / "temporary")
    return {
        **dict(programs.system),
        "PATH": programs.path,
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home,
        "LOCALAPPDATA": home,
        "XDG_CACHE_HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_DATA_HOME": home,
        "XDG_STATE_HOME": home,
        "TMPDIR": temporary,
        "TEMP": temporary,
        "TMP": temporary,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        # Else Windows looks into the current folder before it looks anywhere else.
        "NoDefaultCurrentDirectoryInExePath": "1",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the program with its whole group, those that it left behind included."""
    if os.name == "nt":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
