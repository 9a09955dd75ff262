"""What a container gives its program: the words of its command and its variables, each known or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.needs import shell_words
from fixbot.lens import Container, text_of

_HOLE: Final = re.compile(r"\$\(|\$\{|\$[A-Za-z_]|\{\{|%\{|#\{|<[A-Za-z_][^<>]*>|`|__\w+__|@@?\w+@@")
_WORDS: Final = ("entryPoint", "command", "args")


@dataclass(frozen=True, slots=True)
class Given:
    """The words in the order in which the program gets them, and the variables that are written out.

    A word or value is None where it can't be known, or a text in which `is_open` finds a hole.
    """

    words: tuple[str | None, ...]
    variables: Mapping[str, str | None]
    open_words: bool
    """Whether a whole list of words is computed."""
    open_variables: bool
    """Whether variables come from a place that isn't read: a ConfigMap, a file in S3."""

    @property
    def every_word(self) -> tuple[str, ...]:
        """The known words, and those inside of scripts given to a shell."""
        known = tuple(word for word in self.words if word is not None)
        return known + tuple(word for word in shell_words(known) if word not in known)


def is_open(text: str | None) -> bool:
    """Whether a text is unknown, or has a hole that a shell or a template fills in."""
    return text is None or _HOLE.search(text) is not None


def read_given(container: Container) -> Given:
    """What the file shows of a container's words and variables."""
    words: list[str | None] = []
    open_words = False
    for name in _WORDS if container.spelling.vocabulary == "k8s" else _WORDS[:2]:
        node = container.get(name)
        if node is None or node.is_nothing:
            continue
        open_words |= node.kind not in (NodeKind.LIST, NodeKind.SCALAR)
        words += (
            [_text_as_written(item) for item in node.items]
            if node.kind is NodeKind.LIST
            else [_text_as_written(node)]
        )
    return Given(tuple(words), dict(_read_variables(container)), open_words, _more_variables(container))


def _text_as_written(node: Node) -> str | None:
    """The words as they are written, holes and all: `--path=${x}` still says which option it is."""
    value = node.scalar
    return value if isinstance(value, str) else text_of(node)


def _read_variables(container: Container) -> Iterator[tuple[str, str | None]]:
    for variable in container.environment:
        yield variable.name, None if variable.value is None else _text_as_written(variable.value)
    if container.spelling.vocabulary != "k8s":
        for item in container.node.list_items(container.spelling.spell_field("secrets")):
            if name := text_of(item.find_node(container.spelling.key("name"))):
                yield name, None


def _more_variables(container: Container) -> bool:
    k8s = container.spelling.vocabulary == "k8s"
    node = container.get("env" if k8s else "environment")
    computed = node is not None and not node.is_nothing and node.kind not in (NodeKind.LIST, NodeKind.MAP)
    others = container.get("envFrom" if k8s else "environmentFiles")
    return computed or (others is not None and not others.is_nothing)
