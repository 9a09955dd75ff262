"""Writes new arguments and object entries at the place where the fewest other lines change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.tree import TextEdit
from fixbot.syntax.hcl.layout import find_line_after
from fixbot.syntax.hcl.render import render_argument, render_fitting, render_key, render_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fixbot.edit.tree import NewEntry
    from fixbot.syntax.hcl.align import AlignmentSheet
    from fixbot.syntax.hcl.layout import HclChild, HclLayout
    from fixbot.syntax.hcl.render import HclStyle

NEIGHBOURHOOD = 24
"""How many places near the best one are tried before a new entry is put among others."""


def render_entry_line(layout: HclLayout, new: NewEntry) -> str:
    """An argument or an object's entry on a line of its own, without comma and line end."""
    if layout.node.style == "body":
        return render_argument(new.key, new.value, layout.indent, layout.style)
    start = f"{layout.indent}{render_key(new.key, layout.style)}{layout.style.equals}"
    return start + render_fitting(new.value, layout.indent, len(start), layout.style)


def render_short_entry(new: NewEntry, style: HclStyle) -> str:
    """An object's entry among others on one line."""
    return f"{render_key(new.key, style)}{style.equals}{render_one_line(new.value, style)}"


def write_new_entries(
    layout: HclLayout, sheet: AlignmentSheet, puts: Sequence[NewEntry]
) -> Iterator[TextEdit]:
    """The edits that write `puts` into a body or object in which something stays."""
    body = layout.node.style == "body"
    places = [child for child in layout.kept if child.ends_line and not (body and child.node.style == "body")]
    places = [child for child in places if child.begins] or places
    if body and puts and not places:
        yield _insert_before_blocks(layout, puts)
        return
    chosen: dict[int, tuple[HclChild, list[str]]] = {}
    for new in puts:
        near = find_near_child(layout.kept, new.near)
        if not places or (near is not None and not near.ends_line and not body):
            anchor = near or layout.kept[-1]
            yield TextEdit(anchor.end, anchor.end, f", {render_short_entry(new, layout.style)}")
            continue
        written = render_entry_line(layout, new)
        anchor = _choose_cheapest(layout, sheet, places, near, written)
        chosen.setdefault(id(anchor), (anchor, []))[1].append(written)
    for anchor, lines in chosen.values():
        yield from _insert_behind(layout, anchor, lines)


def find_near_child(children: Sequence[HclChild], names: Sequence[str]) -> HclChild | None:
    """The entry of the first of `names` that is there."""
    for name in names:
        found = [child for child in children if child.key == name]
        if found:
            return found[-1]
    return None


def _choose_cheapest(
    layout: HclLayout, sheet: AlignmentSheet, places: list[HclChild], near: HclChild | None, written: str
) -> HclChild:
    """The place where the fewest lines move; a paragraph away from where it belongs counts as a line."""
    preferred = near if near in places else _usual_place(layout, places)
    paragraph = _number_paragraphs(layout)
    order = {id(child): number for number, child in enumerate(layout.children)}
    places = sorted(places, key=lambda child: abs(order[id(child)] - order[id(preferred)]))[:NEIGHBOURHOOD]

    def cost_of(child: HclChild) -> tuple[int, int, int]:
        far = order[id(child)] - order[id(preferred)]
        comma = layout.style.commas and child.comma < 0 and child is layout.kept[-1]
        moved = sheet.count_moved_lines(child.after, written) + comma
        return moved + abs(paragraph[id(child)] - paragraph[id(preferred)]), abs(far), -far

    return min(places, key=cost_of)


def _usual_place(layout: HclLayout, places: list[HclChild]) -> HclChild:
    """The last entry; in a body the last argument before the first block, if there is one."""
    blocks = [child.start for child in layout.children if child.node.style == "body"]
    before = [child for child in places if not blocks or child.start < blocks[0]]
    return (before or places)[-1]


def _number_paragraphs(layout: HclLayout) -> dict[int, int]:
    number, before, found = 0, layout.opened, {}
    for child in layout.children:
        lines = layout.text[before : child.start].split("\n")[1:-1]
        number += any(not line.strip() for line in lines)
        found[id(child)] = number
        before = child.end
    return found


def _insert_behind(layout: HclLayout, anchor: HclChild, lines: list[str]) -> Iterator[TextEdit]:
    style = layout.style
    ended = anchor.comma >= 0
    if style.commas and layout.node.style == "object":
        last = anchor is layout.kept[-1]
        if last and not ended and not _may_be_heredoc(layout.text[anchor.node.start : anchor.end]):
            yield TextEdit(anchor.end, anchor.end, ",")
        lines = [line if _may_be_heredoc(line) else f"{line}," for line in lines]
        if last and not ended:
            lines[-1] = lines[-1].removesuffix(",")
    yield insert_behind_line(layout, anchor.after, lines)


def insert_behind_line(layout: HclLayout, after: int, lines: list[str]) -> TextEdit:
    """Whole new lines where a line ends; a file without a last line end keeps being one."""
    newline = layout.style.newline
    text = newline.join(lines)
    whole = layout.text[:after].endswith("\n") or not after
    return TextEdit(after, after, text + newline if whole else newline + text)


def _insert_before_blocks(layout: HclLayout, puts: Sequence[NewEntry]) -> TextEdit:
    if layout.root:
        return insert_behind_line(
            layout, len(layout.text), ["", *(render_entry_line(layout, new) for new in puts)]
        )
    lines = [*(render_entry_line(layout, new) for new in puts), ""]
    return insert_behind_line(layout, find_line_after(layout.text, layout.opened), lines)


def _may_be_heredoc(text: str) -> bool:
    """A comma can't stand behind a heredoc's closing marker, and between lines none is needed."""
    return "<<" in text and "\n" in text
