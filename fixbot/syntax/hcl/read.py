"""Turns tree-sitter's tree into nodes, going no deeper than a fix can look."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fixbot.edit.tree import BeyondLimits, Entry, Node, NodeKind, SyntaxProblem
from fixbot.syntax.hcl.strings import read_heredoc, unquote_string

if TYPE_CHECKING:
    import tree_sitter

    from fixbot.edit.tree import Grammar, Scalar

DEEPEST = 200
_FAR_TOO_DEEP = 20 * DEEPEST
_BRACKET = re.compile(r"[{}\[\]()]")
_STRING = re.compile(r'"(?:[^"\\$%\n]++|\\.|\$\$\{|%%\{|[$%](?!\{))*+"')
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_REFERENCE = re.compile(r"[^\W\d][\w-]*(\.[\w-]+)*")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_PLAIN_HEREDOC = {"heredoc_start", "heredoc_identifier", "template_literal"}

# What Terraform reads and tree-sitter-hcl doesn't, each put in words of the same length that both
# read: exponents without a point, letters beyond ASCII, a key in parentheses after a bare name.
_EXPONENT = re.compile(r"(?<![\w.])[0-9]+[eE][+-]?[0-9]+")
_COMPUTED_KEY = re.compile(r"^([ \t]*)\(([^()\n]*)\)(?=[ \t]*[=:](?![=>]))", re.MULTILINE)


def parse_body(grammar: Grammar, text: str, start: int, end: int) -> Node:
    """The root of the body at `text[start:end]`. Raises SyntaxProblem."""
    begin = start + 1 if text.startswith("\ufeff", start) else start
    tree = _parse_tree(text[begin:end], begin)
    root = Node(NodeKind.MAP, start, end, grammar, "body")
    reader = _TreeReader(grammar, text, begin)
    for child in tree.children:
        if child.type == "body":
            reader.todo.append((child, root, 0))
        elif child.type != "comment":
            raise SyntaxProblem("this is one object, not a body", child.start_byte + begin)
    reader.read_all()
    return root


def find_comments(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where comments stand in `text[start:end]`. Raises SyntaxProblem."""
    begin = start + 1 if text.startswith("\ufeff", start) else start
    found, waiting = [], [_parse_tree(text[begin:end], begin)]
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            # The end of a line belongs to tree-sitter's comment, but not to ours.
            span = text[begin + node.start_byte : begin + node.end_byte].rstrip("\r\n")
            found.append((begin + node.start_byte, begin + node.start_byte + len(span)))
        waiting += node.children
    return sorted(found)


def _check_depth(text: str, offset: int) -> None:
    """Refuse what opens far more than it closes: tree-sitter takes a kilobyte for each level.

    Brackets in strings and comments are counted too, so the bound is far above what is read.
    """
    if sum(map(text.count, "{[(")) < _FAR_TOO_DEEP:
        return
    depth = 0
    for found in _BRACKET.finditer(text):
        depth = depth + 1 if found[0] in "{[(" else max(0, depth - 1)
        if depth > _FAR_TOO_DEEP:
            raise BeyondLimits(f"it is nested deeper than {DEEPEST} levels", found.start() + offset)


def _build_parser() -> tree_sitter.Parser:
    import tree_sitter  # noqa: PLC0415 - most runs meet no HCL
    import tree_sitter_hcl  # noqa: PLC0415 - as above

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def _parse_tree(text: str, offset: int) -> tree_sitter.Node:
    if "\0" in text:
        raise SyntaxProblem("it holds a NUL character", offset + text.index("\0"))
    _check_depth(text, offset)
    parser = _build_parser()
    # One byte a character, so that tree-sitter's byte offsets are ours.
    root = parser.parse(text.encode("ascii", "replace")).root_node
    if root.has_error:
        again = parser.parse(_in_other_words(text).encode("ascii", "replace")).root_node
        if again.has_error:
            at = _find_first_error(root)
            raise SyntaxProblem("it isn't valid HCL", None if at is None else at + offset)
        return again
    return root


def _in_other_words(text: str) -> str:
    text = re.sub(r"[^\W\x00-\x7f]", "_", text)
    text = _EXPONENT.sub(lambda match: "1" * len(match[0]), text)
    return _COMPUTED_KEY.sub(lambda match: f'{match[1]}"{"x" * len(match[2])}"', text)


def _find_first_error(node: tree_sitter.Node) -> int | None:
    if node.is_error:
        return None
    while not (node.is_error or node.is_missing):
        bad = (child for child in node.children if child.has_error or child.is_missing)
        below = next(bad, None)
        if below is None:
            break
        node = below
    return node.start_byte


def _drop_comments(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    return [child for child in node.children if child.type != "comment"]


def _outer_children(node: tree_sitter.Node) -> tuple[tree_sitter.Node, tree_sitter.Node]:
    """The first and the last child that is no comment: a key, and what it is given."""
    first, last = node.child(0), node.child(node.child_count - 1)
    if first is None or last is None or last.type == "comment":
        first, *_, last = _drop_comments(node)
    return first, last


class _TreeReader:
    """Works through a list of collections that are still to be filled: no recursion, no limit."""

    def __init__(self, grammar: Grammar, text: str, offset: int) -> None:
        self.grammar = grammar
        self.text = text
        self.offset = offset
        self.todo: list[tuple[tree_sitter.Node, Node, int]] = []

    def read_all(self) -> None:
        while self.todo:
            source, node, depth = self.todo.pop()
            if depth > DEEPEST:
                raise BeyondLimits(f"it is nested deeper than {DEEPEST} levels", node.start)
            match source.type:
                case "body":
                    self._read_body(source, node, depth + 1)
                case "object":
                    self._read_object(source, node, depth + 1)
                case _:
                    self._read_items(source, node, depth + 1)

    def _read_body(self, source: tree_sitter.Node, body: Node, depth: int) -> None:
        before = 0
        for child in source.children:
            kind = child.type
            if kind == "comment":
                continue
            start = child.start_byte + self.offset
            if before and self.text.find("\n", before, start) < 0:
                raise SyntaxProblem("two entries of a body stand on one line", start)
            before = child.end_byte + self.offset
            if kind == "attribute":
                first, last = _outer_children(child)
                value = self._read_value(last, depth)
            else:
                first, *rest = _drop_comments(child)
                value = self._read_block(rest, start, before, depth)
            key_end = first.end_byte + self.offset
            key = self.text[start:key_end]
            value.parent = body
            body.entries.append(Entry(key, start, key_end, value))

    def _read_block(self, parts: list[tree_sitter.Node], start: int, end: int, depth: int) -> Node:
        node = Node(NodeKind.MAP, start, end, self.grammar, "body")
        labels = []
        for part in parts:
            match part.type:
                case "body":
                    self.todo.append((part, node, depth))
                case "identifier" | "string_lit":
                    labels.append(self._read_key(part))
        node.labels = tuple(labels)
        return node

    def _read_key(self, part: tree_sitter.Node) -> str:
        start, end = part.start_byte + self.offset, part.end_byte + self.offset
        source = self.text[start:end]
        return unquote_string(source[1:-1], start + 1) if _STRING.fullmatch(source) else source

    def _read_object(self, source: tree_sitter.Node, node: Node, depth: int) -> None:
        before = 0
        for child in source.named_children:
            if child.type != "object_elem":
                continue
            start = child.start_byte + self.offset
            if before and "\n" not in (between := self.text[before:start]) and "," not in between:
                raise SyntaxProblem("a comma or a new line is missing between two entries", start)
            before = child.end_byte + self.offset
            first, last = _outer_children(child)
            value = self._read_value(last, depth)
            value.parent = node
            key_end = first.end_byte + self.offset
            node.entries.append(Entry(self._read_key(first), start, key_end, value))

    def _read_items(self, source: tree_sitter.Node, node: Node, depth: int) -> None:
        for child in source.named_children:
            if child.type == "expression":
                item = self._read_value(child, depth)
                item.parent = node
                node.items.append(item)

    def _read_value(self, source: tree_sitter.Node, depth: int) -> Node:
        start, end = source.start_byte + self.offset, source.end_byte + self.offset
        text = self.text[start:end]
        if _STRING.fullmatch(text):
            return self._build_scalar(start, end, unquote_string(text[1:-1], start + 1), '"')
        if text in _WORDS:
            return self._build_scalar(start, end, _WORDS[text])
        if _REFERENCE.fullmatch(text):
            return self._build_code(start, end)
        if match := _NUMBER.fullmatch(text):
            return self._build_scalar(start, end, self._read_number(match, start))
        parts = source.children if source.child_count == 1 else _drop_comments(source)
        if len(parts) != 1:
            return self._build_code(start, end)
        return self._read_compound(parts[0], start, end, depth)

    def _read_compound(self, part: tree_sitter.Node, start: int, end: int, depth: int) -> Node:
        match part.type:
            case "collection_value":
                inner = _drop_comments(part)[0]
                kind = NodeKind.MAP if inner.type == "object" else NodeKind.LIST
                node = Node(kind, start, end, self.grammar, inner.type)
                self.todo.append((inner, node, depth))
                return node
            case "function_call":
                return self._read_call(part, start, end, depth)
            case "conditional":
                # A call of "?": so that what is written out in its branches can be seen.
                node = self._build_code(start, end)
                node.kind, node.value = NodeKind.CALL, "?"
                self.todo.append((part, node, depth))
                return node
            case "template_expr":
                return self._read_template(_drop_comments(part)[0], start, end)
            case "literal_value" if self.text[start] == '"':
                return self._build_scalar(
                    start, end, unquote_string(self.text[start + 1 : end - 1], start + 1), '"'
                )
            case _:
                return self._build_code(start, end)

    def _read_call(self, part: tree_sitter.Node, start: int, end: int, depth: int) -> Node:
        node = self._build_code(start, end)
        name, *rest = _drop_comments(part)
        arguments = next((child for child in rest if child.type == "function_arguments"), None)
        if arguments is not None:
            if any(child.type == "ellipsis" for child in arguments.children):
                return node
            self.todo.append((arguments, node, depth))
        node.kind = NodeKind.CALL
        node.value = self.text[start : name.end_byte + self.offset]
        return node

    def _read_template(self, part: tree_sitter.Node, start: int, end: int) -> Node:
        node = self._build_code(start, end, '"')
        if part.type == "heredoc_template":
            node.style = "heredoc"
            if all(child.type in _PLAIN_HEREDOC for child in part.children):
                node.kind = NodeKind.SCALAR
                node.value = read_heredoc(self.text, node)
        return node

    def _read_number(self, match: re.Match[str], start: int) -> int | float:
        try:
            return float(match[0]) if match[1] or match[2] else int(match[0])
        except ValueError as error:
            raise BeyondLimits("a number has too many digits", start) from error

    def _build_scalar(self, start: int, end: int, value: Scalar, style: str = "") -> Node:
        node = Node(NodeKind.SCALAR, start, end, self.grammar, style)
        node.value = value
        return node

    def _build_code(self, start: int, end: int, style: str = "") -> Node:
        node = Node(NodeKind.CODE, start, end, self.grammar, style)
        node.value = self.text[start:end]
        return node
