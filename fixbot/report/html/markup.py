"""Elements and text of a page. A text becomes markup only here, and only escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

from fixbot.text.characters import escape_hidden, fold_to_line
from fixbot.text.code_spans import read_code_spans


class Html(str):
    """What is markup already. Anything that is only a `str` is escaped before it stands in a page."""

    __slots__ = ()


EMPTY = Html()


def escape_text(value: str) -> Html:
    """A text from anywhere, harmless: what would open an element, reorder or hide is written out."""
    return Html(escape(escape_hidden(value)))


def render_code(value: str) -> Html:
    """A name from a file; one that runs from right to left does not turn its neighbours around."""
    return Html(f"<code>{escape_text(value)}</code>")


def render_sentence(value: str) -> Html:
    """A sentence of a finding, in which only code spans count as Markdown."""
    pieces = read_code_spans(fold_to_line(value))
    return join_parts(render_code(piece.text) if piece.code else escape_text(piece.text) for piece in pieces)


def join_parts(parts: Iterable[str], between: str = "") -> Html:
    """Several parts in a row."""
    return Html(_to_html(between).join(map(_to_html, parts)))


def render_element(name: str, /, *children: str, **attributes: str | bool) -> Html:
    """An element. `class_` is written `class`, `data_x` `data-x`; True stands without a value, False not."""
    written = "".join(
        _render_attribute(key, value) for key, value in attributes.items() if value is not False
    )
    return Html(f"<{name}{written}>{join_parts(children)}</{name}>")


def render_void_element(name: str, /, **attributes: str | bool) -> Html:
    """An element that has no content and no end."""
    return Html(render_element(name, **attributes).removesuffix(f"</{name}>"))


def render_outward_link(target: str, *children: str) -> Html:
    """A link to the web. Any other target is none: the page leads nowhere else."""
    if urlsplit(target).scheme not in {"http", "https"}:
        return join_parts(children)
    return render_element("a", *children, href=target, rel="noopener noreferrer")


def hash_for_policy(inline: str) -> str:
    """What a page's security policy calls an inline style or script by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def _render_attribute(key: str, value: str | bool) -> str:
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{escape_text(str(value))}"'


def _to_html(part: str) -> Html:
    return part if isinstance(part, Html) else escape_text(part)


def render_table(heads: Iterable[str], rows: Iterable[Html], **more: str | Html) -> Html:
    """A table with a caption and a heading over each column; a heading that is Html is a cell as it is."""
    top = (each if isinstance(each, Html) else render_element("th", each, scope="col") for each in heads)
    caption, foot = more.get("caption", ""), more.get("foot", EMPTY)
    return render_element(
        "table",
        render_element("caption", caption) if caption else EMPTY,
        render_element("thead", render_element("tr", *top)),
        render_element("tbody", *rows),
        render_element("tfoot", foot) if foot else EMPTY,
        class_=more.get("class_", "") or False,
    )
