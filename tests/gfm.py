"""What GitHub makes of Markdown: its own parser, then the words that it turns into links outside of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

_VOID = {"br", "hr", "img", "input"}
LIVE = re.compile(
    r"(?<![\w.`])@\w|#\d|\bGH-\d|\w@[0-9a-f]{7,40}\b|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b|://|www\.|:[a-z0-9_+-]+:"
    r"|\$\S[^$]*\$|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]",
    re.IGNORECASE,
)


@dataclass
class Page(HTMLParser):
    """The elements of a page that was made of Markdown."""

    text: str
    open: list[str] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    """Text and address."""
    prose: list[str] = field(default_factory=list)
    """All texts outside of code."""
    codes: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
        self.html = cmarkgfm.github_flavored_markdown_to_html(self.text, options)
        self.feed(self.html)
        self.close()
        self.faults += [f"<{tag}> stays open" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1
            self.cells.append("")
        if tag == "code":
            self.codes.append("")
        if tag == "a":
            self._address = dict(attrs).get("href") or ""
            self.links.setdefault(self._address, "")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes another")

    def handle_data(self, data: str) -> None:
        if "td" in self.open or "th" in self.open:
            self.cells[-1] += data
        if "a" in self.open:
            self.links[self._address] += data
        if "code" in self.open:
            self.codes[-1] += data
        else:
            self.prose.append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"<!--{data}-->")

    def live(self) -> Iterator[str]:
        """What would call a person, mark an issue or turn into a link."""
        for text in self.prose:
            yield from (found[0] for found in LIVE.finditer(text))
