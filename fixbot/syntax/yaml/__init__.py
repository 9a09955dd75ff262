"""YAML as Kubernetes and CloudFormation read it: where things stand, and how one more is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit
from fixbot.syntax.yaml import block, flow, places, render
from fixbot.syntax.yaml.comments import find_comments
from fixbot.syntax.yaml.read import parse_documents
from fixbot.syntax.yaml.writing_style import YamlStyle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fixbot.edit.tree import Grammar, Node, Rewrite, TextEdit, Value


class YamlGrammar:
    """The grammar of YAML 1.1."""

    name = "yaml"
    has_tags = True
    has_expressions = False
    new_items_first = False

    def parse_text(self, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
        """One root a document of `text[start:end]`. Raises SyntaxProblem."""
        return parse_documents(self, text, start, end)

    def find_comments(self, text: str, start: int = 0, end: int | None = None) -> Sequence[tuple[int, int]]:
        """Where comments stand. Raises SyntaxProblem."""
        end = len(text) if end is None else end
        return find_comments(text, self.parse_text(text, start, end), start, end)

    def rewrite_collection(self, text: str, wanted: Rewrite) -> Iterable[TextEdit]:
        """The edits that carry out `wanted` on its collection. Raises CannotEdit."""
        if wanted.node.alias is not None:
            raise CannotEdit("it stands behind a YAML alias; a change there would need the anchor's")
        places.check_lines(text)
        for child in (*wanted.dropped, *(child for child, _ in wanted.replaced)):
            if wanted.is_dropped(child) and wanted.find_replacement(child):
                raise CannotEdit("one fix takes away what another changes")
            _check_repeated(text, wanted.node, child)
        if wanted.node.style == "flow":
            return flow.rewrite_flow(text, wanted)
        return block.rewrite_block(text, wanted)

    def write_document(self, value: Value) -> str:
        """A document of its own with that data. Raises CannotEdit."""
        if not isinstance(value, dict | list) or not value:
            raise CannotEdit("only maps and lists make a document")
        return "".join(f"{line}\n" for line in render.render_lines(value, 0, YamlStyle()))


def _check_repeated(text: str, node: Node, child: Node) -> None:
    """Raises CannotEdit where what goes holds an anchor that may be repeated elsewhere."""
    entries = [entry for entry in node.entries if entry.value is child]
    for each in child.walk_tree():
        if each.anchored:
            raise CannotEdit("it holds a YAML anchor that is repeated elsewhere in the file")
        entries += each.entries if each.alias is None else []
    if any(text[entry.key_start : entry.key_start + 1] == "&" for entry in entries):
        raise CannotEdit("it holds a key with a YAML anchor")


GRAMMAR: Grammar = YamlGrammar()
