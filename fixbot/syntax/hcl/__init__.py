"""HCL as Terraform writes it: read with tree-sitter, rewritten by splices that `terraform fmt` accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit
from fixbot.syntax.hcl.read import find_comments, parse_body
from fixbot.syntax.hcl.rewrite import rewrite_collection
from fixbot.syntax.hcl.strings import find_content_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixbot.edit.tree import Grammar, Node, Rewrite, TextEdit, Value

__all__ = ["GRAMMAR", "find_content_span"]


class HclGrammar:
    """The grammar of `.tf` and `.hcl` files."""

    name = "hcl"
    has_tags = False
    has_expressions = True
    new_items_first = True
    """Few tuples end with a comma, so an item at the end would change its neighbour's line too."""

    def parse_text(self, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
        """Read one body. Raises SyntaxProblem."""
        return (parse_body(self, text, start, len(text) if end is None else end),)

    def find_comments(self, text: str, start: int = 0, end: int | None = None) -> Sequence[tuple[int, int]]:
        """Where comments stand. Raises SyntaxProblem."""
        return find_comments(text, start, len(text) if end is None else end)

    def rewrite_collection(self, text: str, wanted: Rewrite) -> list[TextEdit]:
        """The edits that carry out `wanted`. Raises CannotEdit."""
        return rewrite_collection(text, wanted)

    def write_document(self, value: Value) -> str:
        """Nothing makes a document of HCL yet. Raises CannotEdit."""
        raise CannotEdit(f"no document of HCL is written ({type(value).__name__})")


GRAMMAR: Grammar = HclGrammar()
