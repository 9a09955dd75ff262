"""What files of a fleet may hold: plans, results and reports that another job, or somebody else, has left.

Each record is read by the types of its dataclass, and every value has a bound; a field's `shape` says more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

from fixbot.checkout.file_content import Unreadable
from fixbot.checkout.git_home import stranger_folders
from fixbot.checkout.named_files import read_given_file
from fixbot.model.errors import FixbotError
from fixbot.text.text_shape import TextShape

MOST_BYTES: Final = 200_000_000
"""Of one file: a hundred thousand repositories with ten pull requests each."""
MOST_ENTRIES: Final = 1_000_000
LARGEST: Final = 10**12
"""A number. Seconds since 1970 and everything that is counted stay below."""
TEXT: Final = TextShape("a text", r"[\s\S]*", 100_000, hidden=True)
REPOSITORY: Final = TextShape(
    "OWNER/NAME", r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}", 201
)
ID: Final = TextShape("an id of GitHub's", r"[A-Za-z0-9_=+/:.-]*", 200)
WORD: Final = TextShape("a word", r"[A-Za-z0-9_.:+/-]*", 200)
_T = TypeVar("_T")


def read_file(path: Path) -> bytes:
    """The bytes of a file of a fleet. Raises FixbotError."""
    try:
        return read_given_file(str(path), MOST_BYTES, stranger_folders())
    except OSError as error:
        raise FixbotError(f"{path}: cannot be read: {error.strerror}") from None
    except Unreadable as why:
        raise FixbotError(f"{path}: cannot be read: {why}") from None


def load_json(data: bytes | str) -> Any:
    """JSON as RFC 8259 has it. Raises ValueError, for nesting beyond reason too."""
    try:
        return json.loads(data, parse_constant=_refuse_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def build_record(kind: type[_T], data: Any) -> _T:
    """A dataclass from its JSON, without fields of a later version. Raises ValueError or TypeError."""
    if not isinstance(data, dict):
        raise TypeError("no object")
    hints = _read_hints(cast("Hashable", kind))
    known = {each.name: each for each in fields(kind) if each.name in data}  # type: ignore[arg-type]
    return kind(
        **{name: _convert_value(hints[name], data[name], each.metadata) for name, each in known.items()}
    )


@cache
def _read_hints(kind: Hashable) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _convert_value(hint: Any, value: Any, meta: Mapping[str, Any]) -> Any:
    arguments = get_args(hint)
    if NoneType in arguments:
        inner = next(each for each in arguments if each is not NoneType)
        return None if value is None else _convert_value(inner, value, meta)
    if get_origin(hint) is tuple:
        return tuple(_convert_value(arguments[0], each, meta) for each in _check_bounds(value, list))
    if get_origin(hint) is Mapping:
        pairs = _check_bounds(value, dict).items()
        return {_convert_text(key, meta): _convert_value(arguments[1], each, meta) for key, each in pairs}
    if is_dataclass(hint) and isinstance(hint, type):
        return build_record(hint, value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    if hint is str:
        return _convert_text(value, meta)
    if hint is bool:
        if not isinstance(value, bool):
            raise TypeError("no yes or no")
        return value
    return _convert_number(hint, value, meta)


def _check_bounds(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or len(value) > MOST_ENTRIES:  # type: ignore[arg-type]
        raise TypeError("no list or map of that many")
    return value


def _convert_text(value: Any, meta: Mapping[str, Any]) -> str:
    shape: TextShape = meta.get("shape", TEXT)
    if not isinstance(value, str) or not shape.is_fitting(value):
        raise ValueError(f"it must be {shape.says}")
    return value


def _convert_number(hint: Any, value: Any, meta: Mapping[str, Any]) -> int | float:
    numbers = (int,) if hint is int else (int, float)
    if not isinstance(value, numbers) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError("no number")
    if not meta.get("least", 0) <= value <= meta.get("most", LARGEST):
        raise ValueError("a number out of its bounds")
    return value
