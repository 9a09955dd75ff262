"""A proposal's Markdown as safe HTML: no raw HTML, no pictures, no links but to the web and into the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from fixbot.report.html.markup import Html, element
from fixbot.report.style import shown

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_FOLDED = re.compile(
    r"^<details><summary>(?P<summary>[^<\n]*)</summary>\n\n(?P<text>.*?)\n\n</details>$",
    re.MULTILINE | re.DOTALL,
)
_FOOTER = re.compile(r"\n\n[^\n]*<sub>[^\n]*</sub>\s*\Z")
_LEAD = re.compile(r"\*\*[^*\n]+\*\* \S[^\n]*")
_WIDE = Html('<div class="wide" role="group" aria-label="Before and after" tabindex="0">')


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a proposal's text; one with a summary is folded."""

    text: str
    summary: str = ""


def blocks(body: str) -> tuple[Block, ...]:
    """A body without its footer, cut where it is folded and where a paragraph opens with a bold word."""
    body = _FOOTER.sub("", body)
    out: list[Block] = []
    at = 0
    for found in _FOLDED.finditer(body):
        out += _open(body[at : found.start()])
        out.append(Block(found["text"], found["summary"]))
        at = found.end()
    return (*out, *_open(body[at:]))


def _open(text: str) -> list[Block]:
    """Paragraphs that say something by themselves are blocks; all between them stays together."""
    out: list[list[str]] = [[]]
    for part in text.strip("\n").split("\n\n"):
        if _LEAD.fullmatch(part):
            out += [[part], []]
        else:
            out[-1].append(part)
    return [Block("\n\n".join(parts)) for parts in out if any(map(str.strip, parts))]


class Prose:
    """Renders blocks, each text once. `places` are the page's findings by their place, `path#L12`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._done: dict[Block, Html] = {}

    def html(self, some: Sequence[Block]) -> Html:
        """The blocks one after the other."""
        for block in some:
            if block not in self._done:
                self._done[block] = self._block(block)
        return Html("".join(self._done[block] for block in some))

    def _block(self, block: Block) -> Html:
        lines = "\n".join(map(shown, block.text.replace("\r\n", "\n").split("\n")))
        inner = Html(self._markdown.render(lines))
        if not block.summary:
            return inner
        return element("details", element("summary", block.summary), inner, class_="folded")

    @cached_property
    def _markdown(self) -> MarkdownIt:
        markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
        markdown.add_render_rule("link_open", lambda _, tokens, at, *_more: self._link(tokens[at]))
        markdown.add_render_rule("heading_open", _paragraph)
        markdown.add_render_rule("heading_close", _paragraph)
        markdown.add_render_rule("table_open", _table)
        markdown.add_render_rule("table_close", _table)
        markdown.add_render_rule("th_open", _head)
        return markdown

    def _link(self, token: Token) -> str:
        target = str(token.attrGet("href") or "")
        if target in self._places:
            return Html(element("a", href=f"#{self._places[target]}").removesuffix("</a>"))
        if urlsplit(target).scheme in {"http", "https"}:
            return Html(element("a", href=target, rel="noopener noreferrer").removesuffix("</a>"))
        return "<a>"


def _paragraph(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    """The page's own headings stay in order, whatever a text brings."""
    return "<p><strong>" if tokens[at].nesting > 0 else "</strong></p>"


def _table(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    return f"{_WIDE}<table>" if tokens[at].nesting > 0 else "</table></div>"


def _head(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    """An empty head is no heading; `fixbot.body` leaves the first one empty."""
    return '<th scope="col">' if tokens[at + 1].content else '<th scope="col"><span class="aside">what</span>'
