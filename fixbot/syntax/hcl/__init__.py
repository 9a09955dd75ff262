"""HCL as Terraform writes it: read with tree-sitter, rewritten by splices that `terraform fmt` accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.syntax.hcl.read import comments, read
from fixbot.syntax.hcl.rewrite import rewrite
from fixbot.syntax.hcl.values import content_span
from fixbot.tree import CannotEdit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixbot.tree import Edit, Grammar, Node, Rewrite, Value

__all__ = ["GRAMMAR", "content_span"]


class Hcl:
    """The grammar of `.tf` and `.hcl` files."""

    name = "hcl"
    new_items_first = True
    """Few tuples end with a comma, so an item at the end would change its neighbour's line too."""

    def parse(self, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
        """Read one body. Raises SyntaxProblem."""
        return (read(self, text, start, len(text) if end is None else end),)

    def comments(self, text: str, start: int = 0, end: int | None = None) -> Sequence[tuple[int, int]]:
        """Where comments stand. Raises SyntaxProblem."""
        return comments(text, start, len(text) if end is None else end)

    def rewrite(self, text: str, wanted: Rewrite) -> list[Edit]:
        """The edits that carry out `wanted`. Raises CannotEdit."""
        return rewrite(text, wanted)

    def write(self, value: Value) -> str:
        """Nothing makes a document of HCL yet. Raises CannotEdit."""
        raise CannotEdit(f"no document of HCL is written ({type(value).__name__})")


GRAMMAR: Grammar = Hcl()
