"""Which lines a pull request touches, told from the commits that its checkout holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.checkout.git import GitFailed

if TYPE_CHECKING:
    from fixbot.checkout.git import Git, Name

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Touched:
    """Line numbers in HEAD, from 1, by the files' paths from the folder of `git`."""

    lines: dict[str, tuple[range, ...]]

    def __contains__(self, place: tuple[str, int]) -> bool:
        """Whether that path and line were touched."""
        path, line = place
        return any(line in some for some in self.lines.get(path, ()))


def start_of(git: Git, base: str, merge: str) -> str | None:
    """The commit that a pull request's changes are seen from, None where it isn't here.

    In a `pull_request` event Actions checks out `merge`, whose first parent is the newest base;
    elsewhere it is where HEAD left `base`.
    """
    head = _commit(git, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head is not None and head == merge and _commit(git, "rev-parse", "--verify", "--quiet", "HEAD^2"):
        return _commit(git, "rev-parse", "--verify", "--quiet", "HEAD^1")
    return _commit(git, "merge-base", base, "HEAD") if _ID.fullmatch(base) else None


def _commit(git: Git, name: Name, *words: str) -> str | None:
    try:
        return git.line(name, *words)
    except GitFailed:
        return None


def touched(git: Git, start: str, paths: Iterable[str]) -> Touched:
    """What changed from `start` to HEAD in these files. Raises GitFailed.

    Where lines were only taken away, the lines before and after the gap count as touched.
    """
    names = git.run("diff", "--name-only", "--relative", "-z", start, "HEAD", "--")
    changed = set(os.fsdecode(names).split("\0"))
    found = {}
    for path in sorted(changed.intersection(paths)):
        out = git.run("diff", "-U0", start, "HEAD", "--", path)
        found[path] = tuple(_lines(int(at), count) for at, count in _HUNK.findall(out))
    return Touched(found)


def _lines(at: int, count: bytes) -> range:
    many = int(count) if count else 1
    return range(at, at + many) if many else range(at, at + 2)
