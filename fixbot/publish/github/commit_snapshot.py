"""A repository's files without a checkout: the tree read once, and the blobs that can matter in batches."""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fixbot.checkout.file_content import LARGEST, READ_ELSEWHERE, Content, decode_content
from fixbot.checkout.list_files import FileEntry, is_readable_name
from fixbot.model.findings import Unread
from fixbot.publish.github.github_errors import RequestRejected
from fixbot.publish.pull_requests.pull_request import GitHubCommit

if TYPE_CHECKING:
    from fixbot.checkout import Scope
    from fixbot.publish.github.repository_reader import RepositoryReader
    from fixbot.text.globs import Globs

A_BATCH: Final = 60
"""Blobs in one GraphQL query."""
BATCH_BYTES: Final = 2_000_000
_BLOBS: Final = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { %s } }"
_LINK, _MODULE = 0o120000, 0o160000


@dataclass
class CommitSnapshot:
    """The files of one commit, read over the API; to the pipeline it is a checkout that can't be written to.

    Blobs are fetched when the first of them is asked for, all wanted ones at once.
    """

    reader: RepositoryReader
    commit: GitHubCommit
    include: Globs
    exclude: Globs
    wanted: Callable[[str], bool]
    progress: Callable[[int, int, str], None] | None = None
    limit: int = LARGEST
    entries: tuple[FileEntry, ...] = ()
    others: tuple[str, ...] = ()
    listed: int = 0
    unread: tuple[Unread, ...] = ()
    excluded: int = 0
    notes: tuple[str, ...] = ()
    git: None = None
    prefix: str = ""
    _all: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    _blobs: dict[str, bytes | str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """What names this place for the cache."""
        return f"{self.reader.gateway.host}/{self.reader.name}"

    @classmethod
    def take_snapshot(
        cls,
        reader: RepositoryReader,
        commit: GitHubCommit,
        scope: Scope,
        progress: Callable[[int, int, str], None] | None = None,
        limit: int = LARGEST,
    ) -> CommitSnapshot:
        """List a commit's files. `limit` is the size in bytes up to which a file is read."""
        from fixbot.text.globs import Globs as Patterns  # noqa: PLC0415

        made = cls(reader, commit, Patterns(scope.include), Patterns(scope.exclude), scope.wanted, progress)
        made.limit = limit
        made._list_files()
        return made

    @property
    def repository(self) -> str:
        """OWNER/NAME where that is on github.com; else nothing."""
        host = self.reader.gateway.host.removeprefix("https://")
        return self.reader.name if host in ("github.com", "api.github.com") else ""

    def _list_files(self) -> None:
        modules = []
        entries, unread = [], []
        for path, mode, oid, size in self._walk_tree(self.commit.tree, ""):
            if mode == _MODULE:
                modules.append(path)
                continue
            if not self.is_in_scope(path):
                self.excluded += self.wanted(path)
                continue
            self.listed += 1
            self._all[path] = mode, oid, size
            if self.wanted(path):
                if not is_readable_name(path):
                    unread.append(
                        Unread(
                            path,
                            None,
                            "its name holds characters that can't be shown on a line; rename it",
                        )
                    )
                    continue
                entries.append(FileEntry(path, mode, oid))
        self.entries = tuple(sorted(entries))
        self.others = tuple(path for path in self._all if not self.wanted(path))
        self.unread = tuple(unread)
        if modules:
            self.notes = (f"left out, being submodules: {', '.join(modules[:3])}",)

    def is_in_scope(self, path: str) -> bool:
        """Whether a file is in scope."""
        return (not self.include or self.include.matches(path)) and not (
            self.exclude and self.exclude.matches(path)
        )

    def _walk_tree(self, tree: str, above: str) -> Iterator[tuple[str, int, str, int]]:
        """Every file of a tree: path, mode, blob, size; folder by folder where GitHub cuts it short."""
        data = self.reader.gateway.read_path(
            f"{self.reader.api_root}/git/trees/{tree}", {"recursive": "1"}, forever=True
        ).data
        if data.get("truncated"):
            data = self.reader.gateway.read_path(
                f"{self.reader.api_root}/git/trees/{tree}", forever=True
            ).data
            for row in data["tree"]:
                if row["type"] == "tree":
                    yield from self._walk_tree(row["sha"], f"{above}{row['path']}/")
                else:
                    yield _parse_row(row, above)
            return
        for row in data["tree"]:
            if row["type"] != "tree":
                yield _parse_row(row, above)

    def find_named(self, paths: Sequence[str]) -> tuple[FileEntry, ...]:
        """Those of these files that are there and in scope, wanted by their names or not."""
        found = ((path, self._all[path]) for path in paths if path in self._all)
        return tuple(FileEntry(path, mode, oid) for path, (mode, oid, _) in found)

    def content_key(self, entry: FileEntry) -> str | None:
        """What names a file's content without reading it."""
        mode, oid, size = self._all[entry.path]
        return None if mode == _LINK else f"{oid}.{size}"

    def resolve_link(self, path: str) -> str | None:
        """The path that a symbolic link leads to, None where that is not in the repository."""
        data = self._read_blob(path)
        if not isinstance(data, bytes):
            return None
        there = posixpath.normpath(posixpath.join(posixpath.dirname(path), data.decode(errors="replace")))
        return there if there in self._all else None

    def read_file(self, file: FileEntry | str) -> Content | Unread:
        """A file's whole content, or why it isn't read."""
        path = file if isinstance(file, str) else file.path
        if path not in self._all:
            return Unread(path, None, "it is not in the repository")
        mode, _, size = self._all[path]
        if mode == _LINK:
            there = self.resolve_link(path)
            return Unread(
                path,
                None,
                READ_ELSEWHERE if there else "a symbolic link out of this folder; it is not followed",
            )
        if size > self.limit:
            return Unread(path, None, f"it is larger than {self.limit / 1e6:g} MB, the largest that is read")
        data = self._read_blob(path)
        return decode_content(path, data, mode) if isinstance(data, bytes) else Unread(path, None, data)

    def read_small_file(self, path: str, limit: int) -> Content | Unread | None:
        """A file fetched by itself, of at most `limit` bytes; None where the commit has none of that name."""
        if path not in self._all:
            return None
        mode, oid, size = self._all[path]
        if mode == _LINK:
            return Unread(path, None, "a symbolic link; it is not followed")
        data = self._fetch_one(oid) if size <= limit else b""
        if max(size, len(data)) > limit:
            return Unread(path, None, f"it is larger than {limit / 1e6:g} MB, the largest that is read")
        return decode_content(path, data, mode) if isinstance(data, bytes) else Unread(path, None, data)

    def has_file(self, path: str) -> bool:
        """Whether the commit has such a file."""
        return path in self._all

    def file_mode(self, path: str) -> str:
        """Git's mode of a file, such as `100644`."""
        return f"{self._all[path][0]:06o}"

    def _read_blob(self, path: str) -> bytes | str:
        mode, oid, _ = self._all[path]
        if oid not in self._blobs:
            if mode == _LINK:
                self._blobs[oid] = self._fetch_one(oid)
            else:
                rows = [self._all[each.path] for each in self.entries] + [self._all[path]]
                self._fetch_blobs(
                    {
                        blob: size
                        for mode, blob, size in rows
                        if blob not in self._blobs and size <= self.limit and mode != _LINK
                    },
                    path,
                )
        return self._blobs[oid]

    def _fetch_blobs(self, sizes: dict[str, int], path: str) -> None:
        done = 0
        for batch in _split_batches(sizes):
            self._fetch_batch(batch)
            done += len(batch)
            if self.progress is not None:
                self.progress(done, len(sizes), f"{self.reader.name}: {path}")

    def _fetch_batch(self, oids: Sequence[str]) -> None:
        """One GraphQL query; what it doesn't tell whole (binary, long or refused) is asked for by REST."""
        owner, _, name = self.reader.name.partition("/")
        parts = " ".join(
            f'b{at}: object(oid: "{oid}") {{ ... on Blob {{ text isBinary isTruncated }} }}'
            for at, oid in enumerate(oids)
        )
        query = _BLOBS % parts
        try:
            found = self.reader.gateway.send_query(query, {"owner": owner, "name": name})["repository"] or {}
        except (RequestRejected, LookupError, TypeError):
            found = {}
        for at, oid in enumerate(oids):
            blob = found.get(f"b{at}")
            data = _whole_blob(blob, oid)
            self._blobs[oid] = self._fetch_one(oid) if data is None else data

    def _fetch_one(self, oid: str) -> bytes | str:
        try:
            data = self.reader.gateway.read_path(f"{self.reader.api_root}/git/blobs/{oid}", forever=True).data
            return base64.b64decode(data["content"])
        except (RequestRejected, LookupError, ValueError) as error:
            return f"GitHub does not give its content ({type(error).__name__})"


def _whole_blob(blob: Any, oid: str) -> bytes | None:
    """The blob's bytes, if its text is all of it: Git's own hash says so."""
    from fixbot.checkout.file_content import hash_blob  # noqa: PLC0415

    if not isinstance(blob, dict) or not isinstance(blob.get("text"), str) or blob.get("isTruncated"):
        return None
    data: bytes = blob["text"].encode("utf-8", "surrogatepass")
    return data if hash_blob(data, len(oid)) == oid else None


def _parse_row(row: Any, above: str) -> tuple[str, int, str, int]:
    return above + str(row["path"]), int(str(row["mode"]), 8), str(row["sha"]), int(row.get("size") or 0)


def _split_batches(sizes: dict[str, int]) -> Iterable[list[str]]:
    batch: list[str] = []
    total = 0
    for oid, size in sizes.items():
        if batch and (len(batch) >= A_BATCH or total + size > BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(oid)
        total += size
    if batch:
        yield batch
