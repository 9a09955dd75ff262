"""`fixbot run` and `fixbot scan`: from options to a report, an exit code, and files or branches."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fixbot import __version__
from fixbot.cache import Cache, cache_folder, program
from fixbot.checkout import Checkout, Scope
from fixbot.cli.chosen import chosen_of, settings_home, settings_of
from fixbot.cli.deeds import Deeds, branches, written
from fixbot.cli.options import FailOn, Format, Options
from fixbot.cli.show import Shown, show
from fixbot.cli.terminal import Terminal
from fixbot.discover import candidate
from fixbot.errors import FixbotError
from fixbot.fixer import Fixer, load
from fixbot.model import Severity, Status
from fixbot.narrow import about
from fixbot.pipeline import run
from fixbot.settings import Settings

if TYPE_CHECKING:
    from fixbot.model import Failure, Report


class Looked(NamedTuple):
    """A checkout that was looked through, with what counted for it."""

    fixers: tuple[Fixer, ...]
    settings: Settings
    checkout: Checkout
    report: Report
    again: Callable[[Settings], Report]
    """Looks once more, with other settings."""


def carry_out(options: Options, environment: Mapping[str, str]) -> int:
    """Do it all; returns the exit code. Raises FixbotError for options that make no sense together."""
    _check(options)
    if options.pr or options.repositories:
        from fixbot.cli.pulls import carry_out_pulls  # noqa: PLC0415 - PyGithub costs 300 ms

        return carry_out_pulls(options, environment)
    terminal = Terminal(environment, quiet=options.quiet)
    contents = options.changes or options.format in (Format.PATCH, Format.SARIF)
    looked = look(options, environment, terminal, contents=contents)
    settings, checkout, report = looked.settings, looked.checkout, looked.report
    shown = Shown(report, looked.fixers, settings, options, Deeds(), checkout.git is not None)
    if options.review:
        from fixbot.cli.review import Desk, reviewed  # noqa: PLC0415 - only this option needs it

        def without(no: Mapping[str, str]) -> Report:
            return looked.again(replace(settings, declined=no))

        home = settings_home(options.path)[0]
        deeds = reviewed(shown, Desk(checkout, home, terminal, environment, without))
    else:
        deeds = written(checkout, report) if options.write else Deeds()
        deeds = branches(checkout, report) if options.branch else deeds
        show(replace(shown, deeds=deeds), terminal)
    for failure in deeds.failures:
        terminal.trouble(failure)
    for lost in report.failures:
        for line in said(lost, debug="--debug" in options.arguments):
            terminal.trouble(line)
    failed = deeds.failures or report.failures
    return 1 if failed or reaches(report, options.fail_on) else 0


def look(
    options: Options, environment: Mapping[str, str], terminal: Terminal, *, contents: bool = True
) -> Looked:
    """Read everything and prove what can be mended. Without `contents` patches may lack their texts."""
    fixers = load()
    settings = settings_of(options, fixers)
    chosen = chosen_of(fixers, settings)
    scope = Scope(settings.include, settings.exclude, options.since, candidate)
    checkout = Checkout.open(options.path, scope)
    asked = _asked(options, checkout)
    for note in checkout.notes:
        terminal.note(f"note: {note}")
    again = partial(run, checkout, chosen, progress=terminal.progress, jobs=options.jobs or cores())
    report = again(
        settings,
        cache=cache_of(settings, chosen, environment) if options.cache else None,
        contents=contents,
    )
    terminal.clear()
    if options.files:
        report = about(report, asked)
    return Looked(fixers, settings, checkout, report, again)


def said(lost: Failure, *, debug: bool) -> Iterator[str]:
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
    _check_github(options)
    if options.review:
        _check_review(options)
    if options.format is Format.PATCH:
        where = options.output
        if where is None or str(where) == "-" or (where.exists() and not where.is_file()):
            raise FixbotError(
                "--format patch holds removed lines as they are, secrets included, "
                "and goes only into a file: add --output FILE"
            )


def _asked(options: Options, checkout: Checkout) -> frozenset[str]:
    """The files that were named behind PATH, as the report names them."""
    if options.files and Path(options.path).is_file():
        again = shlex.join(["fixbot", options.command, ".", options.path, *options.files])
        raise FixbotError(f"{options.path!r} is a file; with several, name their folder first: `{again}`")
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


def _check_github(options: Options) -> None:
    if options.changes and (options.pr or options.repositories):
        raise FixbotError(
            "--write, --branch and --review change this checkout, "
            "--pr and --repo what is on GitHub; choose one"
        )
    if options.files and (options.pr or options.repositories):
        raise FixbotError("--pr and --repo are about a whole repository; leave the names of files out")
    if options.dry_run and not options.pr:
        raise FixbotError("--dry-run shows what --pr would do; without --pr nothing is written anyway")
    if options.repositories and options.path != ".":
        raise FixbotError("--repo reads from GitHub and PATH from the disk; give one of them")
    if len(options.repositories) > 1 and (options.output is not None or options.format is not Format.TEXT):
        raise FixbotError("--output and --format are for one report; with several --repo run them one by one")
    if options.repositories and options.since is not None:
        raise FixbotError("--since needs a checkout; --repo has none")


def _check_review(options: Options) -> None:
    if options.format is not Format.TEXT or options.output is not None:
        raise FixbotError("--review shows the proposals on the terminal; leave --format and --output out")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise FixbotError("--review asks on a terminal, and there is none; --write and --branch do not ask")


def cores() -> int:
    """How many processes this one may have at work at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cache_of(settings: Settings, chosen: tuple[Fixer, ...], environment: Mapping[str, str]) -> Cache:
    """Results of earlier runs with this program, these fixers and settings."""
    homes = {Path(*import_module(each.package).__path__[:1]) for each in chosen}
    pages = {home.parent / "docs" / "fixers" for home in homes}
    installed = [Path(path) for path in sys.path if path.endswith("-packages")]
    libraries = [str(path.stat().st_mtime_ns) for path in installed if path.is_dir()]
    code = program({Path(__file__).parent.parent, *homes, *pages})
    parts = (__version__, sys.version, code, *libraries, repr(settings), *(each.name for each in chosen))
    return Cache(cache_folder(environment), parts)
