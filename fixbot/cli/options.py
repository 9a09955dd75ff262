"""The options that `run` and `scan` share, each with its help, and what they come to together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

import typer


class Job(NamedTuple):
    """What a command line asks for."""

    do: Callable[[tuple[str, ...]], int]


class SafetyChoice(StrEnum):
    """How far a fix may go."""

    SAFE = "safe"
    REVIEW = "review"


class FailOn(StrEnum):
    """The least severity for exit code 1."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
    NEVER = "never"


class ProfileChoice(StrEnum):
    """Which rules run."""

    ESSENTIAL = "essential"
    RECOMMENDED = "recommended"
    ALL = "all"


class Format(StrEnum):
    """The forms of a report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    MARKDOWN = "markdown"
    PATCH = "patch"
    HTML = "html"
    RDJSON = "rdjson"
    GITLAB = "gitlab"
    JUNIT = "junit"


def complete_rule(incomplete: str) -> list[str]:
    """Rule names for the shell's completion, the last of a list with commas too."""
    from fixbot.rules.loading import load_rules  # noqa: PLC0415 - fixers are loaded only where they are needed

    before, comma, begun = incomplete.rpartition(",")
    return [f"{before}{comma}{fixer.name}" for fixer in load_rules() if fixer.name.startswith(begun)]


PathOption = Annotated[
    str, typer.Argument(metavar="[PATH]", help="A checkout, a folder of one, or one file.")
]
FilesOption = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE]...", help="Report on and change only these files of the checkout PATH; "
                   "all others are read for what they say about them."),
]  # fmt: skip
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="RULE", help="Only this rule; repeat it or list them with commas.",
                 autocompletion=complete_rule),
]  # fmt: skip
SkipOption = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="RULE", help="Not this rule; repeat it or list them with commas.",
                 autocompletion=complete_rule),
]  # fmt: skip
ProfileOption = Annotated[
    ProfileChoice | None,
    typer.Option("--rules-profile", help="Which rules run; goes before `profile` in the settings."),
]
FrameworkOption = Annotated[
    str,
    typer.Option("--framework", metavar="NAME", help="Only rules that have a control there: fsbp, cis-eks, "
                 "pss-restricted, pci-dss, …"),
]  # fmt: skip
SafetyOption = Annotated[
    SafetyChoice | None,
    typer.Option("--safety", help="`safe`: only fixes that cannot change behaviour. Default: review."),
]
FailOnOption = Annotated[
    FailOn | None,
    typer.Option("--fail-on", help="Exit with 1 where a finding is this bad. Default: scan low, run never."),
]
IncludeOption = Annotated[
    list[str] | None, typer.Option("--include", metavar="GLOB", help="Only these files; repeatable.")
]
ExcludeOption = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="GLOB", help="Not these files; repeatable.")
]
ThoroughOption = Annotated[
    bool,
    typer.Option("--thorough", help="Ask cfn-lint, terraform fmt and kubernetes-validate as well, "
                 "where they are installed."),
]  # fmt: skip
BranchOption = Annotated[
    bool, typer.Option("--branch", help="One local branch with one commit for each proposal.")
]
NoRenderOption = Annotated[
    bool,
    typer.Option("--no-render", help="Build no kustomization and no chart; they are named as not read."),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="REF",
        help="Only what changed since this commit, and what that made of other files.",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", envvar="FIXBOT_CONFIG",
                 help="Settings for all repositories; a repository's own .fixbot.yml counts more."),
]  # fmt: skip
FailOnUnreadOption = Annotated[
    bool,
    typer.Option("--fail-on-unread/--no-fail-on-unread",
                 help="With --fail-on, exit with 1 as well where a file can't be read."),
]  # fmt: skip
FailOnNewIgnoresOption = Annotated[
    bool,
    typer.Option("--fail-on-new-ignores",
                 help="With --since: exit with 1 where something is ignored or left out that REF doesn't."),
]  # fmt: skip
BaselineOption = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="FILE", help="Findings that this file has are known: no gate fails "
                 "for them."),
]  # fmt: skip
WriteBaselineOption = Annotated[
    Path | None,
    typer.Option("--write-baseline", metavar="FILE",
                 help="Write what is found there, for --baseline, and exit with 0."),
]  # fmt: skip
FormatOption = Annotated[Format, typer.Option("--format", help="What the report looks like.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write the report there instead of stdout.")
]
AuditOption = Annotated[
    Path | None,
    typer.Option("--audit", metavar="FILE", help="Append a line of JSON there for each decision of the run."),
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Neither read nor keep earlier results.")]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", metavar="N", min=1, help="Processes at once. Default: one a core.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No notes, no progress, no diffs in the text.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of a bug.")]


PullRequestOption = Annotated[
    bool, typer.Option("--pr", help="Open, update or close the pull requests on GitHub.")
]
RepositoryOption = Annotated[
    list[str] | None,
    typer.Option("--repo", metavar="OWNER/NAME", help="Read this repository from GitHub; repeatable."),
]
HostOption = Annotated[
    str,
    typer.Option("--host", metavar="HOST",
                 help="The GitHub to talk to, where it is not github.com."),
]  # fmt: skip
AwsOption = Annotated[
    bool, typer.Option("--aws", help="Ask AWS which secrets exist, and whether roles may read them.")
]
AwsProfileOption = Annotated[
    str, typer.Option("--aws-profile", metavar="NAME", help="Whose credentials; goes before AWS_PROFILE.")
]
AwsRegionOption = Annotated[
    str, typer.Option("--aws-region", metavar="REGION", help="Where to look for what names no Region; goes "
                      "before AWS_REGION."),
]  # fmt: skip
FindingsOption = Annotated[
    list[str] | None,
    typer.Option("--findings", metavar="SOURCE", help="Only proposals for these findings: security-hub, "
                 "security-hub-v2, or a file (ASFF, OCSF, SARIF, checkov's or trivy's JSON); repeatable."),
]  # fmt: skip
FilterOption = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="KEY=VALUE", help="Only findings of this account, region, severity, "
                 "control, product, standard or id; repeatable."),
]  # fmt: skip
StateOption = Annotated[
    list[str] | None,
    typer.Option("--state", metavar="FILE", help="A Terraform state, or what `terraform show -json` "
                 "printed, to map findings by; repeatable."),
]  # fmt: skip
StacksOption = Annotated[
    list[str] | None,
    typer.Option("--stacks", metavar="FILE", help="What `aws cloudformation describe-stack-resources` "
                 "printed, to map findings by; repeatable."),
]  # fmt: skip
NoteOption = Annotated[
    bool,
    typer.Option("--note", help="With --pr: say once on each finding which merged pull request repaired it."),
]
ShowOption = Annotated[
    str, typer.Option("--show", metavar="KEY", help="Only the proposal of this key, in full.")
]
DiffsOption = Annotated[
    bool, typer.Option("--diffs", help="All proposals in full, through your pager on a terminal.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="With --pr: show what would be done, in its order, and do nothing.")
]


@dataclass(frozen=True, slots=True)
class Options:
    """A command line, understood."""

    command: str
    path: str = "."
    files: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    safety: SafetyChoice | None = None
    fail_on: FailOn = FailOn.NEVER
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    since: str | None = None
    config: Path | None = None
    format: Format = Format.TEXT
    output: Path | None = None
    cache: bool = True
    jobs: int | None = None
    quiet: bool = False
    write: bool = False
    branch: bool = False
    review: bool = False
    pr: bool = False
    repositories: tuple[str, ...] = ()
    dry_run: bool = False
    host: str = ""
    thorough: bool = False
    render: bool = True
    fail_on_unread: bool = False
    fail_on_new_ignores: bool = False
    show: str = ""
    diffs: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    rules_profile: ProfileChoice | None = None
    framework: str = ""
    aws: bool = False
    aws_profile: str = ""
    aws_region: str = ""
    findings: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    note: bool = False
    audit: Path | None = None
    arguments: tuple[str, ...] = ()
    """The words as typed, for the command that is offered next."""

    @property
    def writes_anything(self) -> bool:
        """Whether anything may be written besides a report."""
        return self.write or self.branch or self.review


def split_values(values: Iterable[str] | None) -> tuple[str, ...]:
    """Repeated options, or one with commas, as a list without doubles."""
    words = (word.strip() for value in values or () for word in value.split(","))
    return tuple(dict.fromkeys(word for word in words if word))
