"""The commands, by typer: it understands the words and hands back the job, which runs outside of it."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from fixbot import __version__
from fixbot.cli import options as given
from fixbot.cli.command_examples import render_examples
from fixbot.cli.drift_command import drift
from fixbot.cli.fleet_commands import fleet
from fixbot.cli.options import FailOn, Format, Job, Options, split_values
from fixbot.cli.secrets_commands import secrets
from fixbot.model.errors import FixbotError

app = typer.Typer(
    name="fixbot",
    help="Repairs misconfigured ECS, CloudFormation, Terraform, Kubernetes, IAM files.",
    epilog=render_examples(),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


app.add_typer(fleet)
app.add_typer(secrets)
app.command(epilog=render_examples("drift"))(drift)


class RulesForm(StrEnum):
    """The forms of the list of rules."""

    TEXT = "text"
    JSON = "json"


def execute_command(arguments: list[str]) -> int:
    """Understand the words and do the job. Raises FixbotError for words that make no sense."""
    command = typer.main.get_command(app)
    for option in command.params:  # the first help fits a screen; docs/completion.md speaks of it
        vars(option)["hidden"] = option.name == "show_completion"
    if arguments[:1] == ["hook"]:
        from fixbot.cli.hook import expand_hook_words  # noqa: PLC0415 - as everything that one command needs

        arguments = expand_hook_words(arguments[1:], vars(command)["commands"])
    try:
        job = command.main(arguments, prog_name="fixbot", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        # Click's own exceptions: some releases of typer carry a click of their own.
        if not hasattr(error, "format_message"):
            raise
        words = " ".join(str(error.format_message()).split()).replace(": Value error,", ":")
        raise FixbotError(words) from None
    if isinstance(job, Job):
        return job.do(tuple(arguments))
    return job if isinstance(job, int) else 0


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fixbot {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def set_up_commands(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """Set up what all commands share."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(epilog=render_examples("run"))
def run(  # noqa: PLR0913, PLR0917 - one for each option of the contract
    path: given.PathOption = ".",
    files: given.FilesOption = None,
    write: Annotated[bool, typer.Option("--write", help="Change the files of the working tree.")] = False,
    branch: given.BranchOption = False,
    review: Annotated[
        bool, typer.Option("--review", help="Ask about each proposal; write what is taken (or --branch).")
    ] = False,
    pr: given.PullRequestOption = False,
    repo: given.RepositoryOption = None,
    dry_run: given.DryRunOption = False,
    host: given.HostOption = "",
    show: given.ShowOption = "",
    diffs: given.DiffsOption = False,
    only: given.OnlyOption = None,
    skip: given.SkipOption = None,
    rules_profile: given.ProfileOption = None,
    framework: given.FrameworkOption = "",
    safety: given.SafetyOption = None,
    fail_on: given.FailOnOption = None,
    fail_on_unread: given.FailOnUnreadOption = False,
    include: given.IncludeOption = None, exclude: given.ExcludeOption = None, since: given.SinceOption = None,
    thorough: given.ThoroughOption = False,
    no_render: given.NoRenderOption = False,
    findings: given.FindingsOption = None,
    filter: given.FilterOption = None,  # noqa: A002 - the option's name
    state: given.StateOption = None, stacks: given.StacksOption = None, note: given.NoteOption = False,
    aws: given.AwsOption = False,
    aws_profile: given.AwsProfileOption = "", aws_region: given.AwsRegionOption = "",
    config: given.ConfigOption = None,
    format: given.FormatOption = Format.TEXT,  # noqa: A002 - the option's name
    output: given.OutputOption = None, audit: given.AuditOption = None,
    no_cache: given.NoCacheOption = False,
    jobs: given.JobsOption = None,
    quiet: given.QuietOption = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - read where exceptions end
) -> Job:  # fmt: skip
    """Find, fix, prove and show. Writes nothing unless told to."""
    return _make_job(
        Options(
            "run", path, tuple(files or ()), split_values(only), split_values(skip), safety,
            fail_on or FailOn.NEVER,
            tuple(include or ()), tuple(exclude or ()), since, config, format, output,
            not no_cache, jobs, quiet, write, branch, review, pr, split_values(repo), dry_run, host,
            thorough=thorough, render=not no_render, fail_on_unread=fail_on_unread, show=show, diffs=diffs,
            rules_profile=rules_profile, framework=framework, audit=audit,
            aws=aws, aws_profile=aws_profile, aws_region=aws_region, findings=tuple(findings or ()),
            filters=tuple(filter or ()), states=tuple(state or ()), stacks=tuple(stacks or ()), note=note,
        )
    )  # fmt: skip


@app.command(epilog=render_examples("scan"))
def scan(  # noqa: PLR0913, PLR0917 - one for each option of the contract
    path: given.PathOption = ".",
    files: given.FilesOption = None,
    only: given.OnlyOption = None,
    skip: given.SkipOption = None,
    rules_profile: given.ProfileOption = None,
    framework: given.FrameworkOption = "",
    safety: given.SafetyOption = None,
    fail_on: given.FailOnOption = None,
    fail_on_unread: given.FailOnUnreadOption = False,
    fail_on_new_ignores: given.FailOnNewIgnoresOption = False,
    include: given.IncludeOption = None,
    exclude: given.ExcludeOption = None,
    since: given.SinceOption = None,
    baseline: given.BaselineOption = None,
    write_baseline: given.WriteBaselineOption = None,
    thorough: given.ThoroughOption = False,
    no_render: given.NoRenderOption = False,
    config: given.ConfigOption = None,
    format: given.FormatOption = Format.TEXT,  # noqa: A002 - the option's name
    output: given.OutputOption = None,
    no_cache: given.NoCacheOption = False,
    jobs: given.JobsOption = None,
    quiet: given.QuietOption = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - read where exceptions end
) -> Job:
    """List findings. Exits with 1 where one is as bad as --fail-on says (default low)."""
    return _make_job(
        Options(
            "scan", path, tuple(files or ()), split_values(only), split_values(skip), safety,
            fail_on or FailOn.LOW,
            tuple(include or ()), tuple(exclude or ()), since, config, format, output,
            not no_cache, jobs, quiet, thorough=thorough, render=not no_render, fail_on_unread=fail_on_unread,
            fail_on_new_ignores=fail_on_new_ignores, baseline=baseline,
            write_baseline=write_baseline, rules_profile=rules_profile, framework=framework,
        )
    )  # fmt: skip


def _make_job(options: Options) -> Job:
    from fixbot.cli.run_job import run_job  # noqa: PLC0415 - --help and completion can do without the rest

    return Job(lambda words: run_job(replace(options, arguments=words), os.environ))


@app.command(epilog=render_examples("rules"))
def rules(
    rules_profile: given.ProfileOption = None,
    framework: given.FrameworkOption = "",
    format: Annotated[RulesForm, typer.Option("--format", help="What the list looks like.")] = RulesForm.TEXT,  # noqa: A002 - the option's name
    debug: given.DebugOption = False,  # noqa: ARG001 - read where exceptions end
) -> Job:
    """List the rules: name, severity, safety, which are on in this folder, topic, what each does."""
    from fixbot.cli.rule_pages import list_rules  # noqa: PLC0415 - as above

    asked = Options("rules", rules_profile=rules_profile, framework=framework)
    return Job(lambda _: list_rules(asked, os.environ, as_json=format is RulesForm.JSON))


@app.command(epilog=render_examples("explain"))
def explain(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="A rule's name.", autocompletion=given.complete_rule)
    ],
    debug: given.DebugOption = False,  # noqa: ARG001 - read where exceptions end
) -> Job:
    """Show a rule's page: the threat, what changes, what is left alone."""
    from fixbot.cli.rule_pages import show_page  # noqa: PLC0415 - as above

    return Job(lambda _: show_page(rule, os.environ))


@app.command(epilog=render_examples("inventory"))
def inventory(
    path: given.PathOption = ".",
    config: given.ConfigOption = None,
    format: Annotated[RulesForm, typer.Option("--format", help="What the list looks like.")] = RulesForm.TEXT,  # noqa: A002 - the option's name
    output: given.OutputOption = None,
    quiet: given.QuietOption = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - as above
) -> Job:
    """List what was read, by kind, folder and owner, and how many findings are about it."""
    from fixbot.cli.list_inventory import list_inventory  # noqa: PLC0415 - as above

    asked = Options(
        "inventory", path, config=config, format=Format(format.value), output=output, cache=False,
        quiet=quiet, rules_profile=given.ProfileChoice.ALL,
    )  # fmt: skip
    return Job(lambda _: list_inventory(asked, os.environ))


@app.command(epilog=render_examples("init"))
def init(
    path: given.PathOption = ".",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the files and write none.")] = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - as above
) -> Job:
    """Write a commented .fixbot.yml and a workflow for GitHub Actions, and say what happens next."""
    from fixbot.cli.init import write_init_files  # noqa: PLC0415 - as above

    return Job(lambda _: write_init_files(path, os.environ, dry=dry_run))


@app.command(hidden=True)
def action(
    debug: given.DebugOption = False,  # noqa: ARG001 - as above
) -> Job:
    """Be a step of a workflow of GitHub Actions; action.yml calls it."""
    from fixbot.cli.action_step import run_action  # noqa: PLC0415 - as above

    return Job(lambda _: run_action(os.environ))
