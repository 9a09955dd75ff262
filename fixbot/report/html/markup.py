"""Elements and text of a page. A text becomes markup only here, and only escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

from fixbot.characters import on_one_line, shown
from fixbot.spans import read_spans


class Html(str):
    """What is markup already. Anything that is only a `str` is escaped before it stands in a page."""

    __slots__ = ()


EMPTY = Html()


def text(value: str) -> Html:
    """A text from anywhere, harmless: what would open an element, reorder or hide is written out."""
    return Html(escape(shown(value)))


def code(value: str) -> Html:
    """A name from a file; one that runs from right to left does not turn its neighbours around."""
    return Html(f"<code>{text(value)}</code>")


def sentence(value: str) -> Html:
    """A sentence of a finding, in which only code spans count as Markdown."""
    pieces = read_spans(on_one_line(value))
    return joined(code(piece.text) if piece.code else text(piece.text) for piece in pieces)


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Several parts in a row."""
    return Html(_safe(between).join(map(_safe, parts)))


def element(name: str, /, *children: str, **attributes: str | bool) -> Html:
    """An element. `class_` is written `class`, `data_x` `data-x`; True stands without a value, False not."""
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def void(name: str, /, **attributes: str | bool) -> Html:
    """An element that has no content and no end."""
    return Html(element(name, **attributes).removesuffix(f"</{name}>"))


def outward(target: str, *children: str) -> Html:
    """A link to the web. Any other target is none: the page leads nowhere else."""
    if urlsplit(target).scheme not in {"http", "https"}:
        return joined(children)
    return element("a", *children, href=target, rel="noopener noreferrer")


def policy_hash(inline: str) -> str:
    """What a page's security policy calls an inline style or script by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def _attribute(key: str, value: str | bool) -> str:
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{text(str(value))}"'


def _safe(part: str) -> Html:
    return part if isinstance(part, Html) else text(part)


def table(heads: Iterable[str], rows: Iterable[Html], **more: str | Html) -> Html:
    """A table with a caption and a heading over each column; a heading that is Html is a cell as it is."""
    top = (each if isinstance(each, Html) else element("th", each, scope="col") for each in heads)
    caption, foot = more.get("caption", ""), more.get("foot", EMPTY)
    return element(
        "table",
        element("caption", caption) if caption else EMPTY,
        element("thead", element("tr", *top)),
        element("tbody", *rows),
        element("tfoot", foot) if foot else EMPTY,
        class_=more.get("class_", "") or False,
    )
