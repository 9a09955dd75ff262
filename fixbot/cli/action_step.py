"""`fixbot action`: the step of a workflow that does the job, and tells the runner of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path

from fixbot.actions import workflow_commands
from fixbot.actions.annotations import annotate_findings, output_values
from fixbot.actions.event import decide_mode, read_event
from fixbot.actions.inputs import Inputs, choose_word, read_credentials, read_inputs
from fixbot.actions.summary import SummaryPage, render_summary
from fixbot.cli.action_modes import ActionRun, ActionRunResult, run_mode
from fixbot.cli.actions_runner import ActionsRunner
from fixbot.cli.options import FailOn, Options, ProfileChoice, SafetyChoice
from fixbot.cli.terminal import Terminal
from fixbot.model.errors import FixbotError
from fixbot.report import json, sarif
from fixbot.rules.loading import load_rules


def run_action(environment: Mapping[str, str]) -> int:
    """Do what the workflow asks for; returns the exit code. Raises FixbotError outside of GitHub Actions."""
    if environment.get("GITHUB_ACTIONS") != "true":
        raise FixbotError("`fixbot action` is a step of GitHub Actions; at a desk: fixbot run")
    runner = ActionsRunner(environment)
    runner.mask_and_stop(read_credentials(environment))
    # One stream, so that the order in which the runner reads is the order in which things were said.
    with redirect_stderr(sys.stdout):
        try:
            return _run_event(runner, Terminal(environment))
        except FixbotError as error:
            runner.give_commands(workflow_commands.format_annotation("error", str(error), title="fixbot"))
            return error.exit_code


def _run_event(runner: ActionsRunner, terminal: Terminal) -> int:
    asked = read_inputs(runner.environment)
    of = read_event(runner.environment, runner.event_payload)
    mode, remark = decide_mode(asked.mode, of)
    task = ActionRun(_options_of_inputs(asked), of, asked.comment, runner.environment, terminal)
    came = run_mode(task, mode)
    remarks = (*filter(None, [remark]), *came.remarks)
    runner.append_summary(render_summary(SummaryPage(came.report, came.check, remarks)))
    runner.set_outputs(
        {**output_values(came.report), **_write_report_files(came, runner.files_folder, terminal)}
    )
    runner.give_commands(*annotate_findings(came.check, remarks))
    return 1 if came.bad else 0


def _options_of_inputs(asked: Inputs) -> Options:
    return Options(
        "run",
        path=asked.path,
        only=asked.only,
        skip=asked.skip,
        safety=choose_word("safety", asked.safety, SafetyChoice) if asked.safety else None,
        fail_on=choose_word("fail-on", asked.fail_on, FailOn),
        config=Path(asked.config) if asked.config else None,
        cache=False,
        fail_on_unread=asked.fail_on_unread,
        fail_on_new_ignores=asked.fail_on_new_ignores,
        rules_profile=choose_word("profile", asked.profile, ProfileChoice) if asked.profile else None,
        framework=asked.framework,
        baseline=Path(asked.baseline) if asked.baseline else None,
        findings=asked.findings,
        note=asked.note,
        aws=asked.aws,
    )


def _write_report_files(came: ActionRunResult, folder: Path, terminal: Terminal) -> dict[str, str]:
    """Write the report for machines; returns the outputs that say where."""
    whole, results = folder / "fixbot.json", folder / "fixbot.sarif"
    terminal.write_file(whole, json.render_json(came.report))
    terminal.write_file(results, sarif.render_sarif(came.report, load_rules(), came.settings.ignore))
    return {"report-file": str(whole), "sarif-file": str(results)}
