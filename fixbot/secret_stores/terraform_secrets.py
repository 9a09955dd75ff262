"""Terraform: the secret is a resource beside its task, without a value, and the role may read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fixbot.edit.change import Add, Change
from fixbot.edit.tree import HclBlock, Node, NodeKind, Value
from fixbot.lens import Container, Task, Variable
from fixbot.model.findings import Manual, Refusal
from fixbot.rules.context import Context
from fixbot.secret_stores import secret_steps, task_definition_secrets
from fixbot.secret_stores.aws_names import build_key_reference, build_store_name, build_store_part
from fixbot.secret_stores.secret_leaks import Judge, SecretLeak
from fixbot.secret_stores.secret_source import SSM, SecretMove, SecretSource
from fixbot.secret_stores.terraform_databases import FolderDatabases
from fixbot.secret_stores.terraform_folder import TerraformFolder
from fixbot.secret_stores.terraform_pointers import judge_terraform_value
from fixbot.secret_stores.terraform_role import grant_to_terraform_role
from fixbot.syntax.hcl.expressions import build_hosted_text, build_reference, build_template, split_template
from fixbot.text.markdown_escape import mark_code
from fixbot.text.step import Step

_TYPE = "aws_secretsmanager_secret"


def move_to_terraform_secret(task: Task, moved: Sequence[SecretLeak], world: Context) -> SecretMove | Refusal:
    """Where the values of a task in Terraform go."""
    folder = TerraformFolder(task, world)
    if task.owner is None or task.owner.style != "body":
        return Refusal("The task's resource isn't written in this folder; move the value where it is.")
    home = _TerraformSecret(task, folder, world)
    databases = FolderDatabases(task, folder)
    sources: dict[int, SecretSource | Refusal] = {
        leak.id: home.choose_source(leak, databases) for leak in moved
    }
    there = {key: each for key, each in sources.items() if isinstance(each, SecretSource)}
    going = [leak for leak in moved if leak.id in there]
    if not going:
        return SecretMove(sources)
    grant = grant_to_terraform_role(task, home.label, list(there.values()), folder)
    if isinstance(grant, Refusal):
        return grant
    own = [leak for leak in going if there[leak.id].shown == home.shown]
    named = [leak for leak in going if not there[leak.id].shown.startswith("<")]
    creating = (
        *home.build_store_steps(own, going, there),
        *task_definition_secrets.build_store_steps(task, named, there, world.settings),
    )
    found = task_definition_secrets.assemble_move(
        task,
        going,
        task_definition_secrets.MoveParts(there, grant, creating, task_definition_secrets.read_family(task)),
    )
    if any(source.changes for source in there.values()):
        found = databases.add_order(found, list(there.values()), home.folder_name)
    changes = (*(home.build_secret() if own else ()), *found.changes)
    return replace(found, sources=sources, changes=changes, commands=(secret_steps.PLAN,))


class _TerraformSecret:
    """The secret of one task: its resource's name, its own name, and what refers to it."""

    def __init__(self, task: Task, folder: TerraformFolder, world: Context) -> None:
        self.task = task
        self.folder = folder
        self.settings = world.settings
        labels = task.owner.labels if task.owner is not None else ()
        self.label = re.sub(r"\W", "_", labels[-1] if labels else task.name)
        self.resource = folder.find_free_name(_TYPE, self.label)
        self.arn = build_reference(_TYPE, self.resource, "arn")
        self.shown = f"<{self.arn.text}>"
        self.name = self._build_name()
        self.folder_name = task.path.rpartition("/")[0]

    def _build_name(self) -> Value:
        """The secret's name, its family in it as the file has it: a text, or a template of Terraform."""
        prefix = self.settings.secrets.prefix
        node = self.task.node.find_node("family") if self.task.node is not None else None
        source = self.folder.source_of(node) if node is not None and node.kind is NodeKind.CODE else ""
        parts = split_template(source) if not re.search(r"\b(?:each|count)\.", source) else None
        if parts is None:
            return build_store_name(prefix, self.task.name)
        return build_template(build_store_part(prefix), *parts)

    def choose_source(self, leak: SecretLeak, databases: FolderDatabases) -> SecretSource | Refusal:
        """Where one value goes."""
        given = task_definition_secrets.find_existing_source(leak, self.settings)
        if given is not None:
            return given
        shared = databases.find_source(leak)
        if shared is not None:
            return shared
        apart = not leak.container.node.root_node.grammar.has_expressions
        if apart or self.settings.secrets.store == SSM:
            return task_definition_secrets.sources_by_name(self.task, [leak], self.settings)[leak.id]
        kept = self._find_existing(leak)
        if kept is not None:
            return kept
        written = build_template if leak.container.node.grammar.has_expressions else build_hosted_text
        return SecretSource(
            written(self.arn, build_key_reference("", leak.key)),
            f"key {mark_code(leak.key)} of the new {mark_code(f'{_TYPE}.{self.resource}')}",
            self.arn,
            self.shown,
        )

    def _find_existing(self, leak: SecretLeak) -> SecretSource | None:
        """A secret of the folder that is plainly this value's: named after it, and never filled with JSON."""
        word = re.sub(r"\W", "_", leak.name).lower()
        for block in self.folder.find_blocks(_TYPE):
            tail = word.removeprefix(block.name.lower())
            if tail not in ("", "_token", "_password", "_secret", "_key", "_api_key"):
                continue
            if any(block.node.find_node(key) is not None for key in ("count", "for_each")) or self._is_filled(
                block.address
            ):
                continue
            arn = build_reference(block.type, block.name, "arn")
            value: Value = arn if leak.container.node.grammar.has_expressions else build_hosted_text(arn)
            says = f"{mark_code(block.address)}, which must hold this value alone"
            return SecretSource(value, says, arn, f"<{arn.text}>")
        return None

    def _is_filled(self, address: str) -> bool:
        """Whether Terraform writes a version of the secret: what that holds is another matter."""
        versions = self.folder.find_blocks(f"{_TYPE}_version")
        return any(
            self.folder.index.is_mentioned(each.source_of(each.node.find_node("secret_id")), address)
            for each in versions
        )

    def build_secret(self) -> tuple[Change, ...]:
        """The resource; its value is stored by a person, never by Terraform, whose state would show it."""
        owner = self.task.owner
        if owner is None:
            return ()
        block = HclBlock((_TYPE, self.resource), {"name": self.name})
        return (Add(_root_body(owner), ("resource",), block, (".".join(owner.labels),)),)

    def build_store_steps(
        self, own: Sequence[SecretLeak], going: Sequence[SecretLeak], there: Mapping[int, SecretSource]
    ) -> tuple[Step, ...]:
        """The steps that fill the secrets: the task's own, and those that are here already."""
        kept = {
            there[leak.id].shown.strip("<>"): leak.name
            for leak in going
            if leak.way is None and leak not in own
        }
        found = [
            secret_steps.fill_existing_step(arn, name)
            for arn, name in kept.items()
            if arn.startswith(f"{_TYPE}.")
        ]
        if own:
            keys = list(dict.fromkeys(leak.key for leak in own))
            found.insert(0, secret_steps.fill_resource_step(f"{_TYPE}.{self.resource}", keys))
        return tuple(found)


def _root_body(node: Node) -> Node:
    """The body of the file that a block stands in."""
    return node.root_node


def build_terraform_judge(task: Task, world: Context) -> Judge:
    """Knows the values that Terraform fills in."""
    folder = TerraformFolder(task, world)

    def judge_value(container: Container, variable: Variable) -> SecretSource | Refusal | Manual | None:
        return judge_terraform_value(container, variable, folder)

    return judge_value
