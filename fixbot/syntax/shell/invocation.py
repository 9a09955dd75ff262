"""What a script comes to: programs that are started, each word known or not by itself."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Final

HOLE: Final = "\ue000"
"""Stands in a text for what a template fills in before a shell sees it; of the private use area."""


@dataclass(frozen=True, slots=True)
class ShellWord:
    """One word after expansion: texts that are known, and None for each part that is not."""

    parts: tuple[str | None, ...]

    @property
    def text(self) -> str | None:
        """The whole word, None where a part of it isn't known."""
        return None if None in self.parts else "".join(part for part in self.parts if part is not None)

    @property
    def beginning(self) -> str:
        """What is known of it before the first part that isn't."""
        known: list[str] = []
        for part in self.parts:
            if part is None:
                break
            known.append(part)
        return "".join(known)

    def path_below(self, folder: str | None) -> ShellWord:
        """The word as a path, seen from a folder; unknown where that is."""
        if not self.parts:
            return self
        if self.beginning.startswith("/"):
            text = self.text
            return self if text is None else ShellWord((posixpath.normpath(text),))
        if self.beginning.startswith("~/") or folder is None:
            return self
        if not self.beginning:
            return ShellWord((None,))
        if self.text is None:
            return ShellWord((f"{folder.rstrip('/')}/", *self.parts))
        return ShellWord((posixpath.normpath(posixpath.join(folder, self.text)),))


@dataclass(frozen=True, slots=True)
class Invocation:
    """One program that is started, or a group whose output is redirected (then `called` has no parts).

    `writes` are the targets of redirections as paths, seen from the folder at that place; `folder` is None
    where a `cd` leads to a place that isn't known.
    """

    called: ShellWord
    arguments: tuple[ShellWord, ...] = ()
    writes: tuple[ShellWord, ...] = ()
    folder: str | None = "/"

    @property
    def program(self) -> str:
        """The program's own name without its folder; empty for a group, and where it isn't known."""
        return (self.called.text or "").rpartition("/")[2]

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments that are known whole."""
        return tuple(text for each in self.arguments if (text := each.text) is not None)


@dataclass(frozen=True, slots=True)
class Script:
    """All that a command comes to, in its order, and what of it was not understood.

    `unread` says which stretches no shell would read, or what only running would tell; where it is not
    empty, what wasn't seen is not known to be absent. `missing` names files that are run and aren't here.
    """

    invocations: tuple[Invocation, ...] = ()
    unread: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def understood(self) -> bool:
        """Whether every part of it was read."""
        return not self.unread
