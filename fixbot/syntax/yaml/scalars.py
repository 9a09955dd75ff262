"""What a plain scalar means in YAML 1.1, as readers of Kubernetes and CloudFormation files take it.

The forms are those of https://yaml.org/type/ and of PyYAML's resolver; `0o17` and `1e3`, which Go's
reader takes as numbers, are numbers here too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixbot.edit.tree import Scalar

LONGEST_NUMBER = 100
"""Characters; a longer run of digits keeps its text, so that no reading costs more than linear time."""

WORDS: dict[str, Scalar] = {"": None, "~": None}
WORDS |= {
    form: value
    for words, value in (("true yes on", True), ("false no off", False), ("null", None))
    for word in words.split()
    for form in (word, word.capitalize(), word.upper())
}

NUMBER_STARTS = frozenset("0123456789-+.")

_INT = re.compile(
    r"[-+]?(?:(?P<two>0b[01_]+)|(?P<eight>0o?[0-7_]+)|(?P<sixteen>0x[0-9a-fA-F_]+)"
    r"|(?P<sixty>[1-9][0-9_]*(?::[0-5]?[0-9])+)|(?P<ten>0|[1-9][0-9_]*))"
)
_FLOAT = re.compile(
    r"[-+]?(?:(?P<sixty>[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)|(?P<inf>\.(?:inf|Inf|INF))"
    r"|[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)"
    r"|(?P<nan>\.(?:nan|NaN|NAN))"
)
_BASES = {"two": 2, "eight": 8, "sixteen": 16, "ten": 10}
_LIKE_NUMBER = re.compile(
    r"[-+]?(?:0[box][0-9a-f_]+|[0-9][0-9_]*(?::[0-9_]+)+(?:\.[0-9_]*)?"
    r"|(?:[0-9_]+(?:\.[0-9_]*)?|\.[0-9_]+)(?:e[-+]?[0-9]+)?|\.inf)"
    r"|\.nan|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t \t].*)?",
    re.IGNORECASE,
)
_LIKE_WORD = frozenset({"y", "n", "=", "<<", *(word.lower() for word in WORDS)})


def resolve_scalar(text: str) -> Scalar:
    """The value of a plain scalar; timestamps keep their text."""
    if text in WORDS:
        return WORDS[text]
    return parse_number(text) if text[0] in NUMBER_STARTS else text


def parse_number(text: str) -> int | float | str:
    """The number that a plain scalar writes, or its text where it writes none."""
    if len(text) > LONGEST_NUMBER:
        return text
    try:
        if (found := _INT.fullmatch(text)) is not None:
            return _parse_int(text, str(found.lastgroup))
        if (found := _FLOAT.fullmatch(text)) is not None:
            return _parse_float(text, found.lastgroup)
    except (ValueError, OverflowError):
        pass
    return text


def _parse_int(text: str, form: str) -> int:
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-").replace("_", "")
    if form == "sixty":
        return sign * int(_parse_base_sixty(digits))
    return sign * int(digits[2:] if digits[1:2] in ("b", "o", "x") else digits, _BASES[form])


def _parse_float(text: str, form: str | None) -> float:
    sign = -1.0 if text[0] == "-" else 1.0
    digits = text.lstrip("+-").replace("_", "")
    if form == "sixty":
        return sign * _parse_base_sixty(digits)
    return sign * float(digits[1:] if form else digits)


def _parse_base_sixty(digits: str) -> float:
    total: float = 0
    for part in digits.split(":"):
        total = total * 60 + (float(part) if "." in part else int(part))
    return total


def looks_like_text(text: str) -> bool:
    """Whether every reader we know of takes these plain characters as a string."""
    return text.lower() not in _LIKE_WORD and _LIKE_NUMBER.fullmatch(text) is None


def resolve_tagged(tag: str, text: str, plain: bool) -> tuple[Scalar, str | None]:
    """The value of a scalar behind `tag`, and the tag if it isn't one of YAML's own scalar types."""
    name = tag.removeprefix("tag:yaml.org,2002:")
    value = resolve_scalar(text)
    if tag == "!" or name in ("str", "timestamp"):
        return text, None
    match name:
        case "int" if type(value) is int:
            return value, None
        case "float" if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value), None
        case "bool" if isinstance(value, bool):
            return value, None
        case "null" if value is None:
            return None, None
    return (value if plain else text), shorten_tag(tag)


def shorten_tag(tag: str) -> str:
    """The tag as people write it: `!!set` for YAML's own."""
    return tag.replace("tag:yaml.org,2002:", "!!", 1) if tag.startswith("tag:yaml.org,2002:") else tag
