"""Writes files whole, all of them or none, and only over what was read."""

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH118

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fixbot.checkout.file_content import TooLarge, Unreadable, read_bytes
from fixbot.checkout.rooted_folder import NO_SURPRISE, RootedFolder, split_path
from fixbot.model.findings import Refusal
from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_LINKS: Final = (errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV)
_CHANGED: Final = "it was changed while fixbot was at work"
_WHY: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it would be larger than is allowed here",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "there is no permission to write in its folder",
    errno.EPERM: "there is no permission to write in its folder",
    errno.EEXIST: "there is something of that name already",
    errno.ENOENT: "it is no longer there",
    errno.ELOOP: "it is a symbolic link",
    errno.ENOTDIR: "a folder on the way to it is a symbolic link or a file",
    errno.EINVAL: "the path leads out of the folder",
}


@dataclass(frozen=True, slots=True)
class FileChange:
    """What is to stand in the file at `path`, and the bytes that this was made from; None for a new file."""

    path: str
    before: bytes | None = field(repr=False)
    after: bytes = field(repr=False)


def write_files(root: str, changes: Iterable[FileChange]) -> Refusal | None:
    """Put all files in their places, or leave all as they were and say why.

    Each file is replaced at one instant by one that is whole, with the same mode and, where that is
    allowed, the same owner. A file that isn't what it was when it was read is left alone.
    """
    lost: list[str] = []
    refusal = _write_staged(root, changes, lost)
    if refusal is None or not lost:
        return refusal
    return Refusal(f"{refusal.reason}; {', '.join(lost)} could not be put back as before")


def _write_staged(root: str, changes: Iterable[FileChange], lost: list[str]) -> Refusal | None:
    path = ""
    with RootedFolder(root) as tree, ExitStack() as tidy:
        try:
            staged = []
            for change in changes:
                path = change.path
                staged.append(_stage_change(tree, change, tidy))
            # From here all new content is on the disk, so that hardly anything can go wrong any more.
            done = tidy.enter_context(ExitStack())
            for each in staged:
                path = each.change.path
                done.callback(each.restore_file, lost)
                each.place_file()
            done.pop_all()
        except Unreadable as why:
            return Refusal(f"{escape_hidden(path)} was not written: {why}")
        except OSError as error:
            code = error.errno or 0
            said = _WHY.get(code) or os.strerror(code).lower()
            return Refusal(f"{escape_hidden(path)} was not written: {said}")
    return None


@dataclass(slots=True)
class _Staged:
    """New content beside the file that it will replace."""

    change: FileChange
    name: str
    folder: int | None
    temporary: str
    state: os.stat_result | None
    placed: bool = False

    def place_file(self) -> None:
        if self.state is None:
            self._create_target()
        else:
            now = os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
            if _file_identity(now) != _file_identity(self.state):
                raise Unreadable(_CHANGED)
            self._replace_target(self.temporary)
        self.placed = True

    def restore_file(self, lost: list[str]) -> None:
        """Put back what was there; a file for which that fails is named in `lost`."""
        if not self.placed:
            return
        try:
            if self.change.before is None or self.state is None:
                os.unlink(self.name, dir_fd=self.folder)
            else:
                self.temporary = _temporary_name(self.name)
                _write_new_file(self.temporary, self.folder, self.change.before, self.state)
                self._replace_target(self.temporary)
        except OSError:
            lost.append(escape_hidden(self.change.path))

    def _replace_target(self, temporary: str) -> None:
        os.replace(temporary, self.name, src_dir_fd=self.folder, dst_dir_fd=self.folder)

    def _create_target(self) -> None:
        # A hard link, unlike a rename, never replaces what someone else has put there meanwhile.
        try:
            os.link(self.temporary, self.name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            os.close(os.open(self.name, _NEW, 0o666, dir_fd=self.folder))
            self._replace_target(self.temporary)

    def clean_up(self) -> None:
        with suppress(OSError):  # not there any more, or the file system is read-only
            os.unlink(self.temporary, dir_fd=self.folder)
        if self.folder is not None:
            os.close(self.folder)


_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_SURPRISE


def _stage_change(tree: RootedFolder, change: FileChange, tidy: ExitStack) -> _Staged:
    parent, name = split_path(change.path)
    if ".git" in change.path.casefold().split("/"):
        raise Unreadable("it belongs to git itself")
    state = None
    if change.before is None:
        _make_folders(tree, parent, tidy)
    else:
        data, state = _read_present(tree, change.path, len(change.before))
        if data != change.before:
            raise Unreadable(_CHANGED)
    relative, folder = tree.locate_file(parent, name)
    staged = _Staged(change, relative, folder, _temporary_name(relative), state)
    tidy.callback(staged.clean_up)
    if state is None and _file_exists(relative, folder):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    _write_new_file(staged.temporary, folder, change.after, state)
    return staged


def _read_present(tree: RootedFolder, path: str, size: int) -> tuple[bytes, os.stat_result]:
    try:
        return read_bytes(tree, path, size)
    except TooLarge:
        raise Unreadable(_CHANGED) from None


def _temporary_name(name: str) -> str:
    folder, base = os.path.split(name)
    return os.path.join(folder, f".{base[:80]}.fixbot-{secrets.token_hex(4)}.tmp")


def _file_exists(name: str, folder: int | None) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _file_identity(state: os.stat_result) -> tuple[int, ...]:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_mode


def _make_folders(tree: RootedFolder, path: str, tidy: ExitStack) -> None:
    done = ""
    for name in path.split("/") if path else ():
        relative, folder = tree.locate_file(done, name)
        try:
            os.mkdir(relative, dir_fd=folder)
            tidy.callback(_remove_folder, tree.root, done, name)
        except FileExistsError:
            pass
        finally:
            if folder is not None:
                os.close(folder)
        done = f"{done}/{name}" if done else name


def _remove_folder(root: str, parent: str, name: str) -> None:
    """Take a folder of ours away again; one with something in it stays, as it does after a success."""
    with suppress(OSError), RootedFolder(root) as tree:
        relative, folder = tree.locate_file(parent, name)
        try:
            os.rmdir(relative, dir_fd=folder)
        finally:
            if folder is not None:
                os.close(folder)


def _write_new_file(name: str, folder: int | None, data: bytes, like: os.stat_result | None) -> None:
    descriptor = os.open(name, _NEW, 0o666 if like is None else 0o600, dir_fd=folder)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        _copy_ownership(descriptor, folder, like)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_ownership(descriptor: int, folder: int | None, like: os.stat_result | None) -> None:
    """Give the new file the old one's owner and mode, a wholly new file its folder's owner."""
    if folder is None:
        return
    owner = like or os.fstat(folder)
    now = os.fstat(descriptor)
    if (owner.st_uid, owner.st_gid) != (now.st_uid, now.st_gid):
        # Only root may give files away; without that the file is ours, as with an editor.
        with suppress(OSError):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    if like is not None:
        os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
