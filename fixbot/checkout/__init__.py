"""A folder of someone's files on the disk: which there are, what is in them, and new text into them."""

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH112, PTH113, PTH116, PTH118

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fixbot.checkout.file_content import (
    LARGEST,
    READ_ELSEWHERE,
    Content,
    Unreadable,
    hash_blob,
    read_bytes,
    read_content,
)
from fixbot.checkout.git import Git, GitFailed, GitTooSlow
from fixbot.checkout.git_home import GitHome, repository_above, why_not_ours
from fixbot.checkout.list_files import (
    PASSED_BY,
    FileEntry,
    Listing,
    list_changed_since,
    list_folder_files,
    list_git_files,
)
from fixbot.checkout.named_files import link_that_leads_out
from fixbot.checkout.repository_files import RepositoryFiles
from fixbot.checkout.rooted_folder import RootedFolder
from fixbot.checkout.write_files import FileChange, write_files
from fixbot.model.errors import FixbotError
from fixbot.text.characters import escape_hidden
from fixbot.text.command import PATH, build_command
from fixbot.text.globs import Globs
from fixbot.text.markdown_escape import mark_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fixbot.model.findings import Refusal, Unread

__all__ = [
    "READ_ELSEWHERE",
    "Checkout",
    "Content",
    "FileChange",
    "FileEntry",
    "Globs",
    "RepositoryFiles",
    "Scope",
    "hash_blob",
]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which files are of interest: patterns, a revision since which they changed, a test by name."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    since: str | None = None
    wanted: Callable[[str], bool] = lambda _: True


@dataclass(frozen=True)
class Checkout:
    """The files below `root`, an absolute path without symbolic links.

    All paths are relative to `root`, with slashes; `prefix + path` is the path in the repository of
    `git`, which is None outside of a git work tree. `listed` counts the files in scope, of which
    `entries` are the wanted ones, by path, and `others` the paths of the rest. `unread` are folders
    that could not be listed; `notes` are lines for the user. `excluded` counts the
    wanted files that patterns leave out. `limit` is the size in bytes up to which a file is read.
    """

    root: str
    git: Git | None = field(default=None, repr=False)
    prefix: str = ""
    entries: tuple[FileEntry, ...] = field(default=(), repr=False)
    listed: int = 0
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()
    excluded: int = 0
    limit: int = LARGEST
    others: tuple[str, ...] = field(default=(), repr=False)
    tree: RootedFolder = field(default_factory=lambda: RootedFolder(""), repr=False, compare=False)
    is_in_scope: Callable[[str], bool] = field(default=bool, repr=False, compare=False)

    @classmethod
    def open_checkout(cls, path: str, scope: Scope | None = None, limit: int = LARGEST) -> Checkout:
        """List a git work tree or a folder of one, a folder without git, or a single file.

        Raises FixbotError where there is nothing to list, and where `since` can't be told. A single
        file is listed whatever the scope says.
        """
        given = _real_path(path)
        single = not os.path.isdir(given)
        root, name = os.path.split(given) if single else (given, "")
        git, prefix, note = _open_git(root)
        empty = cls(root, git, prefix, limit=limit, tree=RootedFolder(root), notes=(note,) if note else ())
        return empty._with_one_file(name) if single else empty._with_all_files(scope or Scope())

    def _with_one_file(self, name: str) -> Checkout:
        listing = Listing(lambda _: True, lambda _: True)
        if self.git is not None:
            _list_with_git(self.git, listing, (name,))
        if not listing.entries:
            listing.add_file(name, os.stat(os.path.join(self.root, name)).st_mode, None)
        return replace(self, entries=tuple(listing.entries[:1]), listed=1, notes=())

    def _with_all_files(self, scope: Scope) -> Checkout:
        keep = _read_scope(self.git, scope)
        listing = Listing(keep, scope.wanted, notes=list(self.notes), barred=keep.is_barred)
        if self.git is None or not _list_with_git(self.git, listing):
            list_folder_files(self.root, listing)
            if self.git is not None and not listing.slow and (listing.entries or listing.unread):
                listing.notes.append("git ignores all of this folder; every file in it was listed")
            if any(unread.path == "" for unread in listing.unread):
                raise FixbotError(f"{self.root} can't be listed: there is no permission to read it")
        return replace(
            self,
            git=None if listing.slow else self.git,
            entries=tuple(listing.entries),
            listed=listing.listed,
            unread=tuple(listing.unread),
            notes=tuple(listing.notes),
            excluded=listing.excluded,
            others=tuple(listing.others),
            is_in_scope=keep,
        )

    def find_named(self, paths: Sequence[str]) -> tuple[FileEntry, ...]:
        """Those of these files that are there and in scope, wanted by their names or not."""
        listing = Listing(self.is_in_scope, lambda _: True)
        inside = tuple(path for path in paths if path.partition("/")[0] != ".." and "\0" not in path)
        if self.git is not None and inside:
            _list_with_git(self.git, listing, inside)
        elif inside:
            for path in inside:
                if os.path.isfile(full := os.path.join(self.root, path)):
                    listing.add_file(path, os.lstat(full).st_mode, None)
        return tuple(listing.entries)

    def changed_since(self, ref: str) -> frozenset[str]:
        """The paths that differ from where HEAD left `ref`, uncommitted ones too. Raises FixbotError."""
        return _changed_since(self.git, ref)

    @property
    def repository(self) -> str:
        """OWNER/NAME on github.com that `origin` has; else nothing."""
        return self.git.name_on_github if self.git is not None else ""

    @property
    def top(self) -> str:
        """The absolute path that `prefix + path` is relative to."""
        return self.root[: len(self.root) - len(self.prefix)] or os.sep

    def read_file(self, file: FileEntry | str) -> Content | Unread:
        """A file's whole content, or why it isn't read; never an exception, never a symbolic link.

        `file` may be the path of any file below the root, listed or not.
        """
        return read_content(self.tree, file if isinstance(file, str) else file.path, self.limit)

    def read_packed(self, path: str) -> bytes | None:
        """The bytes of a file that is no text, an archive; None where it can't be read, or is a link."""
        try:
            return read_bytes(self.tree, path, self.limit)[0]
        except (Unreadable, OSError, ValueError):
            return None

    def resolve_link(self, path: str) -> str | None:
        """The path that a symbolic link leads to, None where that is not below the root."""
        real = os.path.realpath(os.path.join(self.root, path))
        below = real.startswith(self.root.rstrip(os.sep) + os.sep)
        return os.path.relpath(real, self.root).replace(os.sep, "/") if below else None

    def content_key(self, entry: FileEntry) -> str | None:
        """What names the content of a file without reading it; None where only reading can tell.

        The size in the work tree belongs to it: with converted line ends or a filter, one blob of
        git's can stand for different bytes on the disk.
        """
        if entry.blob is None:
            return None
        try:
            state = os.lstat(os.path.join(self.root, entry.path))
        except (OSError, ValueError):
            return None
        return f"{entry.blob}.{state.st_size}"

    def write_file(self, path: str, text: str, expected: bytes | None) -> Refusal | None:
        """Put `text` into the file at `path`, which must hold `expected`, or be missing if that is None."""
        return self.write_files([FileChange(path, expected, text.encode())])

    def write_files(self, changes: Iterable[FileChange]) -> Refusal | None:
        """Put all files in their places; on any trouble leave every one as it was, and say why."""
        return write_files(self.root, changes)


def _real_path(path: str) -> str:
    try:
        if link := link_that_leads_out(path):
            raise FixbotError(
                f"{path!r} leads out of its repository by the symbolic link {link!r}; name what it leads to"
            )
        os.stat(path)
        real = os.path.realpath(path)
    except FileNotFoundError:
        raise FixbotError(f"{path!r} does not exist") from None
    except (OSError, ValueError) as error:
        why = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
        raise FixbotError(f"{path!r} can't be read: {why.lower()}") from None
    if not (os.path.isdir(real) or os.path.isfile(real)):
        raise FixbotError(f"{path!r} is neither a folder nor a file")
    return real


def _open_git(root: str) -> tuple[Git | None, str, str]:
    """Git for that folder, the folder's path in the repository, and what to tell the user."""
    passed_by = ", ".join(sorted(PASSED_BY))
    plain = f"every file below it was listed, apart from what is in {passed_by}"
    try:
        git = Git(root)
        words = ("--path-format=absolute", "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
        said = git.run_for_line("rev-parse", *words).split("\n")
    except GitFailed as failed:
        return None, "", f"{_why_without_git(root, str(failed))}; {plain}"
    top = repository_above(root)
    # A path with a line break in it is taken for none of ours.
    why = why_not_ours(top, GitHome(*said), git.configuration) if len(said) == 3 else "its path is odd"
    if why:
        return None, "", f"git is not used here: {escape_hidden(why)}; {plain}"
    prefix = os.path.relpath(root, top).replace(os.sep, "/")
    return git, "" if prefix == "." else f"{prefix}/", ""


def _why_without_git(root: str, said: str) -> str:
    if "not a git repository" in said:
        return "not a git work tree"
    if "dubious ownership" in said:
        trust = build_command("git", "config", "--global", "--add", "safe.directory", PATH(root))
        how = trust.why_refused or "; ".join(
            [f"{mark_code(trust.text)} changes that", *trust.explain_placeholders]
        )
        return f"git does not trust this folder, since it belongs to another user ({how})"
    return f"git can't be used here ({said})"


def _list_with_git(git: Git, listing: Listing, only: tuple[str, ...] = ()) -> bool:
    try:
        return list_git_files(git, listing, only)
    except GitTooSlow as late:
        listing.slow = True
        listing.notes.append(f"{late} to list the files, so it was left alone and every file was listed")
        return False
    except GitFailed as failed:
        raise FixbotError(f"git can't list the files of {git.folder!r}: {failed}") from failed


@dataclass(frozen=True, slots=True)
class _InScope:
    changed: frozenset[str] | None
    include: Globs
    exclude: Globs

    def __call__(self, path: str) -> bool:
        return (self.changed is None or path in self.changed) and not self.is_barred(path)

    def is_barred(self, path: str) -> bool:
        """Whether the patterns leave a file out."""
        if self.include and not self.include.matches(path):
            return True
        return bool(self.exclude) and self.exclude.matches(path)


def _read_scope(git: Git | None, scope: Scope) -> _InScope:
    include, exclude = Globs(scope.include), Globs(scope.exclude)
    changed = None if scope.since is None else _changed_since(git, scope.since)
    return _InScope(changed, include, exclude)


def _changed_since(git: Git | None, ref: str) -> frozenset[str]:
    if git is None:
        raise FixbotError("--since needs a git work tree, and this is none")
    try:
        return list_changed_since(git, ref)
    except GitFailed as failed:
        raise FixbotError(f"--since {ref}: {failed}") from failed
