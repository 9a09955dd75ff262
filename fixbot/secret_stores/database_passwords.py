"""The master password of a database that a file writes out: where it stands, and what goes with it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.classify_secrets import classify_value, is_reference
from fixbot.lens import Resource, Slot, list_alternatives, text_of
from fixbot.model.findings import Manual, Refusal
from fixbot.secret_stores.cloudformation_databases import list_taken, name_of_value
from fixbot.secret_stores.cloudformation_functions import function_of
from fixbot.text.markdown_escape import mark_code

if TYPE_CHECKING:
    from fixbot.rules.context import Context

PASSWORDS: Final = ("MasterUserPassword", "WriteOnlyPassword")
_VARIABLE: Final = re.compile(r"var\.([\w-]+)")
_HOLE: Final = re.compile(r"\$\{[^{}]*\}")
_LONG_ENOUGH: Final = 6
"""Characters beside what is filled in, from which a text holds a part of the password."""
_WRAPPED: Final = ("sensitive", "nonsensitive", "tostring")
_REPLICA: Final = (
    "SourceDBInstanceIdentifier", "SourceDBClusterIdentifier", "ReplicationSourceIdentifier",
    "GlobalClusterIdentifier", "replicate_source_db", "replication_source_identifier",
    "global_cluster_identifier",
)  # fmt: skip
_MADE_OF_IT: Final = frozenset((
    "replicate_source_db", "replication_source_identifier", "source_db_cluster_identifier",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class WrittenPassword:
    """A password that is written out: the place that uses it, and the literal, which may stand elsewhere."""

    slot: Slot
    used: Node
    literal: Node
    text: str
    given_by: str = ""
    """The parameter or variable whose default it is; nothing where it stands in its place."""

    @property
    def is_whole(self) -> bool:
        """Whether the value is the literal and nothing else: no branch, and no local that others use."""
        passed = self.used.kind is NodeKind.CALL and self.used.value in _WRAPPED
        within = self.used.kind is NodeKind.MAP and self.literal.parent is self.used
        joined = self.literal.kind is NodeKind.LIST
        return passed or within or joined or self.literal is self.used or not self.slot.why_not

    @property
    def is_ignored(self) -> bool:
        """Whether Terraform sets it once and never looks at it again."""
        ignored = self.slot.owner.find_node("lifecycle", "ignore_changes")
        named = [str(each.value) for each in ignored.walk_tree()] if ignored is not None else []
        return "all" in named or self.slot.path[-1] in named


def find_written_password(database: Resource) -> WrittenPassword | None:
    """The literal that becomes the database's password; None where none is written out."""
    for canonical in PASSWORDS if database.dialect == "terraform" else PASSWORDS[:1]:
        slot = database.slot(canonical)
        database.unknown.pop(slot.written, None)  # what is given elsewhere is no concern of the file's
        used = slot.owner.find_node(*slot.path) if slot.path else None
        if used is None:
            continue
        literal = _find_literal(used, slot) if not name_source(used) else None
        text = _text_of_literal(literal)
        if literal is not None and text and not is_reference(text):
            return WrittenPassword(slot, used, literal, text)
        for name in filter(None, map(name_source, (used, *list_alternatives(used)))):
            text = _text_of_default(database, name, slot)
            if text and not is_reference(text) and _is_value(database, name):
                return WrittenPassword(slot, used, used, text, name)
    return None


def _text_of_default(database: Resource, given_by: str, slot: Slot) -> str:
    default = database.node.root_node.find_node("Parameters", given_by, "Default")
    return (
        (text_of(default) or "") if default is not None else slot.value if isinstance(slot.value, str) else ""
    )


def _text_of_literal(literal: Node | None) -> str:
    """The text itself; of a text with holes what stands around them, where that is more than a sign."""
    if literal is None:
        return ""
    if literal.kind is NodeKind.LIST:
        parts = [text_of(each) for each in literal.items]
        return "".join(part or "" for part in parts) if None not in parts else ""
    around = _HOLE.sub("", str(literal.value).strip('"'))
    return around if literal.kind is NodeKind.SCALAR or len(around) >= _LONG_ENOUGH else ""


def _is_value(database: Resource, given_by: str) -> bool:
    """Whether a parameter's default is the value itself, and no name in Parameter Store."""
    kind = database.node.root_node.find_node("Parameters", given_by, "Type") if given_by else None
    return kind is None or not str(kind.value).startswith("AWS::SSM::")


def name_source(used: Node) -> str:
    """The parameter that `Ref` names, or the variable of `var.x`; nothing for any other value."""
    if used.kind is NodeKind.CODE and (found := _VARIABLE.fullmatch(str(used.value))):
        return found[1]
    form, inner = function_of(used) or ("", used)
    return inner.value if form == "Ref" and isinstance(inner.value, str) else ""


def _find_literal(used: Node, slot: Slot) -> Node | None:
    """The text that is written out: itself, joined, in a call that passes it on, a branch or a local."""
    inner = used
    if (
        used.kind is NodeKind.MAP
        and len(used.entries) == 1
        and used.entries[0].key in ("Fn::Sub", "Fn::Join")
    ):
        inner = used.entries[0].value
    if inner.kind is NodeKind.LIST and (used.tag == "!Join" or inner is not used):
        return inner.items[1] if len(inner.items) == 2 and inner.items[1].kind is NodeKind.LIST else None
    if inner.kind is NodeKind.SCALAR and inner.value is not None:
        plain = inner.tag == "!Sub" and "${" not in str(inner.value)
        return inner if text_of(inner) is not None or plain else None
    if slot.found is not None and slot.found is not used and slot.found.text is not None:
        return slot.found
    if used.kind is NodeKind.CODE and used.style == '"':
        return used
    return next((each for each in list_alternatives(used) if each.text and not is_reference(each.text)), None)


def why_not_managed(database: Resource, world: Context) -> Refusal | None:
    """Why RDS can't keep the password of this database, if it can't.

    Sources: Amazon RDS and Aurora User Guides, "Password management with AWS Secrets Manager", limitations.
    """
    node = database.node
    if any(node.find_node(key) is not None for key in _REPLICA) or _is_copied(database, world):
        return Refusal(
            f"{database.title} is a replica, the source of one, or part of a global cluster: RDS keeps no "
            "password for those. Let it come from a secret of your own, by a dynamic reference."
        )
    engine, mode = (database.slot(name).value for name in ("Engine", "EngineMode"))
    if (isinstance(engine, str) and engine.startswith("custom-")) or mode == "serverless":
        return Refusal(f"RDS keeps no password for {database.title}: its engine isn't served.")
    cluster = database.node.find_node("DBClusterIdentifier")
    if database.type.cloudformation == "AWS::RDS::DBInstance" and cluster is not None:
        return Refusal(f"{database.title} belongs to a cluster, and the password is the cluster's.")
    return None


def _is_copied(database: Resource, world: Context) -> bool:
    if database.dialect == "cloudformation":
        root = database.node.root_node
        return database.address in world.compute_once((_is_copied, root), lambda: list_taken(root))
    sources = world.compute_once(
        (_is_copied, posixpath.dirname(database.path)), lambda: list(_iterate_sources(database, world))
    )
    return any(world.mentions(each, database.address) for each in sources)


def _iterate_sources(database: Resource, world: Context) -> Iterator[Node]:
    """What the databases of a folder say that they are made of."""
    for document in world.project.documents_in_folder(database.path):
        for root in document.roots if document.syntax == "hcl" else ():
            for block in root.list_items("resource"):
                yield from (entry.value for entry in block.entries if entry.key in _MADE_OF_IT)


def find_second_place(
    database: Resource, password: WrittenPassword, leaving: Iterable[Node], world: Context
) -> Refusal | None:
    """Why the password can't leave alone, where something beside what goes with it holds or names it too."""
    gone = {id(each) for node in leaving for each in node.walk_tree()}
    for node in _list_texts(database, world):
        if password.text not in str(node.value) or id(node) in gone or not _holds(node, password.text):
            continue
        line = world.project.documents[node.root_node.source].locate_offset(node.start)[0]
        return Refusal(
            f"The password of {database.title} stands a second time in line {line}, where it would stay what "
            "it was. Where that is a task's environment, secret-in-environment moves both together."
        )
    read = (f"{database.address}.{name}" for name in ("password", "master_password"))
    if database.dialect == "terraform" and any(world.count_mentions(each, database) for each in read):
        return Refusal(
            f"Something beside {database.title} takes its password from it, and would get none. Let that "
            "take it from `master_user_secret` first."
        )
    return None


def _list_texts(database: Resource, world: Context) -> list[Node]:
    """The texts of its template or folder, but for databases' own passwords: each has its own finding."""
    if database.dialect == "cloudformation":
        root = database.node.root_node
        return world.compute_once((_list_texts, root), lambda: _collect_texts([root], world))
    folder = posixpath.dirname(database.path)
    roots = (root for each in world.project.documents_in_folder(database.path) for root in each.roots)
    return world.compute_once((_list_texts, folder), lambda: _collect_texts(roots, world))


def _collect_texts(roots: Iterable[Node], world: Context) -> list[Node]:
    own = {id(each.node) for each in world.resources}
    return [
        each
        for root in roots
        for each in root.walk_tree()
        if isinstance(each.value, str) and not (id(each.parent) in own and _is_password(each))
    ]


def _is_password(node: Node) -> bool:
    entries = node.parent.entries if node.parent is not None else ()
    return any(each.value is node and "password" in each.key.lower() for each in entries)


def _holds(node: Node, text: str) -> bool:
    value = str(node.value)
    if value == text:
        return classify_value(name_of_value(node), text).is_secret
    found = re.search(rf"[:=]{re.escape(text)}(?=[@&;,\s\"']|\Z)", value) if text in value else None
    return len(text) >= 4 and found is not None


def explain_source(database: Resource, password: WrittenPassword) -> Manual:
    """What a person does where a default gives the password, which others may give too."""
    name = mark_code(password.given_by)
    if database.dialect == "cloudformation":
        snippet = (
            "ManageMasterPassword"
            if "Redshift" in database.type.cloudformation
            else "ManageMasterUserPassword"
        )
        instead, whose = mark_code(f"{snippet}: true"), "the parameter"
    else:
        instead, whose = "`manage_master_user_password = true`", "the variable"
    return Manual(
        f"The value of {whose} {name} is in Git, and whoever deploys may give another one: take {whose} out, "
        f"in every place that gives it, and write {instead} for {mark_code(password.slot.written)}. AWS then "
        "makes a password of its own, and keeps it in Secrets Manager."
    )


def list_parameter_places(database: Resource, password: WrittenPassword, world: Context) -> list[Node]:
    """All of a parameter that nothing but the database uses: nothing where others do, or may give it."""
    if database.dialect != "cloudformation":
        return []
    root = database.node.root_node
    named = root.find_node("Metadata", "AWS::CloudFormation::Interface")
    shown = [
        each
        for each in (named.walk_tree() if named is not None else ())
        if each.value == password.given_by and each.parent is not None and each.parent.kind is NodeKind.LIST
    ]
    label = named.find_node("ParameterLabels", password.given_by) if named is not None else None
    own = root.find_node("Parameters", password.given_by)
    places = [each for each in (own, label, *shown) if each is not None]
    uses = world.count_mentions(password.given_by, database)
    return places if uses == len(places) + 1 else []
