"""The patterns of `--include` and `--exclude`: those of a .gitignore, case included."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ANY = None  # a `**` segment
_ESCAPED = re.compile(r"\\(.)|\[\^|\\$", re.DOTALL)


class Globs:
    """Patterns of which the last that matches decides; a folder that matches brings all below it.

    A pattern with a slash at its head or middle counts from the top, any other at every depth;
    `*`, `?` and `[…]` stop at slashes, `**` doesn't; a slash at the end means a folder; `!` in
    front takes back; a backslash makes the next character plain.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [_Pattern(text) for text in patterns if text.strip("/!")]
        self._folders: dict[str, bool] = {"": False}

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def match(self, path: str) -> bool:
        """Whether the patterns name that file, or a folder that it lies in. Slashes separate."""
        verdict = self._own(path, folder=False)
        return self._folder(path.rpartition("/")[0]) if verdict is None else verdict

    def _folder(self, path: str) -> bool:
        known = path
        while known not in self._folders:
            known = known.rpartition("/")[0]
        verdict = self._folders[known]
        while known != path:
            end = path.find("/", len(known) + 1)
            known = path if end < 0 else path[:end]
            own = self._own(known, folder=True)
            verdict = verdict if own is None else own
            self._folders[known] = verdict
        return verdict

    def _own(self, path: str, *, folder: bool) -> bool | None:
        segments = path.split("/")
        for pattern in reversed(self._patterns):
            if (folder or not pattern.folders) and pattern.match(segments):
                return not pattern.negated
        return None


class _Pattern:
    def __init__(self, text: str) -> None:
        self.negated = text.startswith("!")
        text = text.removeprefix("!").removeprefix("./")
        self.folders = text.endswith("/")
        anchored = "/" in text.rstrip("/")
        parts = [part for part in text.split("/") if part not in ("", ".")]
        self._parts = parts if anchored else ["**", *parts]

    @cached_property
    def _segments(self) -> Sequence[re.Pattern[str] | None]:
        return [_ANY if part == "**" else _segment(part) for part in self._parts]

    def match(self, names: Sequence[str]) -> bool:
        """Whether the whole of `names` is matched. Takes at most segments times names steps."""
        # reached[i]: the segments so far can match the first i names.
        reached = [True] + [False] * len(names)
        last = len(self._segments) - 1
        for number, segment in enumerate(self._segments):
            if segment is _ANY:
                # At the end `**` wants something below; elsewhere it may stand for nothing.
                first = reached.index(True) + (number == last)
                reached = [False] * first + [True] * (len(names) + 1 - first)
            else:
                reached = [False] + [
                    was and segment.match(name) is not None
                    for was, name in zip(reached[:-1], names, strict=True)
                ]
            if True not in reached:
                return False
        return reached[-1]


def _segment(glob: str) -> re.Pattern[str]:
    # fnmatch's own translation never backtracks far; it lacks only the two ways of writing below.
    return re.compile(translate(_ESCAPED.sub(_plain, glob)))


def _plain(found: re.Match[str]) -> str:
    if found[0] == "[^":
        return "[!"
    escaped = found[1] or "\\"
    return f"[{escaped}]" if escaped in "*?[" else escaped


def below(folder: str) -> str:
    """A pattern for all files below a folder, whatever it is called; its path has no slash at the end."""
    plain = re.sub(r"[*?\[\\]", r"\\\g<0>", folder)
    return f"/{plain}/"
