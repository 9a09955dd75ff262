"""A literal that Terraform gives to a task and to a database: RDS keeps it, or nothing moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fixbot.dialects.terraform.container_modules import is_container_module
from fixbot.dialects.terraform.folder_index import TerraformBlock
from fixbot.dialects.terraform.task_definitions import WORKLOADS
from fixbot.edit.change import Change, Drop, Put
from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.classify_secrets import classify_value
from fixbot.lens import Task, text_of
from fixbot.model.findings import Refusal
from fixbot.secret_stores import cloudformation_databases
from fixbot.secret_stores.aws_names import build_key_reference
from fixbot.secret_stores.secret_leaks import SecretLeak
from fixbot.secret_stores.secret_source import SecretMove, SecretSource
from fixbot.secret_stores.terraform_folder import TerraformFolder
from fixbot.syntax.hcl.expressions import build_hosted_text, build_reference, build_template
from fixbot.text.markdown_escape import mark_code

_PASSWORDS = {"aws_db_instance": "password", "aws_rds_cluster": "master_password"}
_REPLICAS = (
    "replicate_source_db",
    "replication_source_identifier",
    "global_cluster_identifier",
    "manage_master_user_password",
)

_TAKEN_BY = frozenset((
    "replicate_source_db", "replication_source_identifier", "source_db_cluster_identifier",
    "db_instance_identifier", "db_cluster_identifier",
))  # fmt: skip
"""Arguments by which a replica, a global cluster or a proxy names the database that it is made of."""


class FolderDatabases:
    """The databases of a folder, asked for those that share a task's literal."""

    def __init__(self, task: Task, folder: TerraformFolder) -> None:
        self._task = task
        self._folder = folder

    def find_source(self, leak: SecretLeak) -> SecretSource | Refusal | None:
        """The source of a value that is a database's password too; a reason where it can't become one."""
        value = leak.text
        if value is None:
            return None
        sharing = [each for each in self._iterate_databases() if text_of(self._find_password(each)) == value]
        elsewhere = self._find_elsewhere(value, sharing)
        if elsewhere is not None:
            return cloudformation_databases.refuse_second_place(
                leak.name, f"in {self._folder.format_line(elsewhere)}"
            )
        if not sharing:
            return None
        one = sharing[0]
        if (
            len(sharing) > 1
            or any(one.node.find_node(key) is not None for key in _REPLICAS)
            or self._is_source(one)
            or _is_one_of_many(one)
        ):
            return cloudformation_databases.refuse_database(
                leak.name, ", ".join(each.address for each in sharing)
            )
        return self._managed_source(one, leak)

    def _is_source(self, database: TerraformBlock) -> bool:
        """Whether a replica, a global cluster or a proxy is made of it."""
        takers = self._folder.index.find_takers(database.address)
        return any(key in _TAKEN_BY and not block.type.endswith("snapshot") for block, key in takers)

    def _iterate_databases(self) -> Iterator[TerraformBlock]:
        return self._folder.find_blocks(*_PASSWORDS)

    @staticmethod
    def _find_password(database: TerraformBlock) -> Node | None:
        return database.node.find_node(_PASSWORDS[database.type])

    def _managed_source(self, database: TerraformBlock, leak: SecretLeak) -> SecretSource | Refusal:
        arn = build_reference(database.type, database.name, "master_user_secret", "[0]", "secret_arn")
        password = self._find_password(database)
        if password is None or not leak.container.node.root_node.grammar.has_expressions:
            return cloudformation_databases.refuse_database(leak.name, database.address)
        near = ("username", "master_username", "engine")
        changes: tuple[Change, ...] = (
            Drop(password),
            Put(database.node, ("manage_master_user_password",), True, near),
        )
        written = build_template if leak.container.node.grammar.has_expressions else build_hosted_text
        return SecretSource(
            written(arn, build_key_reference("", "password")),
            f"the secret that RDS keeps for {mark_code(database.address)}",
            arn,
            f"<{arn.text}>",
            changes=changes,
        )

    def add_order(self, move: SecretMove, sources: Sequence[SecretSource], where: str) -> SecretMove:
        """The move with what RDS brings along."""
        named = [
            each.address
            for each in self._iterate_databases()
            if any(each.address in s.shown for s in sources)
        ]
        return cloudformation_databases.order_move(move, sources, named, where)

    def _find_elsewhere(self, value: str, sharing: Sequence[TerraformBlock]) -> Node | None:
        handled = {id(self._find_password(each)) for each in sharing}
        for block in self._folder.index.blocks:
            if (block.type in WORKLOADS and block.word == "resource") or is_container_module(block):
                continue
            for node in block.node.walk_tree():
                text = node.value if node.kind is NodeKind.SCALAR and isinstance(node.value, str) else None
                if text is None or id(node) in handled or self._is_own_value(node):
                    continue
                if text == value and (sharing or classify_value(_key_of_value(node), value).is_secret):
                    return node
        return None

    def _is_own_value(self, node: Node) -> bool:
        """Whether a value is one of the task's own (its containers may stand in a local)."""
        return any(
            variable.value is node
            for container in self._task.containers
            for variable in (*container.environment, *container.log_options)
        )


def _is_one_of_many(database: TerraformBlock) -> bool:
    return any(database.node.find_node(key) is not None for key in ("count", "for_each"))


def _key_of_value(node: Node) -> str:
    above = node.parent
    if above is None or above.kind is not NodeKind.MAP:
        return ""
    own = next((entry.key for entry in above.entries if entry.value is node), "")
    return above.labels[-1] if own == "default" and above.labels else own
