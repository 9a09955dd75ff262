"""Finds programs on PATH, never in a checkout and never in the current folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH113, PTH117, PTH118

_ENDINGS: Final = (".exe", ".com") if os.name == "nt" else ("",)
"""Batch files are left out on Windows: their arguments go through a shell."""


def lies_within(path: str, folder: str) -> bool:
    """Whether a path is that folder or lies below it; both absolute and without symbolic links."""
    path, folder = os.path.normcase(path), os.path.normcase(folder)
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def search_path(path: str, outside: Iterable[str]) -> tuple[str, ...]:
    """The folders of a PATH that programs may be taken from, in its order.

    Left out is what a checkout could fill: empty and relative entries, which mean the current folder,
    and entries that are, or lead into, one of the folders `outside` (real paths).
    """
    kept = []
    barred = tuple(outside)
    for entry in path.split(os.pathsep):
        folder = entry.strip('"') if os.name == "nt" else entry
        if os.path.isabs(folder):
            real = os.path.realpath(folder)
            if not any(lies_within(real, each) for each in barred):
                kept.append(folder)
    return tuple(dict.fromkeys(kept))


def find_program(name: str, path: str, outside: Iterable[str]) -> str | None:
    """The absolute path of a program, None where PATH has none that lies out of the folders `outside`."""
    barred = tuple(outside)
    for folder in search_path(path, barred):
        for ending in _ENDINGS:
            found = os.path.join(folder, name + ending)
            if os.path.isfile(found) and os.access(found, os.X_OK):
                real = os.path.realpath(found)
                if not any(lies_within(real, each) for each in barred):
                    return found
    return None
