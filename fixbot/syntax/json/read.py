"""A scanner that keeps positions, without recursion: depth is bounded by a number, not by the stack."""

from __future__ import annotations

import json
import re
from typing import Final

from fixbot.edit.tree import BeyondLimits, Entry, Grammar, Node, NodeKind, SyntaxProblem

DEEPEST: Final = 400

_PATIENCE: Final = 100
"""Interpolations that may stay open before none is looked for any more: each look goes to a line's end."""

_SPACE = re.compile(r"(?:[ \t\r\n\f]+|//[^\n]*|#[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|/\*(?:[^*]|\*(?!/))*\*/")
_STRING = re.compile(r'"([^"\\\x00-\x1f$]*)"')
_LITERAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)")
_BARE = re.compile(
    r"(?:@@?[A-Za-z_][\w.-]*@@?|%[A-Za-z_]\w*%|__[A-Za-z]\w*__|\$\([\w.-]+\)|\$[A-Za-z_]\w*)(?=[\s,}\]]|$)"
)
_ANGLE = re.compile(r"<[^<>\"\n]{1,200}>")
_MUSTACHE = re.compile(r"\{\{[^{}\n]{1,500}\}\}")
_WORDS = {"true": True, "false": False, "null": None}


def parse_value(grammar: Grammar, text: str, start: int, end: int) -> Node:
    """The value in `text[start:end]`, offsets those of `text`."""
    scan = _JsonScanner(grammar, text, start, end)
    root = scan.read_document()
    root.source = ""
    return root


def find_comments(grammar: Grammar, text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where comments stand between the values of `text[start:end]`. Raises SyntaxProblem."""
    scan = _JsonScanner(grammar, text, start, end)
    scan.gaps = []
    scan.read_document()
    return [found.span() for gap in scan.gaps for found in _COMMENT.finditer(text, *gap)]


class _JsonScanner:
    def __init__(self, grammar: Grammar, text: str, start: int, end: int) -> None:
        self.grammar = grammar
        self.text = text
        self.at = start + (1 if text.startswith("\ufeff", start) else 0)
        self.end = end
        self.unclosed = 0
        self.gaps: list[tuple[int, int]] | None = None
        """Where nothing but blanks and comments stands, for whoever asks."""
        self.lines = start > 0 or end < len(text)
        """Whether it stands in a heredoc, whose interpolations may go over several lines."""

    def build_problem(self, what: str, at: int | None = None) -> SyntaxProblem:
        offset = self.at if at is None else at
        if self.text.startswith(("%{", "{%"), offset):
            return SyntaxProblem("a template directive stands between its values", offset)
        return SyntaxProblem(f"not JSON: {what}", offset)

    def skip_space(self) -> str:
        """Skip what has no meaning; the character that follows, or an empty string at the end."""
        match = _SPACE.match(self.text, self.at, self.end)
        if match and self.gaps is not None and match.end() > self.at:
            self.gaps.append(match.span())
        self.at = match.end() if match else self.at
        return self.text[self.at] if self.at < self.end else ""

    def read_document(self) -> Node:
        if not self.skip_space():
            raise self.build_problem("the text is empty")
        stack: list[Node] = []
        node = self.read_value(stack)
        root = node
        while stack:
            self.read_member(stack)
        if self.skip_space():
            raise self.build_problem("text follows the value")
        return root

    def read_value(self, stack: list[Node]) -> Node:
        """Read a scalar whole; open a collection and leave its members to `read_member`."""
        char = self.skip_space()
        start = self.at
        if char == "{" and (found := _MUSTACHE.match(self.text, start, self.end)):
            return self.read_code(found.end())
        if char in ("{", "["):
            kind, style = (NodeKind.MAP, "object") if char == "{" else (NodeKind.LIST, "array")
            node = Node(kind, start, start, self.grammar, style)
            self.at += 1
            stack.append(node)
            if len(stack) > DEEPEST:
                raise BeyondLimits(f"nested deeper than {DEEPEST} levels", start)
            return node
        if char == '"':
            node = Node(NodeKind.SCALAR, start, start, self.grammar, '"')
            node.value = self.read_string()
            node.end = self.at
            return node
        if found := _LITERAL.match(self.text, start, self.end):
            node = Node(NodeKind.SCALAR, start, found.end(), self.grammar)
            node.value = _parse_number(found[0])
            self.at = found.end()
            return node
        if char == "$" and self.text.startswith("${", start):
            return self.read_code(self.find_interpolation_end(start) or start)
        if char == "<" and (found := _ANGLE.match(self.text, start, self.end)):
            return self.read_code(found.end())
        if found := _BARE.match(self.text, start, self.end):
            return self.read_code(found.end())
        raise self.build_problem("a value is missing" if char else "it ends too early")

    def find_interpolation_end(self, start: int) -> int | None:
        if self.unclosed > _PATIENCE:
            return None
        end = find_interpolation_end(self.text, start, self.end, lines=self.lines)
        self.unclosed += end is None
        return end

    def read_code(self, end: int) -> Node:
        node = Node(NodeKind.CODE, self.at, end, self.grammar)
        if end == self.at:
            raise self.build_problem("a placeholder isn't closed")
        node.value = self.text[self.at : end]
        self.at = end
        return node

    def read_string(self) -> str:
        if (found := _STRING.match(self.text, self.at, self.end)) is not None:
            self.at = found.end()
            return found[1]
        start = self.at
        at = start + 1
        while at < self.end and (char := self.text[at]) != '"':
            if char in "\r\n":
                raise self.build_problem("a string isn't closed on its line", start)
            if char == "\\":
                at += 1
            elif char == "$" and self.text.startswith("${", at):
                at = (self.find_interpolation_end(at) or at + 1) - 1
            at += 1
        if at >= self.end:
            raise self.build_problem("a string isn't closed", start)
        self.at = at + 1
        return decode_string(self.text[start : at + 1], start)

    def read_member(self, stack: list[Node]) -> None:
        """Read one member of the innermost collection, or close it."""
        node = stack[-1]
        closing = "}" if node.kind is NodeKind.MAP else "]"
        char = self.skip_space()
        if node.end != node.start:
            if char == ",":
                self.at += 1
                char = self.skip_space()
            elif char != closing:
                raise self.build_problem(
                    f"a comma or {closing!r} is missing" if char else "it ends too early"
                )
        if char == closing:
            self.at += 1
            node.end = self.at
            stack.pop()
            return
        node.end = self.at + 1
        if node.kind is NodeKind.MAP:
            self.read_pair(node, stack)
        else:
            item = self.read_value(stack)
            item.parent = node
            node.items.append(item)

    def read_pair(self, node: Node, stack: list[Node]) -> None:
        start = self.at
        if not self.text.startswith('"', start):
            raise self.build_problem(
                "a key in double quotes is missing" if start < self.end else "it ends too early"
            )
        key = self.read_string()
        key_end = self.at
        if self.skip_space() != ":":
            raise self.build_problem("a colon is missing")
        self.at += 1
        value = self.read_value(stack)
        value.parent = node
        node.entries.append(Entry(key, start, key_end, value))


def _parse_number(word: str) -> int | float | bool | None:
    if word in _WORDS:
        return _WORDS[word]
    # int() refuses more digits than this, and nobody means such a number
    return float(word) if not word.lstrip("-").isdigit() or len(word) > 400 else int(word)


def find_interpolation_end(text: str, start: int, end: int, *, lines: bool = False) -> int | None:
    """Where the `${…}` that opens at `start` is closed, its inner strings and braces counted.

    That is on the same line, or with `lines` on any.
    """
    depth, at = 0, start + 1
    while at < end and (lines or text[at] != "\n"):
        char = text[at]
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return at + 1
        elif char == '"':
            closing = text.find('"', at + 1, end)
            if closing < 0 or "\n" in text[at:closing] or "}" not in text[closing:end]:
                return None
            at = closing
        at += 1
    return None


def decode_string(quoted: str, offset: int) -> str:
    """The string that a JSON literal stands for."""
    inner = quoted[1:-1]
    if "\\" not in inner:
        return inner
    try:
        # an interpolation's own quotes aren't JSON's: such a string is kept as written
        value = json.loads(quoted, strict=False) if _is_unescaped(inner) else inner
    except ValueError as error:
        raise SyntaxProblem("not JSON: an unknown escape in a string", offset) from error
    return str(value)


def _is_unescaped(inner: str) -> bool:
    return re.search(r'(?<!\\)(?:\\\\)*"', inner) is None
