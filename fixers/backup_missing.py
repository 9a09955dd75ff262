"""Data without a copy of yesterday is gone with the first wrong statement, or the first ransom."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fixbot.lens import ABSENT, Companion, Module, Resource, ResourceType
from fixbot.model.findings import Fix, Manual, Severity
from fixbot.rules import SAME_CALLERS, Rule, Words, by_type, must_be
from fixbot.rules.checks import MustBe
from fixbot.rules.context import Context
from fixbot.secret_stores.secret_steps import preview_change_set
from fixbot.text.globs import Globs

DAYS, POLICY = "BackupRetentionPeriod", "BackupPolicy.Status"
RECOVERY: Final = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"
_LEAST: Final = 7
"""Days that Security Hub's RDS.11 wants at least."""
DATABASE = ResourceType(
    "database", "databases", "AWS::RDS::DBInstance", name="DBInstanceIdentifier",
)  # fmt: skip
IN_TERRAFORM = ResourceType(
    "database", "databases", terraform="aws_db_instance", name="Identifier",
    modules={"terraform-aws-modules/rds/aws": Module({DAYS: "backup_retention_period"}, {DAYS: ABSENT}),
             "cloudposse/rds/aws": Module({DAYS: "backup_retention_period"}, {DAYS: 0})},
)  # fmt: skip
CLUSTERS = (
    ResourceType("database cluster", "database clusters", "AWS::RDS::DBCluster", "aws_rds_cluster",
                 modules={"terraform-aws-modules/rds-aurora/aws":
                          Module({DAYS: "backup_retention_period"}, {DAYS: ABSENT})}),
    ResourceType("document database", "document databases", "AWS::DocDB::DBCluster", "aws_docdb_cluster"),
    ResourceType("graph database", "graph databases", "AWS::Neptune::DBCluster", "aws_neptune_cluster"),
)  # fmt: skip
FILES = ResourceType(
    "file system", "file systems", "AWS::EFS::FileSystem", "aws_efs_file_system",
    companions={"BackupPolicy": Companion("aws_efs_backup_policy", "file_system_id")},
    renamed={"Status": "backup_policy.status"},
)  # fmt: skip
FILES_IN_MODULE = ResourceType(
    "file system", "file systems",
    modules={"terraform-aws-modules/efs/aws": Module(
        {"Made": "create_backup_policy", "Enabled": "enable_backup_policy"},
        {"Made": True, "Enabled": True},
    )},
)  # fmt: skip
TABLE = ResourceType(
    "table", "tables", "AWS::DynamoDB::Table", "aws_dynamodb_table", name="TableName",
    renamed={"TableName": "name", RECOVERY: "point_in_time_recovery.enabled"},
)  # fmt: skip
GLOBAL_TABLE = ResourceType("global table", "global tables", "AWS::DynamoDB::GlobalTable")
PLANS = (
    ResourceType("backup selection", "backup selections", "AWS::Backup::BackupSelection"),
    ResourceType("backup selection", "backup selections", terraform="aws_backup_selection"),
)


def spare_copied(store: Resource, world: Context) -> bool:
    """Throw-away stacks, what a backup plan beside it selects, members of a cluster, replicas."""
    if Globs(world.settings.ephemeral_paths).matches(store.path):
        return True
    for kind in PLANS if store.module is None else ():
        for plan in world.resources_beside(store, kind) if store.dialect in kind.dialects else ():
            if world.mentions(plan.node, store.address) or _selects_all(plan):
                return True
    if store.type == FILES:
        one_zone = store.slot("AvailabilityZoneName").found is not None
        return one_zone and store.slot(POLICY).value is ABSENT
    return store.type in (DATABASE, IN_TERRAFORM) and store.module is None and _is_member(store)


def _selects_all(plan: Resource) -> bool:
    """Whether it selects by tags, or all there is: which resources these are, other files say too."""
    top = plan.node.find_node("BackupSelection") or plan.node
    tags = ("ListOfTags", "Conditions", "selection_tag", "condition")
    if any(top.find_node(each) is not None or top.list_items(each) for each in tags):
        return True
    listed = top.find_node("Resources") or top.find_node("resources")
    return listed is not None and any(each.scalar == "*" for each in listed.items)


def _is_member(database: Resource) -> bool:
    replica = (
        "SourceDBInstanceIdentifier",
        "ReplicateSourceDb",
        "DBClusterIdentifier",
        "SourceDBClusterIdentifier",
    )
    if any(database.slot(each).found is not None for each in replica):
        return True
    return str(database.slot("Engine").value).startswith(("aurora", "docdb", "neptune"))


def explain_engine(database: Resource, _world: Context) -> Manual | None:
    """Where a change of the number is more than that."""
    if database.module is not None:
        return None
    if database.slot("EngineMode").value == "serverless":
        return Manual(
            f"{database.title} is a serverless one of the first version. Restore its newest snapshot as a "
            "cluster of the second, which takes the number."
        )
    if str(database.slot("Engine").value).startswith("sqlserver") and _days_of(database) == 0:
        return Manual(
            f"{database.title} is a SQL Server, which stops for the change and may have to leave its "
            "availability group for it. Set seven days in a window of your choice."
        )
    return None


def _days_of(database: Resource) -> int | None:
    value = database.slot(DAYS).value
    if value is ABSENT:
        return 0 if database.type == IN_TERRAFORM else 1
    return int(str(value)) if str(value).isdecimal() else None


def weigh_days(database: Resource, _world: Context) -> Severity | None:
    """None at all is worse than one."""
    return Severity.HIGH if _days_of(database) == 0 else None


def complete_fix(fix: Fix, database: Resource, _world: Context) -> Fix:
    """From none to some the instance stands still for a moment, and CloudFormation may do more."""
    if _days_of(database) != 0:
        return replace(fix, effect="Backups are kept longer, and cost accordingly.", unknown="",
                       access=SAME_CALLERS)  # fmt: skip
    if database.dialect != "cloudformation":
        return fix
    return replace(
        fix, commands=(*fix.commands, *preview_change_set(database.path)),
        unknown="CloudFormation says that a change from 0 may make {who} anew: look at a change set first.",
    )  # fmt: skip


def is_enough(value: object) -> bool:
    """Whether it is seven days, or more."""
    return str(value).isdecimal() and int(str(value)) >= _LEAST


WORDS = Words(
    problem="has no backup that reaches back a week",
    change="{who} can be taken back to any moment of the last seven days.",
    effect="With no backup so far, input and output stand still for seconds to minutes while the first one "
    "is made. Backups cost by size.",
    why="One wrong statement, or one intruder who wants a ransom, destroys what {who} {holds|hold}, and "
    "there is no yesterday to go back to.",
    unknown="When it is applied, the maintenance window of {who} says, unless changes apply at once.",
)
COPIES = replace(
    WORDS,
    problem="is copied nowhere",
    change="{who} {is|are} copied every day by AWS Backup, and kept for 35 days.",
    effect="Nothing that runs notices. AWS Backup bills what it keeps.",
    access=SAME_CALLERS,
    unknown="Whether a backup plan of another stack selects {who} isn't in the files.",
)
MOMENTS = replace(
    WORDS,
    problem="can't be taken back to an earlier moment",
    change="{who} can be restored, as a new table, as of any second of the last 35 days.",
    effect="Nothing that runs notices. DynamoDB bills by the size of the table.",
    access=SAME_CALLERS,
    unknown="Whether a backup plan of another stack selects {who} isn't in the files.",
)


def _require_days(unwritten: int) -> MustBe:
    return must_be(
        {DAYS: _LEAST}, words=WORDS, unwritten=unwritten, good=is_enough, spares=spare_copied,
        unless=explain_engine, finish=complete_fix, weigh=weigh_days,
    )  # fmt: skip


_MOMENTS = must_be({RECOVERY: True}, words=MOMENTS, unwritten=False, spares=spare_copied)
rule = Rule(
    title="Keep backups of {subject}",
    topic={"AWS::EFS::*": "file-system", "default": "database"},
    severity=Severity.MEDIUM,
    controls={"fsbp": ("EFS.7", "RDS.11", "DocumentDB.2", "Neptune.5", "DynamoDB.2"),
              "nist-800-53": ("CP-10", "CP-6", "CP-6(1)", "CP-6(2)", "CP-9", "SC-5(2)", "SI-12", "SI-13(5)")},
    looks_at=(DATABASE, IN_TERRAFORM, *CLUSTERS, FILES, FILES_IN_MODULE, TABLE, GLOBAL_TABLE),
    beside=PLANS,
    check=by_type({
        **dict.fromkeys((DATABASE, *CLUSTERS), _require_days(1)),
        IN_TERRAFORM: _require_days(0),
        FILES: must_be({POLICY: "ENABLED"}, words=COPIES, unwritten="DISABLED", spares=spare_copied),
        FILES_IN_MODULE: must_be({"Made": True, "Enabled": True}, words=COPIES, spares=spare_copied),
        TABLE: _MOMENTS,
        GLOBAL_TABLE: must_be({RECOVERY: True}, in_each=("Replicas",), words=MOMENTS, unwritten=False,
                              spares=spare_copied),
    }),
    peers={"checkov": ("CKV_AWS_133", "CKV_AWS_28", "CKV_AWS_165"), "trivy": ("AWS-0077", "AWS-0024")},
)  # fmt: skip
