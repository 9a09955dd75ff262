"""Blocks of Terraform in a text that nobody parsed, found line by line: no pattern runs over all of it."""

from __future__ import annotations

from collections.abc import Iterator


def list_block_lines(text: str, *head: str) -> Iterator[str]:
    """What stands in the blocks that begin with these words (labels in their quotes), by lines.

    A block ends at the brace that a line begins with, or on its own first line.
    """
    inside = False
    for line in text.removeprefix("\ufeff").split("\n"):
        if inside:
            inside = not line.startswith("}")
            if inside:
                yield line
        elif tuple(line.partition("{")[0].split()[: len(head)]) == head:
            rest = line.partition("{")[2]
            inside = not rest.rstrip().endswith("}")
            yield rest
