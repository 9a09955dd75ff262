"""What people asked for in comments of a file (`# fixbot:ignore RULE reason`), and which line it is about.

Only a comment of the file's own syntax that begins so counts: the same words in a key, a value, a
heredoc, or quoted in another comment ask for nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fixbot.settings.suppressions import parse_comment_ignores
from fixbot.source.document import find_comments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixbot.settings.suppressions import Ignore

MARK: Final = "fixbot:ignore"
"""What every text holds that asks for something."""
_MARK: Final = re.compile(r"(?P<open>#+|//+|/\*+)[ \t]*fixbot:ignore(?![\w-])(?P<rest>[^\r\n]*)")
_VISIBLE: Final = re.compile(r"[^\r\n]")


def read_inline_ignores(path: str, text: str) -> tuple[Ignore, ...]:
    """The wishes in a file's comments, one a rule. `where` holds only the line of the comment."""
    if MARK not in text:
        return ()
    spans = find_comments(path, text)
    marks = [(start, mark) for start, end in spans if (mark := _MARK.match(text, start, end))]
    if not marks:
        return ()
    lines = _blank_comments(text, spans).split("\n")
    below = _find_next_lines(lines)
    found: list[Ignore] = []
    line, at = 0, 0
    for start, mark in marks:
        line += text.count("\n", at, start)
        at = start
        alone = not lines[line].strip(" \t\r\ufeff")
        target = below[line] if alone else line
        rest = mark["rest"].split("*/", 1)[0] if mark["open"].startswith("/*") else mark["rest"]
        found.extend(parse_comment_ignores(rest, line + 1, target + 1))
    return tuple(found)


def _blank_comments(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with blanks in the place of its comments."""
    out: list[str] = []
    at = 0
    for start, end in spans:
        out += (text[at:start], _VISIBLE.sub(" ", text[start:end]))
        at = end
    return "".join((*out, text[at:]))


def _find_next_lines(lines: Sequence[str]) -> list[int]:
    """For each line the next one that has something on it; itself where there is none."""
    found = list(range(len(lines)))
    below: int | None = None
    for number in range(len(lines) - 1, -1, -1):
        found[number] = number if below is None else below
        if lines[number].strip(" \t\r\ufeff"):
            below = number
    return found
