"""The one issue that says what waits and why: its text, and what is ticked in it. No network, no clock."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from fixbot.text.markdown_escape import Markdown
from fixbot.text.markdown_page import as_markdown, join_blocks

TITLE: Final = "fixbot: what waits and why"
LABEL: Final = "fixbot: dashboard"
BEGIN: Final = "<!-- fixbot:dashboard -->"
END: Final = "<!-- fixbot:end -->"
_DONE: Final = "<!-- fixbot:done -->"
_BOX = re.compile(
    r"^- \[(?P<tick>[ xX])\] <!-- fixbot:(?P<verb>open|rebase|ignore) (?P<id>[0-9a-f]{8,64}) -->",
    re.MULTILINE,
)
_REMEMBERED = re.compile(r"<!-- fixbot ignored (?P<ids>[0-9a-f]+(?: [0-9a-f]+)*) by (?P<by>[\w.-]{0,60}) -->")
LONGEST: Final = 60_000
"""Characters: GitHub takes 65,536, and people may have written beside it."""
_LEAD: Final = Markdown(
    "Kept by fixbot and rewritten when it changes; what stands outside of its marks stays. Tick a box, and "
    "the next run does it, if you may write to this repository: open a pull request now, make it anew, or "
    "ignore what was found."
)


@dataclass(frozen=True, slots=True)
class DashboardRow:
    """One line. `verb` and `key` make a box of it; without a verb it is none."""

    text: Markdown
    verb: str = ""
    key: str = ""

    def __str__(self) -> str:
        return f"- [ ] <!-- fixbot:{self.verb} {self.key} --> {self.text}" if self.verb else f"- {self.text}"


@dataclass(frozen=True, slots=True)
class DashboardPart:
    """A heading and its lines; one that is `kept` is never cut."""

    heading: str
    rows: tuple[DashboardRow, ...]
    kept: bool = False

    def render_first(self, most: int) -> str:
        """The heading with as many of its lines, and how many are left out."""
        shown = self.rows if self.kept else self.rows[:most]
        lines = [f"## {self.heading}", "", *map(str, shown)]
        if len(shown) < len(self.rows):
            lines.append(f"- and {len(self.rows) - len(shown)} more; `fixbot run` lists them")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class DashboardWishes:
    """What was ticked by somebody who may write: keys of proposals, and ids of findings, by what is asked."""

    open: frozenset[str] = frozenset()
    rebase: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    by: str = ""
    ignored: dict[str, str] = field(default_factory=dict)
    """Findings that were ignored here before, with the reason."""

    @property
    def ticks(self) -> tuple[tuple[str, str], ...]:
        """All of them."""
        every = (("open", self.open), ("rebase", self.rebase), ("ignore", self.ignore))
        return tuple((verb, key) for verb, keys in every for key in sorted(keys))


def render_dashboard(parts: Iterable[DashboardPart], done: str = "") -> str:
    """The text between the marks, marks included; the longest parts are cut where it would be too long."""
    parts = [each for each in parts if each.rows]
    most = max((len(each.rows) for each in parts), default=0)
    while True:
        blocks = [_LEAD, *([f"{_DONE} {done}"] if done else []), *(each.render_first(most) for each in parts)]
        text = f"{BEGIN}\n{join_blocks(map(Markdown, blocks))}\n{END}"
        if len(text) <= LONGEST or most <= 1:
            return text
        most //= 2


def read_ticks(body: str) -> tuple[tuple[str, str], ...]:
    """What is ticked between the marks: verb and id."""
    return tuple(
        (found["verb"], found["id"]) for found in _BOX.finditer(_inside(body)) if found["tick"] != " "
    )


def read_done(body: str) -> str:
    """The line that says what was done at the last wish; empty where there is none."""
    lines = (each for each in _inside(body).split("\n") if each.startswith(_DONE))
    return next(lines, "").removeprefix(_DONE).strip()


def _inside(body: str) -> str:
    return body.replace("\r\n", "\n").partition(BEGIN)[2].partition(END)[0]


def is_dashboard(title: str, body: str) -> bool:
    """Whether an issue has the mark; its title may have been changed by a person."""
    return body.count(BEGIN) == 1 or (title == TITLE and BEGIN in body)


def put_between_marks(body: str, text: str, ticked: Collection[tuple[str, str]] = ()) -> str:
    """The body with the text between the marks; boxes that are `ticked` meanwhile are ticked again."""
    for verb, key in ticked:
        mark = f"<!-- fixbot:{verb} {key} -->"
        text = text.replace(f"- [ ] {mark}", f"- [x] {mark}")
    body = body.replace("\r\n", "\n")
    before, found, rest = body.partition(BEGIN)
    if not found:
        return f"{body.rstrip()}\n\n{text}".lstrip("\n")
    _, end, after = rest.partition(END)
    return f"{before}{text}{after if end else ''}"


def render_remembered(ids: Sequence[str], lines: Iterable[str], by: str) -> str:
    """The comment that remembers what was ignored; whoever deletes it takes that back."""
    told = "\n".join(f"- {as_markdown(each)}" for each in lines)
    mark = f"<!-- fixbot ignored {' '.join(ids)} by {by} -->"
    return (
        f"Ignored from now on, as was asked here; to take it back, delete this comment.\n\n{told}\n\n{mark}"
    )


def read_remembered(number: int, texts: Iterable[str]) -> dict[str, str]:
    """The findings that comments of fixbot's on issue `number` remember, each with its reason."""
    found: dict[str, str] = {}
    for text in texts:
        for mark in _REMEMBERED.finditer(text):
            who = f" by {mark['by']}" if mark["by"] else ""
            found.update(dict.fromkeys(mark["ids"].split(" "), f"ignored on the dashboard (#{number}){who}"))
    return found
