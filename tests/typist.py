"""Someone who types: the program on a pseudo-terminal, its questions read and answered one by one."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

PATIENCE = 120.0
"""Seconds until a question that doesn't come is a failure."""


class Typist:
    """A terminal of `columns` with a process of ours in it, in a session of its own as a shell has one."""

    def __init__(self, words: Iterable[str], at: Path, env: dict[str, str], columns: int = 80) -> None:
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.settings = termios.tcgetattr(follower)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fixbot", *words],
            cwd=at,
            env=env,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - Ctrl-C is a signal by it
        )
        self.follower = follower
        self.said = ""
        self._data = b""
        self._read = 0

    def until(self, words: str) -> str:
        """Read on until these words have come; returns all since the last time."""
        end = time.monotonic() + PATIENCE
        while words not in self.said[self._read :]:
            assert time.monotonic() < end, f"{words!r} never came: {self.said[self._read :]!r}"
            assert self._more(), f"ended without {words!r}: {self.said[self._read :]!r}"
        start, self._read = self._read, self.said.index(words, self._read) + len(words)
        return self.said[start : self._read]

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.leader, text.encode())

    def answer(self, *keys: str, question: str = ",?]") -> None:
        """Wait for the question and answer it, for each of the keys."""
        for key in keys:
            self.until(question)
            self.type(key)

    def end(self, question: str | None = None, key: str = "") -> tuple[int, str]:
        """Read to the end; the exit code and all that was said since the last answer.

        A last question, where it comes, is answered with this key: what is typed in the same instant as
        Ctrl-C may go to a reader that the interrupt then ends.
        """
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None or select.select([self.leader], [], [], 0)[0]:
            assert time.monotonic() < end, f"it does not end: {self.said[self._read :]!r}"
            if not self._more():
                break
            if question and question in self.said[self._read :]:
                self.type(key)
                question = None
        return self.process.wait(PATIENCE), self.said[self._read :]

    def hang_up(self) -> int:
        """Close the terminal, as a lost connection does; returns the exit code."""
        os.close(self.follower)
        os.close(self.leader)
        self.follower = self.leader = -1
        return self.process.wait(PATIENCE)

    def _more(self) -> bool:
        if select.select([self.leader], [], [], 0.1)[0]:
            try:
                piece = os.read(self.leader, 65536)
            except OSError:  # Linux says EIO when the other end is closed
                return False
            self._data += piece
            self.said = self._data.decode(errors="replace").replace("\r\n", "\n")
        elif self.process.poll() is not None:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        for each in (self.leader, self.follower):
            if each >= 0:
                os.close(each)
