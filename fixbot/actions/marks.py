"""Sentences and names for GitHub's Markdown, where text from files makes no link, picture or call."""

from __future__ import annotations

import re
from html import escape

from fixbot.report.markdown import code
from fixbot.report.style import shown

_SPAN = re.compile(r"(?P<fence>`+)(?!`).*?(?<!`)(?P=fence)(?!`)")
_SPECIAL = re.compile(r"[\\\[\]*_|~!<>`]")
_CALL = re.compile(r"(?<![\w])@(?=\w)|#(?=\d)|(?<=\w:)(?=//)")
_BREAK = "\u200b"


def tamed(text: str) -> str:
    """A sentence on one line; what it has in backticks stays code, all else is shown as it is written."""
    line = shown(" ".join(text.split()))
    out, at = [], 0
    for span in _SPAN.finditer(line):
        out += [_plain(line[at : span.start()]), span[0].replace("|", "\\|")]
        at = span.end()
    return "".join([*out, _plain(line[at:])])


def named(text: str) -> str:
    """A path or a name as code, in a table too."""
    return code(text).replace("|", "\\|")


def _plain(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"&{_ENTITY[found[0]]};", _broken(text))


def _broken(text: str) -> str:
    """The text with a mark of no width in what GitHub would make a call, a reference or a link of."""
    return _CALL.sub(lambda found: f"{found[0]}{_BREAK}", text)


_ENTITY = {mark: f"#{ord(mark)}" for mark in "\\[]*_|~!`"} | {"<": "lt", ">": "gt"}


def folded(heading: str, text: str) -> str:
    """A part that opens when it is clicked. `heading` is plain text, `text` Markdown."""
    line = _broken(escape(shown(" ".join(heading.split())), quote=False))
    return f"<details><summary>{line}</summary>\n\n{text}\n\n</details>"


def diff(text: str) -> str:
    """A masked diff as a block that nothing in it can end."""
    lines = "\n".join(map(shown, text.replace("\r\n", "\n").rstrip("\n").split("\n")))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", lines)), default=0))
    return f"{fence}diff\n{lines}\n{fence}"
