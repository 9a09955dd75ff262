"""The files of a commit, read from git's objects: nothing of the work tree's counts, no link is followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.checkout.touched import Blob

if TYPE_CHECKING:
    from fixbot.checkout.git import Git


@dataclass(frozen=True, slots=True)
class CommitFiles:
    """What a commit holds, by paths from the repository's top. All methods raise GitFailed."""

    git: Git
    commit: str

    def blob(self, path: str) -> Blob | None:
        """What is at that path, None where nothing or a folder is."""
        return next((blob for found, blob in self.below(path) if found == path), None)

    def below(self, path: str) -> Iterator[tuple[str, Blob]]:
        """What is at a path or, where that is a folder, in it at any depth."""
        out = self.git.run("ls-tree", "-r", "-z", self.commit, "--", path)
        for row in os.fsdecode(out).split("\0")[:-1]:
            head, _, found = row.partition("\t")
            mode, _, name = head.split(" ")
            yield found, Blob(int(mode, 8), name)

    def data(self, blob: Blob, limit: int) -> bytes | None:
        """The bytes of a file, None where there are more than `limit` of them."""
        if int(self.git.line("cat-file", "-s", blob.name)) > limit:
            return None
        return self.git.run("cat-file", "blob", blob.name)


def attributes(git: Git, path: str, *names: str) -> dict[str, str]:
    """Those of git's attributes that are set for a path. `git` runs at the top. Raises GitFailed."""
    out = os.fsdecode(git.run("check-attr", *names, "--", path)).split("\0")[:-1]
    rows = zip(out[1::3], out[2::3], strict=True)
    return {name: value for name, value in rows if value not in {"unspecified", "unset"}}
