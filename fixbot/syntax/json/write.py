"""Edits of one object or array: commas settled once, every other byte where it was.

A new entry goes *before* one that stays, since that costs one line; at the end it would cost two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fixbot.edit.tree import (
    CannotEdit,
    CodeExpression,
    HclBlock,
    NewEntry,
    Node,
    NodeKind,
    Rewrite,
    TaggedValue,
    TextEdit,
    Value,
)

_WIDE = 120


@dataclass(frozen=True, slots=True)
class _JsonMember:
    """An entry (key and value) or an item, as a stretch of text."""

    start: int
    end: int
    key: str
    value: Node


def rewrite_collection(text: str, wanted: Rewrite) -> Iterator[TextEdit]:
    """The edits that carry out `wanted`. Raises CannotEdit."""
    members = _list_members(wanted.node)
    layout = _JsonLayout(text, wanted.node, members)
    for member in members:
        new = wanted.find_replacement(member.value)
        if new and not wanted.is_dropped(member.value):
            yield TextEdit(member.value.start, member.value.end, layout.render_value(new[0]))
    new_first = [layout.render_item(value) for value in wanted.first] or []
    puts = [(layout.render_entry(each), each) for each in wanted.put]
    last = [layout.render_item(value) for value in wanted.last]
    yield from _JsonRewriter(text, wanted, members, layout).iterate_edits(new_first, puts, last)


def _list_members(node: Node) -> list[_JsonMember]:
    if node.entries:
        return [_JsonMember(e.key_start, e.value.end, e.key, e.value) for e in node.entries]
    return [_JsonMember(item.start, item.end, "", item) for item in node.items]


@dataclass(slots=True)
class _JsonRewriter:
    text: str
    wanted: Rewrite
    members: list[_JsonMember]
    layout: _JsonLayout

    def iterate_edits(
        self, first: list[str], puts: list[tuple[str, NewEntry]], last: list[str]
    ) -> Iterator[TextEdit]:
        kept = [m for m in self.members if not self.wanted.is_dropped(m.value)]
        runs = list(self._find_dropped_runs())
        new = first + [written for written, _ in puts] + last
        if not kept:
            yield from self._refill_collection(new)
            return
        if (
            runs
            and new
            and (run := next((r for r in runs if self._is_without_comments(r)), None)) is not None
        ):
            runs.remove(run)
            start, end = run[0].start, run[-1].end
            yield TextEdit(start, end, self.layout.join_members(new, run[0]))
            new, first, puts, last = [], [], [], []
        for run in runs:
            yield from self._remove_run(run, kept)
        if first:
            yield self._insert_before(kept[0], first)
        for written, each in puts:
            yield self._insert_before(self._find_neighbour(each, kept), [written])
        if last:
            gap = self.layout.gap_before(kept[-1])
            yield TextEdit(kept[-1].end, kept[-1].end, "".join(f",{gap}{item}" for item in last))

    def _find_dropped_runs(self) -> Iterator[list[_JsonMember]]:
        run: list[_JsonMember] = []
        for member in self.members:
            if self.wanted.is_dropped(member.value):
                run.append(member)
            elif run:
                yield run
                run = []
        if run:
            yield run

    def _is_without_comments(self, run: list[_JsonMember]) -> bool:
        return not self._has_comments(self.text[run[0].start : run[-1].end], run)

    def _has_comments(self, between: str, run: list[_JsonMember]) -> bool:
        for member in run:
            between = between.replace(self.text[member.start : member.end], "")
        return bool(between.strip(" \t\r\n,"))

    def _find_neighbour(self, new: NewEntry, kept: list[_JsonMember]) -> _JsonMember:
        """The member before which a new entry is written, one on a line of its own if there is one."""
        found = [at for key in new.near for at, member in enumerate(kept) if member.key == key]
        follows = [kept[min(at + 1, len(kept) - 1)] for at in found] or [kept[-1]]
        return next((member for member in follows if self.layout.has_own_line(member)), follows[0])

    def _insert_before(self, member: _JsonMember, new: Sequence[str]) -> TextEdit:
        gap = self.layout.gap_before(member)
        return TextEdit(member.start, member.start, "".join(f"{each},{gap}" for each in new))

    def _remove_run(self, run: list[_JsonMember], kept: list[_JsonMember]) -> Iterator[TextEdit]:
        start, end = run[0].start, run[-1].end
        after = next((m for m in kept if m.start > end), None)
        before = next((m for m in reversed(kept) if m.end <= start), None)
        if after is not None:
            gap = self.text[end : after.start]
            if gap.strip(" \t\r\n,") or self._has_comments(self.text[start:end], run):
                comma = end + gap.index(",") + 1
                yield TextEdit(start, comma, "")
            elif before is not None and "\n" in gap and "\n" not in self.text[before.end : start]:
                comma = before.end + self.text[before.end : start].index(",")
                yield TextEdit(comma, end, "")
            else:
                yield TextEdit(start, after.start, "")
        elif before is not None:
            gap = self.text[before.end : start]
            if gap.strip(" \t\r\n,"):
                comma = before.end + gap.index(",")
                yield TextEdit(comma, comma + 1, "")
                yield TextEdit(start, end, "")
            else:
                yield TextEdit(before.end, end, "")

    def _refill_collection(self, new: list[str]) -> Iterator[TextEdit]:
        node = self.wanted.node
        inside = self.text[node.start + 1 : node.end - 1]
        if not self.members:
            if not new:
                return
            if inside.strip():
                raise CannotEdit("a comment stands where the new entry would go")
            spaced = " " if inside.startswith(" ") and "\n" not in inside else ""
            written = f",{self.layout.space}".join(new)
            yield TextEdit(node.start + 1, node.end - 1, f"{spaced}{written}{spaced}")
            return
        start, end = self.members[0].start, self.members[-1].end
        if not self._is_without_comments(self.members):
            raise CannotEdit("a comment stands between the entries that would go")
        if new:
            yield TextEdit(start, end, self.layout.join_members(new, self.members[0]))
        elif inside.replace(self.text[start:end], "").strip(" \t\r\n,"):
            yield TextEdit(start, end, "")
        else:
            yield TextEdit(node.start + 1, node.end - 1, "")


@dataclass(slots=True)
class _JsonLayout:
    """How this collection is laid out: its gaps, its colons, one level of its indentation."""

    text: str
    node: Node
    members: list[_JsonMember]

    def gap_before(self, member: _JsonMember) -> str:
        """What stands between a comma and `member`: a new line as the member's own, or a blank."""
        line = self.text.rfind("\n", 0, member.start) + 1
        lead = self.text[line : member.start]
        if line > self.node.start and not lead.strip():
            return ("\r\n" if self.text[line - 2 : line] == "\r\n" else "\n") + lead
        others = [m for m in self.members if m is not member and self.has_own_line(m)]
        if self.members[0] is member and others:
            return self.gap_before(others[0])
        return self._gap_of_last_line() or self.space

    def _gap_of_last_line(self) -> str:
        """A new line as a list's last one, where its items are objects that go over lines by themselves."""
        last = self.members[-1]
        line = self.text.rfind("\n", 0, last.end) + 1
        if (
            last.value.kind is not NodeKind.MAP
            or line <= self.node.start
            or self._find_hugged_gap() is not None
        ):
            return ""
        lead = re.compile(r"[ \t]*").match(self.text, line)
        return ("\r\n" if self.text[line - 2 : line] == "\r\n" else "\n") + (lead[0] if lead else "")

    def has_own_line(self, member: _JsonMember) -> bool:
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

    def join_members(self, new: Sequence[str], member: _JsonMember) -> str:
        """New members in the place of `member`, each on a line of its own if that had one."""
        return f",{self.gap_before(member)}".join(new)

    def render_entry(self, new: NewEntry) -> str:
        """`"key": value`."""
        colon = self.colon
        value = self._render_fitting(new.value, len(new.key) + 4)
        return f"{json.dumps(new.key, ensure_ascii=False)}{colon}{value}"

    def render_item(self, value: Value) -> str:
        """A list's item."""
        return self._render_fitting(value, 0)

    def render_value(self, value: Value) -> str:
        """A value in the place of another."""
        return self._render_fitting(value, 0)

    def _render_fitting(self, value: Value, used: int) -> str:
        own = next((m for m in self.members if self.has_own_line(m)), None)
        if own is not None:
            gap = self.gap_before(own)
            return self._render_spread(value, used, gap, self._indentation_step(gap.lstrip("\r\n")))
        hugged = self._find_hugged_gap()
        return (
            self._render_spread(value, used, *hugged) if hugged is not None else self.render_one_line(value)
        )

    def _find_hugged_gap(self) -> tuple[str, str] | None:
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

    def _render_spread(self, value: Value, used: int, gap: str, step: str) -> str:
        """`value` on one line if that isn't too wide, else one member a line."""
        line = self.render_one_line(value)
        narrow = len(gap.lstrip("\r\n")) + used + len(line) <= _WIDE
        if narrow or not isinstance(value, dict | list) or not value:
            return line
        inner = gap + step
        if isinstance(value, list):
            return (
                "["
                + ",".join(inner + self._render_spread(each, 0, inner, step) for each in value)
                + gap
                + "]"
            )
        pairs = (
            f"{inner}{json.dumps(key, ensure_ascii=False)}{self.colon}"
            + self._render_spread(each, len(key) + 4, inner, step)
            for key, each in value.items()
        )
        return "{" + ",".join(pairs) + gap + "}"

    def _indentation_step(self, lead: str) -> str:
        """One level of indentation, as the step from the parent to this collection shows it."""
        if "\t" in lead:
            return "\t"
        line = self.text.rfind("\n", 0, self.node.start) + 1
        outer = re.match(r"[ \t]*", self.text[line:])
        step = len(lead) - len(outer[0]) if outer else 0
        return " " * step if 0 < step <= 8 else "  "

    def render_one_line(self, value: Value) -> str:
        """`value` on one line."""
        match value:
            case CodeExpression():
                return value.text
            case dict():
                inside = (
                    f"{json.dumps(k, ensure_ascii=False)}{self.colon}{self.render_one_line(v)}"
                    for k, v in value.items()
                )
                return "{" + f",{self.space}".join(inside) + "}"
            case list():
                return "[" + f",{self.space}".join(map(self.render_one_line, value)) + "]"
            case TaggedValue() | HclBlock():
                raise CannotEdit("JSON has no way to write this")
            case _:
                return json.dumps(value, ensure_ascii=False)
