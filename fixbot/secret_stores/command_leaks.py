"""Secrets written out in what a container starts: arguments, commands, probes, hooks, health checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.classify_secrets import SecretKind, find_certain_spans
from fixbot.knowledge.secret_inside import InnerSecret, find_inner_secrets, is_written_out
from fixbot.lens import Container, Task, Variable
from fixbot.model.findings import Manual
from fixbot.secret_stores.secret_leaks import SecretLeak
from fixbot.text.markdown_escape import mark_code

_WORDS: Final = (
    ("command", "command"),
    ("entryPoint", "entry point"),
    ("args", "arguments"),
    ("healthCheck.command", "health check"),
    ("livenessProbe.exec.command", "liveness probe"),
    ("readinessProbe.exec.command", "readiness probe"),
    ("startupProbe.exec.command", "startup probe"),
    ("lifecycle.postStart.exec.command", "postStart hook"),
    ("lifecycle.preStop.exec.command", "preStop hook"),
)
_ONLY_ECS: Final = ("entryPoint", "healthCheck.command")


def find_command_leaks(task: Task, known: Sequence[SecretLeak]) -> list[SecretLeak]:
    """What is written out in commands, but for copies of `known` ones, which are named with these."""
    copied = {leak.text for leak in known if leak.text is not None and leak.is_movable}
    return [
        leak
        for container in task.containers
        for leak in _find_in_container(container)
        if not any(text in str(leak.text) for text in copied)
    ]


def _find_in_container(container: Container) -> Iterator[SecretLeak]:
    ecs = container.spelling.vocabulary == "ecs"
    for canonical, where in _WORDS:
        if ecs != (canonical in _ONLY_ECS) and canonical != "command":
            continue
        node = container.get(canonical)
        if node is not None and node.tag is None:
            yield from _find_in_words(container, node, "arguments" if ecs and where == "command" else where)


def _find_in_words(container: Container, node: Node, where: str) -> Iterator[SecretLeak]:
    items = node.items if node.kind is NodeKind.LIST else [node]
    for number, item in enumerate(items):
        text = item.value if item.kind in (NodeKind.SCALAR, NodeKind.CODE) else None
        if not isinstance(text, str) or len(text) < 4:
            continue
        after = items[number + 1].value if number + 1 < len(items) else None
        if text[:1] == "-" and " " not in text and "=" not in text:
            name = text.lstrip("-")
            if isinstance(after, str) and after[:1] != "-" and is_written_out(name, after):
                yield _make_leak(container, items[number + 1], text, mark_code(text), where, after)
            continue
        inside = next(chain(find_inner_secrets(text), map(InnerSecret._make, find_certain_spans(text))), None)
        if inside is not None:
            yield _make_leak(container, item, inside.what.strip("`"), inside.what, where, text)


def _make_leak(container: Container, node: Node, name: str, told: str, where: str, text: str) -> SecretLeak:
    variable = Variable(name, node, node)
    way = Manual(
        f"A secret stands in clear in the {where} of {mark_code(container.name)} ({told}): whoever may see "
        "the file, the running configuration or the list of processes reads it. Put it into a secret store, "
        "let a variable come from there, and name that variable in its place."
    )
    return SecretLeak(
        container, variable, False, SecretKind.LIKELY, f"{told} is written out", text, where=where, way=way
    )
