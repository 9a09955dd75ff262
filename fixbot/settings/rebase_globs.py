"""Settings from a folder above, for a run in a folder below: their globs, seen from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fixbot.text.globs import WordPattern, compile_word

if TYPE_CHECKING:
    from fixbot.settings import Settings

NOTHING = "/\x00"
"""A pattern that no path matches: one that spoke of other folders."""


def rebase_settings(settings: Settings, folder: str) -> Settings:
    """The settings with globs that count from `folder` (with slashes, relative to where they stood)."""
    if not folder:
        return settings
    wishes = tuple(
        replace(wish, path=path)
        for wish in settings.ignore
        for path in (rebase_glob(wish.path, folder) if wish.path else ("",))
    )
    return replace(
        settings,
        include=_rebase_globs(settings.include, folder),
        exclude=_rebase_globs(settings.exclude, folder),
        never_patch=_rebase_globs(settings.never_patch, folder),
        ephemeral_paths=_rebase_globs(settings.ephemeral_paths, folder),
        ignore=wishes,
    )


def _rebase_globs(patterns: Iterable[str], folder: str) -> tuple[str, ...]:
    return tuple(each for pattern in patterns for each in rebase_glob(pattern, folder))


def rebase_glob(pattern: str, folder: str) -> tuple[str, ...]:
    """What one glob comes to below `folder`: several where a `**` can end in more than one place."""
    sign = "!" if pattern.startswith("!") else ""
    bare = pattern.removeprefix("!").removeprefix("./")
    parts = [part for part in bare.split("/") if part]
    if "/" not in bare.rstrip("/"):
        parts.insert(0, "**")
    end = "/" if bare.endswith("/") else ""
    rests = dict.fromkeys(_find_rests(parts, folder.split("/"), end))
    return tuple(f"{sign}/{rest}" for rest in rests) or (NOTHING,)


def _find_rests(parts: list[str], names: list[str], end: str) -> Iterator[str]:
    """What can be left of the pattern when the folder's names have been matched: as many as it has parts."""
    words = [None if part == "**" else compile_word(part) for part in parts]
    reached, above = {0}, False
    for name in names:
        for at in range(min(reached), len(words)):
            if at in reached and words[at] is None:
                reached.add(at + 1)
        above = above or len(words) in reached
        reached = {next_one for at in reached if (next_one := _part_after(words, at, name)) is not None}
        if not reached:
            break
    if above or len(words) in reached:
        yield "**"  # it names a folder above, and so all below that
    # What is left from a `**` on holds all that is left from an earlier one.
    last = max((at for at in reached if at < len(words) and words[at] is None), default=0)
    yield from ("/".join(parts[at:]) + end for at in sorted(reached) if last <= at < len(parts))


def _part_after(words: list[WordPattern | None], at: int, name: str) -> int | None:
    """The part that comes when the one `at` has taken that name; None where it doesn't take it."""
    if at == len(words):
        return None
    found = words[at]
    return at if found is None else at + 1 if found.holds_text(name) else None
