"""Words with names from files in them, made safe for where they stand: Markdown, a title, a commit message.

A name may hold anything. On GitHub `@name` calls a person, `#12` and `owner/repo#12` leave a mark on an
issue, `fixes #12` in a commit closes one, and `:name:`, `$…$`, addresses and bare commit ids turn into
something else.

In Markdown such a word becomes a code span, in which nothing counts, and which can be copied as it is. Where
there are no code spans (titles, commit messages) the word is parted by a space that everyone sees: a
character of no width would hide in what people copy, and tools rightly warn of those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from fixbot.text.characters import escape_hidden, fold_to_line
from fixbot.text.code_spans import SentencePiece, read_code_spans, write_code_span

_T = TypeVar("_T")
LONGEST = 1_500
"""Characters of one sentence or step; a name can make it longer than anyone reads."""
_REPEATED = 1_024
"""Texts that are kept: the proposals of a report say much the same, and name the same files."""

_APART = re.compile(r"<!(?=--\s*fixbot)|\*\*(?=\*\w)|\[(?>\s*\w+)(?>[ :-]+)(?=[\w :-]*+\])", re.IGNORECASE)
_FORGED = re.compile(r"<!--(?=\s*fixbot)", re.IGNORECASE)
_LIVE = re.compile(
    r"@\w|#\d|://|www\.|\bGH-\d|:[\w+-]+:|\$|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b|\b(?:mailto|xmpp):",
    re.IGNORECASE,
)
_BEFORE, _BEHIND = "([\"'“", ")]\"'”.,;:!?…"
"""What may stand around a word and is not part of it."""
_SPECIAL = re.compile(r"[\\`*\[\]<~]|&(?=#|\w)|(?<![^\W_])_|_(?![^\W_])")
_START = re.compile(r"\A(?:(?P<number>\d+)(?=[.)])|(?=[#>+=|~:-]))")
_TOUCHING = re.compile("`\0+`")
_PARTED = (
    (re.compile(r"(?<!\w)@(?=\w)|(?<=\w)@(?=[0-9a-f]{7,40}\b)"), "@ "),
    (re.compile(r"#(?=\w)"), "# "),
    (re.compile(r"\b(GH)-(?=\d)", re.IGNORECASE), r"\1 "),
    (re.compile(r"(?:https?|ftp)://", re.IGNORECASE), ""),
    (re.compile(r"(www\.)(?=\w)", re.IGNORECASE), r"\1 "),
    (re.compile(r"\*{3,}"), "**"),
)
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")
_INSTRUCTION = re.compile(r"[\s\w:-]*")
_STARTS = re.compile(r"[\s|*]*(?:[A-Za-z][\w-]*[ ]?:|(?i:BREAKING[ -]CHANGE)|[A-Za-z]+!|#|-{3}|diff -|From )")


class Markdown(str):
    """What is Markdown already.

    Any other text becomes a sentence, by `escape_sentence`, before it stands in a page.
    """

    __slots__ = ()


def mark_code(text: str) -> str:
    """A text from a file as a code span of a sentence."""
    return write_code_span(fold_to_line(text))


@lru_cache(_REPEATED)
def escape_code_span(text: str) -> Markdown:
    """A text from a file as code in a page: neither Markdown nor a mention in it counts.

    Where the text as such would count for whoever searches a body without reading its Markdown (a mark of
    fixbot's, words in brackets that skip a check when the body becomes a commit message), two spans hold it.
    """
    line = fold_to_line(text)
    ends = [found.end() for found in _APART.finditer(line)]
    if not ends:
        return Markdown(write_code_span(line))
    parts = (line[start:end] for start, end in pairwise([0, *ends, len(line)]))
    return Markdown(" ".join(write_code_span(part.strip(" ")) for part in parts))


@lru_cache(_REPEATED)
def escape_sentence(text: str) -> Markdown:
    """A sentence on one line: its code spans are kept, and nothing else in it is Markdown."""
    parts = [
        escape_code_span(piece.text) if piece.code else _SPECIAL.sub(_escape_match, piece.text)
        for piece in split_safely(text)
    ]
    line = _TOUCHING.sub("` `", "\0".join(parts)).replace("\0", "")
    return Markdown(_START.sub(r"\g<0>\\", line))


def escape_part(text: str) -> Markdown:
    """The same for a part of a sentence: a blank at either end is kept."""
    before, behind = " " * text[:1].isspace(), " " * text[-1:].isspace()
    return Markdown(f"{before}{escape_sentence(text)}{behind}" if text.strip() else before)


def split_safely(text: str) -> Iterator[SentencePiece]:
    """A sentence in pieces: names as code, and so is each word that would be more than a word on GitHub."""
    for piece in read_code_spans(fold_to_line(_shorten_text(text))):
        if piece.code or not _LIVE.search(piece.text):
            yield piece
        else:
            for word in re.split(r"( +)", piece.text):
                yield from _split_word(word)


def _shorten_text(text: str) -> str:
    """The text, cut where it is too long; a code span stays whole or goes."""
    if len(text) <= LONGEST:
        return text
    kept, room = "", LONGEST - 1
    for piece in read_code_spans(text):
        part = write_code_span(piece.text) if piece.code else piece.text
        if len(part) > room:
            return kept + ("" if piece.code else part[:room]) + "…"
        kept, room = kept + part, room - len(part)
    return kept


def _split_word(word: str) -> Iterator[SentencePiece]:
    if not _LIVE.search(word):
        yield SentencePiece(word)
        return
    begun = word.lstrip(_BEFORE)
    live = begun.rstrip(_BEHIND)
    before, behind = word[: len(word) - len(begun)], begun[len(live) :]
    if not _LIVE.search(live):
        before, live, behind = "", word, ""
    yield from (SentencePiece(before), SentencePiece(live, code=True), SentencePiece(behind))


def _escape_match(found: re.Match[str]) -> str:
    return {"<": "&lt;", "&": "&amp;"}.get(found[0], f"\\{found[0]}")


def escape_cell(text: str) -> Markdown:
    """Markdown of one line for a table: no bar in it ends the cell, in a code span neither."""
    return Markdown(re.sub(r"(?<!\\)(\\*)\|", lambda found: found[1] + " " * bool(found[1]) + "\\|", text))


def defuse_state_marks(line: str) -> str:
    """A line of code in which nobody finds a mark of fixbot's."""
    return _FORGED.sub(r"<!-\\x2d", line)


def format_fence(lines: Iterable[str], language: str) -> Markdown:
    """Lines as a block of code, whatever is in them."""
    rows = [defuse_state_marks(escape_hidden(_shorten_text(line))) for line in lines]
    longest = max((len(run) for row in rows for run in re.findall(r"`+", row)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown("\n".join([f"{fence}{language}", *rows, fence]))


def is_shown_unchanged(line: str) -> bool:
    """Whether a line is shown to every reader just as it is, and means no more than it says anywhere."""
    return escape_hidden(line) == line and not _FORGED.search(line) and not _APART.search(line)


def format_verbatim(lines: Iterable[str], language: str) -> Markdown:
    """Lines as a block of code, none cut or changed. Raises ValueError for one that could not be kept."""
    rows = list(lines)
    if not all(map(is_shown_unchanged, rows)):
        raise ValueError("a line that would not be shown as it is")
    longest = max((len(run) for row in rows for run in re.findall(r"`+", row)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown("\n".join([f"{fence}{language}", *rows, fence]))


def wrap_paragraph(text: str, width: int, indent: str = "") -> list[str]:
    """A paragraph as indented lines of at most `width` characters; words and code spans stay whole."""
    lines: list[str] = []
    line = ""
    for word in _split_unbroken(text):
        if line and len(indent) + len(line) + 1 + len(word) > width:
            lines.append(indent + line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, indent + line] if line else lines


def _split_unbroken(text: str) -> list[str]:
    """The words of a text in which a code span is one word."""
    pieces = read_code_spans(text.replace("\0", " "))
    glued = (write_code_span(each.text).replace(" ", "\0") if each.code else each.text for each in pieces)
    return [word.replace("\0", " ") for word in "".join(glued).split()]


def defuse_references(text: str) -> str:
    """A line for a title or a commit message: nobody is called in it, no issue closed, no check skipped.

    Words in square brackets get round ones: `[skip ci]` and its kin are known by theirs, in any order and
    language. What stands there in quotes, with dots or as a number is an index, and stays.
    """
    for pattern, parted in _PARTED:
        text = pattern.sub(parted, text)
    return _BRACKETED.sub(_round_brackets, text)


def _round_brackets(found: re.Match[str]) -> str:
    inside = found[1]
    counts = _INSTRUCTION.fullmatch(inside) and any(each.isalpha() for each in inside)
    return f"({inside})" if counts else found[0]


def defuse_line_starts(lines: Sequence[str]) -> list[str]:
    """The lines of a paragraph of a commit message, none of which begins as what Git or a release tool reads.

    That are trailers, `BREAKING CHANGE`, comments, the head of a patch. Such a line stays with the one above.
    """
    out: list[str] = []
    for line in lines:
        if _STARTS.match(line) is None:
            out.append(line)
        elif out:
            out[-1] += f" {line.lstrip()}"
        else:
            out.append(f"- {line.lstrip()}")
    return out


def iterate_unique(texts: Iterable[_T]) -> Iterator[_T]:
    """Each once, empty ones not at all."""
    return iter(dict.fromkeys(text for text in texts if text))
