"""An image with a known hole runs until somebody looks; the registry can look at each image that arrives."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.lens import UNKNOWN, Module, Resource, ResourceType
from fixbot.model.findings import Refusal, Safety, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, must_be
from fixbot.rules.context import Context
from fixbot.text.globs import NamePatterns, tokenize_starred

SCAN = "ImageScanningConfiguration.ScanOnPush"
REPOSITORY = ResourceType(
    "image repository", "image repositories", "AWS::ECR::Repository", "aws_ecr_repository",
    name="RepositoryName", renamed={"RepositoryName": "name"},
    modules={
        "terraform-aws-modules/ecr/aws": Module({SCAN: "repository_image_scan_on_push"}, {SCAN: True}),
        "cloudposse/ecr/aws": Module({SCAN: "scan_images_on_push"}, {SCAN: True}),
    },
)  # fmt: skip
REGISTRY = ResourceType(
    "registry", "registries", "AWS::ECR::RegistryScanningConfiguration",
    "aws_ecr_registry_scanning_configuration",
    renamed={"Rules": "rule", "Rules.RepositoryFilters": "rule.repository_filter"},
)  # fmt: skip


def is_scanned_by_registry(repository: Resource, world: Context) -> bool:
    """Whether a setting of the whole registry, in the same configuration, covers the repository."""
    name = "" if repository.module is not None else repository.slot("RepositoryName").value
    filters = [each for each in _list_filters(repository, world) if each is not None]
    return any(True for _ in NamePatterns(map(tokenize_starred, filters)).holding_patterns(str(name)))


def refuse_unknown_filter(repository: Resource, world: Context) -> Refusal | None:
    """Nobody can say which repositories a computed filter means."""
    if None not in set(_list_filters(repository, world)):
        return None
    return Refusal(
        "The registry's own scanning configuration may cover it: which names it means is computed."
    )


def _list_filters(repository: Resource, world: Context) -> Iterator[str | None]:
    """Names of repositories with stars, of rules that scan by themselves; None for what is computed."""
    for registry in world.resources_beside(repository, REGISTRY):
        for rule in registry.slot("Rules").items:
            if registry.slot_in(rule, "Rules.ScanFrequency").value != "MANUAL":
                for each in registry.slot_in(rule, "Rules.RepositoryFilters").items:
                    said = registry.slot_in(each, "Rules.RepositoryFilters.Filter").value
                    yield None if said is UNKNOWN else str(said)


rule = Rule(
    title="Scan the images of {subject} when they arrive",
    topic="registry",
    severity=Severity.HIGH,
    controls={"fsbp": ("ECR.1",), "cis-eks": ("5.1.1",), "nist-800-190": ("4.1.1",), "nist-800-53": ("RA-5",),
              "pci-dss": ("6.2.3", "6.2.4")},
    looks_at=REPOSITORY,
    beside=(REGISTRY,),
    check=must_be(
        {SCAN: True},
        unwritten=False,
        spares=is_scanned_by_registry,
        unless=refuse_unknown_filter,
        words=Words(
            problem="takes images without looking for known holes",
            change="{who} {looks|look} for known holes in each image that is pushed.",
            effect="Pushes and pulls work as before; findings appear in ECR. Basic scanning costs nothing.",
            why="A library with a published hole stays in images of {who}, and whoever reads the same lists "
            "knows it before you do.",
        ),
        safety=Safety.SAFE,
    ),
    peers={"checkov": ("CKV_AWS_163",), "trivy": ("AWS-0030",), "kubescape": ("C-0221",)},
    profiles=ESSENTIAL,
)  # fmt: skip
