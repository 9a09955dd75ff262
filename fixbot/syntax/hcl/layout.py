"""How a collection lies on its lines: where each child begins and ends, its comma, its indentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit, Node, NodeKind
from fixbot.syntax.hcl.render import HclStyle

if TYPE_CHECKING:
    from collections.abc import Iterator

_GAP = re.compile(r"#[^\n]*|//[^\n]*|/\*.*?\*/|,|\n", re.DOTALL)
_HEADER = re.compile(r'[\w-]++(?:[ \t]*+(?:"(?:[^"\\]|\\.)*+"|[\w-]++))*+[ \t]*+\{')
_SEPARATOR = re.compile(r"([ \t]*)([=:])([ \t]*)")


def find_line_start(text: str, at: int) -> int:
    """Where the line of offset `at` begins, behind a byte order mark."""
    start = text.rfind("\n", 0, at) + 1
    return start + 1 if text.startswith("\ufeff", start) and start < at else start


def find_line_after(text: str, at: int) -> int:
    """Where the next line begins, or the end of the text."""
    return text.find("\n", at) + 1 or len(text)


def find_indent(text: str, at: int) -> str:
    """The blanks at the head of the line of offset `at`."""
    start = find_line_start(text, at)
    found = re.compile(r"[ \t]*").match(text, start)
    return found[0] if found else ""


@dataclass(frozen=True, slots=True)
class HclChild:
    """An entry or item as written. `comma` and `after`, the start of the next line, are -1 without."""

    node: Node
    key: str
    start: int
    end: int
    comma: int
    after: int
    begins: bool
    kept: bool

    @property
    def has_own_lines(self) -> bool:
        """Whether nothing but commas and comments shares its lines."""
        return self.begins and self.ends_line

    @property
    def ends_line(self) -> bool:
        """Whether its line, or the last of them, ends behind it."""
        return self.after >= 0 and self.comma < self.after


class HclLayout:
    """A body, object or tuple on its lines. `gone` are the children that are to be dropped."""

    def __init__(self, text: str, node: Node, gone: list[Node]) -> None:
        self.text = text
        self.node = node
        self.root = node.parent is None
        self.opened = self._find_opened()
        self.closed = node.end if self.root else node.end - 1
        self.children = list(self._list_children({id(each) for each in gone}))
        self.kept = [child for child in self.children if child.kept]

    def _find_opened(self) -> int:
        if self.root:
            return self.node.start + self.text.startswith("\ufeff", self.node.start)
        if self.node.style != "body":
            return self.node.start + 1
        header = _HEADER.match(self.text, self.node.start)
        if header is None:
            raise CannotEdit("its block has comments before the opening brace")
        return header.end()

    def _list_children(self, gone: set[int]) -> Iterator[HclChild]:
        entries = [(entry.value, entry.key, entry.key_start) for entry in self.node.entries]
        parts = entries or [(item, "", item.start) for item in self.node.items]
        limits = [start for _, _, start in parts[1:]] + [self.closed]
        for (value, key, start), limit in zip(parts, limits, strict=False):
            comma, after = self._scan_gap(value.end, limit)
            begins = not self.text[max(find_line_start(self.text, start), self.opened) : start].strip(" \t")
            begins = begins and find_line_start(self.text, start) >= self.opened
            yield HclChild(value, key, start, value.end, comma, after, begins, id(value) not in gone)

    def _scan_gap(self, at: int, limit: int) -> tuple[int, int]:
        comma = -1
        for token in _GAP.finditer(self.text, at, limit):
            if token[0] == "\n":
                return comma if comma >= 0 else self._find_late_comma(token.end(), limit), token.end()
            if token[0] == ",":
                comma = token.start()
        return comma, limit if limit == len(self.text) and self.root else -1

    def _find_late_comma(self, at: int, limit: int) -> int:
        return next((token.start() for token in _GAP.finditer(self.text, at, limit) if token[0] == ","), -1)

    @cached_property
    def is_single_line(self) -> bool:
        """Whether it is written on one line."""
        return not self.root and "\n" not in self.text[self.opened : self.closed]

    @cached_property
    def has_comments(self) -> bool:
        """Whether comments stand between its children."""
        edges = [
            self.opened,
            *(at for child in self.children for at in (child.start, child.end)),
            self.closed,
        ]
        gaps = zip(edges[::2], edges[1::2], strict=True)
        return any(self.text[start:end].strip(" \t\r\n,") for start, end in gaps)

    @cached_property
    def outer(self) -> str:
        """The indentation of the line that opens it."""
        return find_indent(self.text, self.node.start)

    @cached_property
    def indent(self) -> str:
        """The indentation of its children."""
        if self.root:
            return ""
        own = next((child for child in self.children if child.begins), None)
        return find_indent(self.text, own.start) if own is not None else self.outer + self.style.unit

    @cached_property
    def style(self) -> HclStyle:
        """How its neighbours are written."""
        newline = "\r\n" if _has_crlf(self.text, self.node) else "\n"
        model = self._find_model()
        if model is None:
            return HclStyle(unit=self._indentation_unit(), newline=newline)
        equals = " = "
        child = model.children[-1]
        key_end = model.node.entries[-1].key_end
        if found := _SEPARATOR.match(self.text, key_end, child.node.start):
            equals = f"{found[1][:1]}{found[2]}{found[3][:1]}"
        ends = [each for each in model.children if each.ends_line]
        commas = [each.comma >= 0 for each in ends if each is not child] or [each.comma >= 0 for each in ends]
        quoted = all(self.text[entry.key_start] == '"' for entry in model.node.entries)
        return HclStyle(equals, quoted, all(commas) and bool(commas), self._indentation_unit(), newline)

    def _find_model(self) -> HclLayout | None:
        """The object next by whose keys and commas show how people write them here."""
        for node in (self.node, *self.node.items, *_iterate_above(self.node)):
            if node.kind is NodeKind.MAP and node.style == "object" and node.entries:
                return self if node is self.node else HclLayout(self.text, node, [])
        return None

    def _indentation_unit(self) -> str:
        """One level of indentation: a tab where the file uses them, else the two blanks of fmt."""
        around = [self.node, *_iterate_above(self.node)]
        blocks = [entry.value for entry in around[-1].entries if entry.value.style == "body"]
        for node in (*around, *blocks):
            begun = [each.key_start for each in node.entries] or [each.start for each in node.items]
            if node.parent is None or not begun:
                continue
            outer, inner = find_indent(self.text, node.start), find_indent(self.text, begun[0])
            if inner.startswith(outer) and len(inner) > len(outer):
                return inner[len(outer) :]
        return "  "


def _iterate_above(node: Node) -> Iterator[Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _has_crlf(text: str, node: Node) -> bool:
    at = text.find("\n", node.start)
    at = text.rfind("\n", 0, node.start) if at < 0 else at
    return at > 0 and text[at - 1] == "\r"
