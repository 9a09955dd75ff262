"""A proposal's Markdown as safe HTML: no raw HTML, no pictures, no links but to the web and into the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from fixbot.report.html.markup import Html, render_element, render_outward_link
from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_OPENS = re.compile(r"<details>\s*<summary>(?P<summary>[^<\n]*)</summary>\s*")
_CLOSES = re.compile(r"</details>\s*")
_LEAD = re.compile(r"\*\*[^*\n]+\*\*")
_WIDE = Html('<div class="wide" role="group" aria-label="Before and after" tabindex="0">')


@dataclass(frozen=True, slots=True)
class ProseBlock:
    """A part of a proposal's text; one with a summary is folded."""

    text: str
    summary: str = ""
    table: bool = False
    """Whether it opens with a table."""


def split_blocks(body: str) -> tuple[ProseBlock, ...]:
    """A body without its footer, cut where it is folded, at tables, at headings and where a bold word opens.

    Whatever comes between belongs to what is above it. Folds in code or in lists are no folds.
    """
    lines = [escape_hidden(line) for line in body.replace("\r\n", "\n").split("\n")]
    out: list[ProseBlock] = []
    start, summary, table = 0, "", False

    def end_block(at: int) -> None:
        text = "\n".join(lines[start:at]).strip("\n")
        if text.strip() and not _is_footer(text):
            out.append(ProseBlock(text, summary, table))

    for first, last, kind, source in _split_pieces("\n".join(lines)):
        opens = _OPENS.fullmatch(source) if kind == "html_block" and not summary else None
        closes = summary and kind == "html_block" and _CLOSES.fullmatch(source)
        if opens or closes:
            end_block(first)
            start, summary, table = last, opens["summary"] if opens else "", False
        elif not summary and _starts_block(kind, source):
            end_block(first)
            start, table = first, kind == "table_open"
    end_block(len(lines))
    return tuple(out)


def _starts_block(kind: str, source: str) -> bool:
    opens = kind == "paragraph_open" and (_LEAD.match(source) or _is_footer(source))
    return bool(opens) or kind in {"heading_open", "table_open"}


def _is_footer(text: str) -> bool:
    """Whether a line is the small print at the end."""
    return "\n" not in text and text.endswith("</sub>") and "<sub>" in text[: -len("</sub>")]


def _split_pieces(body: str) -> Iterator[tuple[int, int, str, str]]:
    """Each top-level piece of Markdown: its first line and the one behind it, what it is, and its source."""
    lines = body.split("\n")
    for token in _PIECES.parse(body):
        if token.level == 0 and token.nesting >= 0 and token.map is not None:
            first, last = token.map
            yield first, last, token.type, "\n".join(lines[first:last])


_PIECES = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])


class ProseRenderer:
    """Renders blocks, each text once. `places` are the page's findings by their place, `path#L12`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._done: dict[ProseBlock, Html] = {}

    def render_blocks(self, some: Sequence[ProseBlock]) -> Html:
        """The blocks one after the other."""
        for block in some:
            if block not in self._done:
                self._done[block] = self._render_block(block)
        return Html("".join(self._done[block] for block in some))

    def _render_block(self, block: ProseBlock) -> Html:
        inner = Html(self._build_parser.render(block.text))
        if not block.summary:
            return inner
        return render_element("details", render_element("summary", block.summary), inner, class_="folded")

    @cached_property
    def _build_parser(self) -> MarkdownIt:
        markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
        markdown.add_render_rule("link_open", lambda _, tokens, at, *_more: self._render_link(tokens[at]))
        markdown.add_render_rule("heading_open", _render_heading_as_paragraph)
        markdown.add_render_rule("heading_close", _render_heading_as_paragraph)
        markdown.add_render_rule("table_open", _render_wide_table)
        markdown.add_render_rule("table_close", _render_wide_table)
        markdown.add_render_rule("th_open", _render_table_head)
        return markdown

    def _render_link(self, token: Token) -> str:
        target = str(token.attrGet("href") or "")
        if target in self._places:
            return Html(render_element("a", href=f"#{self._places[target]}").removesuffix("</a>"))
        return render_outward_link(target).removesuffix("</a>") or "<a>"


def _render_heading_as_paragraph(
    _self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any
) -> str:
    """The page's own headings stay in order, whatever a text brings."""
    return "<p><strong>" if tokens[at].nesting > 0 else "</strong></p>"


def _render_wide_table(
    _self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any
) -> str:
    return f"{_WIDE}<table>" if tokens[at].nesting > 0 else "</table></div>"


def _render_table_head(
    _self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any
) -> str:
    """An empty head is no heading; `fixbot.proposal.body` leaves the first one empty."""
    return '<th scope="col">' if tokens[at + 1].content else '<th scope="col"><span class="aside">what</span>'
