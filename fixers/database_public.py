"""A database with a public address can be tried by everybody; only what stands beside it has to reach it."""

from __future__ import annotations

from fixbot.lens import ABSENT, Module, Resource, ResourceType
from fixbot.model.findings import Severity
from fixbot.rules import ESSENTIAL, Rule, Words, by_type, must_be
from fixbot.rules.context import Context

PUBLIC = "PubliclyAccessible"
_MODULE = Module({PUBLIC: "publicly_accessible"}, {PUBLIC: False})
_REPLACED = frozenset([PUBLIC])
INSTANCE = ResourceType(
    "database", "databases", "AWS::RDS::DBInstance", "aws_db_instance", name="DBInstanceIdentifier",
    renamed={"DBInstanceIdentifier": "identifier"},
    modules={"terraform-aws-modules/rds/aws": _MODULE, "cloudposse/rds/aws": _MODULE},
)  # fmt: skip
MEMBER = ResourceType("database of a cluster", "databases of a cluster", terraform="aws_rds_cluster_instance")
CLUSTER = ResourceType("database cluster", "database clusters", "AWS::RDS::DBCluster", replaced_by=_REPLACED)
_INSTANCES = "Instances"
AURORA = ResourceType(
    "database cluster", "database clusters",
    modules={"terraform-aws-modules/rds-aurora/aws": Module({_INSTANCES: "instances"}, {_INSTANCES: ABSENT})},
)  # fmt: skip
GRAPH = ResourceType(
    "graph database", "graph databases", "AWS::Neptune::DBInstance", "aws_neptune_cluster_instance"
)
WAREHOUSE = ResourceType(
    "data warehouse", "data warehouses", "AWS::Redshift::Cluster", "aws_redshift_cluster"
)
REPLICATION = ResourceType(
    "replication instance", "replication instances", "AWS::DMS::ReplicationInstance",
    "aws_dms_replication_instance", replaced_by=_REPLACED,
)  # fmt: skip


def spare_private_by_default(database: Resource, _world: Context) -> bool:
    """Where nothing is written, public is only what CloudFormation makes: DMS, and in the default VPC."""
    if database.slot(PUBLIC).value is not ABSENT:
        return False
    if database.dialect != "cloudformation" or database.type not in (INSTANCE, REPLICATION):
        return True
    if database.type == REPLICATION:
        return False
    if any(database.slot(name).found is not None for name in ("DBSubnetGroupName", "DBClusterIdentifier")):
        return True
    engine = database.slot("Engine").value
    return not isinstance(engine, str) or engine.startswith("aurora")


def weigh_severity(database: Resource, _world: Context) -> Severity | None:
    """Whether the default VPC has a way to the internet, the file doesn't say."""
    return Severity.HIGH if database.slot(PUBLIC).value is ABSENT else None


WORDS = Words(
    problem="has an address on the internet",
    change="{who} can only be reached from inside of {its|their} VPC, and what is joined with that.",
    effect="Laptops, SaaS tools and functions outside the VPC lose their connection at once.",
    why="Whoever finds the address of {who} can try leaked and guessed passwords from anywhere.",
    unknown="Who connects to {who} from outside is not known; {its|their} log of connections says so.",
)
OF_ITS_OWN = (INSTANCE, MEMBER, CLUSTER, GRAPH, WAREHOUSE, REPLICATION)
rule = Rule(
    title="Take {subject} off the internet",
    topic="database",
    severity=Severity.CRITICAL,
    controls={"fsbp": ("RDS.2", "DMS.1", "Redshift.1"), "cis-aws": ("3.2.3",), "nist-800-190": ("4.4.2",),
              "pci-dss": ("1.4.4",), "nist-800-53": ("AC-4", "AC-4(21)", "SC-7")},
    discloses=True,
    looks_at=(*OF_ITS_OWN, AURORA),
    check=by_type({
        **dict.fromkeys(OF_ITS_OWN, must_be(
            {PUBLIC: False}, words=WORDS, spares=spare_private_by_default, weigh=weigh_severity)),
        AURORA: must_be({PUBLIC: False}, in_each=(_INSTANCES,), words=WORDS, unwritten=False),
    }),
    peers={"checkov": ("CKV_AWS_17", "CKV_AWS_102", "CKV_AWS_89"), "trivy": ("AWS-0180",)},
    profiles=ESSENTIAL,
)  # fmt: skip
