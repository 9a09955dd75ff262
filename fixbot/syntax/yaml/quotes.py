"""How a scalar is written: plain where every reader takes it as meant, else in quotes."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit
from fixbot.syntax.yaml.scalars import looks_like_text, resolve_scalar

if TYPE_CHECKING:
    from fixbot.edit.tree import Scalar

LONGEST_KEY = 1_000
"""Characters; YAML looks no further than 1,024 for the colon behind a key."""

_UNPRINTABLE = re.compile(
    "[^\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)
_BAD_START = re.compile(r"[?:,\[\]{}#&*!|>'\"%@`=]|-(?:\s|$|--)|\.\.\.|<<")
_BAD_INSIDE = re.compile(r":(?:\s|$)|\s#|\s$|^\s")
_BAD_IN_FLOW = re.compile(r"[,\[\]{}:?]|^-")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def is_printable(text: str) -> bool:
    """Whether YAML takes all these characters as they are, and on one line."""
    return _UNPRINTABLE.search(text) is None


def needs_quotes(text: str, *, flow: bool) -> bool:
    """Whether these characters, written plain, would mean something else to some YAML reader."""
    return (
        not text
        or resolve_scalar(text) is not text
        or not looks_like_text(text)
        or _UNPRINTABLE.search(text) is not None
        or _BAD_START.match(text) is not None
        or _BAD_INSIDE.search(text) is not None
        or (flow and _BAD_IN_FLOW.search(text) is not None)
    )


def quote_double(text: str) -> str:
    """In double quotes, with escapes that JSON has too."""
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise CannotEdit("the new value holds half a character")
    out = re.sub(r'["\\\n\r\t]', lambda found: _ESCAPES[found[0]], text)
    return '"' + _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", out) + '"'


def quote_string(text: str, quote: str, *, flow: bool) -> str:
    """A string in the quotes asked for, or in none if it needs none."""
    if not quote and not needs_quotes(text, flow=flow):
        return text
    single = quote == "'" or (not quote and ('"' in text or "\\" in text))
    if single and _UNPRINTABLE.search(text) is None:
        return "'" + text.replace("'", "''") + "'"
    return quote_double(text)


def render_scalar(value: Scalar, quote: str, *, flow: bool) -> str:
    """A scalar on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _render_float(value)
    return quote_string(value, quote, flow=flow)


def _render_float(value: float) -> str:
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    if math.isnan(value):
        return ".nan"
    digits = repr(value)
    return digits.replace("e", ".0e") if "e" in digits and "." not in digits else digits


def render_key(text: str, quote: str, *, flow: bool) -> str:
    """A key, in its neighbours' quotes."""
    written = quote_string(text, quote, flow=flow)
    if len(written) > LONGEST_KEY:
        raise CannotEdit("the key is too long for YAML")
    return written
