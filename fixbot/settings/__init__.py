"""What people may decide, with the defaults in the types themselves.

A field with `operator` in its metadata is for whoever runs fixbot: it counts from the command line and from
`--config`, and a repository's own file can't set it.

`config/default.yml` says the same in a user's words and is tested against this; reading it would
cost a YAML parser at every start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fixbot.model import Safety, Severity
from fixbot.programs import Programs
from fixbot.suppress import Ignore

NEVER_PATCH = (
    "cdk.out/",
    ".aws-sam/",
    "packaged.yaml",
    "packaged.yml",
    ".terraform/",
    "*.tfstate",
    "*.tfstate.backup",
    "*.tfplan",
    "node_modules/",
    "testdata/",
    "fixtures/",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Which rules run."""

    only: tuple[str, ...] = field(default=(), metadata={"says": "Run these rules and no others; empty: all."})
    skip: tuple[str, ...] = field(default=(), metadata={"says": "Never run these."})


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where values go that don't belong into a file."""

    prefix: str = field(default="fixbot/", metadata={"says": "What the names of new secrets begin with."})
    store: Literal["secretsmanager", "ssm"] = field(
        default="secretsmanager", metadata={"says": "Secrets Manager, or SSM parameters (SecureString)."}
    )
    existing: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "says": "Secrets that exist already: the environment variable's name, and the ARN.",
            "pattern": r"arn:[a-z-]+:(secretsmanager|ssm):[^:]*:[^:]*:.+",
            "shape": "the ARN of a secret or parameter",
        },
    )


@dataclass(frozen=True, slots=True)
class Tag:
    """The tag that a policy's conditions ask for."""

    key: str = field(
        default="Environment",
        metadata={"says": "The tag's key.", "pattern": r".{1,128}", "shape": "1 to 128 characters"},
    )
    value: str = field(
        default="${aws:PrincipalTag/Environment}",
        metadata={"says": "Its value: a literal, or an IAM policy variable."},
    )


@dataclass(frozen=True, slots=True)
class ExternalSecrets:
    """The store that an ExternalSecret names, where the repository doesn't show one."""

    store: str | None = field(default=None, metadata={"says": "The store's name."})
    kind: Literal["SecretStore", "ClusterSecretStore"] = field(
        default="ClusterSecretStore", metadata={"says": "The store's kind."}
    )


_LOGIN = r"[A-Za-z0-9][A-Za-z0-9-]*(\[bot\])?(/[\w.-]+)?"
_WINDOW = r"((mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?)?( ?\d\d:\d\d-\d\d:\d\d)?"


@dataclass(frozen=True, slots=True)
class PullRequests:
    """How fixes are offered on GitHub (`--pr`)."""

    group: Literal["folder", "rule", "file", "all"] = field(
        default="folder",
        metadata={"says": "What one pull request holds: a rule in a folder, in a file, everywhere; or all."},
    )
    base: str | None = field(
        default=None, metadata={"says": "The branch that they are for; null: the repository's default."}
    )
    draft: Literal["review", "always", "never"] = field(
        default="review",
        metadata={"says": "Which open as drafts: those whose fix needs a look (`review`), all, none."},
    )
    style: Literal["auto", "conventional", "gitmoji", "plain"] = field(
        default="auto", metadata={"says": "How titles and commits are worded; auto: as the history has it."}
    )
    labels: tuple[str, ...] = field(default=("fixbot",), metadata={"says": "Labels for each."})
    assignees: tuple[str, ...] = field(
        default=(),
        metadata={"says": "Who is assigned to each.", "pattern": _LOGIN, "shape": "a GitHub login"},
    )
    reviewers: tuple[str, ...] = field(
        default=(),
        metadata={
            "says": "Who is asked to review each: logins, and teams as `org/team`.",
            "pattern": _LOGIN,
            "shape": "a GitHub login, or org/team",
        },
    )
    code_owners: bool = field(
        default=True, metadata={"says": "Ask the code owners of the changed files as well."}
    )
    most_reviewers: int = field(default=3, metadata={"says": "How many are asked at most.", "least": 0})
    milestone: str | None = field(default=None, metadata={"says": "The title of an open milestone."})
    most_open: int = field(
        default=10, metadata={"says": "How many of ours may be open at once in a repository.", "least": 0}
    )
    per_run: int = field(default=10, metadata={"says": "How many one run opens at most.", "least": 0})
    per_hour: int = field(
        default=10, metadata={"says": "How many are opened at most in any hour.", "least": 0}
    )
    schedule: tuple[str, ...] = field(
        default=(),
        metadata={
            "says": "When new ones may be opened, such as `mon-fri 08:00-18:00`; empty: at any time.",
            "pattern": _WINDOW,
            "shape": "days and hours such as mon-fri 08:00-18:00",
        },
    )
    timezone: str = field(
        default="UTC",
        metadata={
            "says": "The time zone of the schedule, by its IANA name.",
            "pattern": r"[A-Za-z][A-Za-z0-9_+/-]*",
            "shape": "a time zone such as Europe/Berlin",
        },
    )
    rebase: Literal["conflict", "behind", "never"] = field(
        default="conflict",
        metadata={"says": "When a branch is made anew on the base: on a conflict, whenever the base moves."},
    )
    verified: bool | None = field(
        default=None,
        metadata={"says": "Commits that GitHub signs, for users' tokens too; null: where a rule asks."},
    )
    patience: int = field(
        default=900, metadata={"says": "How many seconds a run may wait for GitHub's limits.", "least": 0}
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one part of a repository, files that are read together, may cost before it is given up."""

    seconds: int = field(
        default=10,
        metadata={
            "says": "Processor time for files that are read together; then they are named as not read.",
            "least": 1,
        },
    )
    memory_mb: int = field(
        default=1000, metadata={"says": "Memory for the same, in millions of bytes.", "least": 50}
    )
    file_mb: int = field(
        default=5, metadata={"says": "The largest file that is read, in millions of bytes.", "least": 1}
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Field names are the keys of `.fixbot.yml`."""

    rules: Rules = field(default_factory=Rules, metadata={"says": "Which rules run."})
    safety: Safety = field(
        default=Safety.REVIEW,
        metadata={"says": "How bold: `safe` offers only what cannot change behaviour."},
    )
    thorough: bool = field(
        default=False,
        metadata={
            "says": "Ask cfn-lint, terraform fmt and kubernetes-validate as well, where installed.",
            "operator": True,
            "option": "with --thorough",
        },
    )
    severity: Severity = field(
        default=Severity.LOW, metadata={"says": "Findings below this are not reported."}
    )
    include: tuple[str, ...] = field(default=(), metadata={"says": "Only these files; globs; empty: all."})
    exclude: tuple[str, ...] = field(default=(), metadata={"says": "Not these files; globs."})
    never_patch: tuple[str, ...] = field(
        default=NEVER_PATCH,
        metadata={"says": "Looked at but never changed: files that something else writes, and fixtures."},
    )
    secrets: Secrets = field(
        default_factory=Secrets, metadata={"says": "Where values go that don't belong into a file."}
    )
    account: str | None = field(
        default=None,
        metadata={
            "says": "The AWS account, where the files don't show it.",
            "pattern": r"\d{12}",
            "digits": True,
            "shape": "12 digits",
        },
    )
    region: str | None = field(
        default=None,
        metadata={
            "says": "The AWS Region, where the files don't show it.",
            "pattern": r"[a-z]{2,}(-[a-z]+)+-\d+",
            "shape": "a Region such as eu-central-1",
        },
    )
    partition: str | None = field(
        default=None,
        metadata={
            "says": "The AWS partition, where the files don't show it.",
            "pattern": r"aws(-[a-z]+)*",
            "shape": "aws, aws-cn, aws-us-gov …",
        },
    )
    tag: Tag = field(default_factory=Tag, metadata={"says": "The tag that policies are narrowed to."})
    tag_services: tuple[str, ...] = field(
        default=(),
        metadata={
            "says": "Services whose actions are narrowed by tag (`ecs`, `ec2` …); empty: all that can be."
        },
    )
    write_paths: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata={
            "says": "Where images of yours write: the image (a glob), and its folders.",
            "pattern": r"/.*",
            "shape": "a path that begins with a slash",
        },
    )
    external_secrets: ExternalSecrets = field(
        default_factory=ExternalSecrets, metadata={"says": "The store that an ExternalSecret names."}
    )
    branch_prefix: str = field(
        default="fixbot/",
        metadata={
            "says": "What the names of branches begin with.",
            "pattern": r"(?!/)(?!.*(\.\.|//|@\{))[^\x00-\x20~^:?*\[\\\x7f]{1,100}",
            "shape": "what Git allows in a branch's name, up to 100 characters",
        },
    )
    pull_requests: PullRequests = field(
        default_factory=PullRequests, metadata={"says": "How fixes are offered on GitHub (`--pr`)."}
    )
    limits: Limits = field(
        default_factory=Limits,
        metadata={
            "says": "How much files that are read together may cost before they are given up.",
            "operator": True,
        },
    )
    ignore: tuple[Ignore, ...] = field(
        default=(),
        metadata={
            "says": "Findings to leave alone: rule, path and resource (globs), reason, until (last day).",
            "adds": True,
        },
    )
    declined: Mapping[str, str] = field(default_factory=dict, metadata={"internal": True})
    """Findings that are not to be offered in this run, by their ids, and why."""
    programs: Programs | None = field(default=None, metadata={"internal": True})
    """The checkers that are asked, None where whoever runs this doesn't want it (`thorough`)."""
    notes: tuple[str, ...] = field(default=(), repr=False, compare=False, metadata={"internal": True})
    """What a repository's own file asked for and did not get: a line for each, for whoever runs this."""
    written: tuple[str, ...] = field(default=(), metadata={"internal": True})
    """The dotted names of what a file set; all else is a default."""
    known_rules: tuple[str, ...] = field(default=(), metadata={"internal": True})
    """Every rule that is installed, whether it runs or not: what a suppression may name."""

    def sets(self, name: str) -> bool:
        """Whether somebody set this (`tag`, `tag.key`), or it is only the default."""
        return any(each == name or each.startswith(f"{name}.") for each in self.written)
