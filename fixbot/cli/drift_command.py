"""`fixbot drift`, by typer."""

from __future__ import annotations

import os

from fixbot.cli import options as given
from fixbot.cli.options import Job, Options
from fixbot.cli.secrets_commands import FormOption, SecretsForm


def drift(  # noqa: PLR0913, PLR0917 - one for each option
    path: given.PathOption = ".",
    aws_profile: given.AwsProfileOption = "",
    aws_region: given.AwsRegionOption = "",
    config: given.ConfigOption = None,
    format: FormOption = SecretsForm.TEXT,  # noqa: A002 - the option's name
    output: given.OutputOption = None,
    quiet: given.QuietOption = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - read where exceptions end
) -> Job:
    """Compare the task definitions that run in ECS with those of the files. Writes nothing.

    Exits with 1 where something is weaker in AWS than in the files, or where not all could be read.
    """
    from fixbot.cli.drift_job import DriftWish, show_drift  # noqa: PLC0415 - as everything that one command needs

    options = Options("drift", path, config=config, output=output, quiet=quiet)
    wish = DriftWish(options, format is SecretsForm.JSON, aws_profile, aws_region)
    return Job(lambda _: show_drift(wish, os.environ))
