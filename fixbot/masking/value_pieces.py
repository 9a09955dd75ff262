"""What a value is built from: the texts written out in it, and the names of what is defined elsewhere.

CloudFormation's functions in both spellings, calls, conditions and templates of HCL, anchors and aliases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from fixbot.edit.tree import Node, NodeKind

DEEPEST: Final = 60
_NO_LITERALS: Final = frozenset(("Ref", "GetAtt", "ImportValue", "Condition", "GetAZs"))
_FUNCTIONS: Final = frozenset(
    [
        "And",
        "Base64",
        "Cidr",
        "Condition",
        "Equals",
        "FindInMap",
        "ForEach",
        "GetAtt",
        "GetAZs",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "Ref",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Transform",
    ]
)
_FILES: Final = frozenset(("file", "filebase64", "templatefile", "fileexists", "filesha256"))
_SUB_HOLE: Final = re.compile(r"\$\{([^{}!]*)\}")
_REFERENCE: Final = re.compile(r"\b(var|local|module|each)\.([\w-]+)(?:\.([\w-]+))?")
_REFERRED: Final = {"module": "output", "each": "each"}
"""What is named by the last word of a reference, with the word for it."""
_QUOTE_OR_HEREDOC: Final = re.compile(r"\"|<<[-~]?[ \t]*([A-Za-z_][\w-]*)[ \t]*\r?\n|[{}]|(?:#|//)[^\n]*|/\*")
_QUOTED_IN_HOLE: Final = re.compile(r"[$%]\{[^{}\"]{0,200}\"")
_INDEXED: Final = re.compile(r"[\w\])]\[\"")
_IN_STRING: Final = re.compile(r"\\.|\$\$\{|%%\{|[$%]\{|\"", re.DOTALL)
_IN_HEREDOC: Final = re.compile(r"\$\$\{|%%\{|[$%]\{")


@dataclass(frozen=True, slots=True)
class LiteralPiece:
    """A text that is written out in a value. `key` is its own key where it stands in a map."""

    text: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class ReferencePiece:
    """Something that is defined elsewhere: ("var" | "local" | "output" | "Ref" | "Mapping", its name)."""

    kind: str
    name: str


Piece = LiteralPiece | ReferencePiece
Source = Callable[[Node], str]
"""The text of a node as it is written."""


def function_of(node: Node) -> tuple[str, Node] | None:
    """(`If`, its argument) in both of CloudFormation's spellings; None for a plain value."""
    if node.tag is not None:
        name = node.tag.removeprefix("!")
        return (name, node) if name in _FUNCTIONS else None
    if node.kind is NodeKind.MAP and len(node.entries) == 1 and not node.grammar.has_expressions:
        key = node.entries[0].key
        if key in ("Ref", "Condition") or key.startswith("Fn::"):
            return key.removeprefix("Fn::"), node.entries[0].value
    return None


def iterate_pieces(node: Node, source: Source, depth: int = 0, key: str = "") -> Iterator[Piece]:
    """All that a value is built from. What is too deep to look into counts as one text."""
    node = node.alias or node
    if depth > DEEPEST:
        yield LiteralPiece(source(node), key)
        return
    called = function_of(node)
    if called is not None:
        yield from _iterate_function_pieces(*called, source, depth)
    elif node.tag is not None:
        yield LiteralPiece(source(node), key)  # `!x` in front of a password is no tag that anybody meant
    elif node.kind is NodeKind.SCALAR:
        if node.value is not None and not isinstance(node.value, bool):
            yield LiteralPiece(node.value if isinstance(node.value, str) else source(node), key)
            if isinstance(node.value, str) and _QUOTED_IN_HOLE.search(node.value) is not None:
                yield from iterate_code_pieces(node.value, key, inside=True)
    elif node.kind is NodeKind.CODE:
        yield from iterate_code_pieces(source(node), key)
    else:
        yield from _iterate_inner_pieces(node, source, depth, 1 if node.value in _FILES else 0)


def _iterate_inner_pieces(node: Node, source: Source, depth: int, skipped: int = 0) -> Iterator[Piece]:
    """What the items and entries of a node are built from, without the first ones."""
    for item in node.items[skipped:]:
        yield from iterate_pieces(item, source, depth + 1)
    for entry in node.entries:
        yield from iterate_pieces(entry.value, source, depth + 1, entry.key)


def _iterate_function_pieces(name: str, inner: Node, source: Source, depth: int) -> Iterator[Piece]:
    inner = inner.alias or inner
    match name:
        case "Ref":
            yield ReferencePiece("Ref", str(inner.value))
        case "FindInMap":
            of = inner.items[0] if inner.items else inner
            yield ReferencePiece(
                "Mapping", str(of.value) if of.kind is NodeKind.SCALAR and of.tag is None else ""
            )
            yield from _iterate_inner_pieces(inner, source, depth, 3)
        case "Sub":
            text = inner if inner.kind is NodeKind.SCALAR else inner.items[0] if inner.items else inner
            if isinstance(text.value, str):
                yield from (ReferencePiece("Ref", hole) for hole in _SUB_HOLE.findall(text.value))
                yield LiteralPiece(text.value)
            yield from _iterate_inner_pieces(inner, source, depth, 1)
        case "If":
            yield from _iterate_inner_pieces(inner, source, depth, 1)
        case _ if name in _NO_LITERALS:
            yield ReferencePiece(name, str(inner.value))
        case _:
            yield from (LiteralPiece(str(each.value)) for each in (inner,) if each.kind is NodeKind.SCALAR)
            yield from _iterate_inner_pieces(inner, source, depth)


def iterate_code_pieces(code: str, key: str = "", *, inside: bool = False) -> Iterator[Piece]:
    """The quoted texts, heredocs and references of an expression of HCL or of what stands in `${…}`.

    `inside`: it is what stands between two quotes, which are not part of it.
    """
    at, stack = 0, [""]  # what closes the innermost text: a quote, or a heredoc's word; "" in code
    if inside:
        code, at, stack = f'{code}"', 0, ["", '"']
    written: list[str] = []
    begun = 0
    while at < len(code):
        closing = stack[-1]
        if closing in ("", "{"):
            found = _QUOTE_OR_HEREDOC.search(code, at)
            yield from _find_references(code[at : found.start() if found else len(code)])
            if found is None:
                return
            at = _read_through_code(code, found, stack)
            begun = at
            continue
        pattern = _IN_STRING if closing == '"' else _IN_HEREDOC
        end = _find_heredoc_end(code, at, closing) if closing != '"' else len(code)
        found = pattern.search(code, at, end)
        written.append(code[at : found.start() if found else end])
        at = found.end() if found else end
        if found is None or found[0] == '"':
            text = "".join(written)
            written = []
            stack.pop()
            index = _INDEXED.match(code, max(0, begun - 3)) is not None and code[at : at + 1] == "]"
            if text.strip() and not index:
                yield LiteralPiece(text, key)
        elif found[0] in ("${", "%{"):
            yield from (LiteralPiece(text, key) for text in ("".join(written),) if text.strip())
            written = []
            stack.append("{")
        else:
            written.append(found[0][-1] if found[0][0] == "\\" else found[0][1:])


def _read_through_code(code: str, found: re.Match[str], stack: list[str]) -> int:
    """Where reading goes on behind what was met in code; quotes and braces are opened and closed."""
    match found[0][:2]:
        case "<<":
            stack.append(found[1])
        case "/*":
            end = code.find("*/", found.end())
            return len(code) if end < 0 else end + 2
        case '"':
            stack.append('"')
        case "{":
            stack.append("{")
        case "}" if len(stack) > 1:
            stack.pop()
    return found.end()


def _find_heredoc_end(code: str, at: int, word: str) -> int:
    found = re.compile(rf"^[ \t]*{re.escape(word)}[ \t]*\r?$", re.MULTILINE).search(code, at)
    return found.start() if found else len(code)


def _find_references(code: str) -> Iterator[ReferencePiece]:
    for kind, name, more in _REFERENCE.findall(code):
        yield ReferencePiece(_REFERRED.get(kind, kind), more if kind in _REFERRED else name)
