"""`fixbot run` and `fixbot scan`: from options to a report, an exit code, and files or branches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fixbot import __version__
from fixbot.cache import Cache, cache_folder, program
from fixbot.checkout import Checkout, Scope
from fixbot.cli.deeds import Deeds, branches, written
from fixbot.cli.options import FailOn, Format, Options
from fixbot.cli.show import Shown, show
from fixbot.cli.terminal import Terminal
from fixbot.discover import candidate
from fixbot.errors import FixbotError
from fixbot.fixer import Fixer, load
from fixbot.model import Safety, Severity, Status
from fixbot.pipeline import run
from fixbot.settings import Settings
from fixbot.settings.places import seen_from
from fixbot.settings.reading import NAMES
from fixbot.settings.reading import load as load_settings
from fixbot.suppress import unknown_rule

if TYPE_CHECKING:
    from fixbot.model import Failure, Report


class Looked(NamedTuple):
    """A checkout that was looked through, with what counted for it."""

    fixers: tuple[Fixer, ...]
    settings: Settings
    checkout: Checkout
    report: Report


def carry_out(options: Options, environment: Mapping[str, str]) -> int:
    """Do it all; returns the exit code. Raises FixbotError for options that make no sense together."""
    _check(options)
    terminal = Terminal(environment, quiet=options.quiet)
    contents = options.write or options.branch or options.format in (Format.PATCH, Format.SARIF)
    looked = look(options, environment, terminal, contents=contents)
    checkout, report = looked.checkout, looked.report
    deeds = Deeds()
    if options.write:
        deeds = written(checkout, report)
    elif options.branch:
        deeds = branches(checkout, report)
    show(Shown(report, looked.fixers, looked.settings, options, deeds, checkout.git is not None), terminal)
    for failure in deeds.failures:
        terminal.trouble(failure)
    tell(report.failures, terminal, debug="--debug" in options.arguments)
    failed = deeds.failures or report.failures
    return 1 if failed or reaches(report, options.fail_on) else 0


def look(
    options: Options, environment: Mapping[str, str], terminal: Terminal, *, contents: bool = True
) -> Looked:
    """Read everything and prove what can be mended. Without `contents` patches may lack their texts."""
    fixers = load()
    settings = _settings(options, fixers)
    chosen = _chosen(fixers, settings)
    scope = Scope(settings.include, settings.exclude, options.since, candidate)
    checkout = Checkout.open(options.path, scope)
    for note in checkout.notes:
        terminal.note(f"note: {note}")
    report = run(
        checkout,
        chosen,
        settings,
        progress=terminal.progress,
        jobs=options.jobs or _cores(),
        cache=_cache(settings, chosen, environment) if options.cache else None,
        contents=contents,
    )
    terminal.clear()
    return Looked(fixers, settings, checkout, report)


def tell(failures: Iterable[Failure], terminal: Terminal, *, debug: bool = False) -> None:
    """Say what bugs of ours cost."""
    for lost in failures:
        for line in _said(lost, debug=debug):
            terminal.trouble(line)


def _said(lost: Failure, *, debug: bool) -> Iterator[str]:
    """What a bug of ours cost; the traceback may repeat values of files, so it comes only when asked for."""
    others = f" and {len(lost.paths) - 1} more were" if len(lost.paths) > 1 else " was"
    more = "" if debug else "; `--debug` shows more"
    yield f"{lost.reason}: {lost.paths[0]}{others} not examined, all else was{more}"
    yield from lost.trace.splitlines() if debug else ()


def reaches(report: Report, fail_on: FailOn) -> bool:
    """Whether a finding that nobody asked to ignore is as bad as that."""
    if fail_on is FailOn.NEVER:
        return False
    least = Severity[fail_on.name]
    return any(each.severity >= least for each in report.findings if each.status is not Status.SUPPRESSED)


def _check(options: Options) -> None:
    if options.write and options.branch:
        raise FixbotError("--write changes your files and --branch leaves them as they are; choose one")
    if options.format is Format.PATCH:
        where = options.output
        if where is None or str(where) == "-" or (where.exists() and not where.is_file()):
            raise FixbotError(
                "--format patch holds removed lines as they are, secrets included, "
                "and goes only into a file: add --output FILE"
            )


def _settings(options: Options, fixers: tuple[Fixer, ...]) -> Settings:
    """What counts for this run: the command line over the files over the defaults."""
    root, folder = _settings_root(options.path)
    settings = seen_from(load_settings(root, options.config), folder)
    known = {fixer.name for fixer in fixers}
    sources = (
        ("--only", options.only),
        ("--skip", options.skip),
        ("rules.only", settings.rules.only),
        ("rules.skip", settings.rules.skip),
    )
    for source, names in sources:
        for name in names:
            if name not in known:
                raise FixbotError(f"{source}: {unknown_rule(name, known)}")
    for wish in settings.ignore:
        if wish.rule not in known:
            raise FixbotError(f"{wish.where}: {unknown_rule(wish.rule, known)}")
    rules = replace(
        settings.rules,
        only=options.only or settings.rules.only,
        skip=tuple(dict.fromkeys((*settings.rules.skip, *options.skip))),
    )
    return replace(
        settings,
        rules=rules,
        known_rules=tuple(sorted(known)),
        safety=Safety(options.safety.value) if options.safety else settings.safety,
        include=options.include or settings.include,
        exclude=(*settings.exclude, *options.exclude),
    )


def _settings_root(path: str) -> tuple[Path, str]:
    """Where `.fixbot.yml` is looked for, upwards to the repository's top; and the way down from there."""
    start = Path(path).resolve()
    start = start if start.is_dir() else start.parent
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in NAMES):
            way = start.relative_to(folder).as_posix()
            return folder, "" if way == "." else way
        if (folder / ".git").exists():
            break
    return start, ""


def _chosen(fixers: tuple[Fixer, ...], settings: Settings) -> tuple[Fixer, ...]:
    only, skip = settings.rules.only, settings.rules.skip
    return tuple(each for each in fixers if (not only or each.name in only) and each.name not in skip)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cache(settings: Settings, chosen: tuple[Fixer, ...], environment: Mapping[str, str]) -> Cache:
    homes = {Path(*import_module(each.package).__path__[:1]) for each in chosen}
    pages = {home.parent / "docs" / "fixers" for home in homes}
    installed = [Path(path) for path in sys.path if path.endswith("-packages")]
    libraries = [str(path.stat().st_mtime_ns) for path in installed if path.is_dir()]
    code = program({Path(__file__).parent.parent, *homes, *pages})
    parts = (__version__, sys.version, code, *libraries, repr(settings), *(each.name for each in chosen))
    return Cache(cache_folder(environment), parts)
