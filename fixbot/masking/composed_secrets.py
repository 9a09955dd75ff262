"""Secrets in what an expression puts together: texts that are glued, and what a secret is compared with.

`"PASSWORD=${upper("X")}"`, `join("", ["PASSWORD=", "X"])`, `format("u:%s@h", "X")`, and CloudFormation's
`!Sub` and `!Join` are read as the text that comes out; in `var.db_password == "X"` the other side tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.secret_shapes import is_plain_word, may_hold_shapes
from fixbot.knowledge.secret_words import is_hole, is_name_like
from fixbot.masking.judge_values import is_secret, names_secret
from fixbot.masking.secret_masker import find_recognised_spans, may_tell
from fixbot.masking.value_pieces import (
    LiteralPiece,
    Piece,
    ReferencePiece,
    Source,
    function_of,
    iterate_code_pieces,
    iterate_pieces,
)

_MOST: Final = 60
"""Texts of an expression that are put together; one with more is a table and no text."""
_LONGEST: Final = 20_000
_HOLE: Final = re.compile(r"%(?![0-9A-F]{2})[-+#0-9.]{0,6}[a-zA-Z]|\$\{([^{}]{0,80})\}")
_LAST: Final = re.compile(r"\.([A-Za-z_][\w-]{0,80})(?![\w.(-])|\[\"([\w.-]{1,80})\"\]")
_GIVEN: Final = re.compile(r"([\w-]{1,80})\.(?:value|result|secret_string|plaintext|content)\b")
_PATTERN: Final = re.compile(r"\^.*|.*(?:\[[^\]]*\]|\.\*|\$$|\(\?).*", re.DOTALL)
_REFERRING: Final = re.compile(r"\$\{[^{}\"]{0,300}\}")
"""A hole of a template in which no text is written out."""
_UNKNOWN: Final = "$_"
"""What stands for what is not known; everybody takes it for a hole."""
_COMPARING: Final = re.compile(r"==|!=|\b(?:contains|startswith|endswith|strcontains|coalesce|try|lookup)\(")
_GLUED: Final = re.compile(r"\"[ \t\r\n]{0,80},[ \t\r\n]{0,80}\"")
"""The seam of two texts: a name that lies across it may tell as well."""
_PUTTING: Final = frozenset(("Sub", "Join"))
_ASKING: Final = frozenset(("Equals", "Contains", "EachMemberEquals", "EachMemberIn"))
_LEAST: Final = 4
"""Letters and digits of a text that is worth being hidden."""
_LONGEST_NAME: Final = 80
_OBJECT: Final = re.compile(r"(?<![$%])\{")


def composed_secrets(node: Node, source: Source) -> Iterator[str]:
    """The texts in an expression that are secrets by what stands around them in it."""
    if node.kind is NodeKind.CODE and node.grammar.has_expressions:
        code = str(node.value)  # its source, without looking for the document
    else:
        code = source(node) if node.kind in (NodeKind.CODE, NodeKind.CALL) else ""
    if code and (('"' not in code and "<<" not in code) or len(code) > _LONGEST):
        return
    if code and _OBJECT.search(code) is not None:
        yield from (
            (code[start:end] for start, end in find_recognised_spans(code))
            if node.kind is NodeKind.CODE
            else ()
        )
        return
    called = function_name(node)
    if not (code and may_tell(_GLUED.sub("", code))) and called not in _PUTTING and called not in _ASKING:
        return
    found = list(
        iterate_code_pieces(_REFERRING.sub(_UNKNOWN, code)) if code else iterate_pieces(node, source)
    )
    if len(found) > _MOST:
        return
    if called not in _ASKING:
        yield from _glued_secrets([each for each in found if not code or isinstance(each, LiteralPiece)])
    texts = [each for each in found if isinstance(each, LiteralPiece)]
    if texts and (_COMPARING.search(code) if code else called in _ASKING):
        yield from _compared_secrets(_name_secrets(found, code), texts)


def function_name(node: Node) -> str:
    """CloudFormation's name of a function, in both spellings."""
    called = function_of(node)
    return called[0] if called is not None else ""


def _glued_secrets(found: Sequence[Piece]) -> Iterator[str]:
    """Texts that are secrets in the one that is put together from all of them."""
    for between in ("", " ") if len(found) > 1 else ():
        line = ""
        marks: list[tuple[int, int]] = []
        for each in _in_order(found):
            marks.append((len(line), len(line) + len(each)))
            line += each + between
        if not may_hold_shapes(line):
            continue
        for start, end in find_recognised_spans(line):
            for first, last in marks if not is_hole(line[start:end]) else ():
                piece = line[max(start, first) : min(end, last)].strip()
                if sum(map(str.isalnum, piece)) >= _LEAST:
                    yield piece


def _in_order(found: Sequence[Piece]) -> Iterator[str]:
    """The texts with others of them in their holes: `%s` takes the next one, `${A}` the one of that key."""
    rest = list(found)
    while rest:
        first = rest.pop(0)
        if isinstance(first, ReferencePiece):
            yield _UNKNOWN
            continue
        at = 0
        for hole in _HOLE.finditer(first.text):
            yield first.text[at : hole.start()]
            at = hole.end()
            filling = next((each for each in rest if _fills_key(each, hole[1])), None)
            if filling is not None:
                rest.remove(filling)
            yield filling.text if isinstance(filling, LiteralPiece) else _UNKNOWN
        yield first.text[at:]


def _fills_key(piece: Piece, key: str | None) -> bool:
    return key is None or (isinstance(piece, LiteralPiece) and piece.key == key)


def _name_secrets(found: Sequence[Piece], code: str) -> set[str]:
    """The names of secrets that an expression speaks of."""
    names = {each.name for each in found if isinstance(each, ReferencePiece)}
    if "lookup" in code:
        names.update(each.text for each in found if isinstance(each, LiteralPiece))
    names.update(name for pair in _LAST.findall(code) for name in pair if name)
    names.update(_GIVEN.findall(code))
    return {name for name in names if len(name) <= _LONGEST_NAME and names_secret(name)}


def _compared_secrets(names: set[str], texts: Sequence[LiteralPiece]) -> Iterator[str]:
    """Texts beside a secret's name, but for words of a language, patterns and names."""
    for each in texts if names else ():
        text = each.text
        ordinary = (
            is_plain_word(text)
            or text in names
            or text.startswith("arn:")
            or is_name_like(text)
            or "%" in text
            or _PATTERN.fullmatch(text) is not None
            or sum(map(str.isalnum, text)) < _LEAST
        )
        if not ordinary and any(is_secret(name, text) for name in names):
            yield text
