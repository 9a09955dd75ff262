"""Words on a terminal: colour, width, counts, and nothing in them that could steer the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from fixbot.characters import on_one_line
from fixbot.prose import wrapped


def count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@dataclass(frozen=True, slots=True)
class Style:
    """What the reader's screen can do. `most` caps long lists and diffs; None shows all."""

    colour: bool = False
    width: int = 100
    most: int | None = None

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text

    def bold(self, text: str) -> str:
        """Headings."""
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        """What may be skipped."""
        return self._paint("2", text)

    def grade(self, word: str, text: str = "") -> str:
        """A severity's word in its colour."""
        code = {"critical": "1;31", "high": "31", "medium": "33"}.get(word, "2")
        return self._paint(code, text or word)

    def diff_line(self, line: str) -> str:
        """A line of a diff: removed red, added green, the rest dim."""
        code = {"-": "31", "+": "32", "@": "36"}.get(line[:1])
        return self._paint(code, line) if code else self.dim(line)

    def wrapped(self, text: str, indent: str) -> list[str]:
        """A paragraph as indented lines; a word longer than a line stays whole."""
        return wrapped(on_one_line(text), self.width, indent)

    def beside(self, left: str, right: str, painted_left: str, painted_right: str) -> str:
        """Two texts on one line, the second at the right margin where there is room."""
        gap = max(3, self.width - len(left) - len(right))
        return f"{painted_left}{' ' * gap}{painted_right}"
