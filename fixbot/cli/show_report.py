"""The report in the form that was asked for, to where it was asked for, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fixbot.checkout.git_home import stranger_folders
from fixbot.cli.options import Format, Options
from fixbot.engine.process_limits import limit_time
from fixbot.report import text
from fixbot.report.pull_request_words import summarize_pulls
from fixbot.report.style import TerminalStyle, format_count
from fixbot.text.command import ARGUMENT, BRANCH, PATH, Command, build_command
from fixbot.text.instructions import render_shell_lines

if TYPE_CHECKING:
    from fixbot.cli.apply_patches import AppliedChanges
    from fixbot.cli.terminal import Terminal
    from fixbot.model.findings import Report
    from fixbot.rules.rule import Rule
    from fixbot.settings import Settings


_PASSING: Final = frozenset(("--debug", "--quiet", "--no-cache", "--diffs"))
"""Options that a command for the next step is offered without."""
FEW: Final = 5
"""So many proposals are shown one after the other; of more there is an overview."""
_PATIENCE: Final = 12
"""How many times as long as a part a whole report may take to be written."""


@dataclass(frozen=True, slots=True)
class ReportContext:
    """All that a report's forms need between them. `name` is what was looked at, where it is not the path."""

    report: Report
    fixers: tuple[Rule, ...]
    settings: Settings
    options: Options
    deeds: AppliedChanges
    in_git: bool = True
    name: str = ""
    pager: str = ""
    """The pager of the user's own git configuration."""


def show_report(all_of_it: ReportContext, terminal: Terminal) -> None:
    """Print or write the report. Raises CannotWrite, OutOfTime."""
    seconds = all_of_it.settings.limits.seconds * _PATIENCE
    with limit_time(seconds, "writing the report"):
        _show_in_form(all_of_it, terminal)


def _show_in_form(all_of_it: ReportContext, terminal: Terminal) -> None:
    options, report = all_of_it.options, all_of_it.report
    last = tuple(closing_lines(all_of_it))
    if options.output is None or str(options.output) == "-":
        shown = _render_report(all_of_it, terminal.style, last)
        if options.diffs:
            terminal.page_out(shown, stranger_folders(options.path), all_of_it.pager)
        else:
            terminal.print_out(shown)
        if options.format is not Format.TEXT and (options.write or options.branch or options.pr):
            _print_notes(last, terminal)
        return
    private = options.format is Format.PATCH
    terminal.write_file(
        options.output,
        _render_report(all_of_it, TerminalStyle(), last),
        private=private,
        within=stranger_folders(options.path),
    )
    if private:
        _warn_of_secrets(report, options, terminal)
    _print_notes((f"{text.summarize_run(report)} Written to {options.output}", *last[:1]), terminal)


def _render_report(all_of_it: ReportContext, style: TerminalStyle, closing: tuple[str, ...]) -> str:
    report, options = all_of_it.report, all_of_it.options
    # Each form is imported when it is asked for.
    match options.format:
        case Format.JSON:
            from fixbot.report import json  # noqa: PLC0415

            return json.render_json(report)
        case Format.SARIF:
            from fixbot.report import sarif  # noqa: PLC0415

            return sarif.render_sarif(report, all_of_it.fixers, all_of_it.settings.ignore)
        case Format.RDJSON | Format.GITLAB | Format.JUNIT:
            return _render_for_services(all_of_it)
        case Format.MARKDOWN:
            from fixbot.report import markdown_report  # noqa: PLC0415

            return markdown_report.render_markdown(report)
        case Format.PATCH:
            from fixbot.report import patch  # noqa: PLC0415

            return patch.render_patch(report)
        case Format.HTML:
            from fixbot.report import html  # noqa: PLC0415

            return html.render_html(report, all_of_it.name or Path(options.path).resolve().name)
        case Format.TEXT:
            return _render_for_reader(all_of_it, style, closing)


def _render_for_reader(all_of_it: ReportContext, style: TerminalStyle, closing: tuple[str, ...]) -> str:
    """What stands in a terminal: all of it, or an overview where that is much."""
    report, options = all_of_it.report, all_of_it.options
    if options.command == "scan":
        return text.render_scan(report, style, brief=options.quiet)
    if report.pulls is not None:
        return text.render_pulls(report, style, closing, brief=options.quiet)
    if options.quiet or options.diffs or len(report.proposals) <= FEW:
        whole = replace(style, most=None) if options.diffs or options.show else style
        return text.render_run(report, whole, closing, brief=options.quiet)
    from fixbot.report import overview  # noqa: PLC0415

    return overview.render_overview(report, style, (*_describe_ways(options), *closing))


def _render_for_services(all_of_it: ReportContext) -> str:
    """The forms of review and build services."""
    from fixbot.report import code_quality, rdjson  # noqa: PLC0415 - each form is imported when it is asked for

    match all_of_it.options.format:
        case Format.RDJSON:
            return rdjson.render_rdjson(all_of_it.report)
        case Format.GITLAB:
            return code_quality.render_gitlab(all_of_it.report)
        case _:
            return code_quality.render_junit(all_of_it.report, all_of_it.fixers)


def _warn_of_secrets(report: Report, options: Options, terminal: Terminal) -> None:
    from fixbot.report.patch import holds_secrets  # noqa: PLC0415 - only this form needs it

    if holds_secrets(report):
        terminal.print_note(
            f"note: {options.output} holds secrets that the fixes remove; don't commit or share it"
        )


def _print_notes(lines: tuple[str, ...], terminal: Terminal) -> None:
    for line in lines:
        terminal.print_note(line)


def closing_lines(all_of_it: ReportContext) -> Iterator[str]:
    """What was done, and the command that comes next."""
    options, deeds = all_of_it.options, all_of_it.deeds
    if all_of_it.report.pulls is not None:
        yield from _describe_next_for_pulls(all_of_it)
    elif options.write:
        look = " Look at them: git diff" if deeds.files and all_of_it.in_git else ""
        yield f"Written: {format_count(len(deeds.files), 'file')}.{look}"
    elif options.branch:
        ends = ":" if deeds.branches else "."
        yield f"{format_count(len(deeds.branches), 'branch', 'branches')}, one for each proposal{ends}"
        looks = render_shell_lines(build_command("git", "show", BRANCH(name)) for name in deeds.branches)
        yield from (f"  {line}" for line in looks)
    elif all_of_it.report.proposals and options.command == "run" and not options.show:
        if options.format is Format.PATCH:
            yield _describe_command("Apply it", build_command("git", "apply", PATH(str(options.output))))
            return
        words = [word for word in options.arguments if word not in _PASSING]
        branches = (
            f"    {_describe_command('as local branches', _repeat_command(words, '--branch'))}"
            if all_of_it.in_git
            else ""
        )
        yield f"{_describe_command('Apply them', _repeat_command(words, '--write'))}{branches}"


def _describe_ways(options: Options) -> Iterator[str]:
    """How to go on from an overview."""
    if options.writes_anything:
        return
    words = [word for word in options.arguments if word not in _PASSING]
    for what, more in (
        ("One of them in full", ("--show", "KEY")),
        ("All of them", ("--diffs",)),
        ("Decide one by one", ("--review",)),
        ("Look at them in a browser", ("--format", "html", "--output", "fixbot.html")),
    ):
        yield _describe_command(what, _repeat_command(words, *more))


def _repeat_command(words: Sequence[str], *more: str) -> Command:
    """The command that the user typed, with options behind it, and before what is no option any more."""
    end = words.index("--") if "--" in words else len(words)
    return build_command("fixbot", *map(ARGUMENT, [*words[:end], *more, *words[end:]]))


def _describe_command(what: str, command: Command) -> str:
    """A command behind what it does; where it can't be shown, that."""
    if command.why_refused:
        return f"{what}: {command.why_refused}"
    return "  ".join([f"{what}: {command.text}", *command.explain_placeholders])


def _describe_next_for_pulls(all_of_it: ReportContext) -> Iterator[str]:
    rows = all_of_it.report.pulls or ()
    if all_of_it.options.dry_run:
        words = [word for word in all_of_it.options.arguments if word != "--dry-run"]
        yield f"Nothing was written. {_describe_command('Do it', _repeat_command(words))}"
        return
    yield summarize_pulls(rows)
