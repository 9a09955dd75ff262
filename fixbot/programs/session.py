"""A program that is asked line by line, within limits, and started anew where an answer ended it."""

from __future__ import annotations

import os
import secrets
import selectors
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fixbot.programs.start import (
    MARK,
    ProgramTask,
    UnfinishedProgram,
    build_environment,
    build_words,
    end_marked,
    end_process,
)

if TYPE_CHECKING:
    from fixbot.programs import Programs

_PIECE: Final = 1 << 16


@dataclass(slots=True)
class ProgramSession:
    """One program's life: it starts with the first question, and what ends it costs one answer."""

    task: ProgramTask
    programs: Programs
    starts: int = 0
    """How often it was started: who keeps something with it, gives it again after that rises."""
    _folder: tempfile.TemporaryDirectory[str] | None = None
    _process: subprocess.Popen[bytes] | None = None
    _token: str = field(default="", repr=False)
    _rest: bytes = field(default=b"", repr=False)

    def ask(self, line: bytes, seconds: float) -> bytes | UnfinishedProgram:
        """The line that answers this one, within seconds on the clock; never raises for what it does."""
        try:
            process = self._process or self._start()
            deadline = time.monotonic() + seconds
            if not self._write(process, line + b"\n", deadline):
                return self._give_up(process, seconds, deadline)
            answer = self._read_line(process, deadline)
        except OSError as error:
            self.close()
            return UnfinishedProgram(f"it can't be run: {os.strerror(error.errno or 0).lower()}")
        if isinstance(answer, bytes):
            return answer
        return answer or self._give_up(process, seconds, deadline)

    def begin(self) -> None:
        """Start it if it isn't running."""
        if self._process is None:
            self._start()

    def close(self) -> None:
        """End it with all that it started."""
        if self._process is not None:
            end_process(self._process)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:
                        continue
            end_marked(self._token)
        if self._folder is not None:
            self._folder.cleanup()
        self._process = self._folder = None
        self._rest = b""

    def _start(self) -> subprocess.Popen[bytes]:
        self._folder = tempfile.TemporaryDirectory(
            prefix="run-", dir=self.programs.scratch, ignore_cleanup_errors=True
        )
        folder = Path(self._folder.name)
        for name in ("work", "home", "temporary"):
            (folder / name).mkdir()
        self._token = secrets.token_hex(16)
        self.starts += 1
        self._process = subprocess.Popen(
            build_words(self.task, self.programs),
            cwd=folder / "work",
            env={**build_environment(self.programs, folder), **self.task.variables, MARK: self._token},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
        return self._process

    def _write(self, process: subprocess.Popen[bytes], data: bytes, deadline: float) -> bool:
        """Whether all of a question could be handed over."""
        if process.stdin is None:
            return False
        at, number = memoryview(data), process.stdin.fileno()
        while at:
            if not _wait(number, selectors.EVENT_WRITE, deadline):
                return False
            try:
                at = at[os.write(number, at[:_PIECE]) :]
            except BrokenPipeError:
                return False
            except BlockingIOError:
                continue
        return True

    def _read_line(
        self, process: subprocess.Popen[bytes], deadline: float
    ) -> bytes | UnfinishedProgram | None:
        """A line, None where there is none in time or the program has ended."""
        if process.stdout is None:
            return None
        number, parts, size = process.stdout.fileno(), [self._rest], len(self._rest)
        while b"\n" not in parts[-1]:
            if not _wait(number, selectors.EVENT_READ, deadline):
                return None
            try:
                piece = os.read(number, _PIECE)
            except BlockingIOError:
                continue
            if not piece:
                return None
            parts.append(piece)
            size += len(piece)
            if size > self.task.limits.output:
                self.close()
                return UnfinishedProgram(f"it printed more than {self.task.limits.output:,} bytes")
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def _give_up(
        self, process: subprocess.Popen[bytes], seconds: float, deadline: float
    ) -> UnfinishedProgram:
        late = time.monotonic() >= deadline
        self.close()
        if late:
            return UnfinishedProgram(f"it took longer than {seconds:g} seconds")
        memory = (self.task.limits.memory or self.programs.memory) // 1_000_000
        code = process.returncode
        return UnfinishedProgram(
            f"it needed more than {memory:,} MB or more than its time, and was ended (status {code})"
        )


def _wait(number: int, event: int, deadline: float) -> bool:
    """Whether a pipe is ready before it is too late."""
    with selectors.DefaultSelector() as selector:
        selector.register(number, event)
        return bool(selector.select(max(0.0, deadline - time.monotonic())))
