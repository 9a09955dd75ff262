"""Edits of one object or array: commas settled once, every other byte where it was.

A new entry goes *before* one that stays, since that costs one line; at the end it would cost two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fixbot.tree import Block, CannotEdit, Code, Edit, Kind, New, Node, Rewrite, Tagged, Value

_WIDE = 120


@dataclass(frozen=True, slots=True)
class _Member:
    """An entry (key and value) or an item, as a stretch of text."""

    start: int
    end: int
    key: str
    value: Node


def rewrite(text: str, wanted: Rewrite) -> Iterator[Edit]:
    """The edits that carry out `wanted`. Raises CannotEdit."""
    members = _members(wanted.node)
    layout = _Layout(text, wanted.node, members)
    for member in members:
        new = wanted.replacement(member.value)
        if new and not wanted.drops(member.value):
            yield Edit(member.value.start, member.value.end, layout.value(new[0]))
    new_first = [layout.item(value) for value in wanted.first] or []
    puts = [(layout.entry(each), each) for each in wanted.put]
    last = [layout.item(value) for value in wanted.last]
    yield from _Surgery(text, wanted, members, layout).edits(new_first, puts, last)


def _members(node: Node) -> list[_Member]:
    if node.entries:
        return [_Member(e.key_start, e.value.end, e.key, e.value) for e in node.entries]
    return [_Member(item.start, item.end, "", item) for item in node.items]


@dataclass(slots=True)
class _Surgery:
    text: str
    wanted: Rewrite
    members: list[_Member]
    layout: _Layout

    def edits(self, first: list[str], puts: list[tuple[str, New]], last: list[str]) -> Iterator[Edit]:
        kept = [m for m in self.members if not self.wanted.drops(m.value)]
        runs = list(self._dropped_runs())
        new = first + [written for written, _ in puts] + last
        if not kept:
            yield from self._refilled(new)
            return
        if runs and new and (run := next((r for r in runs if self._alone(r)), None)) is not None:
            runs.remove(run)
            start, end = run[0].start, run[-1].end
            yield Edit(start, end, self.layout.joined(new, run[0]))
            new, first, puts, last = [], [], [], []
        for run in runs:
            yield from self._removed(run, kept)
        if first:
            yield self._before(kept[0], first)
        for written, each in puts:
            yield self._before(self._neighbour(each, kept), [written])
        if last:
            gap = self.layout.gap(kept[-1])
            yield Edit(kept[-1].end, kept[-1].end, "".join(f",{gap}{item}" for item in last))

    def _dropped_runs(self) -> Iterator[list[_Member]]:
        run: list[_Member] = []
        for member in self.members:
            if self.wanted.drops(member.value):
                run.append(member)
            elif run:
                yield run
                run = []
        if run:
            yield run

    def _alone(self, run: list[_Member]) -> bool:
        return not self._comments(self.text[run[0].start : run[-1].end], run)

    def _comments(self, between: str, run: list[_Member]) -> bool:
        for member in run:
            between = between.replace(self.text[member.start : member.end], "")
        return bool(between.strip(" \t\r\n,"))

    def _neighbour(self, new: New, kept: list[_Member]) -> _Member:
        """The member before which a new entry is written, one on a line of its own if there is one."""
        found = [at for key in new.near for at, member in enumerate(kept) if member.key == key]
        follows = [kept[min(at + 1, len(kept) - 1)] for at in found] or [kept[-1]]
        return next((member for member in follows if self.layout.own_line(member)), follows[0])

    def _before(self, member: _Member, new: Sequence[str]) -> Edit:
        gap = self.layout.gap(member)
        return Edit(member.start, member.start, "".join(f"{each},{gap}" for each in new))

    def _removed(self, run: list[_Member], kept: list[_Member]) -> Iterator[Edit]:
        start, end = run[0].start, run[-1].end
        after = next((m for m in kept if m.start > end), None)
        before = next((m for m in reversed(kept) if m.end <= start), None)
        if after is not None:
            gap = self.text[end : after.start]
            if gap.strip(" \t\r\n,") or self._comments(self.text[start:end], run):
                comma = end + gap.index(",") + 1
                yield Edit(start, comma, "")
            elif before is not None and "\n" in gap and "\n" not in self.text[before.end : start]:
                comma = before.end + self.text[before.end : start].index(",")
                yield Edit(comma, end, "")
            else:
                yield Edit(start, after.start, "")
        elif before is not None:
            gap = self.text[before.end : start]
            if gap.strip(" \t\r\n,"):
                comma = before.end + gap.index(",")
                yield Edit(comma, comma + 1, "")
                yield Edit(start, end, "")
            else:
                yield Edit(before.end, end, "")

    def _refilled(self, new: list[str]) -> Iterator[Edit]:
        node = self.wanted.node
        inside = self.text[node.start + 1 : node.end - 1]
        if not self.members:
            if not new:
                return
            if inside.strip():
                raise CannotEdit("a comment stands where the new entry would go")
            spaced = " " if inside.startswith(" ") and "\n" not in inside else ""
            written = f",{self.layout.space}".join(new)
            yield Edit(node.start + 1, node.end - 1, f"{spaced}{written}{spaced}")
            return
        start, end = self.members[0].start, self.members[-1].end
        if not self._alone(self.members):
            raise CannotEdit("a comment stands between the entries that would go")
        if new:
            yield Edit(start, end, self.layout.joined(new, self.members[0]))
        elif inside.replace(self.text[start:end], "").strip(" \t\r\n,"):
            yield Edit(start, end, "")
        else:
            yield Edit(node.start + 1, node.end - 1, "")


@dataclass(slots=True)
class _Layout:
    """How this collection is laid out: its gaps, its colons, one level of its indentation."""

    text: str
    node: Node
    members: list[_Member]

    def gap(self, member: _Member) -> str:
        """What stands between a comma and `member`: a new line as the member's own, or a blank."""
        line = self.text.rfind("\n", 0, member.start) + 1
        lead = self.text[line : member.start]
        if line > self.node.start and not lead.strip():
            return ("\r\n" if self.text[line - 2 : line] == "\r\n" else "\n") + lead
        others = [m for m in self.members if m is not member and self.own_line(m)]
        if self.members[0] is member and others:
            return self.gap(others[0])
        return self._next_line() or self.space

    def _next_line(self) -> str:
        """A new line as a list's last one, where its items are objects that go over lines by themselves."""
        last = self.members[-1]
        line = self.text.rfind("\n", 0, last.end) + 1
        if last.value.kind is not Kind.MAP or line <= self.node.start or self._hugged() is not None:
            return ""
        lead = re.compile(r"[ \t]*").match(self.text, line)
        return ("\r\n" if self.text[line - 2 : line] == "\r\n" else "\n") + (lead[0] if lead else "")

    def own_line(self, member: _Member) -> bool:
        """Whether nothing stands before `member` on its line."""
        line = self.text.rfind("\n", 0, member.start) + 1
        return line > self.node.start and not self.text[line : member.start].strip()

    @property
    def space(self) -> str:
        """A blank, or nothing in minified text."""
        return " " if self.colon.endswith(" ") else ""

    @property
    def colon(self) -> str:
        """What stands between a key and its value, here or at the nearest place that shows it."""
        node: Node | None = self.node
        while node is not None:
            for entry in node.entries or [e for item in node.items for e in item.entries]:
                between = self.text[entry.key_end : entry.value.start]
                if re.fullmatch(r"[ \t]*:[ \t]*", between):
                    return " : " if between.startswith((" ", "\t")) else ": " if len(between) > 1 else ":"
            node = node.parent
        return ": "

    def joined(self, new: Sequence[str], member: _Member) -> str:
        """New members in the place of `member`, each on a line of its own if that had one."""
        return f",{self.gap(member)}".join(new)

    def entry(self, new: New) -> str:
        """`"key": value`."""
        colon = self.colon
        return f"{json.dumps(new.key, ensure_ascii=False)}{colon}{self._fit(new.value, len(new.key) + 4)}"

    def item(self, value: Value) -> str:
        """A list's item."""
        return self._fit(value, 0)

    def value(self, value: Value) -> str:
        """A value in the place of another."""
        return self._fit(value, 0)

    def _fit(self, value: Value, used: int) -> str:
        own = next((m for m in self.members if self.own_line(m)), None)
        if own is not None:
            gap = self.gap(own)
            return self._spread(value, used, gap, self._step(gap.lstrip("\r\n")))
        hugged = self._hugged()
        return self._spread(value, used, *hugged) if hugged is not None else self.one_line(value)

    def _hugged(self) -> tuple[str, str] | None:
        """The line end and step of members that open on their neighbour's line: `[{`, `}, {`."""
        inner = next(iter(self.members[0].value.entries), None) if self.members else None
        line = self.text.rfind("\n", 0, self.node.start) + 1
        start = self.text.rfind("\n", 0, inner.key_start) + 1 if inner is not None else 0
        if inner is None or start < self.node.start or self.text[start : inner.key_start].strip():
            return None
        outer = re.compile(r"[ \t]*").match(self.text, line)
        lead = outer[0] if outer is not None else ""
        end = "\r\n" if self.text[start - 2 : start] == "\r\n" else "\n"
        return end + lead, self.text[start : inner.key_start].removeprefix(lead) or "  "

    def _spread(self, value: Value, used: int, gap: str, step: str) -> str:
        """`value` on one line if that isn't too wide, else one member a line."""
        line = self.one_line(value)
        narrow = len(gap.lstrip("\r\n")) + used + len(line) <= _WIDE
        if narrow or not isinstance(value, dict | list) or not value:
            return line
        inner = gap + step
        if isinstance(value, list):
            return "[" + ",".join(inner + self._spread(each, 0, inner, step) for each in value) + gap + "]"
        pairs = (
            f"{inner}{json.dumps(key, ensure_ascii=False)}{self.colon}"
            + self._spread(each, len(key) + 4, inner, step)
            for key, each in value.items()
        )
        return "{" + ",".join(pairs) + gap + "}"

    def _step(self, lead: str) -> str:
        """One level of indentation, as the step from the parent to this collection shows it."""
        if "\t" in lead:
            return "\t"
        line = self.text.rfind("\n", 0, self.node.start) + 1
        outer = re.match(r"[ \t]*", self.text[line:])
        step = len(lead) - len(outer[0]) if outer else 0
        return " " * step if 0 < step <= 8 else "  "

    def one_line(self, value: Value) -> str:
        """`value` on one line."""
        match value:
            case Code():
                return value.text
            case dict():
                inside = (
                    f"{json.dumps(k, ensure_ascii=False)}{self.colon}{self.one_line(v)}"
                    for k, v in value.items()
                )
                return "{" + f",{self.space}".join(inside) + "}"
            case list():
                return "[" + f",{self.space}".join(map(self.one_line, value)) + "]"
            case Tagged() | Block():
                raise CannotEdit("JSON has no way to write this")
            case _:
                return json.dumps(value, ensure_ascii=False)
