"""A masked unified diff as tables, before and after side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest

from fixbot.edited import shared
from fixbot.report.diffs import cut, cut_pair
from fixbot.report.html.markup import EMPTY, Html, code, element, text

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_FILE = re.compile(r"^diff --git ", re.MULTILINE)
_HEAD = Html(
    '<thead><tr><th scope="col" class="n">Line</th><th scope="col">Before</th>'
    '<th scope="col" class="n">Line</th><th scope="col">After</th></tr></thead>'
)
_SIMILAR = 3
"""Two lines are shown as one that was edited where they share a character in so many."""


def tables(diff: str) -> Html:
    """One table for each file of the diff."""
    return Html("".join(_table(each) for each in _FILE.split(diff)[1:]))


def _table(file: str) -> Html:
    """The table of one file, whose text begins behind `diff --git`."""
    names, *lines = file.split("\n")[:-1]
    rows: list[Html] = []
    hunk, begun = _Hunk(), False
    path, note = names, ""
    for line in lines:
        if found := _HUNK.match(line):
            rows += [*hunk.end(), *([_gap("⋯")] if begun else [])]
            hunk, begun = _Hunk(int(found[1]), int(found[2])), True
        elif begun:
            rows += hunk.take(line)
        elif line.startswith("+++ "):
            path = line[4:].rstrip("\t").removeprefix("b/").replace('"b/', '"')
        elif line.startswith("new file mode"):
            note = " (a new file)"
    caption = element("caption", code(path), note)
    return element("table", caption, _HEAD, element("tbody", *rows, *hunk.end()), class_="diff")


@dataclass(slots=True)
class _Hunk:
    """Counts lines, and holds removed and added ones until it is known what stands beside what."""

    old: int = 0
    new: int = 0
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)

    def take(self, line: str) -> list[Html]:
        if line.startswith("\\"):
            return [*self.end(), _gap(line[2:])]
        if line.startswith("-"):
            out = self.end() if self.added else []
            self.removed.append(line)
            return out
        if line.startswith("+"):
            self.added.append(line)
            return []
        out, same = self.end(), text(cut(line)[1:])
        out.append(_row("", _cell(self.old, same), _cell(self.new, same)))
        self.old, self.new = self.old + 1, self.new + 1
        return out

    def end(self) -> list[Html]:
        """The rows of what was removed and added since the last line that stayed."""
        out = []
        for old, new in zip_longest(self.removed, self.added):
            one, two = _pair(old, new)
            before = after = _EMPTY
            if old is not None:
                before, self.old = _cell(self.old, one, "o"), self.old + 1
            if new is not None:
                after, self.new = _cell(self.new, two, "p"), self.new + 1
            out.append(_row("c", before, after))
        self.removed, self.added = [], []
        return out


def _gap(words: str) -> Html:
    return Html(f'<tr class="gap"><td colspan="4">{text(words)}</td></tr>')


_EMPTY = Html('<td class="n"></td><td class="e"></td>')


def _row(kind: str, before: Html, after: Html) -> Html:
    return Html(f'<tr class="{kind}">{before}{after}</tr>' if kind else f"<tr>{before}{after}</tr>")


def _cell(number: int, line: Html, kind: str = "") -> Html:
    return Html(f'<td class="n">{number}</td><td{f" class={kind}" if kind else ""}>{line}</td>')


def _pair(old: str | None, new: str | None) -> tuple[Html, Html]:
    """Both lines, cut alike where they are long, with what differs marked where they are much the same."""
    if old is None or new is None:
        return _plain(old), _plain(new)
    one, two = (line[1:] for line in cut_pair(old, new))
    head = _to_word(one, shared(one, two))
    tail = min(shared(one[::-1], two[::-1]), min(len(one), len(two)) - head)
    tail = _to_word(one[::-1], tail)
    same = len(one[:head].strip()) + tail
    if same * _SIMILAR < max(len(one.strip()), len(two.strip())):
        return text(one), text(two)
    return _marked("del", one, head, tail), _marked("ins", two, head, tail)


def _to_word(line: str, at: int) -> int:
    """Back to where a word begins: `false` became `true`, not `fals` `tru`."""
    while 0 < at < len(line) and line[at - 1].isalnum():
        at -= 1
    return at


def _plain(line: str | None) -> Html:
    return EMPTY if line is None else text(cut(line)[1:])


def _marked(name: str, line: str, head: int, tail: int) -> Html:
    middle = line[head : len(line) - tail]
    inner = element(name, text(middle)) if middle else EMPTY
    return Html(f"{text(line[:head])}{inner}{text(line[len(line) - tail :])}")
