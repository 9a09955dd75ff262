"""Starts a program in an empty folder, with an environment of our own, within limits, and ends it whole."""

from __future__ import annotations

import os
import secrets
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
MARK: Final = "FIXBOT_RUN"
"""The variable by which what a program left behind is known."""
_TIMES: Final = 20
"""How often those are looked for: each look may find what was started since the last."""
_LAST_WORDS: Final = 20_000
"""Bytes that are kept of what a program says on standard error."""
_ODD: Final = "\0\\:" if os.name == "nt" else "\0"
"""What a name may not hold."""
GIVEN: Final = "../given"
"""Where the files of a task lie, as seen from the folder that its program runs in."""


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """Seconds on the clock, bytes of memory, bytes that it may print or put into one file.

    None where the limit of all programs counts.
    """

    seconds: int | None = None
    memory: int | None = None
    output: int = 20_000_000


@dataclass(frozen=True, slots=True)
class ProgramTask:
    """What is to be run: the program's absolute path, its words, what it reads, and what else it is told.

    `files` are copies, by plain names or paths below one folder; the program sees them below GIVEN.
    `variables` come on top of the environment that every program gets. `offline` asks for a namespace
    without a network besides, where the kernel gives one.
    """

    program: str
    words: tuple[str, ...] = ()
    stdin: bytes = field(default=b"", repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    limits: ProgramLimits = ProgramLimits()
    offline: bool = False


@dataclass(frozen=True, slots=True)
class FinishedProgram:
    """The status that a program ended with, and what it printed on standard output and standard error."""

    status: int
    output: bytes = field(repr=False)
    errors: bytes = field(repr=False, compare=False, default=b"")


@dataclass(frozen=True, slots=True)
class UnfinishedProgram:
    """Why there is no result: `it took longer than 60 seconds`."""

    why: str


def run_program(task: ProgramTask, programs: Programs) -> FinishedProgram | UnfinishedProgram:
    """Run one program to its end, or end it with all that it started. Never raises for what it does."""
    try:
        with tempfile.TemporaryDirectory(
            prefix="run-", dir=programs.scratch, ignore_cleanup_errors=True
        ) as folder:
            return _run_in_folder(task, programs, Path(folder))
    except OSError as error:
        return UnfinishedProgram(f"it can't be run: {os.strerror(error.errno or 0).lower()}")


def _run_in_folder(
    task: ProgramTask, programs: Programs, folder: Path
) -> FinishedProgram | UnfinishedProgram:
    for name in ("work", "home", "temporary", "given"):
        (folder / name).mkdir()
    _write_given(task.files, folder / "given")
    (folder / "stdin").write_bytes(task.stdin)
    seconds = task.limits.seconds or programs.seconds
    token = secrets.token_hex(16)
    with (
        (folder / "stdin").open("rb") as stdin,
        (folder / "stdout").open("wb") as stdout,
        (folder / "stderr").open("wb") as stderr,
    ):
        process = subprocess.Popen(
            build_words(task, programs),
            cwd=folder / "work",
            env={**build_environment(programs, folder), **task.variables, MARK: token},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return UnfinishedProgram(f"it took longer than {seconds} seconds")
        finally:
            end_process(process)
            end_marked(token)
    if (folder / "stdout").stat().st_size >= task.limits.output:
        return UnfinishedProgram(f"it printed more than {task.limits.output:,} bytes")
    errors = (folder / "stderr").read_bytes()[-_LAST_WORDS:]
    return FinishedProgram(status, (folder / "stdout").read_bytes(), errors)


def _write_given(files: Mapping[str, bytes], folder: Path) -> None:
    """The copies, which are no links and lie nowhere else. Raises ValueError for a name that leads away."""
    for name, data in files.items():
        steps = name.split("/")
        odd = {"", ".", ".."}.intersection(steps) or any(char in name for char in _ODD)
        if odd:
            raise ValueError(f"{name!r} is no plain name")
        path = folder.joinpath(*steps)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def build_words(task: ProgramTask, programs: Programs) -> list[str]:
    """The command that starts a task's program within its limits."""
    if os.name == "nt":
        return [task.program, *task.words]
    most = task.limits
    limits = (most.seconds or programs.seconds, most.memory or programs.memory, most.output)
    own = [str(os.getpid()), *map(str, limits), str(int(task.offline))]
    launcher = [programs.python, "-I", "-S", _LAUNCHER, *own]
    return [*launcher, task.program, *task.words]


def build_environment(programs: Programs, folder: Path) -> dict[str, str]:
    """What a program has for an environment: nothing of ours, and homes in its own folder."""
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


def end_marked(token: str) -> None:
    """Kill every process of this user that has the token in its environment, in whatever session it is.

    Only where there is /proc. What clears its environment gets away; it has no right beyond this user's, and
    the limits of processor time and memory stay with it.
    """
    wanted = f"{MARK}={token}".encode()
    for _ in range(_TIMES):
        found = [number for number in _list_process_numbers() if wanted in _read_environment(number)]
        for number in found:
            with suppress(OSError):
                os.kill(number, signal.SIGKILL)
        if not found:
            return


def _list_process_numbers() -> list[int]:
    try:
        return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]
    except OSError:
        return []


def _read_environment(number: int) -> list[bytes]:
    """The environment that a process began with; nothing for those of others, and for who has ended."""
    try:
        return Path(f"/proc/{number}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Kill the program with its whole group, those that it left behind included."""
    if os.name == "nt":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
