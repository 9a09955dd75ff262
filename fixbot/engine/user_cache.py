"""Remembers results between runs, in the user's cache folder; losing all of it costs only time.

Whoever puts something in answers for its holding no secret. Entries are JSON, never code: what
can't be read back, or was cut short, counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fixbot.checkout.git_home import stranger_folders
from fixbot.checkout.named_files import find_planted_link
from fixbot.programs.lookup import lies_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LARGEST: Final = 200_000_000
"""Bytes that all entries together may have before the oldest go."""

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]


def find_cache_folder(environment: Mapping[str, str], platform: str = sys.platform) -> Path | None:
    """Where this user's caches are, by the custom of the platform; None where that can't be told."""
    if platform == "win32":
        home = environment.get("LOCALAPPDATA", "")
        return Path(home, "fixbot", "cache") if Path(home).is_absolute() else None
    # The XDG specification: a relative path in XDG_CACHE_HOME is invalid and to be ignored.
    own = environment.get("XDG_CACHE_HOME", "")
    if Path(own).is_absolute():
        return Path(own, "fixbot")
    home = environment.get("HOME", "")
    if not Path(home).is_absolute():
        return None
    return Path(home, *(("Library", "Caches") if platform == "darwin" else (".cache",)), "fixbot")


def find_own_cache(environment: Mapping[str, str], path: str | None) -> Path | None:
    """Where results are kept: nowhere if that lies in the checkout, whose files may be a stranger's."""
    folder = find_cache_folder(environment)
    strangers = stranger_folders(path)
    if folder is None or find_planted_link(str(folder), strangers):
        return None
    real = os.path.realpath(folder)
    return None if any(lies_within(real, each) for each in strangers) else folder


def fingerprint_program(folders: Iterable[Path]) -> str:
    """What names the code in these folders without reading it: each file's path, size and time.

    A version number would not do: whoever works on the program runs it before the number changes.
    """
    rows: list[tuple[str, int, int]] = []
    waiting = [str(folder) for folder in folders]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as found:
            for each in found:
                if each.is_dir():
                    waiting += [each.path] if each.name != "__pycache__" else []
                else:
                    state = each.stat()
                    rows.append((each.path, state.st_size, state.st_mtime_ns))
    return hashlib.blake2b(json.dumps(sorted(rows)).encode(), digest_size=20).hexdigest()


class Cache:
    """Values by key, for one version of the program and one configuration: `parts` name both.

    Without a folder, or with one that can't be used, everything is absent and nothing is kept.
    Any number of processes may use one folder at once.
    """

    def __init__(self, folder: Path | None, parts: Iterable[str], largest: int = LARGEST) -> None:
        self._folder = folder if folder is not None and _is_usable(folder) else None
        self._parts = tuple(parts)
        self._largest = largest
        self._unpruned = largest  # so that the first entry of a run looks after the folder

    def read_value(self, key: str) -> JSON:
        """What was put under that key, or None."""
        if self._folder is None:
            return None
        path = self._entry_path(self._folder, key)
        try:
            data = path.read_bytes()
            value: JSON = _unpack_value(data)
        except (OSError, ValueError, RecursionError):
            return None
        with suppress(OSError):
            os.utime(path)  # the least recently used go first
        return value

    def write_value(self, key: str, value: JSON) -> None:
        """Keep a value. One larger than a quarter of the cache, or that finds no room, is not kept."""
        if self._folder is None:
            return
        data = _pack_value(value)
        if len(data) > self._largest // 4:
            return
        with suppress(OSError):
            _replace_file(self._entry_path(self._folder, key), data)
            self._unpruned += len(data)
            if self._unpruned >= self._largest // 8:
                self._unpruned = 0
                _prune_entries(self._folder, self._largest)

    def _entry_path(self, folder: Path, key: str) -> Path:
        name = json.dumps([*self._parts, key]).encode()
        return folder / hashlib.blake2b(name, digest_size=20).hexdigest()


def _pack_value(value: JSON) -> bytes:
    body = json.dumps(value, separators=(",", ":"), check_circular=False).encode()
    return b"%08x\n" % zlib.crc32(body) + body


def _unpack_value(data: bytes) -> JSON:
    if data[:9] != b"%08x\n" % zlib.crc32(memoryview(data)[9:]):
        raise ValueError("cut short or changed")
    value: JSON = json.loads(data[9:])
    return value


def _is_usable(folder: Path) -> bool:
    """Whether the folder is there, or can be made, and nobody but this user can put something in."""
    with suppress(OSError, ValueError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.lstat()
        own = not hasattr(os, "getuid") or state.st_uid == os.getuid()
        closed = os.name == "nt" or not state.st_mode & 0o022
        return stat.S_ISDIR(state.st_mode) and own and closed and os.access(folder, os.W_OK)
    return False


def _replace_file(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(data)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _prune_entries(folder: Path, largest: int) -> None:
    """Take the oldest entries away until three quarters of the room are left in use."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                state = entry.stat(follow_symlinks=False)
                found.append((state.st_mtime_ns, state.st_size, entry.path))
    used = sum(size for _, size, _ in found)
    if used <= largest:
        return
    for _, size, path in sorted(found):
        if used <= largest * 3 // 4:
            break
        with suppress(OSError):
            Path(path).unlink()
            used -= size
