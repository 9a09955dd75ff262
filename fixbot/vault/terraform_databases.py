"""A literal that Terraform gives to a task and to a database: RDS keeps it, or nothing moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fixbot.change import Change, Drop, Put
from fixbot.dialects.terraform.ecs import WORKLOADS
from fixbot.dialects.terraform.index import Block
from fixbot.expression import fill, hosted, refer
from fixbot.knowledge.secrets import classify
from fixbot.lens import Task, text_of
from fixbot.model import Refusal
from fixbot.prose import code
from fixbot.tree import Kind, Node
from fixbot.vault import rds
from fixbot.vault.folder import Folder
from fixbot.vault.leak import Leak
from fixbot.vault.reference import key_of
from fixbot.vault.source import Move, Source

_PASSWORDS = {"aws_db_instance": "password", "aws_rds_cluster": "master_password"}
_REPLICAS = (
    "replicate_source_db",
    "replication_source_identifier",
    "global_cluster_identifier",
    "manage_master_user_password",
)


class Databases:
    """The databases of a folder, asked for those that share a task's literal."""

    def __init__(self, task: Task, folder: Folder) -> None:
        self._task = task
        self._folder = folder

    def source(self, leak: Leak) -> Source | Refusal | None:
        """The source of a value that is a database's password too; a reason where it can't become one."""
        value = leak.text
        if value is None:
            return None
        sharing = [each for each in self._databases() if text_of(self._password(each)) == value]
        elsewhere = self._elsewhere(value, sharing)
        if elsewhere is not None:
            return rds.twice(leak.name, f"in {self._folder.line(elsewhere)}")
        if not sharing:
            return None
        one = sharing[0]
        if len(sharing) > 1 or any(one.node.get(key) is not None for key in _REPLICAS) or _many(one):
            return rds.not_here(leak.name, ", ".join(each.address for each in sharing))
        return self._managed(one, leak)

    def _databases(self) -> Iterator[Block]:
        return self._folder.blocks(*_PASSWORDS)

    @staticmethod
    def _password(database: Block) -> Node | None:
        return database.node.get(_PASSWORDS[database.type])

    def _managed(self, database: Block, leak: Leak) -> Source | Refusal:
        arn = refer(database.type, database.name, "master_user_secret", "[0]", "secret_arn")
        password = self._password(database)
        if password is None or leak.container.node.root.grammar.name != "hcl":
            return rds.not_here(leak.name, database.address)
        near = ("username", "master_username", "engine")
        changes: tuple[Change, ...] = (
            Drop(password),
            Put(database.node, ("manage_master_user_password",), True, near),
        )
        written = fill if leak.container.node.grammar.name == "hcl" else hosted
        return Source(
            written(arn, key_of("", "password")),
            f"the secret that RDS keeps for {code(database.address)}",
            arn,
            f"<{arn.text}>",
            changes=changes,
        )

    def told(self, move: Move, sources: Sequence[Source], where: str) -> Move:
        """The move with what RDS brings along."""
        named = [each.address for each in self._databases() if any(each.address in s.shown for s in sources)]
        return rds.with_order(move, sources, named, where)

    def _elsewhere(self, value: str, sharing: Sequence[Block]) -> Node | None:
        handled = {id(self._password(each)) for each in sharing}
        for block in self._folder.index.blocks:
            if block.type in WORKLOADS and block.word == "resource":
                continue
            for node in block.node.walk():
                text = node.value if node.kind is Kind.SCALAR and isinstance(node.value, str) else None
                if text is None or id(node) in handled or self._own(node):
                    continue
                if text == value and (sharing or classify(_key(node), value).secret):
                    return node
        return None

    def _own(self, node: Node) -> bool:
        """Whether a value is one of the task's own (its containers may stand in a local)."""
        return any(
            variable.value is node
            for container in self._task.containers
            for variable in (*container.environment, *container.log_options)
        )


def _many(database: Block) -> bool:
    return any(database.node.get(key) is not None for key in ("count", "for_each"))


def _key(node: Node) -> str:
    above = node.parent
    if above is None or above.kind is not Kind.MAP:
        return ""
    own = next((entry.key for entry in above.entries if entry.value is node), "")
    return above.labels[-1] if own == "default" and above.labels else own
