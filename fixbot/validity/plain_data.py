"""Looks into plain data of which parts may be unknown or of a wrong type, without ever failing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from fixbot.edit.tree import ABSENT, CodeExpression, HclBlock, TaggedValue, UnsetValue


def is_unknown(value: object) -> bool:
    """Whether a value is written in a way that only a deployment can tell."""
    return isinstance(value, UnsetValue | CodeExpression | TaggedValue | HclBlock) and value is not ABSENT


def mapping_or_empty(value: object) -> Mapping[str, object]:
    """The value if it is a map, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def list_maps(value: object) -> list[tuple[int, Mapping[str, object]]]:
    """The maps in a list, with their positions."""
    if not isinstance(value, list | tuple):
        return []
    return [(at, item) for at, item in enumerate(value) if isinstance(item, Mapping)]


def text_or_none(value: object) -> str | None:
    """The value if it is a known string."""
    return value if isinstance(value, str) else None


def list_names(value: object, key: str = "name") -> set[str] | None:
    """What the maps of a list have under `key`; None where one of them can't be known."""
    if value is None or value is ABSENT:
        return set()
    if not isinstance(value, list | tuple):
        return None
    found = [item.get(key) if isinstance(item, Mapping) else item for item in value]
    return (
        None if any(is_unknown(name) for name in found) else {name for name in found if isinstance(name, str)}
    )


def find_repeated(values: Iterable[str | None]) -> list[str]:
    """The strings that come more than once, in order of their first coming."""
    return [value for value, count in Counter(values).items() if count > 1 and value is not None]


def is_flag_on(value: object) -> bool:
    """Whether a flag is on; strings count, as CloudFormation takes them."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
