"""Secrets in a text that is JSON, by the names that they have there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from fixbot.knowledge.classify_secrets import SecretKind, classify_value

_DEEPEST: Final = 40
_LONGEST: Final = 1_000_000


def find_json_secrets(text: str, is_secret_name: Callable[[str], bool]) -> Iterator[str]:
    """The values of a text that is JSON as a whole which stand under the name of a secret."""
    if text.lstrip()[:1] not in ("{", "[") or len(text) > _LONGEST:
        return
    try:
        whole = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return
    stack: list[tuple[str, Any, int]] = [("", whole, 0)]
    while stack:
        name, value, depth = stack.pop()
        if isinstance(value, str):
            if is_secret_name(name) and classify_value(name, value).kind not in (
                SecretKind.NONE,
                SecretKind.PLACEHOLDER,
            ):
                yield value
            elif value.lstrip()[:1] in ("{", "["):
                yield from find_json_secrets(value, is_secret_name) if depth < _DEEPEST else ()
        elif isinstance(value, list):
            stack.extend((name, each, depth + 1) for each in value)
        elif isinstance(value, dict):
            named = value.get("name", value.get("Name"))
            yield from _find_object_secrets(value)
            for key, each in value.items():
                pair = key in ("value", "Value") and isinstance(named, str)
                stack.append((str(named) if pair else key, each, depth + 1))


def _find_object_secrets(value: dict[str, Any]) -> Iterator[str]:
    """What stands in an object of Kubernetes that is there to hold secrets."""
    for part in ("data", "stringData") if value.get("kind") == "Secret" else ():
        if isinstance(value.get(part), dict):
            yield from (each for each in value[part].values() if isinstance(each, str) and each)
