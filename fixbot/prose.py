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
from collections.abc import Iterable, Iterator
from typing import TypeVar

from fixbot.characters import on_one_line, shown

_T = TypeVar("_T")
LONGEST = 1_500
"""Characters of one sentence or step; a name can make it longer than anyone reads."""
_LINES = 80

_CODE = re.compile(r"(?P<code>(?<!`)(?P<fence>`+)(?!`).*?(?<!`)(?P=fence)(?!`))")
_LIVE = re.compile(
    r"@\w|#\d|://|www\.|\bGH-\d|:[\w+-]+:|\$|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b|\b(?:mailto|xmpp):",
    re.IGNORECASE,
)
_WORD = re.compile(r"(?P<before>[(\[\"'“]*)(?P<word>.*?)(?P<behind>[)\]\"'”.,;:!?…]*)", re.DOTALL)
_SPECIAL = re.compile(r"[\\`*\[\]<~]|&(?=#|\w)|(?<![^\W_])_|_(?![^\W_])")
_START = re.compile(r"\A(?:(?P<number>\d+)(?=[.)])|(?=[#>+=|~:-]))")
_TOUCHING = re.compile("`\0+`")
_FENCE = re.compile(r"(?P<fence> {3}`{3,})[a-z]*")
_PARTED = (
    (re.compile(r"(?<!\w)@(?=\w)|(?<=\w)@(?=[0-9a-f]{7,40}\b)"), "@ "),
    (re.compile(r"#(?=\d)"), "# "),
    (re.compile(r"\b(GH)-(?=\d)", re.IGNORECASE), r"\1 "),
    (re.compile(r"https?://(?=\S+/(?:issues|pull|pulls|discussions|commits?)/)", re.IGNORECASE), ""),
)


def code(text: str) -> str:
    """A text from a file as a code span: neither Markdown nor a mention in it counts."""
    line = on_one_line(text) or " "
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if "`" in line[:1] + line[-1:] else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def prose(text: str) -> str:
    """A sentence on one line: its code spans are kept, and nothing else in it is Markdown."""
    line = on_one_line(_short(text))
    start = 0
    parts = []
    for found in _CODE.finditer(line):
        parts += [_words(line[start : found.start()]), found["code"]]
        start = found.end()
    parts.append(_words(line[start:]))
    return _START.sub(r"\g<0>\\", _TOUCHING.sub("` `", "\0".join(parts)).replace("\0", ""))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _words(text: str) -> str:
    if not _LIVE.search(text):
        return _SPECIAL.sub(_escaped, text)
    return "".join(_word(part) for part in re.split(r"(\s+)", text))


def _word(word: str) -> str:
    if not _LIVE.search(word):
        return _SPECIAL.sub(_escaped, word)
    found = _WORD.fullmatch(word)
    before, live, behind = (found["before"], found["word"], found["behind"]) if found else ("", word, "")
    if not _LIVE.search(live):
        before, live, behind = "", word, ""
    return f"{_SPECIAL.sub(_escaped, before)}{code(live)}{_SPECIAL.sub(_escaped, behind)}"


def _escaped(found: re.Match[str]) -> str:
    return {"<": "&lt;", "&": "&amp;"}.get(found[0], f"\\{found[0]}")


def cell(text: str) -> str:
    """Markdown of one line for a table: no bar in it ends the cell, in a code span neither."""
    return re.sub(r"(\\*)\|", lambda found: found[1] + " " * bool(found[1]) + "\\|", text)


def block(text: str) -> str:
    """A step of a numbered list: what stands in fences, which are indented as the step is, is kept as it is.

    A fence that opens is closed.
    """
    first, *rest = text.split("\n")[:_LINES]
    lines, until = [prose(first)], ""
    for line in rest:
        fence = _FENCE.fullmatch(line)
        if until:
            lines.append(shown(_short(line if line.startswith("   ") else f"   {line}")))
            until = "" if line == until else until
        elif fence is not None:
            lines.append(line)
            until = fence["fence"]
        else:
            lines.append(f"   {prose(line)}".rstrip())
    return "\n".join([*lines, *([until] if until else [])])


def fenced(lines: Iterable[str], language: str) -> str:
    """Lines as a block of code, whatever is in them."""
    rows = [shown(_short(line)) for line in lines]
    longest = max((len(run) for row in rows for run in re.findall(r"`+", row)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *rows, fence])


def plain(text: str) -> str:
    """A line for a title or a commit message, in which nobody is called and no issue is closed."""
    for pattern, parted in _PARTED:
        text = pattern.sub(parted, text)
    return text


def once(texts: Iterable[_T]) -> Iterator[_T]:
    """Each once, empty ones not at all."""
    return iter(dict.fromkeys(text for text in texts if text))
