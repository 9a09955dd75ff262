"""Every text of a result without the secrets that are known: one door for all that a report says.

Whatever a result holds is gone through by its type, so that a new field is masked unless it is named here.
What is left is made by fixbot (identities, rules, keys), or is what a patch writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Final, TypeVar, cast

from fixbot.command import Command
from fixbot.masking.masker import Masker
from fixbot.model import Patch

LEFT_OUT: Final = "A command is left out here: it would show a secret."
_T = TypeVar("_T")
_OURS: Final = frozenset(
    (
        "id",
        "key",
        "rule",
        "branch",
        "path",
        "paths",
        "findings",
        "fixed",
        "introduced",
        "controls",
        "contents",
        "apart",
        "checks",
        "topic",
        "commits",
        "shares",
    )
)
"""Fields that hold identities of ours and places in the repository."""
_BOTH: Final = frozenset(("before", "after", "edits"))
"""In a patch these are the file itself; in a story they are words, and edits that would show a secret go."""


def mask_texts(value: _T, masker: Masker) -> _T:
    """The same without the secrets that the masker knows. A command that holds one is left out whole."""
    return cast("_T", _masked(value, masker))


def _masked(value: Any, masker: Masker) -> Any:
    if isinstance(value, str):
        return masker.told(value) if value else value
    if isinstance(value, tuple | list):
        return _each(value, masker) if value else value
    if isinstance(value, Command):
        return value.without(LEFT_OUT) if any(masker.told(text) != text for text in _words(value)) else value
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value, masker)
    return value


def _each(values: Sequence[Any], masker: Masker) -> Any:
    found = [_masked(each, masker) for each in values]
    same = all(one is two or one == two for one, two in zip(found, values, strict=True))
    return values if same else type(values)(found)  # type: ignore[call-arg]


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a type that hold words."""
    ours = _OURS | _BOTH if kind is Patch else _OURS
    return tuple(field.name for field in fields(kind) if field.name not in ours)


def _fields(value: Any, masker: Masker) -> Any:
    changed: dict[str, Any] = {}
    for name in _names(value.__class__):
        old = getattr(value, name)
        if not old:
            continue
        if name == "diff":
            new: Any = masker.shown(old)
        elif name == "edits":
            new = old if _masked(old, masker) == old else ()
        elif name == "commands":
            new = tuple(_command(each, masker) for each in old)
        else:
            new = _masked(old, masker)
        if new is not old and new != old:
            changed[name] = new
    return replace(value, **changed) if changed else value


def _command(value: Any, masker: Masker) -> Any:
    if isinstance(value, str):
        return value if masker.told(value) == value else f"# {LEFT_OUT}"
    return _masked(value, masker)


def _words(command: Command) -> list[str]:
    """Everything that a command shows: whole, and each text of a file that stands in it."""
    return [command.text, command.comment, *command.filled]
