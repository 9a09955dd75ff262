"""JSON as people write it: comments, trailing commas and bare `${…}` placeholders included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from fixbot.edit.tree import CannotEdit, Node, Rewrite, TextEdit, Value
from fixbot.syntax.json.read import find_comments, parse_value
from fixbot.syntax.json.write import rewrite_collection


class JsonGrammar:
    """Scanned by hand: see docs/decisions for what was measured against tree-sitter."""

    name = "json"
    has_tags = False
    has_expressions = False
    new_items_first = True

    def parse_text(self, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
        """The one value in `text[start:end]`. Raises SyntaxProblem."""
        return (parse_value(self, text, start, len(text) if end is None else end),)

    def find_comments(self, text: str, start: int = 0, end: int | None = None) -> Sequence[tuple[int, int]]:
        """Where comments stand. Raises SyntaxProblem."""
        return find_comments(self, text, start, len(text) if end is None else end)

    def rewrite_collection(self, text: str, wanted: Rewrite) -> Iterable[TextEdit]:
        """The edits of one object or array. Raises CannotEdit."""
        return rewrite_collection(text, wanted)

    def write_document(self, value: Value) -> str:
        """A document of its own with that data. Raises CannotEdit."""
        try:
            return json.dumps(value, indent=2, allow_nan=False) + "\n"
        except (TypeError, ValueError) as error:
            raise CannotEdit("JSON has no way to write this") from error


GRAMMAR = JsonGrammar()
