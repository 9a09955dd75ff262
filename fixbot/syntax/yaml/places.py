"""Where the parts of a YAML collection stand that nodes don't name: dashes, colons, lines, columns."""

from __future__ import annotations

import re

from fixbot.edit.tree import CannotEdit, Node, NodeKind
from fixbot.syntax.comments_between import find_comments_between

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t\r\n]*")
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:[ \t\r\n]|#[^\n]*)*)*")
_ONE_LINE = re.compile(r"[&!]\S*(?:[ \t]+[&!]\S*)*")
_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")
_HEADER = re.compile(r"[|>](?P<signs>[-+0-9]*)[ \t]*(?P<comment>#[^\r\n]*)?")


def check_lines(text: str) -> None:
    """Raises CannotEdit where YAML and everyone else disagree on what a line is."""
    if ("\r" in text and text.count("\r") != text.count("\r\n")) or any(
        sign in text for sign in "\x85\u2028\u2029"
    ):
        raise CannotEdit("the file has line ends other than LF and CRLF")


def find_line_start(text: str, at: int) -> int:
    """The offset of the first character of the line, a BOM not counted."""
    start = text.rfind("\n", 0, at) + 1
    return 1 if start == 0 and at > 0 and text[0] == "\ufeff" else start


def find_line_end(text: str, at: int) -> int:
    """The offset of the line's own end: of its CR or LF, or of the end of the text."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if end > 0 and text[end - 1] == "\r" else end


def find_next_line(text: str, at: int) -> int:
    """The offset at which the following line starts."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def newline_at(text: str, at: int) -> str:
    """The line end in use around here."""
    end = find_line_end(text, at)
    if end == len(text):
        end = max(find_line_start(text, at) - 2, 0)
    return "\r\n" if text[end : end + 2] == "\r\n" else "\n"


def column_of(text: str, at: int) -> int:
    """How many characters stand before `at` on its line; before a block's parts YAML allows no tab."""
    return at - find_line_start(text, at)


def leads_line(text: str, at: int) -> bool:
    """Whether only blanks stand before `at` on its line."""
    return not text[find_line_start(text, at) : at].strip(" \t")


def skip_gap(text: str, at: int) -> int:
    """The first offset from `at` that is neither blank nor in a comment."""
    found = _GAP.match(text, at)
    return found.end() if found else at


def skip_blank(text: str, at: int) -> int:
    """The first offset from `at` that is not blank."""
    found = _BLANK.match(text, at)
    return found.end() if found else at


def list_children(node: Node) -> list[Node]:
    """The values that a collection holds."""
    return [entry.value for entry in node.entries] if node.kind is NodeKind.MAP else node.items


def find_body(text: str, node: Node) -> int:
    """Where the value itself starts, behind its tag and anchor."""
    limit = node.end
    if node.style == "block" and node.entries and node.alias is None:
        limit = node.entries[0].key_start
    found = _PROPERTIES.match(text, node.start, max(limit, node.start))
    return found.end() if found else node.start


def anchor_text(text: str, node: Node) -> str:
    """The anchor in front of the value with a blank behind it, or nothing."""
    words = text[node.start : find_body(text, node)].split()
    return "".join(f"{word} " for word in words if word.startswith("&"))


def find_properties_end(text: str, node: Node) -> int:
    """Where the tag and anchor on the value's first line end."""
    found = _ONE_LINE.match(text, node.start, find_body(text, node))
    return found.end() if found else node.start


def find_child_start(text: str, node: Node, index: int) -> int:
    """Where an entry (its `?`, if it has one) or an item (its dash) of a block collection starts."""
    before = list_children(node)[index - 1].end if index else find_body(text, node)
    at = skip_gap(text, before)
    if node.kind is NodeKind.MAP:
        start = node.entries[index].key_start
        return at if at < start and text[at] == "?" else start
    if text[at : at + 1] != "-":
        raise CannotEdit("the dash of a list item isn't where it was expected")
    return at


def find_colon_end(text: str, key_end: int) -> int:
    """Where the value of that key may start."""
    at = skip_gap(text, key_end)
    if text[at : at + 1] != ":":
        raise CannotEdit("a key without a colon")
    return at + 1


def find_comments(text: str, node: Node, start: int, end: int) -> list[str]:
    """The comments between `start` and `end`, where nothing but `node` and its key stand."""
    return find_comments_between(text, node, start, end, _COMMENT)


def find_last_leaf(node: Node) -> Node:
    """The scalar, flow collection or alias that a value ends with."""
    while node.style == "block" and node.alias is None and list_children(node):
        node = list_children(node)[-1]
    return node


def read_block_header(text: str, node: Node) -> tuple[str, str]:
    """The signs and the comment behind the `|` or `>` of a block scalar."""
    found = _HEADER.match(text, find_body(text, node))
    return (found["signs"], found["comment"] or "") if found else ("", "")


def is_block_scalar(node: Node) -> bool:
    """Whether it is a literal or folded scalar, whose lines reach as far as they are indented."""
    return node.kind is NodeKind.SCALAR and node.alias is None and node.style in ("|", ">")
