"""Answers from a terminal: one key where that can be had, else a line. No cursor is moved for it."""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

try:
    import termios
    import tty
except ImportError:  # not Unix
    termios = None  # type: ignore[assignment]

END, ESCAPE = b"\x04", b"\x1b"
"""What Ctrl-D and the Escape key send where the terminal hands out keys one by one."""
REST = 0.2
"""Seconds in which the rest of an arrow key's bytes arrives."""
_ESCAPED = re.compile(rb"\x1b*(?:\[[0-?]*[ -/]*[@-~]|O.|[^\[O\x1b])", re.DOTALL)


class KeyReader:
    """The one who types, behind a file descriptor that is a terminal; a context in which keys count at once.

    Both methods raise EOFError for Ctrl-D and for a terminal that has gone, KeyboardInterrupt for Ctrl-C.
    """

    def __init__(self, environment: Mapping[str, str], source: int = 0) -> None:
        self._source = source
        self._ahead = b""
        self._lines: list[int | list[bytes | int]] | None = None
        self.single = termios is not None and environment.get("TERM", "dumb") != "dumb"

    def __enter__(self) -> Self:
        if self.single:
            with suppress(termios.error):
                self._lines = termios.tcgetattr(self._source)
                tty.setcbreak(self._source, termios.TCSANOW)
        return self

    def __exit__(self, *_: object) -> None:
        if self._lines is not None:
            with suppress(termios.error):  # the terminal has gone
                termios.tcsetattr(self._source, termios.TCSANOW, self._lines)

    def read_key(self) -> str:
        """The next character without waiting for Enter, or a line's words where that can't be had."""
        if not self.single:
            return self.read_line()
        while True:
            data = self._read_byte()
            if data == END:
                raise EOFError
            if data == ESCAPE:
                self._skip_escape()
            elif data < b"\x7f" and data.decode().isprintable():
                return data.decode()

    def read_line(self) -> str:
        """A line as it was typed and mended, without what a terminal would obey."""
        if self.single:
            # Not every system hands out as a line what was typed before lines were asked for.
            while select.select([self._source], [], [], 0)[0]:
                self._ahead += _read_available(self._source)
            self.__exit__()
        try:
            return self._read_raw_line()
        finally:
            self.__enter__()

    def _read_raw_line(self) -> str:
        while b"\n" not in self._ahead:
            try:
                self._ahead += _read_available(self._source)
            except EOFError:
                if not self._ahead:
                    raise
                break
        data, _, self._ahead = self._ahead.partition(b"\n")
        text = data.decode(sys.stdin.encoding or "utf-8", "replace")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())

    def _read_byte(self) -> bytes:
        data = self._ahead or _read_available(self._source)
        self._ahead = data[1:]
        return data[:1]

    def _skip_escape(self) -> None:
        """Read to the end of what an arrow key sends: it ends in a letter, which must not count as one."""
        data = b""
        while self._ahead or select.select([self._source], [], [], REST)[0]:
            data += self._read_byte()
            if _ESCAPED.fullmatch(data):
                return


def _read_available(source: int) -> bytes:
    try:
        data = os.read(source, 4096)
    except OSError:  # the terminal has gone
        raise EOFError from None
    if not data:
        raise EOFError
    return data.replace(b"\r", b"\n")
