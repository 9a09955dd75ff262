"""YAML text into events of ruamel.yaml's parsers, and those into nodes. Raises SyntaxProblem only.

The C parser reads ten times as fast; the pure one is asked where the C one is missing or refuses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fixbot.edit.tree import Grammar, Node, SyntaxProblem
from fixbot.syntax.yaml.build_tree import TreeBuilder
from fixbot.syntax.yaml.problems import explain_problem, is_colon_refused

if TYPE_CHECKING:
    from collections.abc import Callable

    Next = Callable[[], Any]

_MASK = "\ue000"
_COLON = re.compile(r"(?<=[^\s\"'\[\]{},]):(?=[^\s\"'\[\]{},])")
_HIDES = re.compile(r"\ue000|\\[uU]0*[eE]000|!<|%TAG")
"""What the disguise of colons would spoil."""

SLOW_LIMIT = 300_000
"""Characters that the pure parser is asked to read, which takes it a second or two."""


def parse_documents(grammar: Grammar, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
    """The documents of `text[start:end]`, one node each. Raises SyntaxProblem."""
    part = text if start == 0 and end is None else text[start:end]
    if part.startswith("\ufeff"):
        part, start = part[1:], start + 1
    refusal = SyntaxProblem("no YAML parser is installed")
    ways = [_read_slow_events, _read_quick_events] if len(part) <= SLOW_LIMIT else [_read_quick_events]
    while ways:
        events = ways.pop()
        try:
            return TreeBuilder(grammar, part, start).build_documents(events(part))
        except SyntaxProblem:
            raise
        except ImportError:
            ways = [_read_slow_events]
        except Exception as problem:  # noqa: BLE001 - what the parsers may raise is listed nowhere
            refusal = explain_problem(problem, start)
            if events is _read_quick_events and is_colon_refused(problem) and not _HIDES.search(part):
                ways.append(_read_hiding_colons)
    raise refusal


def _read_quick_events(text: str) -> Next:
    from _ruamel_yaml import CParser  # noqa: PLC0415 - costs 70 ms

    following: Next = CParser(text).get_event
    return following


def _read_hiding_colons(text: str) -> Next:
    """The C parser's events where it refuses `[AWS::NoValue]`, which all others take.

    The colons in question go in disguise: of one length with them, so that every mark stays true.
    """
    following = _read_quick_events(_COLON.sub(_MASK, text))

    def next_unmasked() -> Any:
        event = following()
        value = getattr(event, "value", None)
        if value is not None and _MASK in value:
            event.value = value.replace(_MASK, ":")
        return event

    return next_unmasked


def _read_slow_events(text: str) -> Next:
    from ruamel.yaml import YAML  # noqa: PLC0415 - costs 70 ms

    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    following: Next = iter(reader.parse(text)).__next__
    return following
