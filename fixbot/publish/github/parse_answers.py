"""What answers say beside what was asked for: limits, waits, and reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NUMBER = re.compile(r"\d{1,12}(\.\d+)?")
_LIMIT_WORDS = ("rate limit", "abuse detection")


def repository_of_variables(variables: Mapping[str, Any]) -> str:
    """The repository that a mutation is about."""
    given = variables.get("input") or {}
    return str(given.get("repositoryId") or (given.get("branch") or {}).get("repositoryNameWithOwner"))


def tells_of_limit(said: str) -> bool:
    """Whether a message tells of a limit."""
    return any(words in said.lower() for words in _LIMIT_WORDS)


def read_asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """How many seconds GitHub asks to wait: `retry-after`, else until the limit is reset."""
    after, reset = _parse_number(headers.get("retry-after")), _parse_number(headers.get("x-ratelimit-reset"))
    if after is not None:
        return after
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return max(reset - now, 0.0) + 1
    return None


def _parse_number(text: str | None) -> float | None:
    return float(text) if text and _NUMBER.fullmatch(text) else None


def format_message(data: Any) -> str:
    """GitHub's message with what it says of each field."""
    if not isinstance(data, dict):
        return ""
    words = [str(data.get("message", ""))]
    for each in data.get("errors") or ():
        if isinstance(each, dict):
            fallback = f"{each.get('field', '')} {each.get('code', '')}".strip()
            words.append(str(each.get("message") or fallback))
        else:
            words.append(str(each))
    return "; ".join(dict.fromkeys(word for word in words if word))
