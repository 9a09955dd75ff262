"""YAML text into events of ruamel.yaml's parsers, and those into nodes. Raises SyntaxProblem only.

The C parser reads ten times as fast; the pure one is asked where the C one is missing or refuses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fixbot.syntax.yaml.build import Builder
from fixbot.syntax.yaml.problems import colon_refused, explain
from fixbot.tree import Grammar, Node, SyntaxProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    Next = Callable[[], Any]

_MASK = "\ue000"
_COLON = re.compile(r"(?<=[^\s\"'\[\]{},]):(?=[^\s\"'\[\]{},])")
_HIDES = re.compile(r"\ue000|\\[uU]0*[eE]000|!<|%TAG")
"""What the disguise of colons would spoil."""

SLOW_LIMIT = 300_000
"""Characters that the pure parser is asked to read, which takes it a second or two."""


def read(grammar: Grammar, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
    """The documents of `text[start:end]`, one node each. Raises SyntaxProblem."""
    part = text if start == 0 and end is None else text[start:end]
    if part.startswith("\ufeff"):
        part, start = part[1:], start + 1
    refusal = SyntaxProblem("no YAML parser is installed")
    ways = [_slow, _quick] if len(part) <= SLOW_LIMIT else [_quick]
    while ways:
        events = ways.pop()
        try:
            return Builder(grammar, part, start).build(events(part))
        except SyntaxProblem:
            raise
        except ImportError:
            ways = [_slow]
        except Exception as problem:  # noqa: BLE001 - what the parsers may raise is listed nowhere
            refusal = explain(problem, start)
            if events is _quick and colon_refused(problem) and not _HIDES.search(part):
                ways.append(_hiding)
    raise refusal


def _quick(text: str) -> Next:
    from _ruamel_yaml import CParser  # noqa: PLC0415 - costs 70 ms

    following: Next = CParser(text).get_event
    return following


def _hiding(text: str) -> Next:
    """The C parser's events where it refuses `[AWS::NoValue]`, which all others take.

    The colons in question go in disguise: of one length with them, so that every mark stays true.
    """
    following = _quick(_COLON.sub(_MASK, text))

    def unmasked() -> Any:
        event = following()
        value = getattr(event, "value", None)
        if value is not None and _MASK in value:
            event.value = value.replace(_MASK, ":")
        return event

    return unmasked


def _slow(text: str) -> Next:
    from ruamel.yaml import YAML  # noqa: PLC0415 - costs 70 ms

    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    following: Next = iter(reader.parse(text)).__next__
    return following
