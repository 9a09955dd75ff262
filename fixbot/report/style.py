"""Words on a terminal: colour, width, counts, and nothing in them that could steer the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from fixbot.text.characters import fold_to_line
from fixbot.text.markdown_escape import wrap_paragraph


def format_count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@dataclass(frozen=True, slots=True)
class TerminalStyle:
    """What the reader's screen can do. `most` caps long lists and diffs; None shows all."""

    colour: bool = False
    width: int = 100
    most: int | None = None

    def _paint_text(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text

    def paint_bold(self, text: str) -> str:
        """Headings."""
        return self._paint_text("1", text)

    def paint_dim(self, text: str) -> str:
        """What may be skipped."""
        return self._paint_text("2", text)

    def paint_severity(self, word: str, text: str = "") -> str:
        """A severity's word in its colour."""
        code = {"critical": "1;31", "high": "31", "medium": "33"}.get(word, "2")
        return self._paint_text(code, text or word)

    def paint_diff_line(self, line: str) -> str:
        """A line of a diff: removed red, added green, the rest dim."""
        code = {"-": "31", "+": "32", "@": "36"}.get(line[:1])
        return self._paint_text(code, line) if code else self.paint_dim(line)

    def wrap_text(self, text: str, indent: str) -> list[str]:
        """A paragraph as indented lines; a word longer than a line stays whole."""
        return wrap_paragraph(fold_to_line(text), self.width, indent)

    def place_side_by_side(self, left: str, right: str, painted_left: str, painted_right: str) -> str:
        """Two texts on one line, the second at the right margin where there is room."""
        gap = max(3, self.width - len(left) - len(right))
        return f"{painted_left}{' ' * gap}{painted_right}"
