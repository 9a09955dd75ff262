"""`fixbot secrets`: the commands for values that proposals take out of files, by typer."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from fixbot.cli import options as given
from fixbot.cli.command_examples import render_examples
from fixbot.cli.options import Job, Options, split_values

secrets = typer.Typer(
    name="secrets",
    help="What the proposals take out of files: where it goes, and stored there.",
    epilog=render_examples("secrets"),
    rich_markup_mode=None,
    no_args_is_help=True,
)


class SecretsForm(StrEnum):
    """The forms of what these commands say."""

    TEXT = "text"
    JSON = "json"


FormOption = Annotated[SecretsForm, typer.Option("--format", help="What the list looks like.")]
NameOption = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="Only the secret of this name; repeatable. Names of rules "
                 "are for `run`."),
]  # fmt: skip


@secrets.command(epilog=render_examples("secrets plan"))
def plan(  # noqa: PLR0913, PLR0917 - one for each option
    path: given.PathOption = ".",
    only: NameOption = None,
    aws: Annotated[
        bool, typer.Option("--aws", help="Ask AWS what is there; without it nobody is asked.")
    ] = False,
    aws_profile: given.AwsProfileOption = "",
    aws_region: given.AwsRegionOption = "",
    config: given.ConfigOption = None,
    format: FormOption = SecretsForm.TEXT,  # noqa: A002 - the option's name
    output: given.OutputOption = None,
    quiet: given.QuietOption = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - read where exceptions end
) -> Job:
    """List what the proposals would move: names, keys and places, never a value. Writes nothing."""
    from fixbot.cli.secrets_job import SecretsWish, list_planned  # noqa: PLC0415 - as everything that one command needs

    options = Options("secrets", path, config=config, output=output, quiet=quiet)
    wish = SecretsWish(
        options, split_values(only), format is SecretsForm.JSON, aws_profile, aws_region, asks=aws
    )
    return Job(lambda _: list_planned(wish, os.environ))


@secrets.command(epilog=render_examples("secrets create"))
def create(  # noqa: PLR0913, PLR0917 - one for each option
    path: given.PathOption = ".",
    only: NameOption = None,
    kms_key: Annotated[
        str,
        typer.Option(
            "--kms-key",
            metavar="ID",
            help="The KMS key of new secrets; goes before `secrets.kms_key` in the settings.",
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask AWS what is there, and write nothing.")
    ] = False,
    aws_profile: given.AwsProfileOption = "",
    aws_region: given.AwsRegionOption = "",
    config: given.ConfigOption = None,
    format: FormOption = SecretsForm.TEXT,  # noqa: A002 - the option's name
    output: given.OutputOption = None,
    quiet: given.QuietOption = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - as above
) -> Job:
    """Make the secrets that the proposals need, or add the keys that are missing, straight from the files.

    What exists is never changed. Exits with 1 where a secret is not as the proposals need it.
    """
    from fixbot.cli.secrets_job import SecretsWish, create_planned  # noqa: PLC0415 - as above

    options = Options("secrets", path, config=config, output=output, quiet=quiet)
    wish = SecretsWish(
        options, split_values(only), format is SecretsForm.JSON, aws_profile, aws_region,
        asks=True, kms_key=kms_key, dry=dry_run,
    )  # fmt: skip
    return Job(lambda _: create_planned(wish, os.environ))


@secrets.command("rotate-check", epilog=render_examples("secrets rotate-check"))
def rotate_check(  # noqa: PLR0913, PLR0917 - one for each option
    path: given.PathOption = ".",
    only: NameOption = None,
    aws_profile: given.AwsProfileOption = "",
    aws_region: given.AwsRegionOption = "",
    config: given.ConfigOption = None,
    format: FormOption = SecretsForm.TEXT,  # noqa: A002 - the option's name
    output: given.OutputOption = None,
    quiet: given.QuietOption = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - as above
) -> Job:
    """Say which secrets still have a value that Git's history shows. Exits with 1 where one has.

    Looks at the secrets below `secrets.prefix` that the files name; nothing is written.
    """
    from fixbot.cli.rotation_job import check_rotation  # noqa: PLC0415 - as above
    from fixbot.cli.secrets_job import SecretsWish  # noqa: PLC0415 - as above

    options = Options("secrets", path, config=config, output=output, quiet=quiet)
    wish = SecretsWish(
        options, split_values(only), format is SecretsForm.JSON, aws_profile, aws_region, asks=True
    )
    return Job(lambda _: check_rotation(wish, os.environ))
