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

from fixbot.checkout.file_content import Unreadable
from fixbot.checkout.git_home import stranger_folders
from fixbot.checkout.named_files import write_report
from fixbot.fleet.json_records import WORD, build_record, load_json, read_file
from fixbot.fleet.result_rows import FleetRow, RowState, format_row, parse_row
from fixbot.model.errors import FixbotError


@dataclass(frozen=True, slots=True)
class ResultsHead:
    """The first line: whose results these are. `basis` names the program, its rules and settings."""

    plan: str = field(metadata={"shape": WORD})
    shard: str = field(metadata={"shape": WORD})
    basis: str = field(metadata={"shape": WORD})
    schema: int = 1


@dataclass
class ResultsFile:
    """An open file of results. `rows` are those that an earlier try of the same work left."""

    path: Path
    head: ResultsHead
    rows: dict[str, FleetRow] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    """Those that failed in an earlier try; whoever begins with them might never come to the others."""
    _file: IO[bytes] | None = None

    @classmethod
    def open_results(cls, path: Path, head: ResultsHead) -> ResultsFile:
        """Begin the file, or go on with it. Raises FixbotError where it can't be written."""
        made = cls(path, head)
        kept = b""
        found = read_results(path) if path.exists() else None
        if found is not None and found[0] == head:
            made.rows = {row.name: row for row in found[1] if row.state in {RowState.DONE, RowState.GONE}}
            made.failed = frozenset(row.name for row in found[1] if row.state is RowState.FAILED)
            kept = "".join(f"{format_row(row)}\n" for row in made.rows.values()).encode()
        begin = json.dumps(asdict(head), separators=(",", ":")).encode() + b"\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_report(str(path), begin + kept, private=False, within=stranger_folders())
            made._file = path.open("ab", buffering=0)
        except OSError as error:
            raise FixbotError(f"{path}: cannot be written: {error.strerror}") from None
        except Unreadable as why:
            raise FixbotError(f"{path}: cannot be written: {why}") from None
        return made

    def append_row(self, row: FleetRow) -> None:
        """Write one line, so that it is there whatever happens next. Raises FixbotError."""
        if self._file is None:
            raise ValueError("the results are closed")
        try:
            self._file.write(format_row(row).encode() + b"\n")
            os.fsync(self._file.fileno())
        except OSError as error:
            raise FixbotError(f"{self.path}: cannot be written: {error.strerror}") from None

    def close_file(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()


def read_results(path: Path) -> tuple[ResultsHead, tuple[FleetRow, ...]] | None:
    """A file's head and rows; None where it is no file of results. A line that was cut short is left out."""
    first, *lines = read_file(path).split(b"\n")
    try:
        head = build_record(ResultsHead, load_json(first))
    except (ValueError, LookupError, TypeError):
        return None
    return head, tuple(_parse_rows(lines[:-1]))


def _parse_rows(lines: Iterable[bytes]) -> Iterator[FleetRow]:
    for each in lines:
        try:
            yield parse_row(load_json(each))
        except (ValueError, LookupError, TypeError):
            continue
