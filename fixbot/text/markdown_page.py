"""Pages in Markdown for GitHub, built of parts, each of which is Markdown of ours or becomes a sentence.

Every writer here takes texts of both kinds: what is `Markdown` stays as it is, and any other `str`, an
f-string with names in it as well, is escaped by `escape_sentence` on its way in. So whoever forgets to
escape a name
shows too many backslashes, and never a link.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from html import escape
from typing import LiteralString
from urllib.parse import quote, urlsplit

from fixbot.text.characters import escape_hidden
from fixbot.text.markdown_escape import (
    Markdown,
    defuse_state_marks,
    escape_cell,
    escape_sentence,
    split_safely,
)

EMPTY = Markdown()
_ITEM = re.compile(r"\d+\. ")
_WORDS = re.compile(r"(?:`[^`]*`|[^\s`])+\s*|`+\s*|\s+")
"""Words of a sentence, in which a span of code is part of one."""
_PLAIN_WORD = re.compile(r"[A-Za-z`(\"'][^`]|`[^`]")
_SAFE_IN_ADDRESS = "/:?#@!$&+,;=%~"


def as_markdown(text: str) -> Markdown:
    """The text as it may stand in a page."""
    return text if isinstance(text, Markdown) else escape_sentence(text)


def fill_template(template: LiteralString, *parts: str) -> Markdown:
    """Markdown of ours with the parts in the places of `{}`."""
    return Markdown(template.format(*map(as_markdown, parts)))


def join_blocks(blocks: Iterable[str], between: str = "\n\n") -> Markdown:
    """The blocks one below the other, those that are not empty."""
    return Markdown(between.join(filter(None, map(as_markdown, blocks))))


def format_heading(level: int, text: str) -> Markdown:
    """A heading; level 1 is the page's own."""
    return Markdown(f"{'#' * level} {as_markdown(text)}")


def format_numbered_list(rows: Iterable[str]) -> Markdown:
    """A numbered list; a row may go on below itself, indented as a list's items are."""
    return Markdown("\n".join(f"{number}. {as_markdown(row)}" for number, row in enumerate(rows, 1)))


def format_bullets(rows: Iterable[str]) -> Markdown:
    """A list, a row a line."""
    return Markdown("\n".join(f"- {as_markdown(row)}" for row in rows))


def wrap_list(page: Markdown, width: int) -> Markdown:
    """A numbered list with its sentences on lines of at most that many characters.

    What stands in code stays on its line, and a line breaks only before a word that begins no block.
    """
    lines: list[str] = []
    for line in page.split("\n"):
        item = _ITEM.match(line)
        lines += _wrap_line(line, width, " " * len(item[0])) if item else [line]
    return Markdown("\n".join(lines))


def _wrap_line(line: str, width: int, indent: str) -> list[str]:
    words = _WORDS.findall(line[len(indent) :])
    lines, now = [], line[: len(indent)]
    for word in words:
        if len(f"{now}{word.rstrip()}") > width and now.strip() and _PLAIN_WORD.match(word):
            lines.append(now.rstrip())
            now = indent
        now += word
    return [*lines, now]


def format_indented_line(line: str) -> Markdown:
    """A line of code that stands alone."""
    return Markdown(f"    {defuse_state_marks(escape_hidden(line))}")


def format_link(text: str, target: str) -> Markdown:
    """A link to a page of the web or to a file below this one; the text alone where the target is neither."""
    try:
        where = urlsplit(target)
    except ValueError:
        return as_markdown(text)
    inside = not where.scheme and not where.netloc and bool(where.path)
    if not inside and (where.scheme not in {"https", "http"} or not where.netloc):
        return as_markdown(text)
    return Markdown(
        f"[{as_markdown(text)}]({quote(target, safe=_SAFE_IN_ADDRESS, errors='surrogateescape')})"
    )


def format_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], most: int, numbers: Collection[int] = ()
) -> Markdown:
    """A table of at most `most` rows; `numbers` are the columns that stand at the right."""
    lines: list[str] = [format_table_row(row) for row in rows]
    if len(lines) > most:
        lines = [*lines[:most], f"| and {len(lines) - most:,} more |{' |' * (len(heads) - 1)}"]
    rules = "".join("--:|" if at in numbers else "---|" for at in range(len(heads)))
    return Markdown("\n".join([format_table_row(heads), f"|{rules}", *lines]))


def format_table_row(cells: Iterable[str]) -> Markdown:
    """A line of a table."""
    return Markdown(f"| {' | '.join(escape_cell(as_markdown(each)) for each in cells)} |")


def format_details(summary: str, *blocks: str) -> Markdown:
    """A part that opens when it is clicked; without blocks it is nothing. `summary` is a sentence."""
    inner = join_blocks(blocks)
    if not inner:
        return inner
    return Markdown(f"<details><summary>{_sentence_to_html(summary)}</summary>\n\n{inner}\n\n</details>")


def _sentence_to_html(sentence: str) -> str:
    """A sentence as HTML: GitHub reads no Markdown beside the word `<details>`, but it does link names."""
    parts = (
        f"<code>{escape(piece.text, quote=False)}</code>" if piece.code else escape(piece.text, quote=False)
        for piece in split_safely(sentence)
    )
    return "".join(parts)
