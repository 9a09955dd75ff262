"""What a word of a script comes to: quotes taken off, variables that are known filled in, part by part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fixbot.syntax.shell.invocation import HOLE, ShellWord

if TYPE_CHECKING:
    import tree_sitter

HOME: Final = ShellWord(("~",))
"""What `$HOME` is where nobody says it."""
_UNKNOWN: Final = ShellWord((None,))
_OF_TEKTON: Final = re.compile(r"\$\(((?:step\.)?(?:results|workspaces|outputs)\.[\w.-]{1,200})\)")
"""What Tekton fills in with a place below /tekton, or of a volume, before a shell sees it."""
_NAME: Final = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Expansion:
    """The source of a script and the variables that are known at a place of it."""

    source: bytes
    variables: Mapping[str, ShellWord]

    def _source_of(self, node: tree_sitter.Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "surrogatepass")

    def split_words(self, node: tree_sitter.Node) -> list[ShellWord]:
        """The words that one word of the text becomes: an unquoted variable is split at blanks."""
        word = self.expand_word(node)
        text = word.text
        quoted = node.type in ("string", "raw_string", "word", "command_name", "concatenation", "number")
        if text is None or quoted or not re.search(r"\s", text):
            return [word]
        return [ShellWord((part,)) for part in text.split()]

    def expand_word(self, node: tree_sitter.Node) -> ShellWord:
        """One word, whatever blanks its variables hold."""
        return ShellWord(tuple(_join_parts(self._iterate_parts(node))))

    def _iterate_parts(self, node: tree_sitter.Node) -> Iterator[str | None]:
        match node.type:
            case "word" | "number" | "string_content" | "extglob_pattern" | "regex" | "test_operator":
                yield from self._plain_parts(self._source_of(node), quoted=node.type == "string_content")
            case "raw_string":
                yield from _split_holes(self._source_of(node)[1:-1])
            case "ansi_c_string":
                yield from _split_holes(self._source_of(node)[2:-1])
            case "string" | "concatenation" | "command_name" | "translated_string":
                yield from self._iterate_children(node)
            case "simple_expansion" | "expansion":
                yield from self._expand_variable(node).parts
            case _:
                given = _OF_TEKTON.fullmatch(self._source_of(node))
                yield None if given is None else f"/tekton/{given[1]}"

    def _iterate_children(self, node: tree_sitter.Node) -> Iterator[str | None]:
        """The parts of a word, and the blanks of a string that stand between them."""
        at = node.start_byte + (node.type == "string")
        for child in node.named_children:
            between = self.source[at : child.start_byte].decode("utf-8", "surrogatepass")
            if between.strip('"') and node.type == "string":
                yield between
            yield from self._iterate_parts(child)
            at = child.end_byte

    def _plain_parts(self, text: str, *, quoted: bool) -> Iterator[str | None]:
        if quoted:
            yield from _split_holes(re.sub(r"\\([\"\\$`])|\\\n", lambda found: found[1] or "", text))
            return
        text = re.sub(r"\\(?:\n|(.))", lambda found: found[1] or "", text)
        if text == "~" or text.startswith("~/"):
            yield from self.variables.get("HOME", HOME).parts
            text = text[1:]
        yield from _split_holes(text)

    def _expand_variable(self, node: tree_sitter.Node) -> ShellWord:
        """`$NAME`, `${NAME}`, `${NAME:-default}`; all else that can be done to a variable is unknown."""
        inner = self._source_of(node).removeprefix("$").removeprefix("{").removesuffix("}")
        name = _NAME.match(inner) or re.match(r"\d", inner)
        if name is None:
            return _UNKNOWN
        known = self.variables.get(name[0], HOME if name[0] == "HOME" else None)
        if name[0] == inner:
            return known or _UNKNOWN
        default = re.fullmatch(r":?[-=](.*)", inner[name.end() :], re.DOTALL)
        if default is None:
            return _UNKNOWN
        if known is not None:
            return known
        simple = not re.search(r"[$`\"'\\]", default[1])
        return ShellWord((default[1],)) if simple and HOLE not in default[1] else _UNKNOWN


def _split_holes(text: str) -> Iterator[str | None]:
    for part in re.split(f"({HOLE})", text):
        if part:
            yield None if part == HOLE else part
    if not text:
        yield ""


def _join_parts(parts: Iterable[str | None]) -> Iterator[str | None]:
    """Known parts that stand beside each other as one."""
    known: list[str] = []
    for part in parts:
        if part is None:
            if known:
                yield "".join(known)
            known = []
            yield None
        else:
            known.append(part)
    if known:
        yield "".join(known)
