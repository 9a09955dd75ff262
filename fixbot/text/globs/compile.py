"""What globs are made of: from the text that somebody wrote to tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fixbot.text.globs.pattern_row import LONGEST, CharacterChoice, Token, Wildcard, WordPattern


def compile_word(text: str) -> WordPattern:
    r"""A glob for one name: `*`, `?`, `[a-z]`, `[!a]` or `[^a]`; a backslash makes the next one plain."""
    return WordPattern(tokenize_glob(text))


def tokenize_starred(text: str) -> Iterator[Token]:
    r"""The tokens of a pattern in which `*` is the only wildcard; `[*]` and `\*` are a star."""
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            yield text[at + 1]
            at += 2
        elif text.startswith("[*]", at):
            yield "*"
            at += 3
        else:
            yield Wildcard.MANY if text[at] == "*" else text[at]
            at += 1


def tokenize_glob(text: str) -> Iterator[Token]:
    """The tokens of a glob for one name."""
    at, closed = 0, True
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\" and at < len(text):
            yield text[at]
            at += 1
        elif char == "[" and closed and (found := _read_choice(text, at)) is not None:
            choice, at = found
            yield choice
        else:
            # What doesn't close this one doesn't close any that comes later.
            closed = closed and char != "["
            yield Wildcard(char) if char in "*?" else char


def _read_choice(text: str, at: int) -> tuple[CharacterChoice, int] | None:
    """The choice whose `[` stands before `at`, and where it ends; None where nothing closes it."""
    negated = text[at : at + 1] in ("!", "^")
    at += negated
    chars: list[tuple[str, bool]] = []  # with whether it may be the dash of a span
    while at < len(text):
        char = text[at]
        at += 1
        if char == "]" and chars:
            return CharacterChoice.from_pairs(_read_spans(chars), negated=negated), at
        escaped = char == "\\" and at < len(text)
        if escaped:
            char = text[at]
            at += 1
        chars.append((char, char == "-" and not escaped))
    return None


def _read_spans(chars: Sequence[tuple[str, bool]]) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(chars):
        first = last = chars[at][0]
        if at + 2 < len(chars) and chars[at + 1][1]:
            last = chars[at + 2][0]
            at += 2
        yield first, last
        at += 1


def tokenize_path(parts: Sequence[str]) -> Iterator[Token]:
    """The tokens of a path's glob, cut at its slashes; a `**` at its end wants something below."""
    before = ""
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        if part != "**":
            yield from tokenize_glob(part)
            yield from () if last else ("/",)
        elif last:
            yield from (Wildcard.ANY, Wildcard.ALL)
        elif before != "**":  # two in a row mean no more than one
            yield Wildcard.DEEP
        before = part


@dataclass(frozen=True, slots=True)
class PathGlob:
    """A pattern for paths: whether what it holds counts `itself`, and whether all `pattern_below` does."""

    tokens: tuple[Token, ...]
    itself: bool = True
    below: bool = True


NOTHING: Final = PathGlob((), itself=False, below=False)
"""A pattern that no path matches."""


def compile_path_glob(text: str) -> PathGlob:
    """What one pattern of `Globs` holds, a `!` in front aside."""
    text = text.removeprefix("!").removeprefix("./")
    anchored = "/" in text.rstrip("/")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if len(text) > LONGEST:
        return NOTHING
    tokens = tuple(tokenize_path(parts if anchored else ["**", *parts]))
    return PathGlob(tokens, itself=not text.endswith("/"))


def pattern_below(folder: str) -> str:
    """A pattern for all files below a folder, whatever it is called; its path has no slash at the end."""
    plain = "".join(f"\\{char}" if char in "*?[\\" else char for char in folder)
    return f"/{plain}/"
