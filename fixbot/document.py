"""A file that was read: its path, its text and its trees."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from fixbot.syntax import grammar, syntax_of
from fixbot.tree import Node, SyntaxProblem


@dataclass(frozen=True)
class Document:
    """One text in one syntax; `roots` are its documents (YAML may hold several)."""

    path: str
    text: str
    syntax: str
    roots: tuple[Node, ...]

    @cached_property
    def _lines(self) -> list[int]:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1, columns in characters."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


def parse(path: str, text: str) -> Document:
    """Read `text` in the syntax that its path (or its beginning) says. Raises SyntaxProblem."""
    syntax = syntax_of(path, text[:4096])
    if syntax is None:
        raise SyntaxProblem("no syntax that fixbot reads")
    roots = grammar(syntax).parse(text)
    for root in roots:
        root.source = path
    return Document(path, text, syntax, roots)


def embed(host: Node, text: str, syntax: str, start: int, end: int) -> Node:
    """Read `text[start:end]`, which stands inside the scalar `host`, in another syntax, once.

    Raises SyntaxProblem.
    """
    if host.embedded is None:
        (root,) = grammar(syntax).parse(text, start, end)
        root.parent = host
        host.embedded = root
    return host.embedded
