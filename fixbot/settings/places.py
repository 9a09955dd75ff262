"""Settings from a folder above, for a run in a folder below: their globs, seen from there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixbot.settings import Settings

NOTHING = "/\x00"
"""A pattern that no path matches: one that spoke of other folders."""


def seen_from(settings: Settings, folder: str) -> Settings:
    """The settings with globs that count from `folder` (with slashes, relative to where they stood)."""
    if not folder:
        return settings
    wishes = tuple(
        replace(wish, path=seen(wish.path, folder)) if wish.path else wish for wish in settings.ignore
    )
    return replace(
        settings,
        include=_all_seen(settings.include, folder),
        exclude=_all_seen(settings.exclude, folder),
        never_patch=_all_seen(settings.never_patch, folder),
        ignore=wishes,
    )


def _all_seen(patterns: Iterable[str], folder: str) -> tuple[str, ...]:
    return tuple(seen(pattern, folder) for pattern in patterns)


def seen(pattern: str, folder: str) -> str:
    """One glob as it reads from `folder`; NOTHING where it can't match anything there."""
    sign = "!" if pattern.startswith("!") else ""
    bare = pattern.removeprefix("!").removeprefix("./")
    names = folder.split("/")
    if "/" not in bare.rstrip("/"):
        above = any(fnmatchcase(name, bare.rstrip("/")) for name in names)
        return f"{sign}**" if above else pattern
    parts = [part for part in bare.split("/") if part]
    rest = _rest(parts, names)
    return f"{sign}/{rest}{'/' if bare.endswith('/') and rest != '**' else ''}" if rest else NOTHING


def _rest(parts: list[str], names: list[str]) -> str:
    """What is left of the pattern when the folder's names have been matched; empty if they don't."""
    if not parts:
        return "**"  # the pattern names a folder above, and so all below it
    if not names:
        return "/".join(parts)
    if parts[0] == "**":
        # Either it ends before these names, or it swallows them all.
        return _rest(parts[1:], names) or "/".join(parts) if len(parts) > 1 else "**"
    return _rest(parts[1:], names[1:]) if fnmatchcase(names[0], parts[0]) else ""
