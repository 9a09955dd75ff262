r"""Which characters a reader can see, and how all others are written: `\x1b`, `\u202e`, `\U000e0041`.

What is escaped follows from Unicode's own properties, not from a list of characters known to be bad: the
general categories of controls, format characters, surrogates, private use and what is not assigned (C*),
line and paragraph separators and all blanks but the space (Z*), and Default_Ignorable_Code_Point: letters
and marks that are drawn as nothing, among them Hangul fillers and variation selectors.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

_IGNORABLE: Final = (
    "\u034f\u115f\u1160\u17b4\u17b5\u2065\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff"
    "\u180b-\u180d\u180f\ufe00-\ufe0f"
)
"""Other_Default_Ignorable_Code_Point and Variation_Selector, with what is reserved for them.

The rest of Default_Ignorable_Code_Point has the category Cf. Source: the formula in Unicode's
DerivedCoreProperties.txt and the two properties in its PropList.txt (15.1; since 5.1 only U+180F is new).
"""
_EMPTY: Final = "\u2800\U0001d159"
"""Symbols whose very picture is empty: BRAILLE PATTERN BLANK and MUSICAL SYMBOL NULL NOTEHEAD."""
_UNSEEN: Final = re.compile(f"[{_IGNORABLE}{_EMPTY}]")
_ASCII_BLANKS: Final = re.compile(r"[ \t\n\r\v\f]+")


MASK: Final = "••••••"
"""What stands where a secret stood."""


def escape_hidden(text: str) -> str:
    r"""The text on one line, with what would steer a terminal or hide from a reader written as `\x1b`.

    A tab is left as it is; a byte of a path that is no UTF-8 is written as that byte.
    """
    bare = text.replace("\t", "") if "\t" in text else text
    if bare.isprintable() and (bare.isascii() or _UNSEEN.search(bare) is None):
        return text
    return text.translate({ord(each): _escape_character(each) for each in set(text) if not _is_visible(each)})


def _is_visible(char: str) -> bool:
    # Python's word for "neither C* nor Z*, but for the space".
    return (char.isprintable() and _UNSEEN.match(char) is None) or char == "\t"


def _escape_character(char: str) -> str:
    code = ord(char)
    if char == "\n":
        return "\\n"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def fold_to_line(text: str) -> str:
    """The text with every run of spaces, tabs and line ends as one space, shown; other blanks are escaped."""
    if not text.isprintable() or "  " in text or text[:1] == " " or text[-1:] == " ":
        text = _ASCII_BLANKS.sub(" ", text).strip(" ")
    return escape_hidden(text)


_BEYOND: Final = re.compile(r"[^\n -~]")
"""All but ASCII that is seen, which nearly everything is."""


def write_json(value: Any, indent: int | None = None) -> str:
    r"""The value as JSON that is safe on a terminal: what `escape_hidden` would escape stands as `\u202e`.

    Every value stays exact. A path's byte that is no UTF-8 is a lone surrogate, as Python has it (`\udcff`:
    `os.fsencode` gives the byte back). `##[`, by which log readers of build services know commands, does not
    stand in it either.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    odd = {ord(each): _escape_in_json(each) for each in set(_BEYOND.findall(text)) if not _is_visible(each)}
    text = text.translate(odd) if odd else text
    return _COMMAND.sub(lambda found: f"#\\u0023{found[0][2:]}", text)


def _escape_in_json(char: str) -> str:
    return json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"


_COMMAND: Final = re.compile(r"##(?=\w*\[)")
_COMMAND_LINE: Final = re.compile(r"^([ \t]*):(?=:)", re.MULTILINE)
_NO_COLOUR: Final = re.compile(r"\x1b(?!\[[0-9;]*m)")


def defuse_commands(text: str) -> str:
    r"""Text for a log, with nothing in it that a build service would take for a command of its own.

    GitHub's runner takes `::name::` at the start of a line and `##[name]` anywhere, Azure Pipelines
    `##vso[...]`, TeamCity `##teamcity[...]`. Source: actions/runner, ActionCommand.cs; their documentation.
    """
    if "##" in text:
        text = _COMMAND.sub(r"#\\x23", text)
    return _COMMAND_LINE.sub(r"\1\\x3a", text) if "::" in text else text


def sanitize_lines(text: str) -> str:
    """Lines for a terminal or a log, whoever wrote them: `escape_hidden`, but line ends and colours stay."""
    odd = {each for each in set(text) if not _is_visible(each)} - {"\n"}
    if "\x1b" in odd:
        text = _NO_COLOUR.sub(r"\\x1b", text)
    if odd - {"\x1b"}:
        text = text.translate({ord(each): _escape_character(each) for each in odd - {"\x1b"}})
    return defuse_commands(text)
