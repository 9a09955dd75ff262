"""The files of a commit, read from git's objects: nothing of the work tree's counts, no link is followed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fixbot.checkout.changed_lines import LINK, GitBlob
from fixbot.checkout.file_content import LARGEST, decode_content
from fixbot.checkout.list_files import FileEntry, is_readable_name
from fixbot.model.findings import Unread

if TYPE_CHECKING:
    from fixbot.checkout.file_content import Content
    from fixbot.checkout.git import Git


@dataclass(frozen=True, slots=True)
class CommitFiles:
    """What a commit holds, by paths from the repository's top. All methods raise GitFailed."""

    git: Git
    commit: str

    def find_blob(self, path: str) -> GitBlob | None:
        """What is at that path, None where nothing or a folder is."""
        return next((blob for found, blob in self.list_below(path) if found == path), None)

    def list_below(self, path: str) -> Iterator[tuple[str, GitBlob]]:
        """What is at a path or, where that is a folder, in it at any depth; an empty path is the top."""
        out = self.git.run_command("ls-tree", "-r", "-z", self.commit, "--", *([path] if path else []))
        for row in os.fsdecode(out).split("\0")[:-1]:
            head, _, found = row.partition("\t")
            mode, _, name = head.split(" ")
            yield found, GitBlob(int(mode, 8), name)

    def read_blob(self, blob: GitBlob, limit: int) -> bytes | None:
        """The bytes of a file, None where there are more than `limit` of them."""
        if int(self.git.run_for_line("cat-file", "-s", blob.name)) > limit:
            return None
        return self.git.run_command("cat-file", "blob", blob.name)


@dataclass
class CommitTree:
    """The files of a commit below a folder, as the pipeline reads them; `prefix` is as a checkout's.

    All of them are read at once when the first is asked for. Raises GitFailed.
    """

    files: CommitFiles
    prefix: str
    keep: Callable[[str], bool]
    wanted: Callable[[str], bool]
    entries: tuple[FileEntry, ...] = ()
    listed: int = 0
    unread: tuple[Unread, ...] = ()
    excluded: int = 0
    others: tuple[str, ...] = ()
    _blobs: dict[str, GitBlob] = field(default_factory=dict)
    _data: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for found, blob in self.files.list_below(self.prefix):
            path = found[len(self.prefix) :]
            if (blob.is_file or blob.mode == LINK) and self.keep(path):
                self._blobs[path] = blob
        self.listed = len(self._blobs)
        self.entries = self.find_named([path for path in self._blobs if self.wanted(path)])
        self.others = tuple(path for path in self._blobs if not self.wanted(path))

    @property
    def root(self) -> str:
        """What names this place."""
        return f"{self.files.git.folder}@{self.files.commit}"

    @property
    def repository(self) -> str:
        """OWNER/NAME on github.com that `origin` has; else nothing."""
        return self.files.git.name_on_github

    def find_named(self, paths: Sequence[str]) -> tuple[FileEntry, ...]:
        """Those of these files that are there."""
        found = ((path, self._blobs[path]) for path in paths if path in self._blobs)
        return tuple(FileEntry(path, blob.mode, blob.name) for path, blob in found)

    def read_file(self, file: FileEntry | str) -> Content | Unread:
        """A file's content, or why it isn't read."""
        path = file if isinstance(file, str) else file.path
        blob = self._blobs.get(path)
        if blob is None or not blob.is_file or not is_readable_name(path):
            return Unread(path, None, "it is no file that is read")
        if blob.name not in self._data:
            self._fetch_blobs({path, *(each.path for each in self.entries)})
        data = self._data.get(blob.name)
        if data is None:
            return Unread(path, None, "it is not here, or larger than what is read")
        return decode_content(path, data, blob.mode)

    def resolve_link(self, _path: str) -> str | None:
        """No link is followed."""
        return None

    def content_key(self, _entry: FileEntry) -> str | None:
        """None: what is read here is not remembered."""
        return None

    def _fetch_blobs(self, paths: set[str]) -> None:
        names = {self._blobs[path].name for path in paths if self._blobs[path].is_file}
        asked = sorted(names - self._data.keys())
        out = self.files.git.run_command("cat-file", "--batch-check", stdin="\n".join([*asked, ""]).encode())
        rows = [row.split(" ") for row in out.decode().splitlines() if not row.endswith(" missing")]
        few = [name for name, kind, size in rows if kind == "blob" and int(size) <= LARGEST]
        data = self.files.git.run_command("cat-file", "--batch", stdin="\n".join([*few, ""]).encode())
        at = 0
        for name in few:
            start = data.index(b"\n", at) + 1
            end = start + int(data[at : start - 1].split(b" ")[2])
            self._data[name] = data[start:end]
            at = end + 1


def read_attributes(git: Git, path: str, *names: str) -> dict[str, str]:
    """Those of git's attributes that are set for a path. `git` runs at the top. Raises GitFailed."""
    out = os.fsdecode(git.run_command("check-attr", *names, "--", path)).split("\0")[:-1]
    rows = zip(out[1::3], out[2::3], strict=True)
    return {name: value for name, value in rows if value not in {"unspecified", "unset"}}
