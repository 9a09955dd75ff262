"""The three things that the Action does: look, check what a pull request touches, open pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixbot.actions.comment import MARK, comment
from fixbot.actions.event import Event, Mode
from fixbot.actions.rooted import from_top
from fixbot.checkout import Checkout, Scope
from fixbot.checkout.git import Git, GitFailed
from fixbot.checkout.touched import start_of, touched
from fixbot.cli.ends import reaches, said
from fixbot.cli.look import look
from fixbot.cli.options import FailOn, Options
from fixbot.errors import FixbotError
from fixbot.globs import below
from fixbot.model import Status
from fixbot.report import text
from fixbot.report.style import Style

if TYPE_CHECKING:
    from fixbot.cli.terminal import Terminal
    from fixbot.model import Finding, Report
    from fixbot.settings import Settings


class NotYet(FixbotError):
    """GitHub's limits or troubles were met before anything was done."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for, and on which occasion. `comments` says whether a pull request may get one."""

    options: Options
    of: Event
    comments: bool
    environment: Mapping[str, str]
    terminal: Terminal


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it, with paths from the repository's top.

    `touched` is None outside of pull requests; `remarks` are whole sentences; `bad` is for exit code 1.
    """

    report: Report
    settings: Settings
    touched: tuple[Finding, ...] | None = None
    remarks: tuple[str, ...] = ()
    bad: bool = False


def done(task: Task, mode: Mode) -> Done:
    """Do what the mode says. Raises FixbotError."""
    if mode is Mode.PULL_REQUESTS:
        return _proposed(task)
    looked = look(task.options, task.environment, task.terminal)
    task.terminal.out(text.run(looked.report, Style()))
    for lost in looked.report.failures:
        for line in said(lost, debug=False):
            task.terminal.trouble(line)
    report = from_top(looked.report, looked.checkout.prefix)
    failed = bool(report.failures)
    if mode is Mode.SCAN:
        bad = failed or reaches(report, task.options.fail_on)
        return Done(report, looked.settings, bad=bad)
    some = _touched(task, looked.checkout, looked.report)
    if some is None:
        why = "The commits that this pull request starts from are not here, so no line was annotated"
        remark = f"{why}; set `fetch-depth: 2` at actions/checkout."
        # A gate that could not judge does not let pass.
        gate = task.options.fail_on is not FailOn.NEVER
        return Done(report, looked.settings, remarks=(remark,), bad=failed or gate)
    bad = failed or reaches(replace(report, findings=some), task.options.fail_on)
    return Done(report, looked.settings, some, tuple(_commented(task, report, some)), bad)


def _touched(task: Task, checkout: Checkout, report: Report) -> tuple[Finding, ...] | None:
    """The open findings on lines that the pull request touches, the gravest first; None if not known."""
    git = _git_of(task, checkout)
    start = start_of(git, task.of.base, task.of.merge)
    if start is None:
        return None
    open_ones = [each for each in report.findings if each.status is not Status.SUPPRESSED]
    try:
        lines = touched(git, start, (finding.path for finding in open_ones))
    except GitFailed as failed:
        raise FixbotError(f"git can't tell what this pull request touches: {failed}") from None
    prefix = checkout.prefix
    some = [replace(each, path=prefix + each.path) for each in open_ones if (each.path, each.line) in lines]
    return tuple(sorted(some, key=lambda each: -each.severity))


def _commented(task: Task, report: Report, some: tuple[Finding, ...]) -> list[str]:
    """Keep the comment; what can't be done is a remark, since the summary has all of it anyway."""
    if not task.comments or task.of.number is None:
        return []
    if task.of.foreign:
        return ["This pull request comes from another repository, where the token may only read: no comment."]
    from fixbot.forge.connect import Connector  # noqa: PLC0415 - PyGithub costs 300 ms
    from fixbot.forge.errors import Tired  # noqa: PLC0415
    from fixbot.forge.reading import Reader  # noqa: PLC0415
    from fixbot.forge.remark import keep_remark  # noqa: PLC0415

    name, words = task.of.repository, comment(report, some)
    try:
        gateway = Connector(task.environment, waiting=task.terminal.note).gateway(name)
        why = keep_remark(Reader(gateway, name, ""), task.of.number, words, MARK, needed=bool(some))
    except (FixbotError, Tired) as error:
        why = str(error)
    return [f"The comment in the pull request was not written: {why}."] if why else []


def _proposed(task: Task) -> Done:
    """`fixbot run --pr`, for the whole repository or the part of it that PATH is."""
    from fixbot.cli.pulls import carry_out_pulls  # noqa: PLC0415 - PyGithub costs 300 ms

    checkout = Checkout.open(task.options.path, Scope(wanted=lambda _: False))
    _git_of(task, checkout)
    part = (below(checkout.prefix.rstrip("/")),) if checkout.prefix else ()
    options = replace(task.options, path=checkout.top, include=part, pr=True)
    heard: list[Done] = []

    def hear(report: Report, settings: Settings, obstacles: tuple[str, ...]) -> None:
        heard.append(Done(report, settings, remarks=tuple(f"{each}." for each in obstacles)))

    code = carry_out_pulls(options, task.environment, hear=hear)
    if not heard:
        raise NotYet("nothing could be done on GitHub, as the lines above say; the next run tries again")
    return replace(heard[0], bad=code != 0)


def _git_of(task: Task, checkout: Checkout) -> Git:
    if checkout.git is None:
        raise FixbotError(
            f"{task.options.path!r} is no checkout of a repository; let actions/checkout run before"
        )
    return checkout.git
