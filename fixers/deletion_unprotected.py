"""Data and addresses that one call deletes are gone by one mistake; with the flag it takes two."""

from __future__ import annotations

from dataclasses import replace

from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Manual, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, by_type, must_be, must_have_entry
from fixbot.rules.context import Context
from fixbot.text.globs import Globs

FLAG, TABLE_FLAG, FORCE = "DeletionProtection", "DeletionProtectionEnabled", "EmptyOnDelete"
SKIP = "SkipFinalSnapshot"
_OFF = Module({FLAG: "deletion_protection"}, {FLAG: False})
DATABASE = ResourceType(
    "database", "databases", "AWS::RDS::DBInstance", "aws_db_instance", name="DBInstanceIdentifier",
    renamed={"DBInstanceIdentifier": "identifier"},
    modules={"terraform-aws-modules/rds/aws": _OFF, "cloudposse/rds/aws": _OFF},
)  # fmt: skip
CLUSTERS = (
    ResourceType("database cluster", "database clusters", "AWS::RDS::DBCluster", "aws_rds_cluster",
                 modules={"terraform-aws-modules/rds-aurora/aws": _OFF}),
    ResourceType("document database", "document databases", "AWS::DocDB::DBCluster", "aws_docdb_cluster"),
    ResourceType("graph database", "graph databases", "AWS::Neptune::DBCluster", "aws_neptune_cluster"),
    ResourceType("cluster", "clusters", "AWS::EKS::Cluster", "aws_eks_cluster", name="Name"),
)  # fmt: skip
TABLE = ResourceType(
    "table", "tables", "AWS::DynamoDB::Table", "aws_dynamodb_table", name="TableName",
    renamed={"TableName": "name"},
)  # fmt: skip
GLOBAL_TABLE = ResourceType("global table", "global tables", "AWS::DynamoDB::GlobalTable")
BALANCER = ResourceType(
    "load balancer", "load balancers", "AWS::ElasticLoadBalancingV2::LoadBalancer", name="Name"
)
IN_TERRAFORM = ResourceType(
    "load balancer", "load balancers", terraform="aws_lb", name="Name",
    renamed={FLAG: "enable_deletion_protection"},
    modules={"terraform-aws-modules/alb/aws": Module({FLAG: "enable_deletion_protection"}, {FLAG: True}),
             "cloudposse/alb/aws": Module({FLAG: "deletion_protection_enabled"}, {FLAG: False})},
)  # fmt: skip
EMPTIED = (
    ResourceType("image repository", "image repositories", "AWS::ECR::Repository", "aws_ecr_repository",
                 renamed={FORCE: "force_delete"},
                 modules={"terraform-aws-modules/ecr/aws":
                          Module({FORCE: "repository_force_delete"}, {FORCE: False})}),
    ResourceType("S3 bucket", "S3 buckets", terraform="aws_s3_bucket", renamed={FORCE: "force_destroy"},
                 modules=dict.fromkeys(("terraform-aws-modules/s3-bucket/aws", "cloudposse/s3-bucket/aws"),
                                       Module({FORCE: "force_destroy"}, {FORCE: False}))),
)  # fmt: skip
SNAPSHOTS = (
    ResourceType(
        "database",
        "databases",
        terraform="aws_db_instance",
        name="Identifier",
        modules={
            name: Module({SKIP: "skip_final_snapshot"}, {SKIP: skips})
            for name, skips in (("terraform-aws-modules/rds/aws", False), ("cloudposse/rds/aws", True))
        },
    ),
    ResourceType(
        "database cluster",
        "database clusters",
        terraform="aws_rds_cluster",
        modules={
            "terraform-aws-modules/rds-aurora/aws": Module({SKIP: "skip_final_snapshot"}, {SKIP: False})
        },
    ),
)


def spare_ephemeral(resource: Resource, world: Context) -> bool:
    """Throw-away stacks, members of a cluster (its flag counts), and what Terraform may not destroy."""
    if Globs(world.settings.ephemeral_paths).matches(resource.path):
        return True
    if resource.module is not None:
        return False
    if resource.type == DATABASE and resource.slot("DBClusterIdentifier").found is not None:
        return True
    if resource.dialect != "terraform":
        return resource.type == BALANCER and resource.slot("Type").value == "gateway"
    kept = resource.slot("Lifecycle.PreventDestroy").value is True
    return kept or (resource.type == IN_TERRAFORM and resource.slot("LoadBalancerType").value == "gateway")


def explain_force(resource: Resource, world: Context) -> Manual | None:
    """Whether a stack is thrown away as a whole, only settings say."""
    if world.settings.ephemeral_paths:
        return None
    return Manual(
        f"Take the flag away, unless {resource.title} belongs to a stack that is thrown away. Where such "
        "stacks lie, `ephemeral_paths` in the settings says; then all others are changed."
    )


def explain_snapshot(database: Resource, _world: Context) -> Manual:
    """A snapshot needs a name that nobody has taken yet."""
    return Manual(
        f"Set skip_final_snapshot to false and give {database.title} a final_snapshot_identifier, unless it "
        "belongs to a stack that is thrown away (`ephemeral_paths` in the settings)."
    )


WORDS = Words(
    problem="can be deleted by one call",
    change="{who} can no longer be deleted before the protection is taken off.",
    effect="Nothing that runs notices. `terraform destroy`, the deletion of the stack, and changes that make "
    "it anew stop until the flag is off again.",
    access="Who deletes {who}, or lets a stack do it, is stopped until the protection is taken off.",
    why="One wrong name in a console, or one plan that nobody read to its end, can delete {who} today.",
)
EMPTYING = Words(
    problem="is deleted together with what it holds",
    change="{who} can no longer be deleted while it holds something.",
    effect="Nothing that runs notices; a deletion fails until it is emptied.",
    access="Who deletes {who} is stopped until {it is|they are} emptied.",
    why="One wrong plan deletes {who} and everything in it, without a question.",
)
LEAVING = replace(EMPTYING, problem="leaves no snapshot when it is deleted")
_PROTECTED = must_be({FLAG: True}, words=WORDS, unwritten=False, spares=spare_ephemeral)
rule = Rule(
    title="Protect {subject} from deletion",
    topic={
        "AWS::RDS::*": "database", "AWS::DocDB::*": "database", "AWS::Neptune::*": "database",
        "AWS::DynamoDB::*": "database", "AWS::ElasticLoadBalancingV2::LoadBalancer": "load-balancer",
        "aws_lb": "load-balancer", "AWS::ECR::Repository": "registry",
        "aws_s3_bucket": "storage", "AWS::EKS::Cluster": "cluster",
        "default": "database",
    },
    severity=Severity.MEDIUM,
    controls={"fsbp": ("RDS.7", "RDS.8", "ELB.6", "DynamoDB.6", "DocumentDB.5", "Neptune.4"),
              "nist-800-53": ("CM-3", "SC-5(2)", "SI-13(5)")},
    looks_at=(DATABASE, *CLUSTERS, TABLE, GLOBAL_TABLE, BALANCER, IN_TERRAFORM, *EMPTIED, *SNAPSHOTS),
    check=by_type({
        **dict.fromkeys((DATABASE, *CLUSTERS, IN_TERRAFORM), _PROTECTED),
        TABLE: must_be({TABLE_FLAG: True}, words=WORDS, unwritten=False, spares=spare_ephemeral),
        GLOBAL_TABLE: must_be({TABLE_FLAG: True}, in_each=("Replicas",), words=WORDS, unwritten=False,
                              spares=spare_ephemeral),
        BALANCER: must_have_entry(
            "LoadBalancerAttributes", {"Key": "deletion_protection.enabled"}, {"Value": "true"}, words=WORDS,
            good=lambda value: str(value).lower() == "true", spares=spare_ephemeral,
        ),
        **dict.fromkeys(EMPTIED, must_be({FORCE: False}, words=EMPTYING, unwritten=False,
                                         spares=spare_ephemeral, unless=explain_force)),
        **dict.fromkeys(SNAPSHOTS, must_be({SKIP: False}, words=LEAVING, unwritten=False,
                                           spares=spare_ephemeral, unless=explain_snapshot)),
    }),
    peers={"checkov": ("CKV_AWS_139", "CKV_AWS_293", "CKV_AWS_150", "CKV2_AWS_58"),
           "trivy": ("AWS-0177", "AWS-0343")},
    profiles=ESSENTIAL,
)  # fmt: skip
