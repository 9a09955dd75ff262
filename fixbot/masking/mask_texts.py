"""Every text of a result without the secrets that are known: one door for all that a report says.

Whatever a result holds is gone through by its type, so that a new field is masked unless it is named here.
What is left is made by fixbot (identities, rules, keys), or is what a patch writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Final, TypeVar, cast

from fixbot.masking.secret_masker import SecretMasker
from fixbot.model.findings import Patch
from fixbot.text.command import Command

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
        "layer",
    )
)
"""Fields that hold identities of ours and places in the repository."""
_BOTH: Final = frozenset(("before", "after", "edits"))
"""In a patch these are the file itself; in a story they are words, and edits that would show a secret go."""


def mask_texts(value: _T, masker: SecretMasker) -> _T:
    """The same without the secrets that the masker knows. A command that holds one is left out whole."""
    return cast("_T", _mask_value(value, masker))


def _mask_value(value: Any, masker: SecretMasker) -> Any:
    if isinstance(value, str):
        return masker.mask_sentence(value) if value else value
    if isinstance(value, tuple | list):
        return _mask_each(value, masker) if value else value
    if isinstance(value, Command):
        return (
            value.withhold(LEFT_OUT)
            if any(masker.mask_sentence(text) != text for text in _command_texts(value))
            else value
        )
    if is_dataclass(value) and not isinstance(value, type):
        return _mask_fields(value, masker)
    return value


def _mask_each(values: Sequence[Any], masker: SecretMasker) -> Any:
    found = [_mask_value(each, masker) for each in values]
    same = all(one is two or one == two for one, two in zip(found, values, strict=True))
    return values if same else type(values)(found)  # type: ignore[call-arg]


@cache
def _text_fields(kind: Any) -> tuple[str, ...]:
    """The fields of a type that hold words."""
    ours = _OURS | _BOTH if kind is Patch else _OURS
    return tuple(field.name for field in fields(kind) if field.name not in ours)


def _mask_fields(value: Any, masker: SecretMasker) -> Any:
    changed: dict[str, Any] = {}
    for name in _text_fields(value.__class__):
        old = getattr(value, name)
        if not old:
            continue
        if name == "diff":
            new: Any = masker.mask_masked_diff(old)
        elif name == "edits":
            new = old if _mask_value(old, masker) == old else ()
        elif name == "commands":
            new = tuple(_mask_command(each, masker) for each in old)
        else:
            new = _mask_value(old, masker)
        if new is not old and new != old:
            changed[name] = new
    return replace(value, **changed) if changed else value


def _mask_command(value: Any, masker: SecretMasker) -> Any:
    if isinstance(value, str):
        return value if masker.mask_sentence(value) == value else f"# {LEFT_OUT}"
    return _mask_value(value, masker)


def _command_texts(command: Command) -> list[str]:
    """Everything that a command shows: whole, and each text of a file that stands in it."""
    return [command.text, command.comment, *command.filled_texts]
