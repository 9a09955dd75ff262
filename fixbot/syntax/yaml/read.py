"""YAML text into events of ruamel.yaml's parsers, and those into nodes. Raises SyntaxProblem only.

The C parser reads ten times as fast; the pure one is asked where the C one is missing or refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixbot.syntax.yaml.build import Builder
from fixbot.tree import Grammar, Node, SyntaxProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    Next = Callable[[], Any]

SLOW_LIMIT = 300_000
"""Characters that the pure parser is asked to read, which takes it a second or two."""


def read(grammar: Grammar, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
    """The documents of `text[start:end]`, one node each. Raises SyntaxProblem."""
    part = text if start == 0 and end is None else text[start:end]
    if part.startswith("\ufeff"):
        part, start = part[1:], start + 1
    refusal = SyntaxProblem("no YAML parser is installed")
    for events in (_quick, _slow):
        try:
            return Builder(grammar, part, start).build(events(part))
        except SyntaxProblem:
            raise
        except ImportError:
            continue
        except Exception as problem:  # noqa: BLE001 - what the parsers may raise is listed nowhere
            refusal = _refusal(problem, start)
        if len(part) > SLOW_LIMIT:
            break
    raise refusal


def _quick(text: str) -> Next:
    from _ruamel_yaml import CParser  # noqa: PLC0415 - costs 70 ms

    following: Next = CParser(text).get_event
    return following


def _slow(text: str) -> Next:
    from ruamel.yaml import YAML  # noqa: PLC0415 - costs 70 ms

    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    following: Next = iter(reader.parse(text)).__next__
    return following


def _refusal(problem: Exception, start: int) -> SyntaxProblem:
    """What a parser said, without the excerpt that it would show: that could be a secret."""
    said = getattr(problem, "problem", None)
    mark = getattr(problem, "problem_mark", None)
    offset = start + mark.index if mark is not None else None
    return SyntaxProblem(f"not YAML: {said}" if isinstance(said, str) else "not YAML", offset)
