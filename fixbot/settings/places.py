"""Settings from a folder above, for a run in a folder below: their globs, seen from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
        replace(wish, path=path)
        for wish in settings.ignore
        for path in (seen(wish.path, folder) if wish.path else ("",))
    )
    return replace(
        settings,
        include=_all_seen(settings.include, folder),
        exclude=_all_seen(settings.exclude, folder),
        never_patch=_all_seen(settings.never_patch, folder),
        ignore=wishes,
    )


def _all_seen(patterns: Iterable[str], folder: str) -> tuple[str, ...]:
    return tuple(each for pattern in patterns for each in seen(pattern, folder))


def seen(pattern: str, folder: str) -> tuple[str, ...]:
    """What one glob comes to below `folder`: several where a `**` can end in more than one place."""
    sign = "!" if pattern.startswith("!") else ""
    bare = pattern.removeprefix("!").removeprefix("./")
    parts = [part for part in bare.split("/") if part]
    if "/" not in bare.rstrip("/"):
        parts.insert(0, "**")
    end = "/" if bare.endswith("/") else ""
    rests = dict.fromkeys(_rests(parts, folder.split("/"), end))
    return tuple(f"{sign}/{rest}" for rest in rests) or (NOTHING,)


def _rests(parts: list[str], names: list[str], end: str) -> Iterator[str]:
    """What can be left of the pattern when the folder's names have been matched."""
    if not parts or (names and parts == ["**"]):
        yield "**"  # it names a folder above, and so all below that
    elif not names:
        yield "/".join(parts) + end
    elif parts[0] == "**":
        yield from _rests(parts[1:], names, end)
        yield from _rests(parts, names[1:], end)
    elif fnmatchcase(names[0], parts[0]):
        yield from _rests(parts[1:], names[1:], end)
