"""GitHub's expressions (`${{ … }}`), as far as the Action uses them, for tests that run its steps.

Source: GitHub's documentation, "Evaluate expressions in workflows and actions". What isn't known here
is an error, so that a new function in action.yml can't go by untested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>&&|\|\||==|!=|!|\(|\)|,)"
    r"|(?P<name>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*))"
)
_WHOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)

Functions = Mapping[str, Callable[[], bool]]


def filled(text: str, contexts: Mapping[str, Any], functions: Functions) -> str:
    """A value of a workflow file with each expression in it replaced."""
    return _WHOLE.sub(lambda found: as_text(evaluate(found[1], contexts, functions)), text)


def holds(condition: str | None, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Whether a step with this `if` runs. Without a status function it also needs that all went well."""
    if condition is None:
        return functions["success"]()
    bare = found[1] if (found := _WHOLE.fullmatch(condition.strip())) else condition
    value = bool(evaluate(bare, contexts, functions))
    asks = any(f"{name}(" in bare for name in functions)
    return value and (asks or functions["success"]())


def as_text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def evaluate(expression: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    reader = _Reader(_tokens(expression), contexts, functions)
    value = reader.either()
    assert not reader.left, f"left over in {expression!r}: {reader.left}"
    return value


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, at = [], 0
    expression = expression.rstrip()
    while at < len(expression):
        token = _TOKEN.match(expression, at)
        assert token is not None, f"unknown in {expression!r} at {at}"
        assert token.lastgroup is not None
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


class _Reader:
    def __init__(
        self, tokens: list[tuple[str, str]], contexts: Mapping[str, Any], functions: Functions
    ) -> None:
        self.left, self.contexts, self.functions = tokens, contexts, functions

    def _took(self, sign: str) -> bool:
        if self.left and self.left[0] == ("sign", sign):
            del self.left[0]
            return True
        return False

    def either(self) -> Any:
        value = self.both()
        while self._took("||"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:
        value = self.equal()
        while self._took("&&"):
            other = self.equal()
            value = value and other
        return value

    def equal(self) -> Any:
        value = self.single()
        for sign in ("==", "!="):
            if self._took(sign):
                same = as_text(value).lower() == as_text(self.single()).lower()
                return same is (sign == "==")
        return value

    def single(self) -> Any:
        if self._took("!"):
            return not self.single()
        if self._took("("):
            value = self.either()
            assert self._took(")")
            return value
        kind, word = self.left.pop(0)
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return float(word) if "." in word else int(word)
        assert kind == "name", word
        if self._took("("):
            assert self._took(")"), f"{word} is given something; teach that to this reader"
            return self.functions[word]()
        return {"true": True, "false": False, "null": None}.get(word, self._context(word))

    def _context(self, path: str) -> Any:
        first, *rest = path.split(".")
        if first in {"true", "false", "null"}:
            return None
        value = self.contexts[first]
        for name in rest:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value
