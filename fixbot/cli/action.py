"""`fixbot action`: the step of a workflow that does the job, and tells the runner and GitHub of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fixbot.actions import commands
from fixbot.actions.event import Event, Mode, decided, event
from fixbot.actions.inputs import Inputs, chosen, credentials, inputs
from fixbot.actions.rooted import from_top
from fixbot.actions.summary import Page, Pulled, render
from fixbot.checkout.git import GitFailed
from fixbot.checkout.touched import start_of, touched
from fixbot.cli.job import Looked, look, reaches, tell
from fixbot.cli.options import Bold, FailOn, Options
from fixbot.cli.runner import Runner
from fixbot.cli.terminal import Terminal
from fixbot.errors import FixbotError
from fixbot.model import Severity, Status
from fixbot.report import json as whole_report
from fixbot.report import sarif, text
from fixbot.report.style import Style

if TYPE_CHECKING:
    from fixbot.model import Finding, Report

MOST_ANNOTATIONS: Final = 10
"""So many of each kind does GitHub show for a step."""
_KINDS: Final[tuple[tuple[commands.Kind, tuple[Severity, ...]], ...]] = (
    ("error", (Severity.CRITICAL, Severity.HIGH)),
    ("warning", (Severity.MEDIUM,)),
    ("notice", (Severity.LOW,)),
)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it. `touched` is None outside of pull requests; `remarks` are whole sentences."""

    pulled: tuple[Pulled, ...] = ()
    touched: tuple[Finding, ...] | None = None
    remarks: tuple[str, ...] = ()
    failed: bool = False


def act(environment: Mapping[str, str]) -> int:
    """Do what the workflow asks for; returns the exit code. Raises FixbotError outside of GitHub Actions."""
    if environment.get("GITHUB_ACTIONS") != "true":
        raise FixbotError("`fixbot action` is a step of GitHub Actions; at a desk: fixbot run")
    runner = Runner(environment)
    runner.hush(credentials(environment))
    # One stream, so that the order in which the runner reads is the order in which things were said.
    with redirect_stderr(sys.stdout):
        try:
            return _act(inputs(environment), runner, Terminal(environment))
        except FixbotError as error:
            runner.command(commands.annotation("error", str(error), title="fixbot"))
            return error.exit_code


def _act(asked: Inputs, runner: Runner, terminal: Terminal) -> int:
    of = event(runner.environment, runner.payload)
    mode, remark = decided(asked.mode, of)
    options = _options(asked)
    looked = look(options, runner.environment, terminal)
    if looked.checkout.git is None and mode is not Mode.SCAN:
        raise FixbotError(f"{asked.path!r} is no checkout of a repository; let actions/checkout run before")
    terminal.out(text.run(looked.report, Style()))
    tell(looked.report.failures, terminal)
    done = _carried_out(mode, of, looked)
    remarks = (*((remark,) if remark else ()), *done.remarks)
    report = from_top(looked.report, looked.checkout.prefix)
    runner.summary(render(Page(report, done.pulled, done.touched, remarks)))
    runner.outputs(_outputs(report, done, _files(report, looked, runner.folder, terminal)))
    runner.command(*_annotations(done, remarks))
    judged = report if done.touched is None else replace(report, findings=done.touched)
    return 1 if done.failed or report.failures or reaches(judged, options.fail_on) else 0


def _options(asked: Inputs) -> Options:
    return Options(
        "run",
        path=asked.path,
        only=asked.only,
        skip=asked.skip,
        safety=chosen("safety", asked.safety, Bold) if asked.safety else None,
        fail_on=chosen("fail-on", asked.fail_on, FailOn),
        config=Path(asked.config) if asked.config else None,
        cache=False,
    )


def _carried_out(mode: Mode, of: Event, looked: Looked) -> Done:
    if mode is Mode.CHECK:
        return _checked(of, looked)
    return Done()


def _checked(of: Event, looked: Looked) -> Done:
    """The findings on the lines that the pull request touches."""
    git = looked.checkout.git
    start = start_of(git, of.base, of.merge) if git is not None else None
    if git is None or start is None:
        why = "The commits that this pull request starts from are not here, so no line was annotated"
        return Done(remarks=(f"{why}; set `fetch-depth: 2` at actions/checkout.",))
    open_ones = [f for f in looked.report.findings if f.status is not Status.SUPPRESSED]
    try:
        lines = touched(git, start, (finding.path for finding in open_ones))
    except GitFailed as failed:
        raise FixbotError(f"git can't tell what this pull request touches: {failed}") from None
    prefix = looked.checkout.prefix
    some = [replace(f, path=prefix + f.path) for f in open_ones if (f.path, f.line) in lines]
    return Done(touched=tuple(sorted(some, key=lambda each: -each.severity)))


def _files(report: Report, looked: Looked, folder: Path, terminal: Terminal) -> dict[str, str]:
    """Write the report for machines; returns the outputs that say where."""
    whole, results = folder / "fixbot.json", folder / "fixbot.sarif"
    terminal.file(whole, whole_report.render(report))
    terminal.file(results, sarif.render(report, looked.fixers, looked.settings.ignore))
    return {"report-file": str(whole), "sarif-file": str(results)}


def _outputs(report: Report, done: Done, files: dict[str, str]) -> dict[str, str]:
    def number(*statuses: Status) -> str:
        return str(sum(each.status in statuses for each in report.findings))

    return {
        "findings": number(Status.FIXED, Status.REFUSED, Status.MANUAL),
        "fixed": number(Status.FIXED),
        "refused": number(Status.REFUSED),
        "pull-requests": json.dumps([each.url for each in done.pulled if each.url]),
        **files,
    }


def _annotations(done: Done, remarks: tuple[str, ...]) -> Iterator[str]:
    """What is shown at the touched lines, the gravest first; and the remarks."""
    for kind, grades in _KINDS:
        some = [finding for finding in done.touched or () if finding.severity in grades]
        for each in some[:MOST_ANNOTATIONS]:
            says = f"{text.said(each)}. {_way_out(each)}"
            yield commands.annotation(kind, says, title=each.rule, path=each.path, line=each.line)
    for remark in remarks:
        yield commands.annotation("notice", remark, title="fixbot")


def _way_out(finding: Finding) -> str:
    if finding.status is Status.FIXED:
        return f"`fixbot run --write --only {finding.rule}` fixes it."
    return finding.reason or ""
