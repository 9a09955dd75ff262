"""What a text that a stranger writes may be: a pattern, a length, and characters that a reader can see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fixbot.text.characters import escape_hidden

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,40}")
_EMOJI: Final = str.maketrans(dict.fromkeys("\u200d\ufe0f"))
_BREAKS: Final = str.maketrans(dict.fromkeys("\t\n\r", " "))


@dataclass(frozen=True, slots=True)
class TextShape:
    """What one text may be. It must match `pattern` as a whole and have at most `longest` characters.

    `says` ends the sentence "it must be …". Patterns are written in what Python and ECMA-262 share, take time
    linear in the text, and are never asked about a longer one. Unless `hidden`, every character must be one
    that a reader sees; `lines` lets line ends and tabs pass, `emoji` what emoji are joined with.
    """

    says: str
    pattern: str
    longest: int
    lines: bool = False
    emoji: bool = False
    hidden: bool = False

    def is_fitting(self, text: str) -> bool:
        """Whether the text is one of this shape."""
        return (
            len(text) <= self.longest
            and re.fullmatch(self.pattern, text) is not None
            and (self.hidden or self._is_seen(text))
        )

    def _is_seen(self, text: str) -> bool:
        if self.lines:
            text = text.translate(_BREAKS)
        if self.emoji:
            text = text.translate(_EMOJI)
        return "\t" not in text and escape_hidden(text) == text


def quote_plain_word(text: str, otherwise: str) -> str:
    """The text in quotes where it is one short plain word; else, since it may be anything, `otherwise`."""
    return repr(text) if _WORD.fullmatch(text) else otherwise


RULE: Final = TextShape("a rule's name, as `fixbot rules` lists them", r"[a-z0-9][a-z0-9-]*", 100)
GLOB: Final = TextShape(
    "a glob: 1 to 1,000 characters, each of which can be seen", r"[^\x00-\x1f\x7f]+", 1_000
)
RESOURCE: Final = TextShape(
    "a resource's name as reports write it: 1 to 2,000 characters",
    r"[^\x00\ud800-\udfff]+",
    2_000,
    hidden=True,
)
REASON: Final = TextShape("a few words", r"\s*\S[^\x00]*", 1_000, lines=True, emoji=True)
