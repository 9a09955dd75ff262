"""Copies of a secret in what its own container runs, which take the variable instead of the literal.

A script expands `$NAME`; in the command and arguments of a pod the kubelet expands `$(NAME)` itself. Source:
kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables.
"""

from __future__ import annotations

import re
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Container

_SHELLS: Final = frozenset(("sh", "bash", "ash", "dash"))
_FLAG: Final = re.compile(r"-[a-zA-Z]*c")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN: Final = re.compile(r"[\w.,:;@%+=/#^~!?*&-]+")
"""A value that means itself wherever it stands in a script, or between the quotes that it has there."""
_QUIET: Final = re.compile(r"[\w.,:@%+=/-]+")
_EXPANDED: Final = ("command", "args")


def replace_copy(container: Container, node: Node, name: str, value: str, text: str) -> str | None:
    """`text`, which stands at `node`, with the variable for each copy; None where none would be expanded."""
    if _NAME.fullmatch(name) is None or _PLAIN.fullmatch(value) is None or node.tag is not None:
        return None
    if _is_script(container, node):
        return _expand_in_script(text, name, value)
    listed = node.parent
    own = any(container.get(key) in (listed, node) for key in _EXPANDED)
    if container.spelling.vocabulary == "k8s" and own and listed is not None:
        return text.replace(value, f"$({name})")
    return None


def _is_script(container: Container, node: Node) -> bool:
    """Whether a word is what a shell is given to run."""
    listed = node.parent
    if listed is None or listed.kind is not NodeKind.LIST or listed.tag is not None:
        return False
    words = [item.value for item in listed.items]
    at = next(number for number, item in enumerate(listed.items) if item is node)
    if at == 0:
        k8s = container.spelling.vocabulary == "k8s"
        program = container.get("command" if k8s else "entryPoint")
        if program is None or container.get("args" if k8s else "command") is not listed:
            return False
        words, at = [*(item.value for item in program.items), *words], len(program.items)
    if at == 1 and words[0] == "CMD-SHELL":
        return True
    if at < 2:
        return False
    shell, flag = str(words[at - 2]).rpartition("/")[2], str(words[at - 1])
    return shell in _SHELLS and _FLAG.fullmatch(flag) is not None


def _expand_in_script(text: str, name: str, value: str) -> str | None:
    """A script with `$NAME` for each copy; None where one stands between quotes that keep it as it is."""
    if "<<" in text or "`" in text:
        return None
    made, at = [], 0
    while (found := text.find(value, at)) >= 0:
        quote = _open_quote(text[:found])
        behind = text[found + len(value) : found + len(value) + 1]
        if quote == "'" or re.match(r"\w", behind) or (quote == "" and _QUIET.fullmatch(value) is None):
            return None
        made += [text[at:found], f"${name}" if quote else f'"${name}"']
        at = found + len(value)
    return "".join((*made, text[at:]))


def _open_quote(text: str) -> str:
    """The quote that is open at the end of a script's text."""
    quote, skip = "", False
    for char in text:
        if skip:
            skip = False
        elif char == "\\" and quote != "'":
            skip = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
    return quote
