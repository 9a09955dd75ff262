"""Writes new blocks: beside others of their type, else at the end of the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit, TextEdit
from fixbot.syntax.hcl.entries import find_near_child, insert_behind_line, render_entry_line
from fixbot.syntax.hcl.layout import find_line_after, find_line_start
from fixbot.syntax.hcl.render import are_blocks, list_blocks, render_block

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fixbot.edit.tree import NewEntry
    from fixbot.syntax.hcl.layout import HclChild, HclLayout


def is_written_as_blocks(new: NewEntry) -> bool:
    """Whether a body holds what is new as blocks."""
    return not new.argument and are_blocks(new.value)


def write_new_blocks(layout: HclLayout, puts: Sequence[NewEntry]) -> Iterator[TextEdit]:
    """The edits that write `puts` as blocks into a body in which something stays."""
    places: dict[int, tuple[HclChild | None, list[str]]] = {}
    spread: dict[int, bool] = {}
    for new in puts:
        twins = [child for child in layout.kept if child.key == new.key and child.node.style == "body"]
        place = _choose_place(layout, new, twins)
        short = bool(twins) and "\n" not in layout.text[twins[-1].start : twins[-1].end]
        texts = [
            render_block(new.key, each, layout.indent, layout.style, short) for each in list_blocks(new.value)
        ]
        places.setdefault(id(place), (place, []))[1].extend(texts)
        spread[id(place)] = spread.get(id(place), False) or _are_spread(layout, twins)
    for place, texts in places.values():
        yield _insert_behind(layout, place, texts, spread[id(place)])


def _choose_place(layout: HclLayout, new: NewEntry, twins: list[HclChild]) -> HclChild | None:
    """The block behind which it goes; None is the end of the file."""
    if layout.root:
        return next(
            (found for name in new.near if (found := _find_named_block(layout, name)) is not None), None
        )
    return (twins or [find_near_child(layout.kept, new.near) or layout.kept[-1]])[-1]


def _find_named_block(layout: HclLayout, name: str) -> HclChild | None:
    """The last block called `type.name`, `kind.type.name` or `kind`, as in `resource.aws_x.y`."""
    for child in reversed(layout.kept):
        labels = ".".join(child.node.labels)
        if name in (labels, f"{child.key}.{labels}", child.key):
            return child
    return None


def _are_spread(layout: HclLayout, twins: list[HclChild]) -> bool:
    """Whether blank lines stand between blocks here."""
    if layout.root or len(twins) < 2:
        return layout.root or not twins or "\n" in layout.text[twins[-1].start : twins[-1].end]
    return (
        not layout.text[find_line_start(layout.text, find_line_start(layout.text, twins[-1].start) - 1) :]
        .split("\n", 1)[0]
        .strip()
    )


def _insert_behind(layout: HclLayout, place: HclChild | None, texts: list[str], spread: bool) -> TextEdit:
    if place is None:
        after = find_line_after(layout.text, max(layout.opened, len(layout.text.rstrip()) - 1))
    else:
        after = place.after
    if after < 0:
        raise CannotEdit("something follows on the line of the block beside it")
    lines: list[str] = []
    for text in texts:
        lines += [""] * spread + [text]
    following = layout.text[_find_next_line(layout, after) :].split("\n", 1)[0].strip()
    if spread and following and following != "}":
        lines.append("")
    return insert_behind_line(layout, after, lines)


def _find_next_line(layout: HclLayout, after: int) -> int:
    """Where the first line behind `after` begins that stays."""
    for child in layout.children:
        if (
            not child.kept
            and child.has_own_lines
            and child.start >= after
            and layout.text[after : child.start].isspace()
        ):
            after = child.after
    return after


def unfold_block(layout: HclLayout, puts: Sequence[NewEntry]) -> Iterator[TextEdit]:
    """The edits that give a one-line block its lines, and write `puts` into it."""
    inner = layout.outer + layout.style.unit
    newline = layout.style.newline
    head = layout.text[layout.opened : layout.closed]
    start = layout.opened + len(head) - len(head.lstrip())
    end = layout.opened + len(head.rstrip())
    yield TextEdit(layout.opened, start, newline + inner)
    lines = render_body_lines(layout, puts, fresh=False)
    yield TextEdit(end, layout.closed, newline.join(["", *lines, layout.outer]))


def render_body_lines(layout: HclLayout, puts: Sequence[NewEntry], *, fresh: bool) -> list[str]:
    """New arguments, then new blocks; `fresh` if nothing stands above them."""
    lines = [render_entry_line(layout, new) for new in puts if not is_written_as_blocks(new)]
    for new in puts:
        if is_written_as_blocks(new):
            for each in list_blocks(new.value):
                lines += [""] * (bool(lines) or not fresh)
                lines.append(render_block(new.key, each, layout.indent, layout.style))
    return lines
