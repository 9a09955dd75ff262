"""A checkout looked through: its settings, its files, its report, for every command that begins so."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fixbot import __version__, command
from fixbot.bounds import MEGABYTE
from fixbot.cache import Cache, cache_folder, program
from fixbot.checkout import Checkout, Files, Scope
from fixbot.checkout.door import grounds
from fixbot.cli.based import Base, settings_of_base
from fixbot.cli.chosen import chosen_of, settings_of
from fixbot.cli.options import Options
from fixbot.cli.terminal import Terminal
from fixbot.discover import candidate
from fixbot.errors import FixbotError
from fixbot.narrow import about
from fixbot.pipeline import run
from fixbot.programs.lookup import lies_within
from fixbot.prose import code
from fixbot.rules.loading import load_rules
from fixbot.rules.rule import Rule
from fixbot.settings import Settings

if TYPE_CHECKING:
    from fixbot.model import LeftOut, Report

_YOUNG = 50_000
"""Objects that are made before those that nobody holds are looked for: what is read lives on."""


class Looked(NamedTuple):
    """A checkout that was looked through, with what counted for it."""

    fixers: tuple[Rule, ...]
    settings: Settings
    checkout: Checkout
    report: Report
    again: Callable[[Settings], Report]
    """Looks once more, with other settings."""
    elsewhere: Callable[[Files], Report]
    """Looks in the same way at other files; what is the same there as here needs no second look."""
    whole: Report
    """What was said of everything, where `report` speaks of some files."""


def look(
    options: Options,
    environment: Mapping[str, str],
    terminal: Terminal,
    *,
    contents: bool = True,
    base: Base | None = None,
) -> Looked:
    """Read everything and prove what can be mended. Without `contents` patches may lack their texts.

    Where there is a `base`, its settings count. Everything is read, whatever changed since a commit.
    """
    gc.set_threshold(_YOUNG)
    fixers = load_rules()
    settings = settings_of(options, fixers) if base is None else settings_of_base(base, options, fixers)
    chosen = chosen_of(fixers, settings)
    scope = Scope(settings.include, settings.exclude, None, candidate)
    checkout = Checkout.open(options.path, scope, settings.limits.file_mb * MEGABYTE)
    asked = _asked(options, checkout)
    for note in (*settings.notes, *checkout.notes):
        terminal.note(f"note: {note}")
    again = partial(run, checkout, chosen, progress=terminal.progress, jobs=options.jobs or cores())
    cache = cache_of(settings, chosen, environment, options.path) if options.cache else None
    whole = again(settings, cache=cache, contents=contents)
    terminal.clear()
    if base is None:
        whole = replace(whole, left_out=_unasked(whole.left_out, options))
    report = about(whole, asked) if options.files else whole

    def elsewhere(files: Files) -> Report:
        jobs = options.jobs or cores()
        return run(files, chosen, settings, jobs=jobs, cache=cache, contents=False, like=checkout)

    return Looked(fixers, settings, checkout, report, again, elsewhere, whole)


def _unasked(left: LeftOut, options: Options) -> LeftOut:
    """What settings leave out; whoever has typed the rest knows it."""
    return replace(
        left,
        rules=() if options.only else tuple(each for each in left.rules if each not in options.skip),
        exclude=tuple(each for each in left.exclude if each not in options.exclude),
        include=() if options.include else left.include,
    )


def _asked(options: Options, checkout: Checkout) -> frozenset[str]:
    """The files that were named behind PATH, as the report names them."""
    if options.files and Path(options.path).is_file():
        again = command.run(
            "fixbot", *map(command.ARGUMENT, (options.command, ".", options.path, *options.files))
        )
        how = code(again.text) if not again.refused and not again.explained else again.refused
        raise FixbotError(f"{options.path!r} is a file; with several, name their folder first: {how}")
    found: set[str] = set()
    for file in options.files:
        if not Path(file).exists():
            raise FixbotError(f"{file!r} does not exist")
        # The link itself, wherever it leads, is what the checkout lists.
        full = Path(file).parent.resolve() / Path(file).name
        if not full.is_relative_to(checkout.root):
            raise FixbotError(f"{file!r} does not lie below {options.path!r}")
        found.add(full.relative_to(checkout.root).as_posix())
    return frozenset(found)


def cores() -> int:
    """How many processes this one may have at work at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cache_of(
    settings: Settings, chosen: tuple[Rule, ...], environment: Mapping[str, str], path: str | None
) -> Cache:
    """Results of earlier runs with this program, these fixers and settings, for the checkout at `path`."""
    homes = {Path(*import_module(each.package).__path__[:1]) for each in chosen}
    pages = {home.parent / "docs" / "fixers" for home in homes}
    installed = [Path(path) for path in sys.path if path.endswith("-packages")]
    libraries = [str(path.stat().st_mtime_ns) for path in installed if path.is_dir()]
    code = program({Path(__file__).parent.parent, *homes, *pages})
    parts = (__version__, sys.version, code, *libraries, repr(settings), *(each.name for each in chosen))
    return Cache(own_cache_folder(environment, path), parts)


def own_cache_folder(environment: Mapping[str, str], path: str | None) -> Path | None:
    """Where results are kept: nowhere if that lies in the checkout, whose files may be a stranger's."""
    folder = cache_folder(environment)
    real = os.path.realpath(folder) if folder is not None else ""
    return None if any(lies_within(real, each) for each in grounds(path)) else folder
