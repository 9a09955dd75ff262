"""A masked unified diff as tables, before and after side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest

from fixbot.edit.edited_text import count_common_start
from fixbot.report.diffs import cut_line, cut_pair
from fixbot.report.html.markup import EMPTY, Html, escape_text, render_code, render_element

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_FILE = re.compile(r"^diff --git ", re.MULTILINE)
_HEAD = Html(
    '<thead><tr><th scope="col" class="n">Line</th><th scope="col">Before</th>'
    '<th scope="col" class="n">Line</th><th scope="col">After</th></tr></thead>'
)
_SIMILAR = 3
"""Two lines are shown as one that was edited where they share a character in so many."""


def render_tables(diff: str) -> Html:
    """One table for each file of the diff."""
    return Html("".join(_render_file_table(each) for each in _FILE.split(diff)[1:]))


def _render_file_table(file: str) -> Html:
    """The table of one file, whose text begins behind `diff --git`."""
    names, *lines = file.split("\n")[:-1]
    rows: list[Html] = []
    hunk, begun = _HunkRows(), False
    path, note = names, ""
    for line in lines:
        if found := _HUNK.match(line):
            rows += [*hunk.end_run(), *([_render_gap("⋯")] if begun else [])]
            hunk, begun = _HunkRows(int(found[1]), int(found[2])), True
        elif begun:
            rows += hunk.add_line(line)
        elif line.startswith("+++ "):
            path = line[4:].rstrip("\t").removeprefix("b/").replace('"b/', '"')
        elif line.startswith("new file mode"):
            note = " (a new file)"
    caption = render_element("caption", render_code(path), note)
    return render_element(
        "table", caption, _HEAD, render_element("tbody", *rows, *hunk.end_run()), class_="diff"
    )


@dataclass(slots=True)
class _HunkRows:
    """Counts lines, and holds removed and added ones until it is known what stands beside what."""

    old: int = 0
    new: int = 0
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)

    def add_line(self, line: str) -> list[Html]:
        if line.startswith("\\"):
            return [*self.end_run(), _render_gap(line[2:])]
        if line.startswith("-"):
            out = self.end_run() if self.added else []
            self.removed.append(line)
            return out
        if line.startswith("+"):
            self.added.append(line)
            return []
        out, same = self.end_run(), escape_text(cut_line(line)[1:])
        out.append(_render_row("", _render_cell(self.old, same), _render_cell(self.new, same)))
        self.old, self.new = self.old + 1, self.new + 1
        return out

    def end_run(self) -> list[Html]:
        """The rows of what was removed and added since the last line that stayed."""
        out = []
        for old, new in zip_longest(self.removed, self.added):
            one, two = _render_pair(old, new)
            before = after = _EMPTY
            if old is not None:
                before, self.old = _render_cell(self.old, one, "o"), self.old + 1
            if new is not None:
                after, self.new = _render_cell(self.new, two, "p"), self.new + 1
            out.append(_render_row("c", before, after))
        self.removed, self.added = [], []
        return out


def _render_gap(words: str) -> Html:
    return Html(f'<tr class="gap"><td colspan="4">{escape_text(words)}</td></tr>')


_EMPTY = Html('<td class="n"></td><td class="e"></td>')


def _render_row(kind: str, before: Html, after: Html) -> Html:
    return Html(f'<tr class="{kind}">{before}{after}</tr>' if kind else f"<tr>{before}{after}</tr>")


def _render_cell(number: int, line: Html, kind: str = "") -> Html:
    return Html(f'<td class="n">{number}</td><td{f" class={kind}" if kind else ""}>{line}</td>')


def _render_pair(old: str | None, new: str | None) -> tuple[Html, Html]:
    """Both lines, cut alike where they are long, with what differs marked where they are much the same."""
    if old is None or new is None:
        return _render_plain(old), _render_plain(new)
    one, two = (line[1:] for line in cut_pair(old, new))
    head = _start_of_word(one, count_common_start(one, two))
    tail = min(count_common_start(one[::-1], two[::-1]), min(len(one), len(two)) - head)
    tail = _start_of_word(one[::-1], tail)
    same = len(one[:head].strip()) + tail
    if same * _SIMILAR < max(len(one.strip()), len(two.strip())):
        return escape_text(one), escape_text(two)
    return _render_marked("del", one, head, tail), _render_marked("ins", two, head, tail)


def _start_of_word(line: str, at: int) -> int:
    """Back to where a word begins: `false` became `true`, not `fals` `tru`."""
    while 0 < at < len(line) and line[at - 1].isalnum():
        at -= 1
    return at


def _render_plain(line: str | None) -> Html:
    return EMPTY if line is None else escape_text(cut_line(line)[1:])


def _render_marked(name: str, line: str, head: int, tail: int) -> Html:
    middle = line[head : len(line) - tail]
    inner = render_element(name, escape_text(middle)) if middle else EMPTY
    return Html(f"{escape_text(line[:head])}{inner}{escape_text(line[len(line) - tail :])}")
