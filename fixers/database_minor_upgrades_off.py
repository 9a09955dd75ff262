"""A database that gets no minor versions keeps the holes that newer ones have closed."""

from __future__ import annotations

from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Manual, Severity
from fixbot.rules import Rule, Words, by_type, must_be
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

UPGRADES, VERSION = "AutoMinorVersionUpgrade", "EngineVersion"
_MODULE = Module(
    {UPGRADES: "auto_minor_version_upgrade", VERSION: "engine_version", "Engine": "engine"}, {UPGRADES: True}
)
TYPES = (
    ResourceType(
        "database", "databases", "AWS::RDS::DBInstance", "aws_db_instance", name="DBInstanceIdentifier",
        renamed={"DBInstanceIdentifier": "identifier"},
        modules={"terraform-aws-modules/rds/aws": _MODULE, "cloudposse/rds/aws": _MODULE},
    ),
    ResourceType("database of a cluster", "databases of a cluster", terraform="aws_rds_cluster_instance"),
    ResourceType("database cluster", "database clusters", "AWS::RDS::DBCluster"),
    ResourceType(
        "graph database", "graph databases", "AWS::Neptune::DBInstance", "aws_neptune_cluster_instance"
    ),
    ResourceType("replication instance", "replication instances", "AWS::DMS::ReplicationInstance"),
)  # fmt: skip
# The provider sends false where nothing is written: its internal/service/dms/replication_instance.go.
MOVER = ResourceType(
    "replication instance", "replication instances", terraform="aws_dms_replication_instance"
)
WORDS = Words(
    problem="gets no minor versions of its engine",
    change="{who} {gets|get} minor versions of the engine, in the maintenance window.",
    effect="Where one waits already, the next maintenance window brings an outage of some minutes.",
    access="Nobody: {who} {takes|take} the same logins as before.",
    why="Whoever reaches the port of {who} can use a hole that a newer minor version has closed.",
    unknown="`aws rds describe-pending-maintenance-actions` says what waits for {who}.",
)


def explain_pinned_version(database: Resource, _world: Context) -> Manual | None:
    """Terraform wants back the version that is written to its last number, and engines go back to none."""
    slot = database.slot(VERSION)
    numbers = 2 if "postgres" in str(database.slot("Engine").value) else 3
    if database.dialect != "terraform" or str(slot.value).count(".") < numbers - 1:
        return None
    return Manual(
        f"{database.title} names version {slot.value}: once AWS has installed a newer one, Terraform wants "
        f"that one back, and fails. Shorten {mark_code(slot.written)} to its major version first."
    )


rule = Rule(
    title="Let {subject} get minor versions",
    topic="database",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("RDS.13", "RDS.35", "DMS.6"), "cis-aws": ("3.2.2",), "pci-dss": ("6.3.3",),
              "nist-800-53": ("SI-2", "SI-2(2)", "SI-2(4)", "SI-2(5)")},
    looks_at=(*TYPES, MOVER),
    check=by_type({
        MOVER: must_be({UPGRADES: True}, words=WORDS, unwritten=False, unless=explain_pinned_version),
        **dict.fromkeys(
            TYPES, must_be({UPGRADES: True}, words=WORDS, unwritten=True, unless=explain_pinned_version)
        ),
    }),
    peers={"checkov": ("CKV_AWS_226", "CKV_AWS_222")},
)  # fmt: skip
