"""The door for files that are known by name (settings, plans, reports): bounded, and past no planted link.

What stands in a checkout may be a stranger's, links and pipes too. A file of the checkout itself is opened
below its folder and never through a link; a path that the user names is followed, but not where a link that
stands in a checkout leads out of it.
"""

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH100, PTH101, PTH105, PTH108, PTH109, PTH115, PTH117, PTH116, PTH118, PTH120, PTH123, PTH206

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from fixbot.checkout.file_content import Content, TooLarge, Unreadable, read_content
from fixbot.checkout.git_home import repositories_above
from fixbot.checkout.rooted_folder import RootedFolder
from fixbot.model.findings import Unread
from fixbot.programs.lookup import lies_within

_MOST_LINKS: Final = 40
"""As many as Linux follows in one path."""
_STREAMS: Final = re.compile(r"/dev|/dev/fd|/proc/(?:self|thread-self|\d+)/fd")


def read_own_file(root: str, name: str, limit: int) -> Content | Unread | None:
    """A file of a checkout by its name right below `root`; None where there is nothing of that name."""
    if not os.path.lexists(os.path.join(root, name)):
        return None
    with RootedFolder(root) as tree:
        return read_content(tree, name, limit)


def read_given_file(path: str, limit: int, within: Sequence[str]) -> bytes:
    """What a file that the user names holds, at most `limit` bytes of it.

    `within` is what `stranger_folders` says.

    Raises OSError, or Unreadable where it is larger, a folder, or a checkout's link or pipe.
    """
    if link := find_planted_link(path, within):
        raise Unreadable(f"{link} is a symbolic link that leads out of the checkout; name the file itself")
    if stat.S_ISDIR(os.stat(path).st_mode):
        raise Unreadable("it is a folder")
    ours = any(lies_within(os.path.realpath(path), each) for each in within)
    # A pipe that the user made is waited for, one that a checkout brings along is not.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | (getattr(os, "O_NONBLOCK", 0) if ours else 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        state = os.fstat(file.fileno())
        if ours and not stat.S_ISREG(state.st_mode):
            raise Unreadable("it is no regular file")
        data = b"" if state.st_size > limit else file.read(limit + 1)
    if max(state.st_size, len(data)) > limit:
        raise TooLarge(f"it has more than {limit:,} bytes")
    return data


def link_that_leads_out(path: str) -> str:
    """The link by which a path leads out of the repository that it begins in; empty where none does."""
    beside = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    return find_planted_link(path, (*repositories_above(os.getcwd()), *repositories_above(beside)))


def find_planted_link(path: str, within: Sequence[str]) -> str:
    """The first link on the way to `path` that stands in one of these folders and leads out of it.

    Empty where there is none. A path that goes round in a circle of links counts as well.
    """
    drive, tail = os.path.splitdrive(os.path.join(os.getcwd(), path))
    here = top = drive + os.sep
    waiting = tail.split(os.sep)[::-1]
    met: list[tuple[str, str]] = []
    links = 0
    while waiting:
        name = waiting.pop()
        if name in ("", "."):
            continue
        if name == "..":
            here = os.path.dirname(here)
            continue
        full = os.path.join(here, name)
        try:
            target = os.readlink(full)
        except (OSError, ValueError):
            here = full
            continue
        links += 1
        if links > _MOST_LINKS:
            return full
        met += [(full, ground) for ground in within if lies_within(here, ground)]
        waiting += target.split(os.sep)[::-1]
        here = top if os.path.isabs(target) else here
    return next((link for link, ground in met if not lies_within(here, ground)), "")


def write_report(path: str, data: bytes, *, private: bool, within: Sequence[str]) -> None:
    """Put a file where the user asked for it, whole or not at all; `private` is for its owner alone.

    A symbolic link of that name is replaced. Open streams (`/dev/stdout`) and pipes are written to as they
    are. Raises OSError, or Unreadable where a checkout's link or pipe stands in the way.
    """
    if not is_stream(path):
        folder, name = os.path.split(os.path.abspath(path))
        if link := find_planted_link(folder, within):
            raise Unreadable(f"{link} is a symbolic link that leads out of the checkout")
        folder = os.path.realpath(folder)
        target = os.path.join(folder, name)
        kind = os.lstat(target).st_mode if os.path.lexists(target) else stat.S_IFREG
        if stat.S_ISREG(kind) or stat.S_ISLNK(kind):
            _replace_file(folder, name, data, 0o600 if private else 0o666 & ~_read_umask())
            return
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if any(lies_within(folder, each) for each in within):
            raise Unreadable("it is no regular file")
    with open(path, "wb") as stream:
        stream.write(data)


def _replace_file(folder: str, name: str, data: bytes, mode: int) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".fixbot-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, os.path.join(folder, name))
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def is_stream(path: str) -> bool:
    """Whether a path names an open stream or a device of the system, such as `/dev/stdout`."""
    folder, name = os.path.split(os.path.abspath(path))
    return name != "" and _STREAMS.fullmatch(folder) is not None


def append_lines(path: str, data: bytes, within: Sequence[str]) -> None:
    """Put lines at the end of a file of the user's, all of them by one write or none.

    A symbolic link is not followed. Raises OSError, or Unreadable for what is no regular file, or where a
    checkout's link stands in the way.
    """
    if link := find_planted_link(os.path.dirname(os.path.abspath(path)), within):
        raise Unreadable(f"{link} is a symbolic link that leads out of the checkout")
    flags = (
        os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    )
    handle = os.open(path, flags, 0o600)
    try:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise Unreadable("it is no regular file")
        if os.write(handle, data) < len(data):
            os.ftruncate(handle, before.st_size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    finally:
        os.close(handle)
