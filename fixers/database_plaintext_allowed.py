"""A database that accepts clients without TLS shows passwords and rows to whoever sees the traffic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Add, Change, Put, Replace
from fixbot.edit.tree import CannotEdit, Node, NodeKind, Value
from fixbot.knowledge.ways_out import find_user
from fixbot.lens import ABSENT, UNKNOWN, Module, Resource, ResourceType, text_of
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule, Words, must_be
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

_GROUP: Final = ("parameter group", "parameter groups")
GROUPS = (
    ResourceType(*_GROUP, "AWS::RDS::DBParameterGroup", "aws_db_parameter_group",
                 renamed={"Parameters": "parameter"}),
    ResourceType(*_GROUP, "AWS::RDS::DBClusterParameterGroup", "aws_rds_cluster_parameter_group",
                 renamed={"Parameters": "parameter"}),
    ResourceType(*_GROUP, "AWS::DocDB::DBClusterParameterGroup", "aws_docdb_cluster_parameter_group",
                 renamed={"Parameters": "parameter"}),
)  # fmt: skip
MODULE = ResourceType(
    "database", "databases",
    modules={"terraform-aws-modules/rds/aws": Module({"Parameters": "parameters", "Family": "family"}),
             "cloudposse/rds/aws":
             Module({"Parameters": "db_parameter", "Family": "db_parameter_group"})},
)  # fmt: skip
PROXY = ResourceType("database proxy", "database proxies", "AWS::RDS::DBProxy", "aws_db_proxy",
                     name="DBProxyName",
                     renamed={"RequireTLS": "require_tls", "DBProxyName": "name"})  # fmt: skip
_DATABASES: Final = (
    ResourceType("database", "databases", "AWS::RDS::DBInstance", "aws_db_instance"),
    ResourceType("database cluster", "database clusters", "AWS::RDS::DBCluster", "aws_rds_cluster"),
    ResourceType("document database", "document databases", "AWS::DocDB::DBCluster", "aws_docdb_cluster"),
)
_PLAIN: Final = re.compile(r"sslmode=(?:disable|allow)|useSSL=false|ssl-mode=DISABLED|[?&]tls=false")
_FAMILY: Final = re.compile(r"(aurora-)?(postgresql|postgres|mysql|mariadb|docdb)(\d+)?")


def find_plain_databases(resource: Resource, world: Context) -> Iterator[Found]:
    """A group of parameters, or a proxy, that lets clients in without TLS."""
    if resource.type == PROXY:
        yield from _PROXY(resource, world)
        return
    family = str(resource.slot("Family").value)
    wanted = _choose_parameter(family)
    if wanted is None or (resource.module is not None and resource.slot("Family").found is None):
        return
    name, value, by_default = wanted
    slot = resource.slot("Parameters")
    if slot.why_not or (slot.found is not None and not slot.found.is_known):
        return
    said = _find_parameter(resource, name)
    if said is None and by_default:
        return
    if said is not None:
        written = resource.follow(said).value
        if written is UNKNOWN or str(written).lower() in ("1", "on", "true", "enabled", "tls1.2+", "tls1.3+"):
            return
    yield Found(
        said or slot.node, resource.title, resource.address, name,
        f"{resource.title} lets clients in without TLS ({name})",
        partial(_choose_outcome, resource, name, value, said, world), subject=resource.subject,
    )  # fmt: skip


def _choose_parameter(family: str) -> tuple[str, str, bool] | None:
    """The parameter of an engine, what it must be, and whether it is so where nothing is written.

    Source: Amazon RDS and Amazon DocumentDB user guides, "SSL/TLS": rds.force_ssl is 1 from PostgreSQL 15 on,
    require_secure_transport is off, and tls is enabled.
    """
    found = _FAMILY.match(family)
    if found is None:
        return None
    engine, number = found[2], int(found[3] or 0)
    if engine.startswith("postgres"):
        return "rds.force_ssl", "1", number >= 15
    return ("tls", "enabled", True) if engine == "docdb" else ("require_secure_transport", "1", False)


def _find_parameter(resource: Resource, name: str) -> Node | None:
    """The value of a parameter: in a map, in blocks, or in a list of a module."""
    slot = resource.slot("Parameters")
    if slot.found is not None and slot.found.kind is NodeKind.MAP and resource.dialect == "cloudformation":
        return slot.found.find_node(name)
    for item in slot.items:
        if item.kind is NodeKind.MAP and text_of(item.find_node("name")) == name:
            return item.find_node("value")
    return None


def _choose_outcome(resource: Resource, name: str, value: str, said: Node | None, world: Context) -> Outcome:
    key = (_PLAIN, resource.dialect, world.surroundings_of(resource))
    if world.compute_once(key, lambda: any(map(_PLAIN.search, world.texts_beside(resource)))):
        return Refusal(
            f"A connection string here asks for no TLS, and would be turned away by {resource.title}. Change "
            "it first (sslmode=require)."
        )
    if resource.module is None and not _is_used(resource, world):
        return Manual(
            f"No database here uses {resource.title}. Where one does, set {mark_code(name)} to {value}."
        )
    try:
        change = _set_parameter(resource, name, value, said)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        (change,),
        who=resource.called,
        before=f"{mark_code(name)} {'not set' if said is None else said.scalar}",
        after=f"{mark_code(f'{name}: {value}')}",
        gist="Databases with {who} turn clients away that come without TLS.",
        effect="A client without TLS gets an error at its next login: `no pg_hba.conf entry … no "
        "encryption`, "
        "or `Connections using insecure transport are prohibited`.",
        why="Someone in the VPC who sees the traffic reads passwords and rows, and changes answers on "
        "the way.",
        unknown="Whether every client of {who} speaks TLS isn't in the files: `SELECT ssl FROM "
        "pg_stat_ssl`, or `SHOW STATUS LIKE 'Ssl_cipher'`, says it of a connection.",
    )


def _is_used(group: Resource, world: Context) -> bool:
    return find_user(group, _DATABASES, world) is not None


def _set_parameter(resource: Resource, name: str, value: str, said: Node | None) -> Change:
    if said is not None:
        return Replace(said, value)
    slot = resource.slot("Parameters")
    if resource.dialect == "cloudformation":
        if slot.found is not None and slot.value is not ABSENT:
            return Put(slot.found, (name,), value)
        return slot.set({name: value})
    entry: dict[str, Value] = {"name": name, "value": value}
    if resource.module is not None:
        entry["apply_method"] = "pending-reboot"
        return Add(resource.node, (slot.written,), entry)
    if resource.node.style != "body":
        raise CannotEdit("it is written as JSON")
    return Add(resource.node, ("parameter",), entry)


_PROXY = must_be(
    {"RequireTLS": True},
    unwritten=False,
    words=Words(
        problem="lets clients in without TLS",
        change="{who} {turns|turn} clients away that come without TLS.",
        effect="A client without TLS gets an error at its next login.",
        why="Someone in the VPC who sees the traffic of {who} reads passwords and rows.",
        unknown="Whether every client of {who} speaks TLS isn't in the files.",
    ),
)
rule = Rule(
    title="Let only clients with TLS into databases of {subject}",
    topic="database",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("RDS.38", "RDS.39", "RDS.43", "DocumentDB.6"), "nist-800-190": ("4.3.3",),
              "nist-800-53": ("AC-17(2)", "IA-5(1)", "SC-8", "SC-8(1)", "SC-12(3)", "SC-13", "SC-23",
                              "SC-23(3)", "SC-7(4)", "SI-7(6)")},
    looks_at=(*GROUPS, MODULE, PROXY),
    beside=_DATABASES,
    check=find_plain_databases,
    peers={"checkov": ("CKV2_AWS_69", "CKV_AWS_90")},
)  # fmt: skip
