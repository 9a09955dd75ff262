"""`fixbot action`: the step of a workflow that does the job, and tells the runner of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path

from fixbot.actions import commands
from fixbot.actions.event import decided, event
from fixbot.actions.inputs import Inputs, chosen, credentials, inputs
from fixbot.actions.summary import Page, render
from fixbot.actions.told import remarks_at_lines, values
from fixbot.cli.modes import Done, Task, done
from fixbot.cli.options import Bold, FailOn, Options
from fixbot.cli.runner import Runner
from fixbot.cli.terminal import Terminal
from fixbot.errors import FixbotError
from fixbot.report import json, sarif
from fixbot.rules.loading import load_rules


def act(environment: Mapping[str, str]) -> int:
    """Do what the workflow asks for; returns the exit code. Raises FixbotError outside of GitHub Actions."""
    if environment.get("GITHUB_ACTIONS") != "true":
        raise FixbotError("`fixbot action` is a step of GitHub Actions; at a desk: fixbot run")
    runner = Runner(environment)
    runner.hush(credentials(environment))
    # One stream, so that the order in which the runner reads is the order in which things were said.
    with redirect_stderr(sys.stdout):
        try:
            return _act(runner, Terminal(environment))
        except FixbotError as error:
            runner.command(commands.annotation("error", str(error), title="fixbot"))
            return error.exit_code


def _act(runner: Runner, terminal: Terminal) -> int:
    asked = inputs(runner.environment)
    of = event(runner.environment, runner.payload)
    mode, remark = decided(asked.mode, of)
    task = Task(_options(asked), of, asked.comment, runner.environment, terminal)
    came = done(task, mode)
    remarks = (*filter(None, [remark]), *came.remarks)
    runner.summary(render(Page(came.report, came.check, remarks)))
    runner.outputs({**values(came.report), **_files(came, runner.folder, terminal)})
    runner.command(*remarks_at_lines(came.check, remarks))
    return 1 if came.bad else 0


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
        fail_on_unread=asked.fail_on_unread,
        fail_on_new_ignores=asked.fail_on_new_ignores,
    )


def _files(came: Done, folder: Path, terminal: Terminal) -> dict[str, str]:
    """Write the report for machines; returns the outputs that say where."""
    whole, results = folder / "fixbot.json", folder / "fixbot.sarif"
    terminal.file(whole, json.render(came.report))
    terminal.file(results, sarif.render(came.report, load_rules(), came.settings.ignore))
    return {"report-file": str(whole), "sarif-file": str(results)}
