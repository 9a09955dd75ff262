"""Types of resources and checks on them that no shipped rule has yet: rules of the tests hold their readers."""

# ruff: noqa: E501 (as the files of rules)

from __future__ import annotations

from fixbot.lens import Companion, Container, Module, ResourceType
from fixbot.model.findings import Severity
from fixbot.rules import Rule, Words, must_be, must_contain

WORDS = Words("is not as it should be", "{who} is as it should be.", "Nothing.", "Someone might.")
_PUBLIC = "PublicAccessBlockConfiguration"
BUCKET = ResourceType(
    "S3 bucket", "S3 buckets", "AWS::S3::Bucket", "aws_s3_bucket", name="BucketName",
    renamed={"BucketName": "bucket"},
    companions={_PUBLIC: Companion("aws_s3_bucket_public_access_block", "bucket")},
    modules={
        "terraform-aws-modules/s3-bucket/aws": Module(
            {f"{_PUBLIC}.BlockPublicAcls": "block_public_acls", f"{_PUBLIC}.BlockPublicPolicy": "block_public_policy"},
            {f"{_PUBLIC}.BlockPublicAcls": True, f"{_PUBLIC}.BlockPublicPolicy": True},
        )
    },
)  # fmt: skip
TEMPLATE = ResourceType(
    "launch template", "launch templates", "AWS::EC2::LaunchTemplate", "aws_launch_template",
    name="LaunchTemplateName", renamed={"LaunchTemplateName": "name", "LaunchTemplateData": ""},
)  # fmt: skip
DATABASE = ResourceType(
    "database", "databases", "AWS::RDS::DBInstance", "aws_db_instance", name="DBInstanceIdentifier",
    renamed={"DBInstanceIdentifier": "identifier"}, replaced_by=frozenset(["StorageEncrypted"]),
)  # fmt: skip
CLUSTER = ResourceType(
    "cluster", "clusters", terraform="aws_eks_cluster", kubernetes="eksctl.io/ClusterConfig",
    renamed={"LogTypes": "enabled_cluster_log_types"},
    in_objects={"LogTypes": "cloudWatch.clusterLogging.enableTypes"},
)  # fmt: skip
GROUP = ResourceType(
    "security group", "security groups", "AWS::EC2::SecurityGroup", "aws_security_group",
    renamed={"SecurityGroupIngress": "ingress"},
)  # fmt: skip

PUBLIC = must_be({f"{_PUBLIC}.BlockPublicAcls": True, f"{_PUBLIC}.BlockPublicPolicy": True}, words=WORDS)
IMDS = must_be(
    {
        "LaunchTemplateData.MetadataOptions.HttpTokens": "required",
        "LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit": 1,
    },
    words=WORDS,
)
PRIVATE = must_be({"PubliclyAccessible": False}, words=WORDS, unwritten=False)
AUDIT = must_contain("LogTypes", "audit", words=WORDS)
ESCALATION = must_be({"securityContext.allowPrivilegeEscalation": False}, words=WORDS, unwritten=True)

SAMPLES = tuple(
    Rule("Repair {subject}", "storage", Severity.HIGH, {}, looks_at, check, name=name)
    for name, looks_at, check in (
        ("bucket-public-access", BUCKET, PUBLIC),
        ("imds-v1-allowed", TEMPLATE, IMDS),
        ("database-public", DATABASE, PRIVATE),
        ("cluster-audit-log-off", CLUSTER, AUDIT),
        ("privilege-escalation-allowed", Container, ESCALATION),
    )
)
"""A rule of each common shape."""
