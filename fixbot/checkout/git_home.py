"""Which repository a folder is part of, and whether that repository is the folder's own.

What stands in a folder called `.git` may be a stranger's: it can name another folder as its work tree, and
another repository as the one to write to. So git is used only where the two belong to each other.
"""

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH109, PTH111, PTH112, PTH114, PTH118, PTH120

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from fixbot.checkout.rooted_folder import RootedFolder

_POINTER: Final = 10_000
"""Bytes that a file may have that holds one path."""


@dataclass(frozen=True, slots=True)
class GitHome:
    """What git says of a repository: its work tree, its own folder, the one that worktrees share."""

    top: str
    own: str
    shared: str


def repository_above(folder: str) -> str:
    """The nearest folder, this one or above, with a `.git` of any kind in it; empty where there is none.

    `folder` is a real path: absolute, without symbolic links.
    """
    here = folder
    while not os.path.lexists(os.path.join(here, ".git")):
        above = os.path.dirname(here)
        if above == here:
            return ""
        here = above
    return here


def repositories_above(folder: str) -> tuple[str, ...]:
    """Every folder, this one or above, with a `.git` of any kind in it, the nearest first.

    A repository may lie in a stranger's larger one: as a submodule, or with a `.git` that was planted. Of
    those further up the user's own home does not count, where some keep their settings in Git.
    `folder` is a real path.
    """
    found: list[str] = []
    home = os.path.realpath(os.path.expanduser("~"))
    while top := repository_above(folder):
        above = os.path.dirname(top)
        if not found or top not in (home, above):
            found.append(top)
        if above == top:
            break
        folder = above
    return tuple(found)


def stranger_folders(path: str | None = None) -> tuple[str, ...]:
    """The folders whose content may be a stranger's: PATH, its repositories, those of the current folder."""
    found: list[str] = []
    with suppress(OSError):  # the current folder may be gone
        found += repositories_above(os.getcwd())
    if path is not None:
        real = os.path.realpath(path)
        folder = real if os.path.isdir(real) else os.path.dirname(real)
        found += [folder, *repositories_above(folder)]
    return tuple(dict.fromkeys(found))


def why_not_ours(top: str, home: GitHome, configuration: Mapping[str, str]) -> str:
    """Why git's repository is not that of the folder `top`, which holds its `.git`; empty where it is.

    A folder called `.git` must hold all of the repository. A file of that name, as worktrees and submodules
    have it, names a repository elsewhere, and that one must name this work tree in turn.
    """
    if os.path.realpath(home.top) != top:
        return f"its configuration puts the work tree elsewhere, {home.top}"
    dot = os.path.join(top, ".git")
    own, shared = os.path.realpath(home.own), os.path.realpath(home.shared)
    if os.path.islink(dot):
        return "its `.git` is a symbolic link"
    if os.path.isdir(dot):
        return "" if own == shared == dot else "its `.git` names another repository"
    if own == shared:
        told = configuration.get("core.worktree", "")
        named = told and os.path.realpath(os.path.join(own, told)) == top
    else:
        listed = os.path.dirname(own) == os.path.join(shared, "worktrees")
        named = listed and os.path.realpath(os.path.join(own, _read_worktree_pointer(own))) == dot
    return "" if named else f"its `.git` names a repository elsewhere, {own}, which does not know of it"


def _read_worktree_pointer(folder: str) -> str:
    """The path in the file `gitdir`, by which a repository knows where one of its worktrees is."""
    try:
        with RootedFolder(folder) as tree:
            descriptor = tree.open_file("gitdir")
        try:
            return os.fsdecode(os.read(descriptor, _POINTER)).removesuffix("\n")
        finally:
            os.close(descriptor)
    except OSError:
        return ""


def find_link(folder: str, paths: tuple[str, ...]) -> str:
    """The first symbolic link on the way to any of these paths below `folder`; empty where there is none."""
    for path in paths:
        here = folder
        for name in path.split("/"):
            here = os.path.join(here, name)
            if os.path.islink(here):
                return here
    return ""


def list_links(folder: str) -> Iterator[str]:
    """The symbolic links that stand right in a folder. Raises OSError."""
    with os.scandir(folder) as found:
        yield from (each.path for each in found if each.is_symlink())
