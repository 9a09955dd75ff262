"""Opens files below one folder and never leaves it: no symbolic link on the way is followed."""

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH114, PTH117, PTH118

from __future__ import annotations

import errno
import os
import stat
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_BY_FOLDER = os.open in os.supports_dir_fd
_KEPT_OPEN = 64
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FOLDER |= getattr(os, "O_CLOEXEC", 0)
NO_SURPRISE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Flags that never wait for a pipe's other end, never follow a link and never translate line ends."""


class RootedFolder:
    """The files below `root`, by paths with slashes. Safe in threads and in forked processes."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._folders: dict[str, int] = {}

    def __reduce__(self) -> tuple[type[RootedFolder], tuple[str]]:
        return RootedFolder, (self.root,)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_folders()

    def close_folders(self) -> None:
        """Let go of the folders that are held open for speed."""
        with self._lock:
            while self._folders:
                os.close(self._folders.popitem()[1])

    def __del__(self) -> None:
        with suppress(OSError):
            self.close_folders()

    def open_file(self, path: str, flags: int = os.O_RDONLY) -> int:
        """A descriptor of the file at `path`. Raises OSError; ELOOP or ENOTDIR on symbolic links."""
        parent, name = split_path(path)
        with self._lock:
            if not _BY_FOLDER:
                return os.open(self._check_path(parent, name), flags | NO_SURPRISE)
            return os.open(name, flags | NO_SURPRISE, dir_fd=self._open_folder(parent))

    def locate_file(self, parent: str, name: str) -> tuple[str, int | None]:
        """How to name a file to the functions of `os`: a name and the folder it is relative to.

        The descriptor is the caller's to close.
        """
        with self._lock:
            if not _BY_FOLDER:
                return self._check_path(parent, name), None
            return name, os.dup(self._open_folder(parent))

    def _open_folder(self, path: str) -> int:
        known = path
        while known and known not in self._folders:
            known = known.rpartition("/")[0]
        if not known and known not in self._folders:
            # The root is the user's choice; it may be reached through a link.
            self._folders[""] = os.open(self.root, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
        here = self._folders[known]
        names = path[len(known) :].strip("/").split("/") if known != path else []
        for name in names:
            here = os.open(name, _FOLDER, dir_fd=here)
            known = f"{known}/{name}" if known else name
            self._folders[known] = here
            if len(self._folders) > _KEPT_OPEN:
                oldest = next(key for key in self._folders if key)
                os.close(self._folders.pop(oldest))
        return here

    def _check_path(self, parent: str, name: str) -> str:
        here = self.root
        for part in [*parent.split("/"), ""] if parent else ():
            if part:
                here = os.path.join(here, part)
                if not stat.S_ISDIR(os.lstat(here).st_mode):
                    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), here)
        full = os.path.join(here, name)
        if os.path.islink(full):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), full)
        return full


def split_path(path: str) -> tuple[str, str]:
    """The folder and the name of a path below a root. Raises OSError (EINVAL) where it leads elsewhere."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts) or os.path.isabs(path):
        raise OSError(errno.EINVAL, "the path leads out of the folder", path)
    return "/".join(parts[:-1]), parts[-1]
