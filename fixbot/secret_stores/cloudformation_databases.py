"""A password that a template gives to a task and to the database: RDS keeps it, or nothing moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fixbot.dialects.cloudformation import WORKLOADS, TemplateResource, find_references, list_resources
from fixbot.edit.change import Change, Drop, Put
from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.classify_secrets import classify_value
from fixbot.lens import text_of
from fixbot.model.findings import Refusal
from fixbot.rules.context import Context
from fixbot.secret_stores import secret_steps
from fixbot.secret_stores.aws_names import build_key_reference
from fixbot.secret_stores.cloudformation_functions import build_substitution
from fixbot.secret_stores.secret_leaks import SecretLeak, text_as_written
from fixbot.secret_stores.secret_source import SecretMove, SecretSource
from fixbot.text.command import LOGICAL_ID
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and
from fixbot.text.step import Step, build_step

_MANAGED = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
_FIELD = "MasterUserPassword"
_LONG_ENOUGH = 6
"""Characters from which a value that stands inside a longer text is taken for the same secret."""


_TAKEN_BY = (
    "SourceDBInstanceIdentifier", "SourceDBClusterIdentifier", "ReplicationSourceIdentifier",
    "DBInstanceIdentifiers", "DBClusterIdentifiers",
)  # fmt: skip
"""Properties by which a replica, a global cluster or a proxy names the database that it is made of.

RDS manages no password of such a source (Amazon RDS User Guide, "Password management with Secrets Manager").
"""

_IDENTIFIERS = ("DBInstanceIdentifier", "DBClusterIdentifier")


class TemplateDatabases:
    """The databases of a template, asked for those that share a task's literal."""

    def __init__(self, root: Node, world: Context) -> None:
        self._root = root
        self._world = world
        self._all = [each for each in list_resources(root) if each.properties.find_node(_FIELD) is not None]
        handled = {id(node) for node in self._iterate_handled()}
        self._by_text: dict[str, list[Node]] = defaultdict(list)
        for node in root.walk_tree():
            if node.kind is NodeKind.SCALAR and isinstance(node.value, str) and id(node) not in handled:
                self._by_text[node.value].append(node)

    def find_source(self, leak: SecretLeak, *, json: bool) -> SecretSource | Refusal | None:
        """The source of a value that is a database's password too; a reason where it can't become one."""
        value = leak.text
        if value is None:
            return None
        sharing = [each for each in self._all if text_of(each.properties.find_node(_FIELD)) == value]
        elsewhere = self._find_elsewhere(value, inside=bool(sharing))
        if elsewhere is not None:
            return refuse_second_place(leak.name, f"in line {self._line_of(elsewhere)}")
        if not sharing:
            return None
        named = LOGICAL_ID.is_fitting(sharing[0].name)
        if len(sharing) > 1 or sharing[0].type not in _MANAGED or self._is_unmanaged(sharing[0]) or not named:
            return refuse_database(leak.name, ", ".join(each.name for each in sharing))
        return self._managed_source(sharing[0], json=json)

    def _is_unmanaged(self, database: TemplateResource) -> bool:
        """Whether RDS takes no password of its own for it: a replica, or the source of one."""
        keys = (
            "SourceDBInstanceIdentifier",
            "SourceDBClusterIdentifier",
            "GlobalClusterIdentifier",
            "ManageMasterUserPassword",
        )
        own = any(database.properties.find_node(key) is not None for key in keys)
        public = self._names_elsewhere(database)
        here = database.name in list_taken(self._root)
        return own or here or any(map(public.__contains__, self._iterate_taken()))

    def _names_elsewhere(self, database: TemplateResource) -> set[str]:
        """What other templates may call it by: its identifier, and the exports that tell of it."""
        names = {text_of(database.properties.find_node(key)) for key in _IDENTIFIERS}
        outputs = self._root.find_node("Outputs")
        for each in outputs.entries if outputs is not None else ():
            if database.name in find_references(each.value.find_node("Value")):
                names.add(text_of(each.value.find_node("Export", "Name")))
        return {name for name in names if name}

    def _iterate_taken(self) -> Iterator[str]:
        """The texts by which anything of the repository names a database that it is made of."""
        for document in self._world.project.documents.values():
            for root in document.roots if document.syntax != "hcl" else ():
                for other in list_resources(root):
                    for key in _TAKEN_BY:
                        node = other.properties.find_node(key)
                        for part in node.walk_tree() if node is not None else ():
                            if isinstance(part.value, str):
                                yield part.value.rpartition(":db:")[2].rpartition(":cluster:")[2]

    @staticmethod
    def _managed_source(database: TemplateResource, *, json: bool) -> SecretSource:
        arn = f"${{{database.name}.MasterUserSecret.SecretArn}}"
        password = database.properties.find_node(_FIELD)
        changes: list[Change] = [] if password is None else [Drop(password)]
        changes.append(
            Put(database.properties, ("ManageMasterUserPassword",), True, (_FIELD, "MasterUsername"))
        )
        return SecretSource(
            build_substitution(build_key_reference(arn, "password"), json=json),
            f"the secret that RDS keeps for {mark_code(database.name)}",
            build_substitution(arn, json=json),
            f"<ARN of the secret of {database.name}>",
            changes=tuple(changes),
        )

    def _find_elsewhere(self, value: str, *, inside: bool) -> Node | None:
        """A place that holds the value and is neither a task's own nor a database's."""
        if inside and len(value) >= _LONG_ENOUGH:
            found = (some[0] for text, some in self._by_text.items() if value in text)
            return min(found, key=lambda node: node.start, default=None)
        same = self._by_text.get(value, ())
        return next(
            (each for each in same if inside or classify_value(name_of_value(each), value).is_secret), None
        )

    def _iterate_handled(self) -> Iterator[Node]:
        for resource in list_resources(self._root):
            if resource.type in WORKLOADS:
                yield from _iterate_environments(resource.properties)
            elif (password := resource.properties.find_node(_FIELD)) is not None:
                yield password

    def _line_of(self, node: Node) -> int:
        document = self._world.project.documents[node.root_node.source]
        return document.locate_offset(node.start)[0]

    def add_order(self, move: SecretMove, sources: Sequence[SecretSource], path: str) -> SecretMove:
        """The move with what RDS brings along: another password, and so an order."""
        names = [each.name for each in self._all if any(each.name in source.shown for source in sources)]
        return order_move(move, sources, names, path)


def list_taken(root: Node) -> frozenset[str]:
    """The databases of a template that others in it are made of."""
    given = (each.properties.find_node(key) for each in list_resources(root) for key in _TAKEN_BY)
    return frozenset(name for node in given for name in find_references(node))


def refuse_second_place(name: str, where: str) -> Refusal:
    """Why a value stays that stands in another place too."""
    return Refusal(
        f"The value of {name} stands a second time {where}, in a place that isn't moved with it: changing "
        "one alone would part "
        "them, or leave the secret in the file. Move that one first, then run again."
    )


def refuse_database(name: str, databases: str) -> Refusal:
    """Why a value stays that a database has as its password."""
    return Refusal(
        f"The value of {name} is the master password of {databases} as well, and RDS can't take that over "
        "here. Let both refer "
        "to one secret by hand."
    )


def order_move(
    move: SecretMove, sources: Sequence[SecretSource], databases: list[str], where: str
) -> SecretMove:
    """A move in which RDS makes a new password: all tasks of the databases go together, in an order."""
    alone = all(source.changes for source in sources)
    named = join_with_and([mark_code(each) for each in databases])
    after = (_AFTER,) if alone else move.steps_after[1:2]
    return replace(
        move,
        alike=f"databases of {where}",
        effect=_EFFECT.format(named),
        rollout="",
        unknown=_UNKNOWN if alone else move.unknown,
        steps_before=(*move.steps_before, build_step(_ORDER.format(named))),
        steps_after=(_warn_of_harm(move.steps_after[0]), *after, *move.steps_after[2:]),
        notes=(*move.notes, _ROTATION.format(named)),
    )


def _warn_of_harm(deploying: Step) -> Step:
    """The step without its comfort: here the tasks that run already are touched."""
    return replace(
        deploying,
        parts=tuple(
            part.replace(secret_steps.UNHARMED, "") if isinstance(part, str) else part
            for part in deploying.parts
        ),
    )


_UNKNOWN = (
    "Who else uses the database's master password is not known; the old one stops working with this "
    "update. A task does not "
    "start (`ResourceInitializationError`) until its role may read the new one."
)
_EFFECT = (
    "RDS makes a new master password for {} as soon as this is deployed: tasks that run already fail at "
    "their next login, until the service has replaced them."
)
_ORDER = (
    "Choose a quiet moment: the update lets RDS make a new master password for {}, and from then on tasks "
    "that run already "
    "fail at their next login, until the service has replaced them. Give the new password to whoever else "
    "used the old one."
)
_AFTER = build_step(
    "Start new tasks once more if any began during the update: ",
    *secret_steps.START_NEW_TASKS,
    "A container keeps the password that it got at its start.",
)
_ROTATION = (
    "RDS keeps the password of {} in a secret of its own and changes it every seven days. A task keeps the "
    "one from its start, so "
    "restart tasks after each change (an EventBridge rule can), or make the interval longer with `aws "
    "secretsmanager rotate-secret`."
)


def _iterate_environments(properties: Node) -> Iterator[Node]:
    """The values that move with a task or job: secrets by name and value, outside of conditions."""
    for above in properties.walk_tree():
        for entry in above.entries:
            if entry.key == "Environment" and entry.value.kind is NodeKind.LIST and entry.value.tag is None:
                pairs = [(item.find_node("Name"), item.find_node("Value")) for item in entry.value.items]
                found = [(text_of(name), value) for name, value in pairs]
            elif (
                entry.key == "LogConfiguration" and (options := entry.value.find_node("Options")) is not None
            ):
                found = [(option.key, option.value) for option in options.entries]
            else:
                continue
            yield from (value for name, value in found if value is not None and _is_secret(name, value))


def _is_secret(name: str | None, value: Node) -> bool:
    text = text_as_written(value)
    return bool(name) and bool(text) and classify_value(str(name), str(text)).is_secret


def name_of_value(node: Node) -> str:
    """The key, or the `Name` beside it, of a value; of a parameter's default the parameter."""
    above = node.parent
    if above is None or above.kind is not NodeKind.MAP:
        return ""
    beside = text_of(above.find_node("Name")) or text_of(above.find_node("name"))
    own = next((entry.key for entry in above.entries if entry.value is node), "")
    if own.lower() == "value" and beside:
        return beside
    if own == "Default" and above.parent is not None:
        return next((entry.key for entry in above.parent.entries if entry.value is above), own)
    return own
