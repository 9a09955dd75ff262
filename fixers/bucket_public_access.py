"""A bucket that no block protects is published by one policy, or by the ACL of one object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fixbot.edit.tree import Node
from fixbot.iam.policies.policy_data import read_statement_data
from fixbot.iam.policies.principals import lets_everybody_in
from fixbot.lens import ABSENT, UNKNOWN, Companion, Module, Policy, Resource, ResourceType, Slot
from fixbot.model.findings import Fix, Manual, Refusal, Safety, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, must_be
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

_BLOCK, _ACL, SITE = "PublicAccessBlockConfiguration", "AccessControl", "WebsiteConfiguration"
FLAGS = tuple(
    f"{_BLOCK}.{name}"
    for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
)
_INPUTS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_MODULE = Module(dict(zip(FLAGS, _INPUTS, strict=True)), dict.fromkeys(FLAGS, True))
_SITE_INPUTS = ("website", "website_configuration", "website_redirect_all_requests_to")
BUCKET = ResourceType("S3 bucket", "S3 buckets", "AWS::S3::Bucket", name="BucketName")
TERRAFORM = ResourceType(
    "S3 bucket", "S3 buckets", terraform="aws_s3_bucket", name="BucketName",
    renamed={"BucketName": "bucket", _ACL: "acl", SITE: "website"},
    companions={
        _BLOCK: Companion("aws_s3_bucket_public_access_block", "bucket"),
        "AclConfiguration": Companion("aws_s3_bucket_acl", "bucket"),
    },
    modules={"terraform-aws-modules/s3-bucket/aws": _MODULE, "cloudposse/s3-bucket/aws": _MODULE},
)  # fmt: skip
BUCKET_POLICY = ResourceType(
    "bucket policy", "bucket policies", "AWS::S3::BucketPolicy", "aws_s3_bucket_policy"
)
WEBSITE = ResourceType("website", "websites", terraform="aws_s3_bucket_website_configuration")
ACCOUNT = ResourceType("account", "accounts", terraform="aws_s3_account_public_access_block")
_PUBLIC = frozenset(("publicread", "publicreadwrite", "authenticatedread"))
_LOGS = "logdeliverywrite"


def list_acls(bucket: Resource) -> Iterator[Slot]:
    """Where a canned ACL of the bucket can stand: in itself, and in Terraform beside it."""
    if bucket.module is None:
        yield bucket.slot(_ACL)
        if bucket.dialect == "terraform" and "AclConfiguration" in bucket.companions:
            yield bucket.slot("AclConfiguration.Acl")


def describe_value(slot: Slot) -> str:
    """A canned ACL as one word, whichever dialect spells it; empty for none."""
    return str(slot.value).replace("-", "").lower() if isinstance(slot.value, str) else ""


def weigh_severity(bucket: Resource, world: Context) -> Severity | None:
    """An ACL that is public already is worst; where nothing is written, a new bucket blocks by itself."""
    if any(describe_value(each) in _PUBLIC for each in list_acls(bucket)):
        return Severity.CRITICAL
    for account in world.resources_beside(bucket, ACCOUNT) if bucket.dialect == "terraform" else ():
        if all(account.slot(name.partition(".")[2]).value is True for name in FLAGS):
            return Severity.LOW
    values = [bucket.slot(name).value for name in FLAGS]
    return Severity.MEDIUM if all(value is ABSENT for value in values) else None


def _is_unconditional(policy: Policy) -> bool:
    statements = ((each, read_statement_data(each)) for each in policy.statements)
    return any(lets_everybody_in(each, data) and "Condition" not in data for each, data in statements)


def explain_publishing(bucket: Resource, world: Context) -> Refusal | Manual | None:
    """A site, or a policy for everybody: somebody means it to be read."""
    if _find_site(bucket) is not None or world.resources_naming(bucket, WEBSITE, "Bucket"):
        return Manual(
            f"{bucket.title} serves a website. Let CloudFront read it with origin access control, take its "
            "website configuration away, and then block public access."
        )
    for policy in (bucket, *world.resources_naming(bucket, BUCKET_POLICY, "Bucket")):
        if any(map(_is_unconditional, world.policies_of(policy))):
            return Manual(
                f"{policy.title} lets everybody read {bucket.title}. Name who may instead (a role, a "
                "CloudFront distribution), and then block public access."
            )
    for acl in list_acls(bucket):
        if acl.value is UNKNOWN or (describe_value(acl) in _PUBLIC and acl.why_not):
            why = acl.why_not or "it is computed"
            return Refusal(f"Whether {mark_code(acl.written)} of {bucket.title} publishes it: {why}.")
    return None


def _find_site(bucket: Resource) -> Node | None:
    if bucket.module is None:
        return bucket.slot(SITE).found
    return next(filter(None, map(bucket.node.find_node, _SITE_INPUTS)), None)


def drop_public_acl(fix: Fix, bucket: Resource, _world: Context) -> Fix:
    """A public ACL can't be set any more where it is blocked: creation would fail. A log's bucket is safe."""
    acls = list(list_acls(bucket))
    gone = [
        each.drop() if each.owner is bucket.node else each.set("private")
        for each in acls
        if describe_value(each) in _PUBLIC
    ]
    logs = any(describe_value(each) == _LOGS for each in acls)
    fix = replace(fix, changes=(*fix.changes, *gone))
    return replace(fix, safety=Safety.SAFE, unknown="") if logs else fix


rule = Rule(
    title="Block public access to {subject}",
    topic="storage",
    severity=Severity.HIGH,
    controls={"fsbp": ("S3.8", "S3.2", "S3.3"), "cis-aws": ("3.1.4",),
              "nist-800-53": ("AC-3", "AC-4", "AC-6", "AC-21", "SC-7")},
    discloses=True,
    looks_at=(BUCKET, TERRAFORM),
    beside=(BUCKET_POLICY, WEBSITE, ACCOUNT),
    check=must_be(
        dict.fromkeys(FLAGS, True),
        unless=explain_publishing,
        finish=drop_public_acl,
        weigh=weigh_severity,
        words=Words(
            problem="can be opened to everybody by one policy or one ACL",
            change="{who} {refuses|refuse} public ACLs and public policies, those that are there already "
            "included.",
            effect="Readers without a login, and other accounts that came in by a public policy, get 403.",
            why="One policy with a star, or the ACL of one upload, publishes {who}; names of buckets are "
            "tried day and night.",
            unknown="Who reads {who} without a login isn't in the files; {its|their} server access log "
            "says so.",
        ),
    ),
    peers={"checkov": ("CKV2_AWS_6", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV_AWS_20",
                       "CKV_AWS_57", "CKV2_AWS_43"),
           "trivy": ("AWS-0086", "AWS-0087", "AWS-0091", "AWS-0092", "AWS-0093", "AWS-0094")},
    profiles=ESSENTIAL,
)  # fmt: skip
