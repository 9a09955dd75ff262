"""Reads a file whole, or says in one line why not."""

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH114, PTH118

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fixbot.checkout.list_files import is_readable_name
from fixbot.model.findings import Unread

if TYPE_CHECKING:
    from fixbot.checkout.rooted_folder import RootedFolder

READ_ELSEWHERE: Final = "a symbolic link; its target is read where it stands"
LARGEST: Final = 5_000_000
"""Bytes that a file may have to be read, unless the caller says else."""

_KINDS: Final = {
    stat.S_IFIFO: "a named pipe, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
    stat.S_IFDIR: "a folder, not a file",
}
_ERRORS: Final = {
    errno.EACCES: "there is no permission to read it",
    errno.EPERM: "there is no permission to read it",
    errno.ENOENT: "it vanished before it could be read",
    errno.ENOTDIR: "a folder on the way to it is a symbolic link or no longer there",
    errno.ELOOP: "a symbolic link stands on the way to it",
    errno.ENXIO: "a socket or device, not a file",
    errno.EINVAL: "the path leads out of the folder",
    errno.ENAMETOOLONG: "its path is too long",
}
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_LFS: Final = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Content:
    """A file as it was read. `text.encode()` is `data`: a BOM is a character, line ends are as they are."""

    path: str
    data: bytes = field(repr=False)
    text: str = field(repr=False)
    mode: int

    @property
    def key(self) -> str:
        """The same as `Checkout.content_key` gives for the unread file: names this content, for a cache."""
        return f"{hash_blob(self.data)}.{len(self.data)}"


class Unreadable(Exception):
    """The message is the reader's reason."""


class TooLarge(Unreadable):
    """The file has more bytes than were asked for."""


def hash_blob(data: bytes, digits: int = 40) -> str:
    """The hash by which git knows this content; of 64 digits in a SHA-256 repository."""
    name = "sha256" if digits == 64 else "sha1"
    return hashlib.new(name, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def read_bytes(tree: RootedFolder, path: str, limit: int) -> tuple[bytes, os.stat_result]:
    """A regular file's bytes and its state. Raises OSError, or Unreadable for what else speaks against it."""
    descriptor = tree.open_file(path)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise Unreadable(_KINDS.get(stat.S_IFMT(state.st_mode), "not a regular file"))
        size = state.st_size
        if size <= limit:
            data = os.read(descriptor, limit + 1 if size == 0 else size + 1)
            while len(data) <= limit and (more := os.read(descriptor, 1 << 20)):
                data += more
            size = len(data)
        if size > limit:
            raise TooLarge(f"it is larger than {limit / 1e6:g} MB, the largest that is read")
    finally:
        os.close(descriptor)
    return data, state


def read_content(tree: RootedFolder, path: str, limit: int = LARGEST) -> Content | Unread:
    """The file at `path` below the root of `tree`, or the reason why it is not read."""
    if not is_readable_name(path):
        return Unread(path, None, "its name holds characters that can't be shown on a line; rename it")
    try:
        data, state = read_bytes(tree, path, limit)
    except Unreadable as why:
        return Unread(path, None, str(why))
    except (OSError, ValueError) as error:
        return Unread(path, None, _explain_error(tree, path, error))
    return decode_content(path, data, state.st_mode)


def decode_content(path: str, data: bytes, mode: int) -> Content | Unread:
    """A file's bytes as text, or why they are none that is read."""
    if data.startswith(_UTF_16):
        return Unread(path, None, "it is UTF-16 text; only UTF-8 is read")
    if b"\0" in data:
        return Unread(path, None, "it is binary, or text in another encoding than UTF-8")
    if data.startswith(_LFS):
        return Unread(path, None, "its content is kept by Git LFS and not here; `git lfs pull` brings it")
    try:
        return Content(path, data, data.decode(), mode)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Unread(path, line, "it is not UTF-8 text; this line has a byte that UTF-8 doesn't know")


def _explain_error(tree: RootedFolder, path: str, error: OSError | ValueError) -> str:
    code = error.errno if isinstance(error, OSError) else errno.EINVAL
    full = os.path.join(tree.root, path)
    if code in (errno.ELOOP, errno.EMLINK) and os.path.islink(full):
        return _explain_link(tree.root, full)
    return _ERRORS.get(code or 0) or f"it can't be read: {os.strerror(code or 0).lower()}"


def _explain_link(root: str, full: str) -> str:
    try:
        target = os.path.realpath(full, strict=True)
    except OSError as error:
        circle = error.errno == errno.ELOOP
        return "a symbolic link in a circle" if circle else "a symbolic link to nothing"
    if os.path.commonpath([root, target]) == root:
        return READ_ELSEWHERE
    return "a symbolic link out of this folder; it is not followed"
