"""A master password in a file is everybody's who may read it; RDS can make one that nobody writes down."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.edit.change import Change, Drop
from fixbot.edit.tree import UNKNOWN, CannotEdit
from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import ESSENTIAL, Rule
from fixbot.rules.context import Context
from fixbot.secret_stores.database_passwords import (
    PASSWORDS,
    WrittenPassword,
    explain_source,
    find_second_place,
    find_written_password,
    list_parameter_places,
    name_source,
    why_not_managed,
)
from fixbot.text.command import build_command
from fixbot.text.markdown_escape import mark_code
from fixbot.text.step import build_step

MANAGED, OTHER = "ManageMasterUserPassword", "ManageMasterPassword"
_MODULE = Module(
    {PASSWORDS[0]: "password", PASSWORDS[1]: "password_wo", MANAGED: "manage_master_user_password"},
    {MANAGED: True},
)
INSTANCE = ResourceType(
    "database", "databases", "AWS::RDS::DBInstance", "aws_db_instance", name="DBInstanceIdentifier",
    renamed={"DBInstanceIdentifier": "identifier", "MasterUsername": "username",
             PASSWORDS[0]: "password", PASSWORDS[1]: "password_wo"},
    modules={
        "terraform-aws-modules/rds/aws": _MODULE,
        "cloudposse/rds/aws": Module(
            {PASSWORDS[0]: "database_password", MANAGED: "database_manage_master_user_password"},
            {MANAGED: False},
        ),
    },
)  # fmt: skip
_OF_CLUSTER = {PASSWORDS[0]: "master_password", PASSWORDS[1]: "master_password_wo"}
CLUSTER = ResourceType(
    "database cluster", "database clusters", "AWS::RDS::DBCluster", "aws_rds_cluster",
    name="DBClusterIdentifier", renamed={"DBClusterIdentifier": "cluster_identifier", **_OF_CLUSTER},
    modules={
        "terraform-aws-modules/rds-aurora/aws": Module(
            {**_OF_CLUSTER, MANAGED: "manage_master_user_password"}, {MANAGED: True}
        ),
    },
)  # fmt: skip
DOCUMENTS = ResourceType(
    "document database", "document databases", "AWS::DocDB::DBCluster", "aws_docdb_cluster",
    renamed=_OF_CLUSTER,
)  # fmt: skip
WAREHOUSE = ResourceType(
    "data warehouse", "data warehouses", "AWS::Redshift::Cluster", "aws_redshift_cluster",
    renamed=_OF_CLUSTER,
)  # fmt: skip


def find_password(database: Resource, world: Context) -> Iterator[Found]:
    """A password that stands in its place, in a local, or as the default of a parameter or variable."""
    password = find_written_password(database)
    if password is None:
        return
    by = f", as a default of {password.given_by}" if password.given_by else ""
    yield Found(
        password.used, database.title, database.address, PASSWORDS[0],
        f"{database.title} has its master password written out{by}",
        lambda: _choose_outcome(database, password, world), subject=database.subject,
        severity=Severity.HIGH if password.given_by else Severity.CRITICAL,
    )  # fmt: skip


def _choose_outcome(database: Resource, password: WrittenPassword, world: Context) -> Outcome:
    if password.is_ignored:
        return Manual(
            f"Terraform ignores {mark_code(password.slot.written)} after the first apply (`ignore_changes`), "
            f"so what stands here may be the password of {database.title} or not. If it isn't, write a "
            "reference to where it is; if it is, change it."
        )
    managed = OTHER if database.type == WAREHOUSE else MANAGED
    wanted = database.slot(managed, near=(PASSWORDS[0], "MasterUsername"))
    places = [password.literal if password.slot.elsewhere else password.used, password.used]
    if password.given_by:
        others = list_parameter_places(database, password, world)
        if not others or name_source(password.used) != password.given_by:
            return explain_source(database, password)
        places += others
    version = password.slot.owner.find_node(f"{password.slot.path[-1]}_version")
    places += [version] if version is not None else []
    hindrance = why_not_managed(database, world) or find_second_place(database, password, places, world)
    if hindrance is not None:
        return hindrance
    if wanted.value is UNKNOWN or (password.used.kind.name == "CALL" and password.used.value == "?"):
        return Refusal(f"{mark_code(wanted.written)} of {database.title} is computed: decide both together.")
    if not password.is_whole and not password.given_by:
        return Manual(
            f"The password is in Git, but {password.slot.why_not}. Take it out there, and write "
            f"{mark_code(wanted.written)} for it: then AWS makes one of its own."
        )
    try:
        changes: list[Change] = [Drop(each) for each in {id(each): each for each in places}.values()]
        if wanted.value not in (True, "true", "True"):
            changes.append(wanted.set(value=True))
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return _build_fix(database, password, wanted.written, tuple(changes))


def _build_fix(
    database: Resource, password: WrittenPassword, managed: str, changes: tuple[Change, ...]
) -> Fix:
    who = database.called
    return Fix(
        changes, who=who, before=f"{mark_code(password.slot.written)} in clear",
        after=mark_code(f"{managed}: true"),
        gist="AWS makes a password for {who} and keeps it in Secrets Manager, where it changes by itself.",
        why="Anyone with a copy of this repository, or of its history, can log in to {who} as its owner.",
        effect="Everybody who logs in with the old password is locked out as soon as this is deployed.",
        unknown="Who else knows the password of {who} is not known.",
        steps_before=(build_step(
            f"Find out who logs in to {who} with this password, and let them read the new one from the "
            "secret that `MasterUserSecret` names (Terraform: `master_user_secret`): before the next login "
            "after it is deployed, and again after each change."
        ),),
        steps_after=(build_step(
            "Where the old password is used anywhere else, change it there: Git's history keeps it."
        ),),
        commands=() if database.dialect != "terraform" else (
            build_command("terraform", "plan", note="on this branch: the database is changed in place"),
        ),
    )  # fmt: skip


rule = Rule(
    title="Let RDS keep the password of {subject}",
    topic="database",
    severity=Severity.CRITICAL,
    controls={"nist-800-190": ("4.1.4",)},
    looks_at=(INSTANCE, CLUSTER, DOCUMENTS, WAREHOUSE),
    check=find_password,
    profiles=ESSENTIAL,
    discloses=True,
    peers={"checkov": ("CKV_SECRET_6",)},
)
