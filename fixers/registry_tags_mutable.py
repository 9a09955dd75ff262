"""A tag that can be pushed again names another program tomorrow than the one that was looked at today."""

from __future__ import annotations

import re
from dataclasses import replace

from fixbot.edit.tree import Value
from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Fix, Manual, Severity
from fixbot.rules import Rule, Words, must_be
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

TAGS, FILTERS = "ImageTagMutability", "ImageTagMutabilityExclusionFilters"
_EXCEPT = "IMMUTABLE_WITH_EXCLUSION"
_VALUE = f"{FILTERS}.ImageTagMutabilityExclusionFilterValue"
_TAG = re.compile(r"[A-Za-z0-9._-]{1,128}")
REPOSITORY = ResourceType(
    "image repository", "image repositories", "AWS::ECR::Repository", "aws_ecr_repository",
    name="RepositoryName",
    renamed={"RepositoryName": "name", FILTERS: "image_tag_mutability_exclusion_filter"},
    modules={
        "terraform-aws-modules/ecr/aws": Module(
            {TAGS: "repository_image_tag_mutability"}, {TAGS: "IMMUTABLE"}
        ),
        "cloudposse/ecr/aws": Module({TAGS: "image_tag_mutability"}, {TAGS: "IMMUTABLE"}),
    },
)  # fmt: skip
CREATED = ResourceType(
    "repository template", "repository templates", "AWS::ECR::RepositoryCreationTemplate",
    "aws_ecr_repository_creation_template", renamed={FILTERS: "image_tag_mutability_exclusion_filter"},
)  # fmt: skip


def spare_excepted(repository: Resource, world: Context) -> bool:
    """Where the settings let tags move that a pipeline moves, those alone may."""
    if not world.settings.ecr_tag_exclusions or repository.slot(TAGS).value != _EXCEPT:
        return False
    said = {repository.slot_in(each, _VALUE).value for each in repository.slot(FILTERS).items}
    return said == set(_list_moving_tags(world))


def _list_moving_tags(world: Context) -> list[str]:
    return sorted({tag for _, tag in world.surroundings.moving_tags if _TAG.fullmatch(tag)})


def except_moving_tags(fix: Fix, repository: Resource, world: Context) -> Fix:
    """The tags that a pipeline moves may go on moving."""
    if not (tags := _list_moving_tags(world)):
        return fix
    filters: list[Value] = [
        {"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": tag}
        for tag in tags
    ]
    changes = (repository.slot(TAGS).set(_EXCEPT), repository.slot(FILTERS).set(filters))
    moving = join_with_and([mark_code(tag) for tag in tags])
    return replace(
        fix, changes=changes, after=mark_code(f"{TAGS}: {_EXCEPT}"),
        gist=f"A tag of {{who}} names the same image for ever, but for {moving}: a pipeline pushes it again.",
    )  # fmt: skip


def explain_moving_tags(repository: Resource, world: Context) -> Manual | None:
    """A second push of `latest` would fail, and with it the pipeline."""
    if repository.module is None and (written := repository.slot(FILTERS)).found is not None:
        return Manual(
            f"{mark_code(written.written)} of {repository.title} excepts tags. Where no tag must move any "
            f"more, take it away and write IMMUTABLE; else {_EXCEPT} with the tags that must."
        )
    excepts = world.settings.ecr_tag_exclusions and repository.dialect == "cloudformation"
    if world.surroundings.moving_tags and not (excepts and _list_moving_tags(world)):
        path, tag = world.surroundings.moving_tags[0]
        return Manual(
            f"{mark_code(path)} pushes the tag {mark_code(tag)} again and again, which would fail. Let it "
            f"push a tag of its own each time, or write {_EXCEPT} with a filter for {mark_code(tag)}."
        )
    return None


def weigh_severity(repository: Resource, _world: Context) -> Severity | None:
    """With exceptions most tags keep what they name."""
    return Severity.LOW if repository.slot(TAGS).value == _EXCEPT else None


rule = Rule(
    title="Let the tags of {subject} name one image for ever",
    topic="registry",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("ECR.2",), "nist-800-190": ("4.1.5", "4.2.2"),
              "nist-800-53": ("CA-9(1)", "CM-2", "CM-8(1)")},
    looks_at=(REPOSITORY, CREATED),
    check=must_be(
        {TAGS: "IMMUTABLE"},
        unwritten="MUTABLE",
        unless=explain_moving_tags,
        weigh=weigh_severity,
        spares=spare_excepted,
        finish=except_moving_tags,
        words=Words(
            problem="lets a tag be pushed again with other content",
            change="A tag of {who} names the same image for ever.",
            effect="A second push of a tag fails with ImageTagAlreadyExistsException; pulls work as before.",
            why="Who may push to {who} can put another program behind a tag that was tested and deployed; "
            "the next task that starts runs it.",
            unknown="Whether something outside of this repository pushes a tag again isn't known; "
            "CloudTrail's PutImage events say so.",
        ),
    ),
    peers={"checkov": ("CKV_AWS_51",), "trivy": ("AWS-0031",)},
)  # fmt: skip
