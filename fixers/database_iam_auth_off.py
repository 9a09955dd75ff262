"""A database that knows passwords only can be entered with one for as long as nobody changes it."""

from __future__ import annotations

from fixbot.lens import ABSENT, Module, Resource, ResourceType
from fixbot.model.findings import Manual, Refusal, Severity
from fixbot.rules import Rule, Words, by_type, must_be
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

LOGIN, GRAPH_LOGIN = "EnableIAMDatabaseAuthentication", "IamAuthEnabled"
ARGUMENT = "iam_database_authentication_enabled"
_MODULE = Module({LOGIN: ARGUMENT, "Engine": "engine"}, {LOGIN: False})
INSTANCE = ResourceType(
    "database", "databases", "AWS::RDS::DBInstance", "aws_db_instance", name="DBInstanceIdentifier",
    renamed={"DBInstanceIdentifier": "identifier", LOGIN: ARGUMENT},
    modules={"terraform-aws-modules/rds/aws": _MODULE, "cloudposse/rds/aws": _MODULE},
)  # fmt: skip
CLUSTER = ResourceType(
    "database cluster", "database clusters", "AWS::RDS::DBCluster", "aws_rds_cluster",
    renamed={LOGIN: ARGUMENT}, modules={"terraform-aws-modules/rds-aurora/aws": _MODULE},
)  # fmt: skip
GRAPH = ResourceType(
    "graph database", "graph databases", "AWS::Neptune::DBCluster", "aws_neptune_cluster",
    renamed={GRAPH_LOGIN: ARGUMENT},
)  # fmt: skip
ENGINES = ("mysql", "mariadb", "postgres", "aurora")


def spare_others(database: Resource, _world: Context) -> bool:
    """Engines without such logins, members of a cluster (it decides), and copies of what another one says."""
    if database.module is None and database.slot("DBClusterIdentifier").found is not None:
        return database.type == INSTANCE
    engine = database.slot("Engine").value
    if isinstance(engine, str):
        return not engine.startswith(ENGINES)
    return engine is ABSENT and database.slot(LOGIN).value is ABSENT


def refuse_unknown_engine(database: Resource, _world: Context) -> Refusal | None:
    """Not every engine takes it, and one that doesn't fails to deploy."""
    if isinstance(database.slot("Engine").value, str):
        return None
    return Refusal(f"Which engine {database.title} has isn't known, and not every one knows logins by IAM.")


def explain_signing(graph: Resource, _world: Context) -> Manual:
    """Neptune takes either kind of request for the whole cluster, never both."""
    return Manual(
        f"Let all clients of {graph.title} sign their requests (Signature Version 4) first: with "
        f"{mark_code(graph.slot(GRAPH_LOGIN).written)} those that don't fail at once."
    )


WORDS = Words(
    problem="knows logins by password only",
    change="{who} can take short-lived tokens of IAM in place of passwords.",
    effect="Passwords go on working, and nothing uses tokens yet.",
    access="Nobody: passwords of {who} go on working.",
    why="A password of {who} that has leaked is good until somebody changes it; a token is for 15 minutes.",
    notes=("Next: a user of the database for IAM, and `rds-db:connect` for the task's role.",),
)  # fmt: skip
_BY_TOKEN = must_be({LOGIN: True}, words=WORDS, spares=spare_others, unless=refuse_unknown_engine)
rule = Rule(
    title="Let {subject} take logins by IAM",
    topic="database",
    severity=Severity.LOW,
    controls={"fsbp": ("RDS.10", "RDS.12", "Neptune.7"), "nist-800-190": ("4.3.2",),
              "nist-800-53": ("AC-2(1)", "AC-3", "AC-3(7)", "AC-3(15)", "AC-6")},
    looks_at=(INSTANCE, CLUSTER, GRAPH),
    check=by_type({
        INSTANCE: _BY_TOKEN, CLUSTER: _BY_TOKEN,
        GRAPH: must_be({GRAPH_LOGIN: True}, words=WORDS, unless=explain_signing),
    }),
    peers={"checkov": ("CKV_AWS_161", "CKV_AWS_162", "CKV_AWS_359"), "trivy": ("AWS-0176",)},
)  # fmt: skip
