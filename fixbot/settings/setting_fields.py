"""The fields of settings that a file may set: their keys, their types and their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache
from typing import Any, get_type_hints

from fixbot.model.findings import Safety, Severity
from fixbot.settings import Settings


@cache
def read_type_hints(kind: type) -> Mapping[str, Any]:
    """The types of a dataclass's fields; telling them takes a millisecond."""
    return get_type_hints(kind)


@cache
def list_settable_fields(kind: type) -> Mapping[str, Field[Any]]:
    """The fields of a dataclass that a file may set."""
    return {each.name: each for each in fields(kind) if "says" in each.metadata}


def list_known_keys(kind: type = Settings, above: str = "") -> Iterator[str]:
    """Every dotted key of a settings file, those of maps too."""
    hints = read_type_hints(kind)
    for name in list_settable_fields(kind):
        yield f"{above}{name}"
        if is_dataclass(inner := hints[name]) and isinstance(inner, type):
            yield from list_known_keys(inner, f"{above}{name}.")


def list_words(kind: type[Enum]) -> dict[str, Enum]:
    """The words that stand for an enumeration's members in a file."""
    if kind is Safety:
        return {each.value: each for each in (Safety.SAFE, Safety.REVIEW)}
    return {each.label if isinstance(each, Severity) else str(each.value): each for each in kind}


def suggest_near(name: str, allowed: list[str]) -> str:
    """`; did you mean x? Allowed: …`."""
    close = get_close_matches(name[:60], allowed, n=1)
    return (f"; did you mean {close[0]}?" if close else ".") + f" Allowed: {', '.join(allowed)}"
