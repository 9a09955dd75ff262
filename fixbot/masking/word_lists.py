"""Lists of words that are a command: read as the line that they make, as a shell would be given it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.secret_commands import option_name
from fixbot.knowledge.secret_shapes import may_hold_shapes
from fixbot.masking.judge_values import list_words_beside
from fixbot.masking.mask_spans import Span

_COMMANDS: Final = frozenset(
    ("command", "args", "entryPoint", "entrypoint", "Command", "Args", "EntryPoint", "test", "cmd")
)
_LONGEST: Final = 20_000
"""Characters of a list that is read as one line."""
_QUOTING: Final = frozenset(" \t\n")


def find_option_values(node: Node) -> Iterator[tuple[str, Node]]:
    """Options that a secret's name is in, each with the word behind it."""
    before: list[str] = []
    for at, item in enumerate(node.items):
        text = item.value if item.kind is NodeKind.SCALAR and isinstance(item.value, str) else ""
        if text[:1] == "-" and at + 1 < len(node.items):
            name = option_name(text, before or list_words_beside(node))
            if name:
                yield name, node.items[at + 1]
        before.append(text)


def find_spread_secrets(
    node: Node, recognised: Callable[[str], Iterable[Span]], beside: Sequence[str]
) -> Iterator[tuple[Node, str]]:
    """The words of a command that are secrets by the words in front of them, and what of each is secret.

    `beside` are the words of the program, where they stand in another list.
    """
    words = [each.value if isinstance(each.value, str) else "" for each in node.items]
    if len(words) + len(beside) < 2 or sum(map(len, words)) > _LONGEST or not is_command(node):
        return
    line, starts = "".join(f"{word} " for word in beside[-3:]), []
    for word in words:
        quote = '"' if _QUOTING.intersection(word) and '"' not in word else ""
        starts.append(len(line) + len(quote))
        line += f"{quote}{word}{quote} "
    if not may_hold_shapes(line):
        return
    for start, end in recognised(line):
        at = next((n for n in range(len(starts) - 1, -1, -1) if starts[n] <= start), None)
        if at is not None and start < starts[at] + len(words[at]):
            piece = line[start : min(end, starts[at] + len(words[at]))]
            yield node.items[at], piece


def is_command(node: Node) -> bool:
    """Whether a list is one of words that are run: it has an option in it, or stands under such a key."""
    for item in node.items:
        word = item.value
        if isinstance(word, str) and word[:1] == "-":
            return True
    around = node.parent
    if around is None or around.kind is not NodeKind.MAP:
        return False
    return any(entry.key in _COMMANDS for entry in around.entries if entry.value is node)
