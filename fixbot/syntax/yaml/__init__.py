"""YAML as Kubernetes and CloudFormation read it: where things stand, and how one more is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.syntax.yaml import block, flow, places
from fixbot.syntax.yaml.read import read
from fixbot.tree import CannotEdit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fixbot.change import Rewrite
    from fixbot.tree import Edit, Grammar, Node


class Yaml:
    """The grammar of YAML 1.1."""

    name = "yaml"
    new_items_first = False

    def parse(self, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
        """One root a document of `text[start:end]`. Raises SyntaxProblem."""
        return read(self, text, start, end)

    def rewrite(self, text: str, wanted: Rewrite) -> Iterable[Edit]:
        """The edits that carry out `wanted` on its collection. Raises CannotEdit."""
        if wanted.node.alias is not None:
            raise CannotEdit("it stands behind a YAML alias; a change there would need the anchor's")
        places.check_lines(text)
        if wanted.node.style == "flow":
            return flow.rewrite(text, wanted)
        return block.rewrite(text, wanted)


GRAMMAR: Grammar = Yaml()
