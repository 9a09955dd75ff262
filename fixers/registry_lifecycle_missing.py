"""A registry that never forgets keeps every image with every old hole, ready to be started by mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Add, Change
from fixbot.edit.tree import CannotEdit, HclBlock, Node
from fixbot.lens import (
    ABSENT,
    Companion,
    Module,
    Resource,
    ResourceType,
    build_reference,
)
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context

TEXT: Final = "LifecyclePolicy.LifecyclePolicyText"
REPOSITORY = ResourceType(
    "image repository", "image repositories", "AWS::ECR::Repository", "aws_ecr_repository",
    name="RepositoryName", renamed={"RepositoryName": "name", "LifecyclePolicyText": "policy"},
    companions={"LifecyclePolicy": Companion("aws_ecr_lifecycle_policy", "repository")},
    modules={
        "terraform-aws-modules/ecr/aws": Module({TEXT: "create_lifecycle_policy"}, {TEXT: True}),
        "cloudposse/ecr/aws": Module({TEXT: "enable_lifecycle_policy"}, {TEXT: True}),
    },
)  # fmt: skip
_UNTAGGED_DAYS: Final = 14


def find_kept_images(repository: Resource, world: Context) -> Iterator[Found]:
    """A repository from which nothing is ever deleted."""
    if isinstance(repository.companions.get("LifecyclePolicy"), Node):
        return
    slot = repository.slot(TEXT)
    if slot.value is not ABSENT and not (repository.module is not None and slot.value is False):
        return
    if repository.module is None and slot.found is not None:
        return
    yield Found(
        slot.node, repository.title, repository.address, TEXT, f"{repository.title} keeps old images for "
        f"ever",
        partial(_choose_outcome, repository, world), subject=repository.subject,
    )  # fmt: skip


def build_policy(keep: int) -> str:
    """Two rules: untagged images go after two weeks, and of the tagged ones the newest stay.

    Source: Amazon ECR user guide, lifecycle policy properties; the rule for all tags needs the pattern `*`.
    """
    aged = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
            "countNumber": _UNTAGGED_DAYS}  # fmt: skip
    many = {"tagStatus": "tagged", "tagPatternList": ["*"], "countType": "imageCountMoreThan",
            "countNumber": keep}  # fmt: skip
    rules = [
        {"rulePriority": number, "selection": selection, "action": {"type": "expire"}}
        for number, selection in enumerate((aged, many), 1)
    ]
    return json.dumps({"rules": rules})


def _choose_outcome(repository: Resource, world: Context) -> Outcome:
    keep = world.settings.ecr_keep_images
    if keep is None:
        return Manual(
            f"Give {repository.title} a lifecycle policy: untagged images go 14 days after they were pushed, "
            "and of the tagged ones the newest stay. How many, `ecr_keep_images` in the settings says; then "
            "it is written. `aws ecr start-lifecycle-policy-preview` shows what would go."
        )
    slot = repository.slot(TEXT)
    try:
        change: Change = slot.set(True if repository.module is not None else build_policy(keep))
        if repository.module is None and repository.dialect == "terraform":
            change = _build_companion(repository, keep)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        (change,),
        who=repository.called,
        before="every image for ever",
        after=f"{keep} tagged images, untagged ones for {_UNTAGGED_DAYS} days",
        gist=f"{{who}} {{keeps|keep}} the newest {keep} tagged images, and untagged ones for 14 days.",
        effect="The others are deleted within a day, for good: a task that still names one does not start.",
        why="Someone who may start a task chooses the tag, and an image of three years ago has three "
        "years of "
        "holes.",
        unknown="Which of the older images of {who} something still runs isn't in the files.",
    )


def _build_companion(repository: Resource, keep: int) -> Change:
    label = repository.companion_name
    if not repository.lone or repository.node.style != "body":
        raise CannotEdit("it is one of several, or written as JSON")
    reference = build_reference(*repository.address.split("."), "name")
    block = HclBlock(
        ("aws_ecr_lifecycle_policy", label), {"repository": reference, "policy": build_policy(keep)}
    )
    return Add(repository.node.root_node, ("resource",), block, (repository.address,))


rule = Rule(
    title="Let {subject} forget old images",
    topic="registry",
    severity=Severity.LOW,
    controls={"fsbp": ("ECR.3",), "nist-800-53": ("CA-9(1)", "CM-2", "CM-2(2)")},
    looks_at=REPOSITORY,
    check=find_kept_images,
)  # fmt: skip
