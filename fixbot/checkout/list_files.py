"""Which files there are: by git where there is git, else by walking through the folders."""

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from fixbot.checkout.git import Call, Git, GitFailed
from fixbot.model.findings import Unread
from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from collections.abc import Callable

PASSED_BY: Final = frozenset(
    (".git", ".hg", ".svn", ".terraform", ".terragrunt-cache", ".venv", "cdk.out", "node_modules")
)
"""Folders that tools fill. They are passed by wherever no one has committed what is in them."""
SUBMODULE: Final = 0o160000
_NO_NAME = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class FileEntry(NamedTuple):
    """A file that is there. `path` is relative to the folder given and has slashes.

    `mode` is the file's kind and permissions as `st_mode` (git knows only 0644 and 0755); `blob` is
    git's hash of the content, None where git has none or the file in the work tree may differ.
    """

    path: str
    mode: int
    blob: str | None


@dataclass
class Listing:
    """What was found, and what must be said about it; `slow` where git did not list it in time."""

    keep: Callable[[str], bool]
    wanted: Callable[[str], bool]
    listed: int = 0
    entries: list[FileEntry] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    slow: bool = False
    barred: Callable[[str], bool] = lambda _: False
    """Whether a file that isn't kept is left out by patterns."""
    others: list[str] = field(default_factory=list)
    """Files in scope that aren't wanted."""
    excluded: int = 0
    """Wanted files that are left out so."""

    def add_file(self, path: str, mode: int, blob: str | None) -> None:
        """Count a file that is in scope, and keep it if it is wanted."""
        if self.keep(path):
            self.listed += 1
            if self.wanted(path):
                self.entries.append(FileEntry(path, mode, blob))
            else:
                self.others.append(path)
        elif self.barred(path) and self.wanted(path):
            self.excluded += 1


def is_readable_name(path: str) -> bool:
    """Whether files of that name are read: Git, patches and people must be able to name them on a line."""
    return path.isprintable() or _NO_NAME.search(path) is None


def list_git_files(git: Git, listing: Listing, only: tuple[str, ...] = ()) -> bool:
    """All files below the folder of `git` that are tracked, or untracked and not ignored.

    `only` names files to look at alone. Says whether git knows of any file. Raises GitFailed.
    """
    commands: tuple[Call, ...] = (
        # -v tells files apart whose changes git was told to overlook.
        ("ls-files", ("-s", "-v", "-z", "--", *only)),
        ("diff-files", ("--name-status", "--relative", "-z", "--", *only)),
        ("ls-files", ("--others", "--exclude-standard", "-z", "--", *only)),
    )
    tracked, changed, others = map(_split_fields, git.run_commands(*commands))
    states = dict(zip(changed[1::2], changed[::2], strict=True))
    _add_tracked(git, tracked, states, listing)
    own = [path for path in others if path.endswith("/")]
    if own:
        listing.notes.append(f"left out, being repositories of their own: {_list_first_paths(own)}")
    for path in others:
        if not path.endswith("/") and PASSED_BY.isdisjoint(path.split("/")[:-1]):
            listing.add_file(path, _file_mode(git.folder, path), None)
    listing.entries.sort()
    return bool(tracked or others)


def _split_fields(output: bytes) -> list[str]:
    return os.fsdecode(output).split("\0")[:-1]


def _add_tracked(git: Git, rows: list[str], states: dict[str, str], listing: Listing) -> None:
    submodules: list[str] = []
    absent: list[str] = []
    last = ""
    for row in rows:
        head, _, path = row.partition("\t")
        tag, octal, blob, _ = head.split(" ")
        mode = int(octal, 8)
        state = states.get(path)
        if path == last or state == "D":  # another stage of a conflict; deleted
            continue
        last = path
        if mode == SUBMODULE:
            submodules.append(path)
        elif tag == "S" and not os.path.lexists(os.path.join(git.folder, path)):
            absent.append(path)
        else:
            listing.add_file(path, mode, blob if tag == "H" and state is None else None)
    if submodules:
        listing.notes.append(f"left out, being submodules: {_list_first_paths(submodules)}")
    if absent:
        listing.notes.append(f"not here, by the sparse checkout: {_list_first_paths(absent)}")


def _list_first_paths(paths: list[str]) -> str:
    some = ", ".join(map(escape_hidden, paths[:3]))
    return f"{some} and {len(paths) - 3} more" if len(paths) > 3 else some


def _file_mode(folder: str, path: str) -> int:
    try:
        return os.lstat(os.path.join(folder, path)).st_mode
    except OSError:
        return stat.S_IFREG  # reading will say why


def list_folder_files(root: str, listing: Listing) -> None:
    """All files below `root`, no symbolic link followed; folders that can't be listed go to `unread`."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            _add_folder(root, folder, listing, waiting)
        except OSError as error:
            why = os.strerror(error.errno or 0).lower()
            listing.unread.append(Unread(folder, None, f"the folder can't be listed: {why}"))
    listing.entries.sort()


def _add_folder(root: str, folder: str, listing: Listing, waiting: list[str]) -> None:
    with os.scandir(os.path.join(root, folder)) as found:
        for each in found:
            path = f"{folder}/{each.name}" if folder else each.name
            if not each.is_dir(follow_symlinks=False):
                listing.add_file(path, _file_mode(root, path), None)
            elif each.name not in PASSED_BY:
                waiting.append(path)


def list_changed_since(git: Git, ref: str) -> frozenset[str]:
    """Files below the folder of `git` that differ from where HEAD left `ref`, uncommitted ones too.

    Raises GitFailed.
    """
    if ref.startswith("-"):
        raise GitFailed(f"{ref} is not a revision")
    try:
        commit = git.run_for_line("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    except GitFailed:
        raise GitFailed(f"{escape_hidden(ref)} is not a revision that is here; fetch it first") from None
    try:
        base = git.run_for_line("merge-base", commit, "HEAD")
    except GitFailed:
        raise GitFailed(
            f"HEAD and {ref} have no common commit here; a shallow clone needs `git fetch --unshallow`"
        ) from None
    changed = git.run_command("diff", "--name-only", "-z", "--relative", base, "--")
    others = git.run_command("ls-files", "--others", "--exclude-standard", "-z")
    return frozenset(_split_fields(changed)) | frozenset(_split_fields(others))
