"""Writes new blocks: beside others of their type, else at the end of the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.syntax.hcl.entries import behind_line, line, near_child
from fixbot.syntax.hcl.layout import line_after, line_start
from fixbot.syntax.hcl.render import are_blocks, as_blocks, block
from fixbot.tree import CannotEdit, Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fixbot.syntax.hcl.layout import Child, Layout
    from fixbot.tree import New


def in_blocks(new: New) -> bool:
    """Whether a body holds what is new as blocks."""
    return not new.argument and are_blocks(new.value)


def new_blocks(layout: Layout, puts: Sequence[New]) -> Iterator[Edit]:
    """The edits that write `puts` as blocks into a body in which something stays."""
    places: dict[int, tuple[Child | None, list[str]]] = {}
    spread: dict[int, bool] = {}
    for new in puts:
        twins = [child for child in layout.kept if child.key == new.key and child.node.style == "body"]
        place = _place(layout, new, twins)
        short = bool(twins) and "\n" not in layout.text[twins[-1].start : twins[-1].end]
        texts = [block(new.key, each, layout.indent, layout.style, short) for each in as_blocks(new.value)]
        places.setdefault(id(place), (place, []))[1].extend(texts)
        spread[id(place)] = spread.get(id(place), False) or _spread(layout, twins)
    for place, texts in places.values():
        yield _behind(layout, place, texts, spread[id(place)])


def _place(layout: Layout, new: New, twins: list[Child]) -> Child | None:
    """The block behind which it goes; None is the end of the file."""
    if layout.root:
        return next((found for name in new.near if (found := _named(layout, name)) is not None), None)
    return (twins or [near_child(layout.kept, new.near) or layout.kept[-1]])[-1]


def _named(layout: Layout, name: str) -> Child | None:
    """The last block called `type.name`, `kind.type.name` or `kind`, as in `resource.aws_x.y`."""
    for child in reversed(layout.kept):
        labels = ".".join(child.node.labels)
        if name in (labels, f"{child.key}.{labels}", child.key):
            return child
    return None


def _spread(layout: Layout, twins: list[Child]) -> bool:
    """Whether blank lines stand between blocks here."""
    if layout.root or len(twins) < 2:
        return layout.root or not twins or "\n" in layout.text[twins[-1].start : twins[-1].end]
    return (
        not layout.text[line_start(layout.text, line_start(layout.text, twins[-1].start) - 1) :]
        .split("\n", 1)[0]
        .strip()
    )


def _behind(layout: Layout, place: Child | None, texts: list[str], spread: bool) -> Edit:
    if place is None:
        after = line_after(layout.text, max(layout.opened, len(layout.text.rstrip()) - 1))
    else:
        after = place.after
    if after < 0:
        raise CannotEdit("something follows on the line of the block beside it")
    lines: list[str] = []
    for text in texts:
        lines += [""] * spread + [text]
    following = layout.text[_next_line(layout, after) :].split("\n", 1)[0].strip()
    if spread and following and following != "}":
        lines.append("")
    return behind_line(layout, after, lines)


def _next_line(layout: Layout, after: int) -> int:
    """Where the first line behind `after` begins that stays."""
    for child in layout.children:
        if (
            not child.kept
            and child.own_lines
            and child.start >= after
            and layout.text[after : child.start].isspace()
        ):
            after = child.after
    return after


def unfold(layout: Layout, puts: Sequence[New]) -> Iterator[Edit]:
    """The edits that give a one-line block its lines, and write `puts` into it."""
    inner = layout.outer + layout.style.unit
    newline = layout.style.newline
    head = layout.text[layout.opened : layout.closed]
    start = layout.opened + len(head) - len(head.lstrip())
    end = layout.opened + len(head.rstrip())
    yield Edit(layout.opened, start, newline + inner)
    lines = body_lines(layout, puts, fresh=False)
    yield Edit(end, layout.closed, newline.join(["", *lines, layout.outer]))


def body_lines(layout: Layout, puts: Sequence[New], *, fresh: bool) -> list[str]:
    """New arguments, then new blocks; `fresh` if nothing stands above them."""
    lines = [line(layout, new) for new in puts if not in_blocks(new)]
    for new in puts:
        if in_blocks(new):
            for each in as_blocks(new.value):
                lines += [""] * (bool(lines) or not fresh)
                lines.append(block(new.key, each, layout.indent, layout.style))
    return lines
