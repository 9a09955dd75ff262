"""The three things that the Action does: look, check what a pull request touches, open pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from fixbot.actions.check import Check
from fixbot.actions.comment import MARK, comment
from fixbot.actions.event import Event, Mode
from fixbot.actions.rooted import from_top
from fixbot.checkout import Checkout, Scope
from fixbot.checkout.git import Git
from fixbot.cli.check import base_of_event, check_changes
from fixbot.cli.ends import reaches, said
from fixbot.cli.look import look
from fixbot.cli.options import FailOn, Options
from fixbot.errors import FixbotError
from fixbot.globs import below
from fixbot.report import text
from fixbot.report.style import Style

if TYPE_CHECKING:
    from fixbot.cli.terminal import Terminal
    from fixbot.model import Report
    from fixbot.settings import Settings


NO_BASE: Final = (
    "The commits that this pull request starts from are not here, so no line was annotated, and none of its "
    "settings counted; set `fetch-depth: 2` at actions/checkout."
)


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

    `check` is None outside of pull requests; `remarks` are whole sentences; `bad` is for exit code 1.
    """

    report: Report
    settings: Settings
    check: Check | None = None
    remarks: tuple[str, ...] = ()
    bad: bool = False


def done(task: Task, mode: Mode) -> Done:
    """Do what the mode says. Raises FixbotError."""
    if mode is Mode.PULL_REQUESTS:
        return _proposed(task)
    in_pull = task.of.number is not None or task.of.queued
    base = base_of_event(task.options, task.of) if in_pull else None
    looked = look(task.options, task.environment, task.terminal, base=base)
    task.terminal.out(text.run(looked.report, Style()))
    for lost in looked.report.failures:
        for line in said(lost, debug=False):
            task.terminal.trouble(line)
    report = from_top(looked.report, looked.checkout.prefix)
    failed = bool(report.failures)
    gate = task.options.fail_on is not FailOn.NEVER
    remarks = (NO_BASE,) if base is not None and base.start is None else ()
    if base is None or mode is Mode.SCAN:
        bad = failed or reaches(report, task.options.fail_on)
        return Done(report, looked.settings, remarks=remarks, bad=bad)
    if base.start is None:
        # A gate that could not judge does not let pass.
        return Done(report, looked.settings, remarks=remarks, bad=failed or gate)
    check = check_changes(task.options, base, looked)
    bad = failed or _fails(check, task.options, report)
    return Done(report, looked.settings, check, tuple(_commented(task, report, check)), bad)


def _fails(check: Check, options: Options, report: Report) -> bool:
    if options.fail_on_new_ignores and check.ignores:
        return True
    if options.fail_on is FailOn.NEVER:
        return False
    unread = options.fail_on_unread and bool(check.damaged)
    return unread or reaches(replace(report, findings=check.findings), options.fail_on)


def _commented(task: Task, report: Report, check: Check) -> list[str]:
    """Keep the comment; what can't be done is a remark, since the summary has all of it anyway."""
    if not task.comments or task.of.number is None:
        return []
    if task.of.foreign:
        return ["This pull request comes from another repository, where the token may only read: no comment."]
    from fixbot.forge.connect import Connector  # noqa: PLC0415 - PyGithub costs 300 ms
    from fixbot.forge.errors import Tired  # noqa: PLC0415
    from fixbot.forge.reading import Reader  # noqa: PLC0415
    from fixbot.forge.remark import keep_remark  # noqa: PLC0415

    name, words = task.of.repository, comment(report, check)
    try:
        gateway = Connector(task.environment, waiting=task.terminal.note).gateway(name)
        why = keep_remark(Reader(gateway, name, ""), task.of.number, words, MARK, needed=check.says_something)
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
