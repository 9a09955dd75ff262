"""The three things that the Action does: look, check what a pull request touches, open pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from fixbot.actions.comment import MARK, render_comment
from fixbot.actions.event import Event, Mode
from fixbot.actions.pull_request_check import PullRequestCheck
from fixbot.actions.report_paths import prefix_paths
from fixbot.checkout import Checkout, Scope
from fixbot.checkout.git import Git
from fixbot.cli.base_settings import PullRequestBase
from fixbot.cli.baseline_options import compare_with_baseline
from fixbot.cli.check_changes import check_changes, find_event_base
from fixbot.cli.exit_status import describe_loss, reaches_severity
from fixbot.cli.findings_options import widen_profile
from fixbot.cli.findings_run import read_findings
from fixbot.cli.options import FailOn, Options
from fixbot.cli.run_job import scan_with_facts
from fixbot.cli.scan_checkout import ScannedCheckout, scan_checkout
from fixbot.model.errors import FixbotError
from fixbot.report import text
from fixbot.report.style import TerminalStyle
from fixbot.text.globs import pattern_below

if TYPE_CHECKING:
    from fixbot.cli.terminal import Terminal
    from fixbot.model.findings import Report
    from fixbot.settings import Settings


NO_BASE: Final = (
    "The commits that this pull request starts from are not here, so no line was annotated, and none of its "
    "settings counted; set `fetch-depth: 2` at actions/checkout."
)


class NothingDoneYet(FixbotError):
    """GitHub's limits or troubles were met before anything was done."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class ActionRun:
    """What is asked for, and on which occasion. `comments` says whether a pull request may get one."""

    options: Options
    of: Event
    comments: bool
    environment: Mapping[str, str]
    terminal: Terminal


@dataclass(frozen=True, slots=True)
class ActionRunResult:
    """What came of it, with paths from the repository's top.

    `check` is None outside of pull requests; `remarks` are whole sentences; `bad` is for exit code 1.
    """

    report: Report
    settings: Settings
    check: PullRequestCheck | None = None
    remarks: tuple[str, ...] = ()
    bad: bool = False


def run_mode(task: ActionRun, mode: Mode) -> ActionRunResult:
    """Do what the mode says. Raises FixbotError."""
    if mode is Mode.PULL_REQUESTS:
        return _propose_pull_requests(task)
    in_pull = task.of.number is not None or task.of.queued
    base = find_event_base(task.options, task.of) if in_pull else None
    looked, whole = _look_at_files(task, base)
    judged = compare_with_baseline(task.options, looked.report, base, task.terminal)
    looked = looked._replace(report=judged)
    task.terminal.print_out(text.render_run(looked.report, TerminalStyle()))
    for lost in looked.report.failures:
        for line in describe_loss(lost, debug=False):
            task.terminal.print_trouble(line)
    report = prefix_paths(looked.report, looked.checkout.prefix)
    failed = bool(report.failures) or not whole
    gate = task.options.fail_on is not FailOn.NEVER
    remarks = (NO_BASE,) if base is not None and base.start is None else ()
    if base is None or mode is Mode.SCAN:
        bad = failed or reaches_severity(report, task.options.fail_on)
        return ActionRunResult(report, looked.settings, remarks=remarks, bad=bad)
    if base.start is None:
        # A gate that could not judge does not let pass.
        return ActionRunResult(report, looked.settings, remarks=remarks, bad=failed or gate)
    check = check_changes(task.options, base, looked)
    bad = failed or _fails_check(check, task.options, report)
    return ActionRunResult(report, looked.settings, check, tuple(_update_comment(task, report, check)), bad)


def _look_at_files(task: ActionRun, base: PullRequestBase | None) -> tuple[ScannedCheckout, bool]:
    """What is in the files, and whether all that was to be asked for it was answered.

    A pull request's own files are judged by themselves: nobody else is asked about them.
    """
    options = task.options
    if base is not None or not (options.findings or options.aws):
        plain = replace(options, findings=(), note=False, aws=False)
        return scan_checkout(plain, task.environment, task.terminal, base=base), True
    options = widen_profile(replace(options, note=False))
    findings = read_findings(options, task.environment)
    looked = scan_with_facts(options, task.environment, task.terminal, True, None, findings)
    return looked, findings is None or findings.whole


def _fails_check(check: PullRequestCheck, options: Options, report: Report) -> bool:
    if options.fail_on_new_ignores and check.ignores:
        return True
    if options.fail_on is FailOn.NEVER:
        return False
    unread = options.fail_on_unread and bool(check.damaged)
    return unread or reaches_severity(replace(report, findings=check.findings), options.fail_on)


def _update_comment(task: ActionRun, report: Report, check: PullRequestCheck) -> list[str]:
    """Keep the comment; what can't be done is a remark, since the summary has all of it anyway."""
    if not task.comments or task.of.number is None:
        return []
    if task.of.foreign:
        return ["This pull request comes from another repository, where the token may only read: no comment."]
    from fixbot.publish.github.connector import Connector  # noqa: PLC0415 - PyGithub costs 300 ms
    from fixbot.publish.github.github_errors import RateLimitExceeded  # noqa: PLC0415
    from fixbot.publish.github.keep_comment import keep_remark  # noqa: PLC0415
    from fixbot.publish.github.repository_reader import RepositoryReader  # noqa: PLC0415

    name, words = task.of.repository, render_comment(report, check)
    try:
        gateway = Connector(task.environment, waiting=task.terminal.print_note).gateway_for(name)
        why = keep_remark(
            RepositoryReader(gateway, name, ""), task.of.number, words, MARK, needed=check.says_something
        )
    except (FixbotError, RateLimitExceeded) as error:
        why = str(error)
    return [f"The comment in the pull request was not written: {why}."] if why else []


def _propose_pull_requests(task: ActionRun) -> ActionRunResult:
    """`fixbot run --pr`, for the whole repository or the part of it that PATH is."""
    from fixbot.cli.pull_request_runs import run_pull_requests  # noqa: PLC0415 - PyGithub costs 300 ms

    checkout = Checkout.open_checkout(task.options.path, Scope(wanted=lambda _: False))
    _git_of_checkout(task, checkout)
    part = (pattern_below(checkout.prefix.rstrip("/")),) if checkout.prefix else ()
    options = widen_profile(replace(task.options, path=checkout.top, include=part, pr=True))
    heard: list[ActionRunResult] = []

    def hear_report(report: Report, settings: Settings, obstacles: tuple[str, ...]) -> None:
        heard.append(ActionRunResult(report, settings, remarks=tuple(f"{each}." for each in obstacles)))

    code = run_pull_requests(options, task.environment, hear=hear_report)
    if not heard:
        raise NothingDoneYet(
            "nothing could be done on GitHub, as the lines above say; the next run tries again"
        )
    return replace(heard[0], bad=code != 0)


def _git_of_checkout(task: ActionRun, checkout: Checkout) -> Git:
    if checkout.git is None:
        raise FixbotError(
            f"{task.options.path!r} is no checkout of a repository; let actions/checkout run before"
        )
    return checkout.git
