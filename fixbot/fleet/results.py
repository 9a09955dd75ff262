"""The results of one shard: a file of JSON lines, one a repository, each written whole or not at all.

Whoever is killed in between loses the repository that was under way, and goes on from there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from fixbot.checkout.door import grounds, put_report
from fixbot.checkout.reading import Unreadable
from fixbot.errors import FixbotError
from fixbot.fleet.rows import Row, State, line, row_of
from fixbot.fleet.stored import WORD, load_json, read_file, record


@dataclass(frozen=True, slots=True)
class Head:
    """The first line: whose results these are. `basis` names the program, its rules and settings."""

    plan: str = field(metadata={"shape": WORD})
    shard: str = field(metadata={"shape": WORD})
    basis: str = field(metadata={"shape": WORD})
    schema: int = 1


@dataclass
class Results:
    """An open file of results. `rows` are those that an earlier try of the same work left."""

    path: Path
    head: Head
    rows: dict[str, Row] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    """Those that failed in an earlier try; whoever begins with them might never come to the others."""
    _file: IO[bytes] | None = None

    @classmethod
    def open(cls, path: Path, head: Head) -> Results:
        """Begin the file, or go on with it. Raises FixbotError where it can't be written."""
        made = cls(path, head)
        kept = b""
        found = read(path) if path.exists() else None
        if found is not None and found[0] == head:
            made.rows = {row.name: row for row in found[1] if row.state in {State.DONE, State.GONE}}
            made.failed = frozenset(row.name for row in found[1] if row.state is State.FAILED)
            kept = "".join(f"{line(row)}\n" for row in made.rows.values()).encode()
        begin = json.dumps(asdict(head), separators=(",", ":")).encode() + b"\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            put_report(str(path), begin + kept, private=False, within=grounds())
            made._file = path.open("ab", buffering=0)
        except OSError as error:
            raise FixbotError(f"{path}: cannot be written: {error.strerror}") from None
        except Unreadable as why:
            raise FixbotError(f"{path}: cannot be written: {why}") from None
        return made

    def add(self, row: Row) -> None:
        """Write one line, so that it is there whatever happens next. Raises FixbotError."""
        if self._file is None:
            raise ValueError("the results are closed")
        try:
            self._file.write(line(row).encode() + b"\n")
            os.fsync(self._file.fileno())
        except OSError as error:
            raise FixbotError(f"{self.path}: cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()


def read(path: Path) -> tuple[Head, tuple[Row, ...]] | None:
    """A file's head and rows; None where it is no file of results. A line that was cut short is left out."""
    first, *lines = read_file(path).split(b"\n")
    try:
        head = record(Head, load_json(first))
    except (ValueError, LookupError, TypeError):
        return None
    return head, tuple(_rows(lines[:-1]))


def _rows(lines: Iterable[bytes]) -> Iterator[Row]:
    for each in lines:
        try:
            yield row_of(load_json(each))
        except (ValueError, LookupError, TypeError):
            continue
