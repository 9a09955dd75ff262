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

from fixbot.model.findings import Safety, Severity
from fixbot.model.moved_secrets import StoreFact, StoreKey
from fixbot.programs import Programs
from fixbot.settings import value_shapes
from fixbot.settings.pull_request_settings import PullRequestSettings
from fixbot.settings.setting_groups import LimitSettings, RegistrySettings, described
from fixbot.settings.suppressions import Ignore
from fixbot.text.text_shape import GLOB, RULE

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
class RuleSettings:
    """Which rules run."""

    only: tuple[str, ...] = field(
        default=(),
        metadata={
            "says": "Run these rules and no others, whatever the profile; empty: all of it.",
            "shape": RULE,
            "stricter": "covers",
        },
    )
    skip: tuple[str, ...] = field(
        default=(), metadata={"says": "Never run these.", "shape": RULE, "stricter": "shrinks"}
    )


@dataclass(frozen=True, slots=True)
class SecretSettings:
    """Where values go that don't belong into a file."""

    prefix: str = field(
        default="fixbot/",
        metadata={"says": "What the names of new secrets begin with.", "shape": value_shapes.SECRET_PREFIX},
    )
    store: Literal["secretsmanager", "ssm"] = field(
        default="secretsmanager", metadata={"says": "Secrets Manager, or SSM parameters (SecureString)."}
    )
    existing: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "says": "Secrets that exist already: the environment variable's name, and the ARN.",
            "keys": value_shapes.VARIABLE,
            "shape": value_shapes.SECRET_ARN,
        },
    )
    kms_key: str | None = field(
        default=None,
        metadata={
            "says": "The KMS key by which `fixbot secrets create` has new secrets encrypted; else AWS's own.",
            "shape": value_shapes.KMS_KEY,
        },
    )


@dataclass(frozen=True, slots=True)
class TagSettings:
    """The tag that a policy's conditions ask for."""

    key: str = field(
        default="Environment",
        metadata={"says": "The tag's key.", "shape": value_shapes.TAG_KEY},
    )
    value: str = field(
        default="${aws:PrincipalTag/Environment}",
        metadata={
            "says": "Its value: a literal, or an IAM policy variable.",
            "shape": value_shapes.TAG_VALUE,
        },
    )


@dataclass(frozen=True, slots=True)
class ExternalSecretsSettings:
    """The store that an ExternalSecret names, where the repository doesn't show one."""

    store: str | None = field(
        default=None, metadata={"says": "The store's name.", "shape": value_shapes.STORE}
    )
    kind: Literal["SecretStore", "ClusterSecretStore"] = field(
        default="ClusterSecretStore", metadata={"says": "The store's kind."}
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Field names are the keys of `.fixbot.yml`."""

    profile: Literal["essential", "recommended", "all"] | None = field(
        default=None,
        metadata={
            "says": "Which rules run: what nearly everybody wants, what is right for most, or all. Not set: "
            "`essential`; in a repository whose settings are older than this key, the rules of version 0.1."
        },
    )
    rules: RuleSettings = field(default_factory=RuleSettings, metadata={"says": "Rules by their names."})
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
        default=Severity.LOW, metadata={"says": "Findings below this are not reported; how many, is said."}
    )
    include: tuple[str, ...] = field(
        default=(),
        metadata={"says": "Only these files; globs; empty: all.", "shape": GLOB, "stricter": "covers"},
    )
    exclude: tuple[str, ...] = field(
        default=(), metadata={"says": "Not these files; globs.", "shape": GLOB, "stricter": "shrinks"}
    )
    never_patch: tuple[str, ...] = field(
        default=NEVER_PATCH,
        metadata={
            "says": "Looked at but never changed: files that something else writes, and fixtures.",
            "shape": GLOB,
            "stricter": "shrinks",
        },
    )
    secrets: SecretSettings = field(
        default_factory=SecretSettings, metadata={"says": "Where values go that don't belong into a file."}
    )
    account: str | None = described(
        None, "The AWS account, where the files don't show it.", digits=True, shape=value_shapes.ACCOUNT
    )
    region: str | None = described(
        None, "The AWS Region, where the files don't show it.", shape=value_shapes.REGION
    )
    partition: str | None = described(
        None, "The AWS partition, where the files don't show it.", shape=value_shapes.PARTITION
    )
    tag: TagSettings = field(
        default_factory=TagSettings, metadata={"says": "The tag that policies are narrowed to."}
    )
    tag_services: tuple[str, ...] = field(
        default=(),
        metadata={
            "says": "Services whose actions are narrowed by tag (`ecs`, `rds` …); empty: `ecs`, and of "
            "`ec2` instances, volumes and snapshots.",
            "shape": value_shapes.SERVICE,
        },
    )
    trust_by: Literal["account", "arn"] = field(
        default="account",
        metadata={"says": "What a role asks of the AWS service that takes it: its account, or an ARN too."},
    )
    aws_organization: str | None = field(
        default=None,
        metadata={
            "says": "The AWS organisation to which policies that let everybody in are kept.",
            "shape": value_shapes.ORGANIZATION,
        },
    )
    allowed_actions: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata={
            "says": "What those may do that may do everything today: the role or policy, and its actions.",
            "keys": value_shapes.HOLDER,
            "shape": value_shapes.ACTION,
        },
    )
    permissions_boundary: str | None = field(
        default=None,
        metadata={
            "says": "The policy that bounds roles and users: its ARN, or its name.",
            "shape": value_shapes.BOUNDARY,
        },
    )
    write_paths: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata={
            "says": "Where images of yours write: the image (a glob), and its folders.",
            "keys": value_shapes.IMAGE_GLOB,
            "shape": value_shapes.FOLDER,
        },
    )
    run_as: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "says": "The users of images of yours: the image (a glob), and `UID:GID` or `UID`, not root.",
            "keys": value_shapes.IMAGE_GLOB,
            "shape": value_shapes.USER,
        },
    )
    external_secrets: ExternalSecretsSettings = field(
        default_factory=ExternalSecretsSettings, metadata={"says": "The store that an ExternalSecret names."}
    )
    ephemeral_paths: tuple[str, ...] = described(
        (), "Where nothing has to survive: stacks that are made and thrown away; globs.", shape=GLOB,
        stricter="shrinks",
    )  # fmt: skip
    admin_cidrs: tuple[str, ...] = described(
        (), "From where ports of administration and cluster endpoints may be reached: ranges of addresses.",
        shape=value_shapes.CIDR,
    )  # fmt: skip
    public_ports: tuple[int, ...] = described(
        (80, 443), "Ports that may be open to everybody.", least=1, most=65_535
    )
    private_subnets: bool = described(
        default=False, says="Whether subnets that parameters or variables name are private, with a way out."
    )
    cluster_endpoint: Literal["public", "private"] = described(
        "public", "What the API of a cluster answers: the ranges of `admin_cidrs`, or its VPC alone."
    )
    required_tags: tuple[str, ...] = described(
        (), "Keys of tags that every resource should carry.", shape=value_shapes.TAG_KEY
    )
    pin_platform: bool = described(
        default=False, says="Whether naming a current platform version of Fargate is reported too."
    )
    ecs_guardrails: bool = described(
        default=False, says="Whether container instances refuse what no task definition here needs."
    )
    runtime_monitoring: bool = described(
        default=False, says="Whether GuardDuty is to watch what tasks do while they run."
    )
    pin_images: Literal["tag", "digest"] = described(
        "tag", "Whether an image needs a version as its tag, or a digest."
    )
    registries: RegistrySettings = field(
        default_factory=RegistrySettings,
        metadata={"says": "Registries that images may come from, and what stands in for others."},
    )
    ecr_tag_exclusions: bool = described(
        default=False,
        says="Whether tags that a pipeline pushes again may go on moving, and all others stay.",
    )
    ecr_keep_images: int | None = described(
        None, "How many tagged images a repository of ECR keeps.", least=1, most=100_000
    )
    flow_logs: Literal["here", "elsewhere"] = described(
        "here", "Whether flow logs of a VPC are made beside it, or by somebody else."
    )
    lb_log_bucket: str | None = described(
        None, "The bucket for the access logs of load balancers.", shape=value_shapes.BUCKET
    )
    log_retention_days: int = described(
        365, "How long log groups keep their lines, at least; the next number that CloudWatch takes.",
        least=1, most=3_653,
    )  # fmt: skip
    branch_prefix: str = field(
        default="fixbot/",
        metadata={
            "says": "What the names of branches begin with.",
            "shape": value_shapes.BRANCH_PREFIX,
        },
    )
    dashboard: bool = field(
        default=False,
        metadata={
            "says": "Keep one issue that says what is open, what waits and why, with boxes to tick (`--pr`)."
        },
    )
    pull_requests: PullRequestSettings = field(
        default_factory=PullRequestSettings, metadata={"says": "How fixes are offered on GitHub (`--pr`)."}
    )
    limits: LimitSettings = field(
        default_factory=LimitSettings,
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
            "stricter": "shrinks",
            "entries": 10_000,
        },
    )
    enforce: tuple[str, ...] = field(
        default=(),
        metadata={
            "says": "Keys such as `exclude` or `rules.skip` that a repository may only make stricter; "
            "with `ignore`, comments in files do not count either.",
            "shape": value_shapes.KEY,
            "operator": True,
            "entries": 200,
        },
    )
    declined: Mapping[str, str] = field(default_factory=dict, metadata={"internal": True})
    """Findings that are not to be offered in this run, by their ids, and why."""
    listing: bool = field(default=False, metadata={"internal": True})
    """Whether all that is read is listed (`inventory`)."""
    held: Mapping[str, str] = field(default_factory=dict, metadata={"internal": True})
    """The branch of the open pull request, gathered in another way, in which a finding stays; by its id."""
    stored: Mapping[StoreKey, StoreFact] = field(default_factory=dict, metadata={"internal": True})
    """What AWS said of the places for values, where it was asked (`--aws`)."""
    programs: Programs | None = field(default=None, metadata={"internal": True})
    """The checkers that are asked, None where whoever runs this doesn't want it (`thorough`)."""
    renderers: Programs | None = field(default=None, metadata={"internal": True})
    """What builds kustomizations and charts; None where whoever runs this doesn't want it (`--no-render`)."""
    notes: tuple[str, ...] = field(default=(), repr=False, compare=False, metadata={"internal": True})
    """What a repository's own file asked for and did not get: a line for each, for whoever runs this."""
    places: Mapping[str, str] = field(
        default_factory=dict, repr=False, compare=False, metadata={"internal": True}
    )
    """Where each key that a file sets stands there, as `file:line`."""
    written: tuple[str, ...] = field(default=(), metadata={"internal": True})
    """The dotted names of what a file set; all else is a default."""
    from_file: bool = field(default=False, repr=False, compare=False, metadata={"internal": True})
    """Whether there is a file of settings, though it may say nothing."""
    known_rules: tuple[str, ...] = field(default=(), metadata={"internal": True})
    """Every rule that is installed, whether it runs or not: what a suppression may name."""
    profiled: tuple[str, ...] = field(default=(), metadata={"internal": True})
    """The rules of the profile; empty: all that are installed."""

    def is_set(self, name: str) -> bool:
        """Whether somebody set this (`tag`, `tag.key`), or it is only the default."""
        return any(each == name or each.startswith(f"{name}.") for each in self.written)
