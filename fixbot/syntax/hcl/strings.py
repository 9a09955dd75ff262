"""Strings as HCL spells them: quoted ones, heredocs, and the `$${` that stands for `${`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fixbot.edit.tree import SyntaxProblem

if TYPE_CHECKING:
    from fixbot.edit.tree import Node

_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.?)|\$\$\{|%%\{", re.DOTALL)
_TEMPLATE = re.compile(r"([$%])\1\{")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_SPECIAL = re.compile(r'[$%](?=\{)|["\\\x00-\x1f\x7f\x85\u2028\u2029]')
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def unquote_string(body: str, offset: int) -> str:
    """The value of a quoted string without interpolations. Raises SyntaxProblem at `offset` and on."""
    if "\n" in body:
        raise SyntaxProblem("a quoted string runs over the end of its line", offset + body.index("\n"))
    if "\\" not in body and "{" not in body:
        return body

    def unescape_match(match: re.Match[str]) -> str:
        letter = match[1]
        if letter is None:
            return match[0][1:]
        if len(letter) > 1:
            code = int(letter[1:], 16)
            if code <= _LAST_CODE_POINT and code not in _SURROGATES:
                return chr(code)
        if letter not in _LETTERS:
            raise SyntaxProblem("a quoted string has an escape that HCL doesn't know", offset + match.start())
        return _LETTERS[letter]

    return _ESCAPE.sub(unescape_match, body)


def quote_string(value: str) -> str:
    """The quoted string that HCL reads as `value`."""

    def escape_match(match: re.Match[str]) -> str:
        char = match[0]
        if char in "$%":
            return char * 2
        short = next((letter for letter, meant in _LETTERS.items() if meant == char), None)
        return f"\\{short or f'u{ord(char):04x}'}"

    return f'"{_SPECIAL.sub(escape_match, value)}"'


def find_content_span(text: str, node: Node) -> tuple[int, int]:
    """Where a heredoc's lines stand, without its opening line and the line of its closing marker."""
    start = text.index("\n", node.start) + 1
    return start, max(start, text.rindex("\n", node.start, node.end) + 1)


def read_heredoc(text: str, node: Node) -> str:
    """What HCL reads from a heredoc without interpolations.

    `<<-` takes the least indentation off every line; lines of nothing but space are neither
    counted nor changed (hclsyntax, flushHeredocTemplateParts).
    """
    start, end = find_content_span(text, node)
    lines = [f"{line}\n" for line in text[start:end].split("\n")[:-1]]
    if text.startswith("<<-", node.start):
        depths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        least = min(depths, default=0)
        lines = [line[least:] if line.strip() else line for line in lines]
    return _TEMPLATE.sub(r"\1{", "".join(lines))
