"""Comments inside what a change takes away: they are people's, and stay."""

from __future__ import annotations

import re

from fixbot.edit.tree import Node


def find_comments_between(text: str, node: Node, start: int, end: int, comment: re.Pattern[str]) -> list[str]:
    """The comments between `start` and `end`, where nothing but `node` and its key stand."""
    spans = [
        (each.start, each.end) for each in node.walk_tree() if not (each.entries or each.items) or each.alias
    ]
    spans += [(entry.key_start, entry.key_end) for each in node.walk_tree() for entry in each.entries]
    found: list[str] = []
    at = start
    for first, last in [*sorted(spans), (end, end)]:
        found += [part.strip() for part in comment.findall(text, at, max(first, at))]
        at = max(at, last)
    return found
