"""Where words go: reports to stdout or a file, notes and progress to stderr."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from fixbot.checkout.file_content import Unreadable
from fixbot.checkout.git_home import stranger_folders
from fixbot.checkout.named_files import write_report
from fixbot.model.errors import FixbotError
from fixbot.report.style import TerminalStyle
from fixbot.text.characters import escape_hidden, sanitize_lines

NARROWEST, WIDEST, ELSEWHERE = 60, 120, 100
FIRST_AFTER, NEXT_AFTER = 0.6, 0.1
"""Seconds until progress is shown at all, and between two pictures of it."""


class CannotWrite(FixbotError):
    """The report has nowhere to go: the disk is full, or the folder isn't there."""

    exit_code = 1


class Terminal:
    """The two streams, and what the one who reads them can see."""

    def __init__(self, environment: Mapping[str, str], *, quiet: bool = False) -> None:
        dumb = environment.get("TERM") == "dumb"
        self._quiet = quiet
        self._moving = not quiet and not dumb and sys.stderr.isatty()
        self._progress_at = time.monotonic() + FIRST_AFTER
        self._shown = False
        there = sys.stdout.isatty()
        self._environment = environment if there and not dumb and sys.stdin.isatty() else None
        width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST) if there else ELSEWHERE
        # https://no-color.org: present and not empty, whatever its value.
        colour = there and not dumb and not environment.get("NO_COLOR")
        self.style = TerminalStyle(colour, width, most=40 if there else None)

    def print_note(self, text: str) -> None:
        """A line for the user beside the report."""
        if not self._quiet:
            self.clear_progress()
            sys.stderr.write(f"{sanitize_lines(escape_hidden(text))}\n")

    def print_trouble(self, text: str) -> None:
        """A line that is said even when notes aren't wanted."""
        self.clear_progress()
        sys.stderr.write(f"fixbot: {sanitize_lines(escape_hidden(text))}\n")

    def draw_progress(self, done: int, total: int, what: str) -> None:
        """Draw how far the work is; on a terminal only, and only when it takes a while."""
        now = time.monotonic()
        if not self._moving or now < self._progress_at:
            return
        self._progress_at = now + NEXT_AFTER
        self._shown = True
        full = 24 * done // max(total, 1)
        head = f"\r\x1b[K{'━' * full}{'╌' * (24 - full)} {done:,} of {total:,}  "
        room = max(10, shutil.get_terminal_size().columns - 45)
        sys.stderr.write(head + sanitize_lines(escape_hidden(what))[-room:])
        sys.stderr.flush()

    def clear_progress(self) -> None:
        """Take the progress away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False

    def print_out(self, text: str) -> None:
        """Write to stdout as UTF-8, or as well as its encoding can; nothing in it steers what reads it."""
        self.clear_progress()
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        data = sanitize_lines(text).encode(encoding, "backslashreplace")
        try:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            # What is still in the buffer must not fail once more when Python exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise CannotWrite(f"stdout: cannot be written: {error.strerror}") from None

    def page_out(self, text: str, outside: Sequence[str], configured: str) -> None:
        """Show a long text through a pager where somebody is there to read it; else as `print_out` does.

        `configured` is the user's own `core.pager`; none is taken from the folders `outside`.
        """
        from fixbot.cli.pager import choose_pager, page_text  # noqa: PLC0415 - few runs page

        words = choose_pager(self._environment or {}, configured, outside) if self._environment else []
        if not words:
            return self.print_out(text)
        self.clear_progress()
        return page_text(sanitize_lines(text), words)

    def write_file(self, path: Path, text: str, *, private: bool = False, within: Sequence[str] = ()) -> None:
        """Write a file, whole or not at all; `private` is for its owner alone. A pipe gets it as it is.

        A link of that name is replaced; those on the way that stand in `within`, or in the repository of the
        current folder, are not followed out of there.
        """
        data = text.encode("utf-8", "backslashreplace")
        try:
            write_report(str(path), data, private=private, within=(*within, *stranger_folders()))
        except Unreadable as why:
            raise CannotWrite(f"{path}: cannot be written: {why}") from None
        except OSError as error:
            raise CannotWrite(f"{path}: cannot be written: {error.strerror}") from None
