"""Texts as a shell will see them: what a template fills in is a hole, and the rest is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.syntax.shell.invocation import HOLE

_SUB: Final = re.compile(r"\$\{(!?)([^{}]*)\}")
"""What `Fn::Sub` fills in, and what it leaves: `${!HOME}` is `${HOME}`."""
_BRACES: Final = re.compile(r"\{\{[^{}]*\}\}|\{%[^%]*%\}|\{\{-?(?:[^{}]|\{[^{}]*\})*\}\}")
_HCL_ESCAPE: Final = re.compile(r'\\(n|r|t|"|\\|u[0-9A-Fa-f]{4})')
_HCL_LETTERS: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_LONGEST: Final = 200_000


def text_with_holes(node: Node | None) -> str:
    """The text of a value with HOLE for each part that reading alone can't know; one HOLE for what is none.

    A shell's own `$(…)` and `${…}` stay: only what the file's own syntax fills in is a hole.
    """
    if node is None:
        return HOLE
    if node.tag is not None and node.tag in {"!Sub", "!Join"}:
        return _filled(node.tag[1:], node)
    if node.tag is not None:
        return HOLE
    match node.kind:
        case NodeKind.SCALAR:
            return _scalar(node)
        case NodeKind.CODE if isinstance(node.value, str):
            return _hcl_template(node.value, node.style)
        case NodeKind.CALL if node.value == "join" and len(node.items) == 2:
            return _joined(node.items)
        case NodeKind.MAP if len(node.entries) == 1 and node.entries[0].key in ("Fn::Sub", "Fn::Join"):
            return _filled(node.entries[0].key[4:], node.entries[0].value)
        case _:
            return HOLE


def _scalar(node: Node) -> str:
    value = node.value
    if value is None or isinstance(value, bool):
        return HOLE if value is None else str(value).lower()
    text = str(value)
    return text if "{" not in text or len(text) > _LONGEST else _BRACES.sub(HOLE, text)


def _filled(how: str, node: Node) -> str:
    if how == "Join":
        return _joined(node.items) if node.kind is NodeKind.LIST and len(node.items) == 2 else HOLE
    text = node.items[0] if node.kind is NodeKind.LIST and node.items else node
    if text.kind is not NodeKind.SCALAR or not isinstance(text.value, str):
        return HOLE
    return _SUB.sub(lambda found: f"${{{found[2]}}}" if found[1] else HOLE, text.value)


def _joined(items: list[Node]) -> str:
    between, listed = items
    if between.kind is not NodeKind.SCALAR or listed.kind is not NodeKind.LIST or listed.tag is not None:
        return HOLE
    return str(between.value or "").join(map(text_with_holes, listed.items))


def _hcl_template(source: str, style: str) -> str:
    if style == '"' and len(source) > 1:
        text = _HCL_ESCAPE.sub(_unescape, source[1:-1])
    elif style == "heredoc":
        text = "\n".join(source.splitlines()[1:-1])
    else:
        return HOLE
    return "".join(_without_interpolations(text[:_LONGEST]))


def _unescape(found: re.Match[str]) -> str:
    return _HCL_LETTERS.get(found[1]) or chr(int(found[1][1:], 16))


def _without_interpolations(text: str) -> Iterator[str]:
    """The text with HOLE in the place of `${…}` and `%{…}`; `$${` and `%%{` stand for themselves."""
    at, end = 0, len(text)
    while at < end:
        begin = min((n for sign in ("${", "%{") if (n := text.find(sign, at)) >= 0), default=end)
        if begin == end:
            yield text[at:]
            return
        if begin > at and text[begin - 1] == text[begin]:
            yield text[at : begin - 1] + text[begin : begin + 2]
            at = begin + 2
            continue
        yield text[at:begin]
        yield HOLE
        at = _past_braces(text, begin + 2)


def _past_braces(text: str, at: int) -> int:
    depth = 1
    for found in re.finditer(r"[{}]", text[at:]):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return at + found.end()
    return len(text)
