"""`fixbot run` and `fixbot scan`: from options to a report, an exit code, and files or branches."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.brought import Brought
from fixbot.characters import shown
from fixbot.checkout import Checkout, Scope
from fixbot.checkout.door import is_stream
from fixbot.cli.based import Base, base_of_ref
from fixbot.cli.check import check_changes, find_brought
from fixbot.cli.chosen import settings_home
from fixbot.cli.deeds import Deeds, branches, written
from fixbot.cli.ends import reaches, said
from fixbot.cli.hook import check_words
from fixbot.cli.look import Looked, look
from fixbot.cli.options import FailOn, Format, Options
from fixbot.cli.show import Shown, show
from fixbot.cli.terminal import Terminal
from fixbot.errors import FixbotError
from fixbot.narrow import about

if TYPE_CHECKING:
    from fixbot.model import Report


def carry_out(options: Options, environment: Mapping[str, str]) -> int:
    """Do it all; returns the exit code. Raises FixbotError for options that make no sense together."""
    _check(options)
    if options.pr or options.repositories:
        from fixbot.cli.pulls import carry_out_pulls  # noqa: PLC0415 - PyGithub costs 300 ms

        return carry_out_pulls(options, environment)
    terminal = Terminal(environment, quiet=options.quiet)
    contents = options.changes or options.format in (Format.PATCH, Format.SARIF)
    base = _base(options)
    looked = look(options, environment, terminal, contents=contents, base=base if _is_gate(options) else None)
    looked, brought = _narrowed(options, looked, base)
    settings, checkout, report = looked.settings, looked.checkout, looked.report
    shown = Shown(report, looked.fixers, settings, options, Deeds(), checkout.git is not None)
    if options.review:
        from fixbot.cli.review import Desk, reviewed  # noqa: PLC0415 - only this option needs it

        def without(no: Mapping[str, str]) -> Report:
            others = {each.id for each in looked.whole.findings} - {each.id for each in report.findings}
            declined = {**dict.fromkeys(others, "not asked about"), **no}
            return looked.again(replace(settings, declined=declined))

        home = settings_home(options.path).folder
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
    shut = _gate(options, looked, base if _is_gate(options) else None, brought, terminal)
    failed = deeds.failures or report.failures
    return 1 if shut or failed or reaches(report, options.fail_on) else 0


def _base(options: Options) -> Base | None:
    """Where the changes come from that are asked about."""
    if options.since is None:
        return None
    return base_of_ref(Checkout.open(options.path, Scope(wanted=lambda _: False)), options.since)


def _is_gate(options: Options) -> bool:
    """Whether changes are judged: then their base's settings count. Else they are what they are here."""
    return options.fail_on is not FailOn.NEVER or options.fail_on_new_ignores


def _narrowed(options: Options, looked: Looked, base: Base | None) -> tuple[Looked, Brought]:
    """What is to be said with `--since`: of files that changed, and what these changes made elsewhere."""
    if base is None or options.since is None:
        return looked, Brought()
    changed = looked.checkout.changed_since(options.since)
    brought = find_brought(base, looked, changed)
    report = about(looked.report, changed, brought.findings)
    more = tuple(each for each in brought.unread if each not in report.unread)
    return looked._replace(report=replace(report, unread=(*report.unread, *more))), brought


def _gate(options: Options, looked: Looked, base: Base | None, brought: Brought, terminal: Terminal) -> bool:
    """Say what a gate can't judge and what is newly left out; whether it fails for that."""
    unread = options.fail_on_unread and options.fail_on is not FailOn.NEVER
    damaged = unread and any(each.cause == "damaged" for each in looked.report.unread)
    if base is None:
        return damaged
    check = check_changes(options, base, looked, brought)
    for each in check.damaged:
        say, word = (terminal.trouble, "") if unread else (terminal.note, "note: ")
        say(f"{word}{shown(each.path)} can't be judged: {each.reason}")
    for ignored in check.ignores:
        failing = options.fail_on_new_ignores
        say, word = (terminal.trouble, "") if failing else (terminal.note, "note: ")
        say(f"{word}new since {options.since}: {shown(ignored)}")
    for silent in check.silenced:
        terminal.note(f"note: new since {options.since}, and ignored by the settings: {shown(silent)}")
    return (
        damaged or (unread and bool(check.damaged)) or (options.fail_on_new_ignores and bool(check.ignores))
    )


def _check(options: Options) -> None:
    if options.fail_on_new_ignores and options.since is None:
        raise FixbotError("--fail-on-new-ignores compares with a commit; name it with --since REF")
    if options.write and options.branch:
        raise FixbotError("--write changes your files and --branch leaves them as they are; choose one")
    _check_github(options)
    if options.review:
        _check_review(options)
    if options.format is Format.PATCH:
        where = options.output
        if where is None or str(where) == "-" or is_stream(str(where)) or _no_file(where):
            raise FixbotError(
                "--format patch holds removed lines as they are, secrets included, "
                "and goes only into a file: add --output FILE"
            )


def _no_file(where: Path) -> bool:
    return where.exists() and not (where.is_file() or where.is_symlink())


def _check_github(options: Options) -> None:
    if options.changes and (options.pr or options.repositories):
        raise FixbotError(
            "--write, --branch and --review change this checkout, "
            "--pr and --repo what is on GitHub; choose one"
        )
    if options.files:
        check_words(options.arguments)
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
