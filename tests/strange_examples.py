"""The examples of every rule's page with a stranger's text in the place of one name or value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.source.document import parse_document
from tests.pages import Example, read_page
from tests.strangers import hcl

PAGES = sorted((Path(__file__).parent.parent / "docs" / "fixers").glob("*.md"))


class Place(NamedTuple):
    """A name or value of an example: its file, and where in it the text stands, quotes included."""

    rule: str
    example: Example
    path: str
    start: int
    end: int
    text: str

    def put(self, text: str) -> dict[str, str]:
        """The example's files with another text there."""
        whole = self.example.before[self.path]
        said = hcl(text) if self.path.endswith(".tf") else json.dumps(text)
        return {**self.example.before, self.path: whole[: self.start] + said + whole[self.end :]}


def list_places() -> Iterator[Place]:
    """Every text of every file that a page shows before a fix."""
    for page in map(read_page, PAGES):
        for example in page.examples:
            for path, text in example.before.items():
                for start, end, value in _list_texts(path, text):
                    yield Place(page.rule, example, path, start, end, value)


def _list_texts(path: str, text: str) -> Iterator[tuple[int, int, str]]:
    try:
        roots = parse_document(path, text).roots
    except SyntaxProblem:
        return
    for node in (each for root in roots for each in root.walk_tree()):
        if (
            node.kind is NodeKind.SCALAR
            and isinstance(node.value, str)
            and node.style not in ("|", ">", "heredoc")
        ):
            yield node.start, node.end, node.value
        if node.kind is NodeKind.MAP and node.style != "body" and _is_plain(node):
            yield from ((each.key_start, each.key_end, each.key) for each in node.entries)


def _is_plain(node: Node) -> bool:
    return node.grammar.has_expressions is False and node.alias is None
