"""`fixbot fleet`: the commands for many repositories, by typer."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fixbot.cli import options as given
from fixbot.cli.command_examples import render_examples
from fixbot.cli.options import Job, Options, split_values
from fixbot.model.errors import FixbotError

fleet = typer.Typer(
    name="fleet",
    help="Many repositories, on as many machines as there are: plan, run each shard, report.",
    epilog=render_examples("fleet"),
    rich_markup_mode=None,
    no_args_is_help=True,
)
_SHARD = re.compile(r"(\d+)/(\d+)")
INDEXES = ("JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX")
"""Where Kubernetes and AWS Batch say which part of a job this is, from 0."""


class FleetForm(StrEnum):
    """The forms of the fleet's report."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


FormOption = Annotated[FleetForm, typer.Option("--format", help="What the report looks like.")]
PlanArgument = Annotated[Path, typer.Argument(metavar="PLAN", help="The file that `fleet plan` wrote.")]
ResultsOption = Annotated[
    Path, typer.Option("--results", metavar="DIR", help="The folder of the shards' results.")
]


OrgOption = Annotated[
    list[str] | None,
    typer.Option("--org", metavar="OWNER", help="All of an organisation's or a user's; repeatable."),
]
TopicOption = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="TOPIC", help="Of --org only those with this topic; repeatable."),
]
FromOption = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="A list of OWNER/NAME, one a line; `-` is stdin."),
]
IncludeOption = Annotated[
    list[str] | None,
    typer.Option("--include", metavar="GLOB", help="Only these: NAME or OWNER/NAME; repeatable."),
]
ExcludeOption = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="GLOB", help="Not these; repeatable.")
]
ShardsOption = Annotated[
    int | None, typer.Option("--shards", metavar="N", min=1, max=256, help="How many shards.")
]
PerShardOption = Annotated[
    int, typer.Option("--per-shard", metavar="K", min=1, help="About so many repositories in each.")
]
AtOnceOption = Annotated[
    int, typer.Option("--at-once", metavar="N", min=1, max=100, help="How many shards run at the same time.")
]


@fleet.command(epilog=render_examples("fleet plan"))
def plan(  # noqa: PLR0913, PLR0917 - one for each option
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[OWNER/NAME]...", help="Repositories by name.")
    ] = None,
    org: OrgOption = None,
    topic: TopicOption = None,
    source: FromOption = None,
    include: IncludeOption = None,
    exclude: ExcludeOption = None,
    forks: Annotated[bool, typer.Option("--forks", help="Take forks in as well.")] = False,
    shards: ShardsOption = None,
    per_shard: PerShardOption = 500,
    at_once: AtOnceOption = 16,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where the plan goes.")] = Path(
        "fleet-plan.json"
    ),
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Print the shards as JSON for a workflow's matrix.")
    ] = False,
    host: given.HostOption = "",
    quiet: given.QuietOption = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - read where exceptions end
) -> Job:
    """Say which repositories there are, and which shard does which."""
    from fixbot.cli.fleet_plan_command import PlanOptions, write_fleet_plan  # noqa: PLC0415 - PyGithub costs 300 ms

    wanted = PlanOptions(
        tuple(names or ()), split_values(org), split_values(topic), source, tuple(include or ()),
        tuple(exclude or ()),
        forks, shards, per_shard, at_once, output, matrix, quiet, host,
    )  # fmt: skip
    return Job(lambda _: write_fleet_plan(wanted, os.environ))


ShardOption = Annotated[
    str | None,
    typer.Option("--shard", metavar="I/N", help="Which shard, from 1; else all, or as the job's index says."),
]
SinceReportOption = Annotated[
    Path | None,
    typer.Option(
        "--since-report",
        metavar="FILE",
        help="Carry over what is unchanged since this report (JSON), or since these results (a folder).",
    ),
]


@fleet.command(epilog=render_examples("fleet run"))
def run(  # noqa: PLR0913, PLR0917 - one for each option
    plan: PlanArgument,
    shard: ShardOption = None,
    pr: given.PullRequestOption = False,
    since_report: SinceReportOption = None,
    results: ResultsOption = Path("fleet-results"),
    minutes: Annotated[
        float, typer.Option("--for", metavar="MINUTES", min=0.1, help="Begin nothing new after so long.")
    ] = 330,
    days: Annotated[
        float,
        typer.Option("--anew", metavar="DAYS", min=0, help="Look at everything anew after so many days."),
    ] = 7,
    only: given.OnlyOption = None,
    skip: given.SkipOption = None,
    safety: given.SafetyOption = None,
    config: given.ConfigOption = None,
    host: given.HostOption = "",
    quiet: given.QuietOption = False,
    debug: given.DebugOption = False,  # noqa: ARG001 - read where exceptions end
) -> Job:
    """Look at the repositories of one shard; with --pr publish. Run again, it goes on where it was."""
    from fixbot.cli.fleet_shard import ShardOptions, run_shard  # noqa: PLC0415 - PyGithub costs 300 ms

    wanted = Options(
        "fleet",
        only=split_values(only),
        skip=split_values(skip),
        safety=safety,
        config=config,
        quiet=quiet,
        pr=pr,
        host=host,
    )
    return Job(
        lambda words: run_shard(
            ShardOptions(
                plan, _parse_shard(shard), _read_job_index() if shard is None else None, results,
                since_report,
                minutes, days, replace(wanted, arguments=words),
            ),
            os.environ,
        )
    )  # fmt: skip


@fleet.command(epilog=render_examples("fleet report"))
def report(
    plan: PlanArgument,
    results: ResultsOption = Path("fleet-results"),
    format: FormOption = FleetForm.TEXT,  # noqa: A002 - the option's name
    output: given.OutputOption = None,
    debug: given.DebugOption = False,  # noqa: ARG001 - read where exceptions end
) -> Job:
    """Put the results of all shards on one page. Exits with 1 where something is missing or failed."""
    from fixbot.cli.fleet_plan_command import write_fleet_report  # noqa: PLC0415 - as above

    return Job(lambda _: write_fleet_report(plan, results, format.value, output, os.environ))


def _parse_shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = _SHARD.fullmatch(text.strip())
    if found is None:
        raise FixbotError(f"--shard {text}: write I/N, such as 3/16")
    return int(found[1]), int(found[2])


def _read_job_index() -> int | None:
    """Which shard, from 1, an indexed job of Kubernetes or AWS Batch says this is."""
    found = next((os.environ[name] for name in INDEXES if os.environ.get(name, "").isdigit()), None)
    return None if found is None else int(found) + 1
