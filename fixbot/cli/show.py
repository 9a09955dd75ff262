"""The report in the form that was asked for, to where it was asked for, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fixbot.bounds import timed
from fixbot.checkout.door import grounds
from fixbot.cli.options import Format, Options
from fixbot.command import ARGUMENT, BRANCH, PATH, Command, run
from fixbot.instructions import shell_lines
from fixbot.report import text
from fixbot.report.pulls import told
from fixbot.report.style import Style, count

if TYPE_CHECKING:
    from fixbot.cli.deeds import Deeds
    from fixbot.cli.terminal import Terminal
    from fixbot.model import Report
    from fixbot.rules.rule import Rule
    from fixbot.settings import Settings


_PATIENCE: Final = 12
"""How many times as long as a part a whole report may take to be written."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a report's forms need between them. `name` is what was looked at, where it is not the path."""

    report: Report
    fixers: tuple[Rule, ...]
    settings: Settings
    options: Options
    deeds: Deeds
    in_git: bool = True
    name: str = ""


def show(all_of_it: Shown, terminal: Terminal) -> None:
    """Print or write the report. Raises CannotWrite, OutOfTime."""
    seconds = all_of_it.settings.limits.seconds * _PATIENCE
    with timed(seconds, "writing the report"):
        _show(all_of_it, terminal)


def _show(all_of_it: Shown, terminal: Terminal) -> None:
    options, report = all_of_it.options, all_of_it.report
    last = tuple(closing(all_of_it))
    if options.output is None or str(options.output) == "-":
        terminal.out(_rendered(all_of_it, terminal.style, last))
        if options.format is not Format.TEXT and (options.write or options.branch or options.pr):
            _notes(last, terminal)
        return
    private = options.format is Format.PATCH
    terminal.file(
        options.output, _rendered(all_of_it, Style(), last), private=private, within=grounds(options.path)
    )
    if private:
        _warn(report, options, terminal)
    _notes((f"{text.summary(report)} Written to {options.output}", *last[:1]), terminal)


def _rendered(all_of_it: Shown, style: Style, closing: tuple[str, ...]) -> str:
    report, options = all_of_it.report, all_of_it.options
    # Each form is imported when it is asked for.
    match options.format:
        case Format.JSON:
            from fixbot.report import json  # noqa: PLC0415

            return json.render(report)
        case Format.SARIF:
            from fixbot.report import sarif  # noqa: PLC0415

            return sarif.render(report, all_of_it.fixers, all_of_it.settings.ignore)
        case Format.MARKDOWN:
            from fixbot.report import markdown  # noqa: PLC0415

            return markdown.render(report)
        case Format.PATCH:
            from fixbot.report import patch  # noqa: PLC0415

            return patch.render(report)
        case Format.HTML:
            from fixbot.report import html  # noqa: PLC0415

            return html.render(report, all_of_it.name or Path(options.path).resolve().name)
        case Format.TEXT:
            if options.command == "scan":
                return text.scan(report, style, brief=options.quiet)
            if report.pulls is not None:
                return text.pulls(report, style, closing, brief=options.quiet)
            return text.run(report, style, closing, brief=options.quiet)


def _warn(report: Report, options: Options, terminal: Terminal) -> None:
    from fixbot.report.patch import holds_secrets  # noqa: PLC0415 - only this form needs it

    if holds_secrets(report):
        terminal.note(f"note: {options.output} holds secrets that the fixes remove; don't commit or share it")


def _notes(lines: tuple[str, ...], terminal: Terminal) -> None:
    for line in lines:
        terminal.note(line)


def closing(all_of_it: Shown) -> Iterator[str]:
    """What was done, and the command that comes next."""
    options, deeds = all_of_it.options, all_of_it.deeds
    if all_of_it.report.pulls is not None:
        yield from _closing_pulls(all_of_it)
    elif options.write:
        look = " Look at them: git diff" if deeds.files and all_of_it.in_git else ""
        yield f"Written: {count(len(deeds.files), 'file')}.{look}"
    elif options.branch:
        ends = ":" if deeds.branches else "."
        yield f"{count(len(deeds.branches), 'branch', 'branches')}, one for each proposal{ends}"
        looks = shell_lines(run("git", "show", BRANCH(name)) for name in deeds.branches)
        yield from (f"  {line}" for line in looks)
    elif all_of_it.report.proposals and options.command == "run":
        if options.format is Format.PATCH:
            yield _said("Apply it", run("git", "apply", PATH(str(options.output))))
            return
        words = [word for word in options.arguments if word not in {"--debug", "--quiet", "--no-cache"}]
        branches = f"    {_said('as local branches', _again(words, '--branch'))}" if all_of_it.in_git else ""
        yield f"{_said('Apply them', _again(words, '--write'))}{branches}"


def _again(words: Sequence[str], *more: str) -> Command:
    """The command that the user typed, with options behind it, and before what is no option any more."""
    end = words.index("--") if "--" in words else len(words)
    return run("fixbot", *map(ARGUMENT, [*words[:end], *more, *words[end:]]))


def _said(what: str, command: Command) -> str:
    """A command behind what it does; where it can't be shown, that."""
    if command.refused:
        return f"{what}: {command.refused}"
    return "  ".join([f"{what}: {command.text}", *command.explained])


def _closing_pulls(all_of_it: Shown) -> Iterator[str]:
    rows = all_of_it.report.pulls or ()
    if all_of_it.options.dry_run:
        words = [word for word in all_of_it.options.arguments if word != "--dry-run"]
        yield f"Nothing was written. {_said('Do it', _again(words))}"
        return
    yield told(rows)
