"""Without versions, what is overwritten or deleted in a bucket is gone."""

from __future__ import annotations

import re

from fixbot.lens import Companion, Module, Resource, ResourceType, to_snake_case
from fixbot.model.findings import Manual, Refusal, Severity
from fixbot.rules import Rule, Words, by_type, each_of, must_be
from fixbot.rules.context import Context

STATUS, INLINE, RULES = "VersioningConfiguration.Status", "Versioning.Enabled", "LifecycleConfiguration.Rules"
_RULE = "lifecycle_configuration.rule"
BUCKET = ResourceType("S3 bucket", "S3 buckets", "AWS::S3::Bucket", name="BucketName")
TERRAFORM = ResourceType(
    "S3 bucket", "S3 buckets", terraform="aws_s3_bucket", name="BucketName",
    renamed={
        "BucketName": "bucket", "Rules": "rule", RULES: _RULE,
        "MfaDelete": "versioning_configuration.mfa_delete",
        "Status": "versioning_configuration.status", f"{RULES}.ExpirationInDays": f"{_RULE}.expiration.days",
    },
    companions={
        "VersioningConfiguration": Companion("aws_s3_bucket_versioning", "bucket"),
        "LifecycleConfiguration": Companion("aws_s3_bucket_lifecycle_configuration", "bucket"),
        "ReplicationConfiguration": Companion("aws_s3_bucket_replication_configuration", "bucket"),
    },
)  # fmt: skip
MODULE = ResourceType(
    "S3 bucket", "S3 buckets",
    modules={
        "terraform-aws-modules/s3-bucket/aws": Module(
            {INLINE: "versioning.enabled", "Versioning.Status": "versioning.status"}, {INLINE: False}
        ),
        "cloudposse/s3-bucket/aws": Module({INLINE: "versioning_enabled"}, {INLINE: True}),
    },
)  # fmt: skip
PASSING = re.compile(r"(?<![a-z])(logs?|logging|cache|te?mp|artifacts?)(?![a-z])")
LIMITS = tuple(f"{RULES}.{name}" for name in ("Prefix", "TagFilter", "TagFilters", "ObjectSizeGreaterThan"))


def is_inline(bucket: Resource) -> bool:
    """Version 3 of Terraform's provider has it among the bucket's own arguments."""
    return bucket.type == TERRAFORM and bucket.slot("Versioning").found is not None


def spare_short_lived(bucket: Resource, _world: Context) -> bool:
    """Whether a rule deletes all that the bucket holds within a week."""
    return is_inline(bucket) or any(
        isinstance(days := bucket.slot_in(each, f"{RULES}.ExpirationInDays", RULES).value, int)
        and days <= 7
        and bucket.slot_in(each, f"{RULES}.Status").value == "Enabled"
        and all(bucket.slot_in(each, limit).found is None for limit in LIMITS)
        and not ((only := bucket.slot_in(each, f"{RULES}.Filter").found) and only.entries)
        for each in bucket.slot(RULES).items
    )


def spare_separate(bucket: Resource, _world: Context) -> bool:
    """Where it is not among the bucket's own arguments; and a module takes the status in its place."""
    if bucket.type == TERRAFORM:
        return not is_inline(bucket)
    return str(bucket.slot("Versioning.Status").value).lower() in ("true", "enabled")


def refuse_or_explain(bucket: Resource, _world: Context) -> Refusal | Manual | None:
    """What only passes through needs no versions; what replication or a second factor holds isn't touched."""
    written = ""
    if bucket.type != MODULE:
        written = str(bucket.slot("BucketName").value)
        if bucket.slot("ReplicationConfiguration").found is not None:
            return Refusal(f"{bucket.title} is replicated, which needs versions: somebody has stopped them.")
        if bucket.slot("VersioningConfiguration.MfaDelete").value == "Enabled":
            return Refusal(f"Only who has the second factor may change the versions of {bucket.title}.")
    if PASSING.search(f"{to_snake_case(bucket.name)} {written}".lower().replace("_", " ")) is None:
        return None
    return Manual(
        f"By its name {bucket.title} holds what passes through: logs, caches, artifacts. Versions would keep "
        "each of them. Turn them on if that isn't so."
    )


WORDS = Words(
    problem="keeps no versions of what it holds",
    change="{who} {keeps|keep} what is overwritten or deleted as an older version.",
    effect="Programs read and write as before. Older versions cost as much as new ones, until a lifecycle "
    "rule (`NoncurrentVersionExpiration`) takes them away. Write nothing for 15 minutes after the change.",
    access="Nobody: {who} {takes|take} the same requests as before.",
    undo="Revert the merge and deploy: versioning of {who} is suspended.\nVersions that were made stay, and "
    "are billed, until they are deleted.",
    why="Whoever may write to {who}, by a stolen key or by mistake, can destroy the only copy of an object.",
    unknown="How often objects in {who} are overwritten is not known; that is what decides the costs.",
)
SEPARATE = must_be({STATUS: "Enabled"}, words=WORDS, unless=refuse_or_explain, spares=spare_short_lived)
WITHIN = must_be({INLINE: True}, words=WORDS, unless=refuse_or_explain, spares=spare_separate)
rule = Rule(
    title="Keep versions of what {subject} holds",
    many="Keep versions of what {count} S3 buckets in {folder} hold",
    topic="storage",
    severity=Severity.LOW,
    controls={"fsbp": ("S3.14",), "nist-800-53": ("AU-9(2)", "CP-10", "CP-6", "CP-6(1)", "CP-6(2)", "CP-9",
                                                  "SC-5(2)", "SI-12", "SI-13(5)")},
    looks_at=(BUCKET, TERRAFORM, MODULE),
    check=by_type({BUCKET: SEPARATE, TERRAFORM: each_of(SEPARATE, WITHIN), MODULE: WITHIN}),
    peers={"checkov": ("CKV_AWS_21",), "trivy": ("AWS-0090",)},
)  # fmt: skip
