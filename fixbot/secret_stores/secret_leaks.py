"""Values in a task that shouldn't stand there: read once, so that all findings of a task agree on them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.classify_secrets import (
    SecretKind,
    classify_value,
    holds_certain_secret,
)
from fixbot.knowledge.classify_variables import classify_variable, classify_variables
from fixbot.lens import Container, Task, Variable, list_alternatives, text_of
from fixbot.model.findings import Manual, Refusal
from fixbot.secret_stores.secret_source import SecretSource

_HOLE = re.compile(
    r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|\$\([^()]*\)|<[^<>]*>|%\{[^{}]*\}|#\{[^{}]*\}|__\w+__|@@?\w+@@"
)
_LONGEST_KEY = 253
"""Characters of a key: Kubernetes takes no longer ones."""
_PASSWORD = re.compile(r"pass(?:word|wd|phrase)?$|pwd$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SecretLeak:
    """One variable or option with a value that is, or may be, a secret.

    `key` is the name under which the store keeps it. `text` is the value; None where it is computed.
    `way` is what is known already of its way out: a place to point at, or why there is none.
    """

    container: Container
    variable: Variable
    option: bool
    kind: SecretKind
    why: str
    text: str | None
    key: str = ""
    where: str = ""
    """The place in the reader's words, where it is no environment."""
    way: SecretSource | Refusal | Manual | None = None

    @property
    def id(self) -> int:
        """Tells the leaks of one task apart."""
        return id(self.variable.node)

    @property
    def name(self) -> str:
        """The variable's or option's name."""
        return self.variable.name

    @property
    def place(self) -> str:
        """Where it stands, in the reader's words."""
        return self.where or ("log options" if self.option else "environment")

    @property
    def is_movable(self) -> bool:
        """Whether it is sure enough to be a secret, and nothing is known that keeps it where it is."""
        known = self.text is not None or isinstance(self.way, SecretSource)
        stuck = self.variable.conditional or isinstance(self.way, Refusal | Manual)
        return known and not stuck and self.kind in (SecretKind.CERTAIN, SecretKind.LIKELY)


Judge = Callable[[Container, Variable], SecretSource | Refusal | Manual | None]
"""Says of a computed value whether it is a secret's, and which way out there is."""


def find_leaks(task: Task, judge: Judge) -> list[SecretLeak]:
    """Every variable and log option of a task whose value is taken for a secret."""
    found = [leak for container in task.containers for leak in _find_container_leaks(container, judge)]
    values: dict[str, set[str]] = defaultdict(set)
    for leak in found:
        if leak.is_movable and leak.text is not None:
            values[leak.name].add(leak.text)
    return [replace(leak, key=_choose_key(leak, own=len(values[leak.name]) > 1)) for leak in found]


def _find_container_leaks(container: Container, judge: Judge) -> Iterator[SecretLeak]:
    listed = [*((v, False) for v in container.environment), *((v, True) for v in container.log_options)]
    known = {v.name: text for v, _ in listed if (text := text_of(v.value)) is not None}
    verdicts = classify_variables(known.items())
    for variable, option in listed:
        text = text_of(variable.value)
        if text is None:
            way = judge(container, variable) if variable.value is not None else None
            if way is not None:
                yield SecretLeak(
                    container, variable, option, SecretKind.LIKELY, "a template puts it there", None, way=way
                )
            else:
                yield from _find_alternatives(container, variable, option=option)
            continue
        verdict = (
            verdicts[variable.name]
            if known[variable.name] == text
            else classify_variable(variable.name, text)
        )
        sure = verdict.kind in (SecretKind.CERTAIN, SecretKind.LIKELY)
        # most of what a chart or module is given are no variables, and names of that kind say little
        if sure or (verdict.kind is not SecretKind.NONE and container.role != "values"):
            yield SecretLeak(container, variable, option, verdict.kind, verdict.reason, text)


def _find_alternatives(container: Container, variable: Variable, *, option: bool) -> Iterator[SecretLeak]:
    """The secrets that stand in the branches of a condition."""
    for node in list_alternatives(variable.value):
        text = text_of(node)
        verdict = classify_variable(variable.name, text) if text is not None else None
        if verdict is not None and verdict.kind in (SecretKind.CERTAIN, SecretKind.LIKELY):
            own = replace(variable, value=node, node=node, conditional=True)
            yield SecretLeak(container, own, option, verdict.kind, verdict.reason, text)


def _choose_key(leak: SecretLeak, *, own: bool) -> str:
    """The variable's name, with the container's in front where another container's value differs."""
    whole = f"{leak.container.name}_{leak.name}" if own else leak.name
    return re.sub(r"[^A-Za-z0-9_.-]|^\.+", "_", whole)[:_LONGEST_KEY]


def holds_literal_secret(name: str, text: str) -> bool:
    """Whether a text that a template completes holds a secret in what is written out of it."""
    if _HOLE.search(text) is None:
        return False
    rest = _HOLE.sub("", text)
    if holds_certain_secret(text):
        return True
    written = sum(char.isalnum() for char in rest)
    return (
        written >= 4 and _PASSWORD.search(name) is not None and classify_value(name,
        rest).kind is SecretKind.LIKELY
        and "://" not in rest and "resolve:" not in text
    )  # fmt: skip


def text_as_written(node: Node | None) -> str | None:
    """A string as it is written, placeholders and all; None for anything that is no string.

    In HCL, `${` in such a string is no placeholder but two characters (`$${`); no name is made of that.
    """
    if node is None or node.kind is not NodeKind.SCALAR or node.tag is not None:
        return None
    if (
        node.grammar.has_expressions
        and isinstance(node.value, str)
        and ("${" in node.value or "%{" in node.value)
    ):
        return None
    return node.value if isinstance(node.value, str) else None
