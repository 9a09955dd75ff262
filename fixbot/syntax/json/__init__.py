"""JSON as people write it: comments, trailing commas and bare `${…}` placeholders included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from fixbot.syntax.json.read import comments, parse
from fixbot.syntax.json.write import rewrite
from fixbot.tree import CannotEdit, Edit, Node, Rewrite, Value


class JsonGrammar:
    """Scanned by hand: see docs/decisions for what was measured against tree-sitter."""

    name = "json"
    new_items_first = True

    def parse(self, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
        """The one value in `text[start:end]`. Raises SyntaxProblem."""
        return (parse(self, text, start, len(text) if end is None else end),)

    def comments(self, text: str, start: int = 0, end: int | None = None) -> Sequence[tuple[int, int]]:
        """Where comments stand. Raises SyntaxProblem."""
        return comments(self, text, start, len(text) if end is None else end)

    def rewrite(self, text: str, wanted: Rewrite) -> Iterable[Edit]:
        """The edits of one object or array. Raises CannotEdit."""
        return rewrite(text, wanted)

    def write(self, value: Value) -> str:
        """A document of its own with that data. Raises CannotEdit."""
        try:
            return json.dumps(value, indent=2, allow_nan=False) + "\n"
        except (TypeError, ValueError) as error:
            raise CannotEdit("JSON has no way to write this") from error


GRAMMAR = JsonGrammar()
