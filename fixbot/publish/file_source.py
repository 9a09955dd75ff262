"""The files that proposals were made of, in a checkout or read over the API, and what a commit needs."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from fixbot.checkout import Checkout, Content, FileChange, RepositoryFiles
from fixbot.checkout.commit_on_branch import prepare_contents
from fixbot.checkout.git import GitFailed
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Patch, Refusal
from fixbot.publish.github.commit_snapshot import CommitSnapshot
from fixbot.publish.github.write_requests import CommitEntry
from fixbot.source.discover import is_candidate


class FileSource(Protocol):
    """What is asked of either."""

    @property
    def head_commit(self) -> str:
        """The commit whose files these are."""

    def why_unsure(self, path: str) -> str:
        """Why this run can't say what the commit holds there, empty where it can."""

    def has_file(self, path: str) -> bool:
        """Whether there is such a file."""

    def text_of(self, path: str) -> str | None:
        """The text of a file, None where there is none that can be read."""

    def hash_blobs(self, paths: Iterable[str]) -> dict[str, str]:
        """Git's hash of each file as it is; a file that isn't there has none."""

    def build_entries(
        self, contents: Mapping[str, str], patches: Mapping[str, Patch]
    ) -> list[CommitEntry] | Refusal:
        """The files to commit for the new texts of some paths."""


@dataclass(frozen=True)
class WorkTreeSource:
    """A git work tree, which must be at a commit that GitHub has."""

    checkout: Checkout

    @cached_property
    def head_commit(self) -> str:
        """The commit that is checked out."""
        git = self.checkout.git
        if git is None:
            raise FixbotError("--pr needs a git work tree, and this is none; --repo OWNER/NAME needs none")
        try:
            return git.run_for_line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except GitFailed:
            raise FixbotError(
                "the repository has no commit yet; pull requests need one to begin at"
            ) from None

    @cached_property
    def _changed_files(self) -> frozenset[str]:
        """Files that differ from the commit, or that it doesn't have."""
        git = self.checkout.git
        if git is None:
            return frozenset()
        try:
            rows = git.run_command("status", "--", ".")
        except GitFailed as failed:
            raise FixbotError(f"git can't tell what is committed: {failed}") from None
        return frozenset(row[3:] for row in os.fsdecode(rows).split("\0") if row)

    def why_unsure(self, path: str) -> str:
        """A file with uncommitted changes says nothing about the commit."""
        return f"{path} has uncommitted changes here" if path in self._changed_files else ""

    def text_of(self, path: str) -> str | None:
        """From the disk."""
        return _read_named(self.checkout, path)

    def hash_blobs(self, paths: Iterable[str]) -> dict[str, str]:
        """By the index; a changed file has none."""
        known = {entry.path: entry.blob or "" for entry in self.checkout.entries}
        return {path: known[path] for path in paths if path in known}

    def has_file(self, path: str) -> bool:
        """Whether there is such a file."""
        return os.path.lexists(os.path.join(self.checkout.root, path))  # noqa: PTH118 - odd bytes in names

    def build_entries(
        self, contents: Mapping[str, str], patches: Mapping[str, Patch]
    ) -> list[CommitEntry] | Refusal:
        """With line ends as git commits them; refused where a file has uncommitted changes."""
        changes = []
        for path, text in contents.items():
            before = patches[path].before
            changes.append(FileChange(path, None if before is None else before.encode(), text.encode()))
        forms = prepare_contents(self.checkout, changes, self.head_commit)
        if isinstance(forms, Refusal):
            return forms
        return [CommitEntry(path, mode, data.decode()) for path, (mode, data) in sorted(forms.items())]


@dataclass(frozen=True)
class RemoteCommitSource:
    """A commit that was read over the API."""

    snapshot: CommitSnapshot

    @property
    def head_commit(self) -> str:
        """The commit that was read."""
        return self.snapshot.commit.id

    def why_unsure(self, path: str) -> str:
        """Nothing can have changed in a commit."""
        del path
        return ""

    def has_file(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.snapshot.has_file(path)

    def text_of(self, path: str) -> str | None:
        """From the commit."""
        return _read_named(self.snapshot, path)

    def hash_blobs(self, paths: Iterable[str]) -> dict[str, str]:
        """By the tree."""
        known = {entry.path: entry.blob or "" for entry in self.snapshot.entries}
        return {path: known[path] for path in paths if path in known}

    def build_entries(
        self, contents: Mapping[str, str], patches: Mapping[str, Patch]
    ) -> list[CommitEntry] | Refusal:
        """With the modes of the tree; refused for what is no file."""
        made = []
        for path, text in sorted(contents.items()):
            new = patches[path].before is None
            mode = "100644" if new else self.snapshot.file_mode(path)
            if mode not in {"100644", "100755"}:
                return Refusal(f"{path} is not a file in the commit, but a link or submodule")
            if new and self.has_file(path):
                return Refusal(f"{path} is there already in the commit")
            made.append(CommitEntry(path, mode, text))
        return made


def _read_named(files: RepositoryFiles, path: str) -> str | None:
    found = next(iter(files.find_named([path])), None)
    content = files.read_file(found) if found is not None else None
    return content.text if isinstance(content, Content) else None


def find_stale_path(paths: Sequence[str], stale: frozenset[str]) -> str:
    """One of the files, or a neighbour that could matter to them, that changed; empty where none did."""
    if "*" in stale:
        return paths[0] if paths else ""
    folders = {posixpath.dirname(path) for path in paths}
    near = (path for path in sorted(stale) if is_candidate(path) and posixpath.dirname(path) in folders)
    return next((path for path in paths if path in stale), "") or next(near, "")
