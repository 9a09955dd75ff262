"""What the pipeline asks of a repository's files, wherever they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fixbot.checkout.file_content import Content
    from fixbot.checkout.list_files import FileEntry
    from fixbot.model.findings import Unread


class RepositoryFiles(Protocol):
    """A repository's files, on the disk or elsewhere; `Checkout` says what each of these means."""

    @property
    def root(self) -> str:
        """What names this place."""

    @property
    def entries(self) -> tuple[FileEntry, ...]:
        """The files in scope whose names say that they can matter."""

    @property
    def listed(self) -> int:
        """How many files are in scope."""

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What could not be listed."""

    @property
    def excluded(self) -> int:
        """How many files are left out by patterns, whose names say that they can matter."""

    @property
    def others(self) -> tuple[str, ...]:
        """The paths of the files in scope whose names don't say that."""

    @property
    def repository(self) -> str:
        """OWNER/NAME on github.com, where a remote says so; else nothing."""

    def find_named(self, paths: Sequence[str]) -> tuple[FileEntry, ...]:
        """Those of these files that are there."""

    def read_file(self, file: FileEntry | str) -> Content | Unread:
        """A file's content, or why it isn't read."""

    def resolve_link(self, path: str) -> str | None:
        """Where a symbolic link leads to."""

    def content_key(self, entry: FileEntry) -> str | None:
        """What names a file's content without reading it."""
