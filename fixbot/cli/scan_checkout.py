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

from fixbot import __version__
from fixbot.checkout import Checkout, RepositoryFiles, Scope
from fixbot.cli.base_settings import PullRequestBase, read_base_settings
from fixbot.cli.effective_settings import read_checkout_settings, select_fixers
from fixbot.cli.options import Options
from fixbot.cli.terminal import Terminal
from fixbot.engine.pipeline import run_pipeline
from fixbot.engine.process_limits import MEGABYTE
from fixbot.engine.restrict import restrict_report
from fixbot.engine.user_cache import Cache, find_own_cache, fingerprint_program
from fixbot.model.errors import FixbotError
from fixbot.rules.loading import load_rules
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.source.discover import is_candidate
from fixbot.text import command
from fixbot.text.markdown_escape import mark_code

if TYPE_CHECKING:
    from fixbot.model.findings import LeftOutBySettings, Report

_YOUNG = 50_000
"""Objects that are made before those that nobody holds are looked for: what is read lives on."""


class ScannedCheckout(NamedTuple):
    """A checkout that was looked through, with what counted for it."""

    fixers: tuple[Rule, ...]
    settings: Settings
    checkout: Checkout
    report: Report
    again: Callable[[Settings], Report]
    """Looks once more, with other settings."""
    elsewhere: Callable[[RepositoryFiles], Report]
    """Looks in the same way at other files; what is the same there as here needs no second look."""
    whole: Report
    """What was said of everything, where `report` speaks of some files."""


def scan_checkout(
    options: Options,
    environment: Mapping[str, str],
    terminal: Terminal,
    *,
    contents: bool = True,
    base: PullRequestBase | None = None,
    learn: Callable[[Checkout, tuple[Rule, ...], Settings, Report], Settings] | None = None,
) -> ScannedCheckout:
    """Read everything and prove what can be mended. Without `contents` patches may lack their texts.

    `learn` looks up what the proposals name, and gives the settings by which they are made once more.
    Where there is a `base`, its settings count. Everything is read, whatever changed since a commit.
    """
    gc.set_threshold(_YOUNG)
    fixers = load_rules()
    settings = (
        read_checkout_settings(options, fixers) if base is None else read_base_settings(base, options, fixers)
    )
    if (options.files or options.since) and not options.pr:
        # What is asked of some files is not joined with what their neighbours need.
        settings = replace(settings, pull_requests=replace(settings.pull_requests, group="file"))
    settings = replace(settings, listing=options.command == "inventory")
    chosen = select_fixers(fixers, settings)
    scope = Scope(settings.include, settings.exclude, None, is_candidate)
    checkout = Checkout.open_checkout(options.path, scope, settings.limits.file_mb * MEGABYTE)
    asked = _asked_files(options, checkout)
    for note in (*settings.notes, *checkout.notes):
        terminal.print_note(f"note: {note}")
    again = partial(
        run_pipeline, checkout, chosen, progress=terminal.draw_progress, jobs=options.jobs or count_cores()
    )
    cache = open_cache(settings, chosen, environment, options.path) if options.cache else None
    whole = again(settings, cache=cache, contents=contents)
    terminal.clear_progress()
    if learn is not None:
        settings = learn(checkout, chosen, settings, whole)
        whole = again(settings, contents=contents)
        terminal.clear_progress()
    if base is None:
        whole = replace(whole, left_out=_without_asked(whole.left_out, options))
    report = restrict_report(whole, asked) if options.files else whole

    def scan_elsewhere(files: RepositoryFiles) -> Report:
        jobs = options.jobs or count_cores()
        return run_pipeline(files, chosen, settings, jobs=jobs, cache=cache, contents=False, like=checkout)

    return ScannedCheckout(fixers, settings, checkout, report, again, scan_elsewhere, whole)


def _without_asked(left: LeftOutBySettings, options: Options) -> LeftOutBySettings:
    """What settings leave out; whoever has typed the rest knows it."""
    return replace(
        left,
        rules=() if options.only else tuple(each for each in left.rules if each not in options.skip),
        exclude=tuple(each for each in left.exclude if each not in options.exclude),
        include=() if options.include else left.include,
    )


def _asked_files(options: Options, checkout: Checkout) -> frozenset[str]:
    """The files that were named behind PATH, as the report names them."""
    if options.files and Path(options.path).is_file():
        again = command.build_command(
            "fixbot", *map(command.ARGUMENT, (options.command, ".", options.path, *options.files))
        )
        how = (
            mark_code(again.text)
            if not again.why_refused and not again.explain_placeholders
            else again.why_refused
        )
        raise FixbotError(f"{options.path!r} is a file; with several, name their folder first: {how}")
    found: set[str] = set()
    for file in options.files:
        if not Path(file).exists():
            raise FixbotError(f"{file!r} does not exist")
        # The link itself, wherever it leads, is what the checkout lists.
        full = Path(file).parent.resolve() / Path(file).name
        if not full.is_relative_to(checkout.root):
            raise FixbotError(
                f"{file!r} does not lie below {options.path!r}; the first path is a checkout, all others are "
                "files in it"
            )
        found.add(full.relative_to(checkout.root).as_posix())
    return frozenset(found)


def count_cores() -> int:
    """How many processes this one may have at work at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_cache(
    settings: Settings, chosen: tuple[Rule, ...], environment: Mapping[str, str], path: str | None
) -> Cache:
    """Results of earlier runs with this program, these fixers and settings, for the checkout at `path`."""
    homes = {Path(*import_module(each.package).__path__[:1]) for each in chosen}
    pages = {home.parent / "docs" / "fixers" for home in homes}
    installed = [Path(path) for path in sys.path if path.endswith("-packages")]
    libraries = [str(path.stat().st_mtime_ns) for path in installed if path.is_dir()]
    code = fingerprint_program({Path(__file__).parent.parent, *homes, *pages})
    parts = (__version__, sys.version, code, *libraries, repr(settings), *(each.name for each in chosen))
    return Cache(find_own_cache(environment, path), parts)
