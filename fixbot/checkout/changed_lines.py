"""What a pull request touches, told from the commits that its checkout holds."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fixbot.checkout.git import GitFailed

if TYPE_CHECKING:
    from fixbot.checkout.git import Git, Name

LINK: Final = 0o120000
SUBMODULE: Final = 0o160000
WHOLE: Final = (range(1, sys.maxsize),)
"""The lines of a file of which all are touched."""
_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HUNK: Final = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_ALIKE: Final = "--find-renames=40%"


@dataclass(frozen=True, slots=True)
class GitBlob:
    """A path's kind and permissions in a commit, and git's name for what is there."""

    mode: int
    name: str

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and neither a link nor a submodule."""
        return self.mode not in (LINK, SUBMODULE)


@dataclass(frozen=True, slots=True)
class CommitChange:
    """A path from the repository's top that differs between two commits; None where one hasn't got it.

    `before_path` is the other name that it had.
    """

    path: str
    before: GitBlob | None
    after: GitBlob | None
    before_path: str


@dataclass(frozen=True, slots=True)
class TouchedLines:
    """Line numbers in HEAD, from 1, by the files' paths from the repository's top."""

    lines: dict[str, tuple[range, ...]]

    def __contains__(self, place: tuple[str, int]) -> bool:
        """Whether that path and line were touched."""
        path, line = place
        return any(line in some for some in self.lines.get(path, ()))


def find_start(git: Git, base: str, merge: str, *, exact: bool = False) -> str | None:
    """The commit that a pull request's changes are seen from, None where it isn't here.

    In a `pull_request` event Actions checks out `merge`, whose first parent is the newest base;
    elsewhere, and where `base` is `exact` (a merge queue's), it is where HEAD left `base`.
    """
    head = resolve_revision(git, "HEAD")
    if not exact and head is not None and head == merge and resolve_revision(git, "HEAD^2"):
        return resolve_revision(git, "HEAD^1")
    return _ask_git(git, "merge-base", base, "HEAD") if _ID.fullmatch(base) else None


def resolve_revision(git: Git, revision: str) -> str | None:
    """The commit that a revision means, None where it isn't here."""
    return _ask_git(git, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")


def _ask_git(git: Git, name: Name, *words: str) -> str | None:
    try:
        return git.run_for_line(name, *words)
    except GitFailed:
        return None


def list_changes(git: Git, start: str) -> tuple[CommitChange, ...]:
    """Every path that differs between `start` and HEAD. Raises GitFailed."""
    return tuple(_list_differences(git, start))


def list_renames(git: Git, start: str) -> tuple[CommitChange, ...]:
    """The files that have another name now, as git sees it: by what they hold. Raises GitFailed."""
    return tuple(each for each in _list_differences(git, start, _ALIKE) if each.before_path != each.path)


def _list_differences(git: Git, start: str, *words: str) -> Iterator[CommitChange]:
    # Two commits are compared: that a submodule came or went is said, and none is looked into.
    words = (*words, "--ignore-submodules=dirty")
    out = git.run_command("diff", *words, "--raw", "--no-abbrev", "-z", start, "HEAD", "--")
    fields = iter(os.fsdecode(out).split("\0"))
    for row in fields:
        if not row:
            return
        old_mode, new_mode, old, new, status = row.removeprefix(":").split(" ")
        first = next(fields)
        path = next(fields) if status[0] in "RC" else first
        yield CommitChange(path, _parse_blob(old_mode, old), _parse_blob(new_mode, new), first)


def _parse_blob(mode: str, name: str) -> GitBlob | None:
    return GitBlob(int(mode, 8), name) if int(mode, 8) else None


def read_touched_lines(git: Git, start: str, changes: Iterable[CommitChange]) -> TouchedLines:
    """Which lines of these changes' files were touched. Raises GitFailed. `git` runs at the top.

    Where lines were only taken away, the lines before and after the gap count as touched; where git shows
    no lines of a file whose content differs, all of them.
    """
    found: dict[str, tuple[range, ...]] = {}
    for change in changes:
        if change.after is None or not change.after.is_file:
            continue
        if change.before is None or not change.before.is_file:
            found[change.path] = WHOLE
        elif change.before.name != change.after.name:
            out = git.run_command("diff", "-U0", start, "HEAD", "--", change.path)
            hunks = tuple(_line_range(int(at), count) for at, count in _HUNK.findall(out))
            found[change.path] = hunks or WHOLE
    return TouchedLines(found)


def _line_range(at: int, count: bytes) -> range:
    many = int(count) if count else 1
    return range(at, at + many) if many else range(at, at + 2)
