"""Where the comments of a YAML text stand: what begins with `#` between its keys and values, and in none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fixbot.edit.tree import NodeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fixbot.edit.tree import Node

_COMMENT: Final = re.compile(r"(?:(?<=[\s\ufeff])|\A)#[^\r\n\x85\u2028\u2029]*")
_LINE_END: Final = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")


def find_comments(text: str, roots: Iterable[Node], start: int, end: int) -> list[tuple[int, int]]:
    """Where comments stand in `text[start:end]`, whose documents are `roots`."""
    found: list[tuple[int, int]] = []
    at = start
    for first, last in [*sorted(span for root in roots for span in _opaque_spans(text, root)), (end, end)]:
        if first > at:
            found += (each.span() for each in _COMMENT.finditer(text, at, first))
        at = max(at, last)
    return found


def _opaque_spans(text: str, root: Node) -> Iterator[tuple[int, int]]:
    """Where keys and values stand, in which nothing is a comment."""
    for node in root.walk_tree():
        if node.kind in (NodeKind.SCALAR, NodeKind.CODE) and node.alias is None:
            yield _find_value_start(text, node), node.end
        yield from ((entry.key_start, entry.key_end) for entry in node.entries if node.alias is None)


def _find_value_start(text: str, node: Node) -> int:
    """Where a value begins; behind the line of its `|` or `>`, which may end with a comment."""
    if node.style not in ("|", ">"):
        return node.start
    found = _LINE_END.search(text, node.start, node.end)
    return found.end() if found else node.end
