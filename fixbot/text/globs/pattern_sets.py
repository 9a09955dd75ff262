"""Many globs at once, for paths and for names: which of them hold one, and which counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fixbot.text.globs.compile import NOTHING, PathGlob, compile_path_glob
from fixbot.text.globs.pattern_row import A_ROW, LONGEST, CharacterChoice, PatternRow, Token


class _PathRow(PatternRow):
    """A row whose first pattern has the number `begin`."""

    def __init__(self, begin: int, patterns: Sequence[PathGlob], stop: str) -> None:
        super().__init__([each.tokens for each in patterns], stop)
        self._itself = sum(1 << at for at, each in zip(self.lasts, patterns, strict=True) if each.itself)
        self._below = sum(1 << at for at, each in zip(self.lasts, patterns, strict=True) if each.below)
        self._numbers = {last: begin + at for at, last in enumerate(self.lasts)}

    def last_pattern(self, bits: int) -> int:
        """The number of the last pattern among those bits; -1 for none."""
        return self._numbers[bits.bit_length() - 1] if bits else -1

    def nearest_patterns(self, path: str) -> Iterator[int]:
        """The last pattern for each folder above the path, from the top, and for the path; -1 for none."""
        *folders, own = self.run_through(path)
        yield from (self.last_pattern(bits & self._below) for bits in folders)
        # Where nothing can hold the rest, the folders in between have no pattern.
        yield from (-1 for _ in range(path.count("/") - len(folders)))
        yield self.last_pattern(own & self._itself)

    def holding_patterns(self, path: str) -> Iterator[int]:
        """All patterns that hold the path or a folder above it, the last first."""
        *folders, found = self.run_through(path)
        found &= self._itself
        for bits in folders:
            found |= bits & self._below
        while found:
            yield self.last_pattern(found)
            found ^= 1 << found.bit_length() - 1


def _split_in_rows(patterns: Iterable[PathGlob]) -> Iterator[tuple[int, list[PathGlob]]]:
    """The patterns in rows of about `A_ROW` states, each with the number of its first one."""
    row: list[PathGlob] = []
    begin = states = 0
    for pattern in patterns:
        row.append(pattern if len(pattern.tokens) <= LONGEST else NOTHING)
        states += 1 + sum(
            1 + len(each.spans) if isinstance(each, CharacterChoice) else 1 for each in row[-1].tokens
        )
        if states >= A_ROW:
            yield begin, row
            begin, row, states = begin + len(row), [], 0
    if row:
        yield begin, row


class PathPatterns:
    """Many patterns for paths at once, known by their numbers, from 0. One beyond `LONGEST` holds nothing."""

    def __init__(self, patterns: Iterable[PathGlob]) -> None:
        self._rows = [_PathRow(begin, row, stop="/") for begin, row in _split_in_rows(patterns)]

    def holding_patterns(self, path: str) -> Iterator[int]:
        """All patterns that hold the path or a folder above it, the last first."""
        for row in reversed(self._rows):
            yield from row.holding_patterns(path)

    def nearest_pattern(self, path: str) -> int:
        """The last pattern for the path, else for the folder nearest above that has one; -1 for none."""
        places = zip(*(row.nearest_patterns(path) for row in self._rows), strict=True)
        return next((most for each in reversed(list(places)) if (most := max(each)) >= 0), -1)


class NamePatterns:
    """Many patterns for names at once; what they hold is told by their numbers, from 0."""

    def __init__(self, patterns: Iterable[Iterable[Token]]) -> None:
        self._rows = [
            _PathRow(begin, row, stop="")
            for begin, row in _split_in_rows(map(PathGlob, map(tuple, patterns)))
        ]

    def holding_patterns(self, name: str) -> Iterator[int]:
        """All patterns that hold the whole name, the last first."""
        for row in reversed(self._rows):
            yield from row.holding_patterns(name)


class Globs:
    """Patterns of which the last that matches decides; a folder that matches brings all below it.

    They are those of a .gitignore, case included. A pattern with a slash at its head or middle counts from
    the top, any other at every depth; `*`, `?` and `[…]` stop at slashes, `**` doesn't; a slash at the end
    means a folder; `!` in front takes back; a backslash makes the next character plain.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        kept = [text for text in patterns if text.removeprefix("!").strip("/")]
        self._negated = [text.startswith("!") for text in kept]
        self._paths = PathPatterns(map(compile_path_glob, kept))

    def __bool__(self) -> bool:
        return bool(self._negated)

    def matches(self, path: str) -> bool:
        """Whether the patterns name that file, or a folder that it lies in. Slashes separate."""
        found = self._paths.nearest_pattern(path)
        return found >= 0 and not self._negated[found]
