"""A password that a template gives to a task and to the database: RDS keeps it, or nothing moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fixbot.change import Change, Drop, Put
from fixbot.command import LOGICAL_ID, run
from fixbot.dialects.cloudformation import WORKLOADS, Resource, resources
from fixbot.knowledge.secrets import classify
from fixbot.lens import text_of
from fixbot.model import Refusal
from fixbot.prose import code
from fixbot.step import Step, step
from fixbot.tree import Kind, Node
from fixbot.vault import steps
from fixbot.vault.functions import substituting
from fixbot.vault.leak import Leak, raw_text
from fixbot.vault.reference import key_of
from fixbot.vault.source import Move, Source, listed
from fixbot.world import World

_MANAGED = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
_FIELD = "MasterUserPassword"
_LONG_ENOUGH = 6
"""Characters from which a value that stands inside a longer text is taken for the same secret."""


class Databases:
    """The databases of a template, asked for those that share a task's literal."""

    def __init__(self, root: Node, world: World) -> None:
        self._root = root
        self._world = world
        self._all = [each for each in resources(root) if each.properties.get(_FIELD) is not None]

    def source(self, leak: Leak, *, json: bool) -> Source | Refusal | None:
        """The source of a value that is a database's password too; a reason where it can't become one."""
        value = leak.text
        if value is None:
            return None
        sharing = [each for each in self._all if text_of(each.properties.get(_FIELD)) == value]
        elsewhere = self._elsewhere(value, inside=bool(sharing))
        if elsewhere is not None:
            return twice(leak.name, f"in line {self._line(elsewhere)}")
        if not sharing:
            return None
        named = LOGICAL_ID.fits(sharing[0].name)
        if len(sharing) > 1 or sharing[0].type not in _MANAGED or self._unmanaged(sharing[0]) or not named:
            return not_here(leak.name, ", ".join(each.name for each in sharing))
        return self._managed(sharing[0], json=json)

    @staticmethod
    def _unmanaged(database: Resource) -> bool:
        keys = (
            "SourceDBInstanceIdentifier",
            "SourceDBClusterIdentifier",
            "GlobalClusterIdentifier",
            "ManageMasterUserPassword",
        )
        return any(database.properties.get(key) is not None for key in keys)

    @staticmethod
    def _managed(database: Resource, *, json: bool) -> Source:
        arn = f"${{{database.name}.MasterUserSecret.SecretArn}}"
        password = database.properties.get(_FIELD)
        changes: list[Change] = [] if password is None else [Drop(password)]
        changes.append(
            Put(database.properties, ("ManageMasterUserPassword",), True, (_FIELD, "MasterUsername"))
        )
        return Source(
            substituting(key_of(arn, "password"), json=json),
            f"the secret that RDS keeps for {code(database.name)}",
            substituting(arn, json=json),
            f"<ARN of the secret of {database.name}>",
            changes=tuple(changes),
        )

    def _elsewhere(self, value: str, *, inside: bool) -> Node | None:
        """A place that holds the value and is neither a task's own nor a database's."""
        handled = {id(node) for node in self._handled()}
        for node in self._root.walk():
            text = node.value if node.kind is Kind.SCALAR and isinstance(node.value, str) else None
            if text is None or id(node) in handled:
                continue
            if text == value and (inside or classify(_name_of(node), value).secret):
                return node
            if inside and len(value) >= _LONG_ENOUGH and value in text:
                return node
        return None

    def _handled(self) -> Iterator[Node]:
        for resource in resources(self._root):
            if resource.type in WORKLOADS:
                yield from _environments(resource.properties)
            elif (password := resource.properties.get(_FIELD)) is not None and resource in self._all:
                yield password

    def _line(self, node: Node) -> int:
        document = self._world.project.documents[node.root.source]
        return document.position(node.start)[0]

    def told(self, move: Move, sources: Sequence[Source], path: str) -> Move:
        """The move with what RDS brings along: another password, and so an order."""
        names = [each.name for each in self._all if any(each.name in source.shown for source in sources)]
        return with_order(move, sources, names, path)


def twice(name: str, where: str) -> Refusal:
    """Why a value stays that stands in another place too."""
    return Refusal(
        f"The value of {name} stands a second time {where}, in a place that isn't moved with it: changing "
        "one alone would part "
        "them, or leave the secret in the file. Move that one first, then run again."
    )


def not_here(name: str, databases: str) -> Refusal:
    """Why a value stays that a database has as its password."""
    return Refusal(
        f"The value of {name} is the master password of {databases} as well, and RDS can't take that over "
        "here. Let both refer "
        "to one secret by hand."
    )


def with_order(move: Move, sources: Sequence[Source], databases: list[str], where: str) -> Move:
    """A move in which RDS makes a new password: all tasks of the databases go together, in an order."""
    alone = all(source.changes for source in sources)
    named = listed([code(each) for each in databases])
    after = (_AFTER,) if alone else move.steps_after[1:2]
    return replace(
        move,
        alike=f"databases of {where}",
        effect=_EFFECT.format(named),
        rollout="",
        unknown=_UNKNOWN if alone else move.unknown,
        steps_before=(*move.steps_before, step(_ORDER.format(named))),
        steps_after=(_harmed(move.steps_after[0]), *after, *move.steps_after[2:]),
        notes=(*move.notes, _ROTATION.format(named)),
    )


def _harmed(deploying: Step) -> Step:
    """The step without its comfort: here the tasks that run already are touched."""
    return replace(
        deploying,
        parts=tuple(
            part.replace(steps.UNHARMED, "") if isinstance(part, str) else part for part in deploying.parts
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
_AFTER = step(
    "Start new tasks once more if any began during the update (",
    run("aws", "ecs", "update-service", "--force-new-deployment"),
    "): a container keeps the password that it got at its start.",
)
_ROTATION = (
    "RDS keeps the password of {} in a secret of its own and changes it every seven days. A task keeps the "
    "one from its start, so "
    "restart tasks after each change (an EventBridge rule can), or make the interval longer with `aws "
    "secretsmanager rotate-secret`."
)


def _environments(properties: Node) -> Iterator[Node]:
    """The values that move with a task or job: secrets by name and value, outside of conditions."""
    for above in properties.walk():
        for entry in above.entries:
            if entry.key == "Environment" and entry.value.kind is Kind.LIST and entry.value.tag is None:
                pairs = [(item.get("Name"), item.get("Value")) for item in entry.value.items]
                found = [(text_of(name), value) for name, value in pairs]
            elif entry.key == "LogConfiguration" and (options := entry.value.get("Options")) is not None:
                found = [(option.key, option.value) for option in options.entries]
            else:
                continue
            yield from (value for name, value in found if value is not None and _secret(name, value))


def _secret(name: str | None, value: Node) -> bool:
    text = raw_text(value)
    return bool(name) and bool(text) and classify(str(name), str(text)).secret


def _name_of(node: Node) -> str:
    """The key, or the `Name` beside it, of a value; of a parameter's default the parameter."""
    above = node.parent
    if above is None or above.kind is not Kind.MAP:
        return ""
    beside = text_of(above.get("Name"))
    own = next((entry.key for entry in above.entries if entry.value is node), "")
    if own == "Value" and beside:
        return beside
    if own == "Default" and above.parent is not None:
        return next((entry.key for entry in above.parent.entries if entry.value is above), own)
    return own
