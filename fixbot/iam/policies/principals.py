"""Who a statement lets in: its principals by kind, wherever they are written, and what it asks of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fixbot.dialects.iam import unwrap_sub
from fixbot.edit.tree import Node, NodeKind
from fixbot.iam.policy_document import as_list, list_whole_texts, read_tests
from fixbot.lens import condition_branches, text_of

if TYPE_CHECKING:
    from fixbot.edit.tree import Value
    from fixbot.iam.policies.policy_data import Data
    from fixbot.lens import Statement

_EXCLUDED: Final = ("NotPrincipal", "not_principals")
_POSITIVE: Final = re.compile(
    r"(ForAllValues:)?(?:ForAnyValue:)?"
    r"(?:String(?:Equals|Like|EqualsIgnoreCase)|Arn(?:Equals|Like)|IpAddress|Bool)(IfExists)?"
)
_ANY: Final = re.compile(
    r"[*?:/]*|arn:[^:]*(?::[^:]*){2}:[^:]*[*?][^:]*:.*|arn:[^:]*(?::[^:]*){2}::[*?:/]*", re.DOTALL
)
"""Texts that name nobody: wildcards alone, and ARNs of any account's things."""
_WIDEST: Final = 8
"""Ranges of addresses with a shorter prefix are a large part of the internet."""


@dataclass(frozen=True, slots=True)
class Principal:
    """One of those whom a statement lets in: `kind` is `Service`, `AWS`, `Federated`, … or `*`."""

    kind: str
    node: Node

    @property
    def text(self) -> str:
        """What is written, computed parts as they stand."""
        return str(unwrap_sub(self.node).value)


def list_principals(statement: Statement) -> list[Principal]:
    """Everybody whom a statement names, entries of lists and branches of conditions each for itself."""
    return list(_iterate_principals(statement))


def _iterate_principals(statement: Statement) -> Iterator[Principal]:
    node = statement.node
    if statement.policy.in_blocks:
        for block in node.list_items("principals"):
            kind, listed = text_of(block.find_node("type")) or "", block.find_node("identifiers")
            yield from (Principal(kind, each) for each in _list_values(listed))
        return
    named = node.find_node("Principal")
    for branch in (condition_branches(named) or [named]) if named is not None else ():
        if branch.kind is not NodeKind.MAP or branch.tag is not None:
            yield Principal("*", branch)
        for entry in branch.entries if branch.kind is NodeKind.MAP else ():
            yield from (Principal(entry.key, each) for each in _list_values(entry.value))


def _list_values(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    branches = condition_branches(node)
    if node.kind is NodeKind.LIST and node.tag is None:
        branches = node.items
    if not branches:
        yield node
    for each in branches:
        yield from _list_values(each)


def excludes_principals(statement: Statement) -> bool:
    """Whether it lets everybody in whom it doesn't name."""
    return any(statement.node.find_entry(key) is not None for key in _EXCLUDED)


def lets_everybody_in(statement: Statement, data: Data) -> bool:
    """Whether it allows something to whoever asks, whatever its conditions."""
    if data.get("Effect") != "Allow":
        return False
    named = (each for each in list_principals(statement) if each.kind in ("AWS", "*"))
    return excludes_principals(statement) or any(each.node.scalar == "*" for each in named)


def find_limits(data: Data, keys: Collection[str], *, if_missing: bool = False) -> list[str] | None:
    """The keys among those (in lower case; `…*` for any that begins so) whose test names somebody.

    Tests that hold where a request has no such key count only with `if_missing`.
    None where the Condition is computed.
    """
    tests = read_tests(data.get("Condition"))
    if tests is None:
        return None
    found = []
    for operator, key, values in tests:
        shape = _POSITIVE.fullmatch(operator)
        strict = shape is not None and not (shape[1] or shape[2])
        if shape and (strict or if_missing) and _is_named(key, keys) and _names_somebody(operator, values):
            found.append(key)
    return found


def _is_named(key: str, keys: Collection[str]) -> bool:
    return key in keys or any(each.endswith("*") and key.startswith(each[:-1]) for each in keys)


def _names_somebody(operator: str, values: Value) -> bool:
    """Whether each alternative of a test leaves somebody out; what is computed does."""
    if "Bool" in operator:
        return all(str(each).lower() == "true" for each in as_list(values))
    texts = [text for each in as_list(values) for text in list_whole_texts(each)]
    if "Ip" in operator:
        prefixes = [text.partition("/")[2] for text in texts]
        return not any(each.isdecimal() and int(each) < _WIDEST for each in prefixes)
    return not any(_ANY.fullmatch(text) for text in texts)
