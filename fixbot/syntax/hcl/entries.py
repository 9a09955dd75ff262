"""Writes new arguments and object entries at the place where the fewest other lines change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.syntax.hcl.layout import line_after
from fixbot.syntax.hcl.render import argument, fitting, key_text, one_line
from fixbot.tree import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fixbot.syntax.hcl.align import Sheet
    from fixbot.syntax.hcl.layout import Child, Layout
    from fixbot.syntax.hcl.render import Style
    from fixbot.tree import New

NEIGHBOURHOOD = 24
"""How many places near the best one are tried before a new entry is put among others."""


def line(layout: Layout, new: New) -> str:
    """An argument or an object's entry on a line of its own, without comma and line end."""
    if layout.node.style == "body":
        return argument(new.key, new.value, layout.indent, layout.style)
    start = f"{layout.indent}{key_text(new.key, layout.style)}{layout.style.equals}"
    return start + fitting(new.value, layout.indent, len(start), layout.style)


def short(new: New, style: Style) -> str:
    """An object's entry among others on one line."""
    return f"{key_text(new.key, style)}{style.equals}{one_line(new.value, style)}"


def new_entries(layout: Layout, sheet: Sheet, puts: Sequence[New]) -> Iterator[Edit]:
    """The edits that write `puts` into a body or object in which something stays."""
    body = layout.node.style == "body"
    places = [child for child in layout.kept if child.ends and not (body and child.node.style == "body")]
    places = [child for child in places if child.begins] or places
    if body and puts and not places:
        yield _before_blocks(layout, puts)
        return
    chosen: dict[int, tuple[Child, list[str]]] = {}
    for new in puts:
        near = near_child(layout.kept, new.near)
        if not places or (near is not None and not near.ends and not body):
            anchor = near or layout.kept[-1]
            yield Edit(anchor.end, anchor.end, f", {short(new, layout.style)}")
            continue
        written = line(layout, new)
        anchor = _cheapest(layout, sheet, places, near, written)
        chosen.setdefault(id(anchor), (anchor, []))[1].append(written)
    for anchor, lines in chosen.values():
        yield from _behind(layout, anchor, lines)


def near_child(children: Sequence[Child], names: Sequence[str]) -> Child | None:
    """The entry of the first of `names` that is there."""
    for name in names:
        found = [child for child in children if child.key == name]
        if found:
            return found[-1]
    return None


def _cheapest(layout: Layout, sheet: Sheet, places: list[Child], near: Child | None, written: str) -> Child:
    """The place where the fewest lines move; a paragraph away from where it belongs counts as a line."""
    preferred = near if near in places else _usual(layout, places)
    paragraph = _paragraphs(layout)
    order = {id(child): number for number, child in enumerate(layout.children)}
    places = sorted(places, key=lambda child: abs(order[id(child)] - order[id(preferred)]))[:NEIGHBOURHOOD]

    def cost(child: Child) -> tuple[int, int, int]:
        far = order[id(child)] - order[id(preferred)]
        comma = layout.style.commas and child.comma < 0 and child is layout.kept[-1]
        moved = sheet.cost(child.after, written) + comma
        return moved + abs(paragraph[id(child)] - paragraph[id(preferred)]), abs(far), -far

    return min(places, key=cost)


def _usual(layout: Layout, places: list[Child]) -> Child:
    """The last entry; in a body the last argument before the first block, if there is one."""
    blocks = [child.start for child in layout.children if child.node.style == "body"]
    before = [child for child in places if not blocks or child.start < blocks[0]]
    return (before or places)[-1]


def _paragraphs(layout: Layout) -> dict[int, int]:
    number, before, found = 0, layout.opened, {}
    for child in layout.children:
        lines = layout.text[before : child.start].split("\n")[1:-1]
        number += any(not line.strip() for line in lines)
        found[id(child)] = number
        before = child.end
    return found


def _behind(layout: Layout, anchor: Child, lines: list[str]) -> Iterator[Edit]:
    style = layout.style
    ended = anchor.comma >= 0
    if style.commas and layout.node.style == "object":
        last = anchor is layout.kept[-1]
        if last and not ended and not _may_be_heredoc(layout.text[anchor.node.start : anchor.end]):
            yield Edit(anchor.end, anchor.end, ",")
        lines = [line if _may_be_heredoc(line) else f"{line}," for line in lines]
        if last and not ended:
            lines[-1] = lines[-1].removesuffix(",")
    yield behind_line(layout, anchor.after, lines)


def behind_line(layout: Layout, after: int, lines: list[str]) -> Edit:
    """Whole new lines where a line ends; a file without a last line end keeps being one."""
    newline = layout.style.newline
    text = newline.join(lines)
    whole = layout.text[:after].endswith("\n") or not after
    return Edit(after, after, text + newline if whole else newline + text)


def _before_blocks(layout: Layout, puts: Sequence[New]) -> Edit:
    if layout.root:
        return behind_line(layout, len(layout.text), ["", *(line(layout, new) for new in puts)])
    lines = [*(line(layout, new) for new in puts), ""]
    return behind_line(layout, line_after(layout.text, layout.opened), lines)


def _may_be_heredoc(text: str) -> bool:
    """A comma can't stand behind a heredoc's closing marker, and between lines none is needed."""
    return "<<" in text and "\n" in text
