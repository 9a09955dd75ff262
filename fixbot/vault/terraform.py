"""Terraform: the secret is a resource beside its task, without a value, and the role may read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fixbot.change import Add, Change
from fixbot.expression import fill, hosted, parts_of, refer
from fixbot.lens import Container, Task, Variable
from fixbot.model import Manual, Refusal
from fixbot.prose import code
from fixbot.step import Step
from fixbot.tree import Block, Kind, Node, Value
from fixbot.vault import raw_ecs, steps
from fixbot.vault.folder import Folder
from fixbot.vault.leak import Judge, Leak
from fixbot.vault.pointers import judged
from fixbot.vault.reference import key_of, store_name, store_part
from fixbot.vault.source import SSM, Move, Source
from fixbot.vault.terraform_databases import Databases
from fixbot.vault.terraform_role import granted
from fixbot.world import World

_TYPE = "aws_secretsmanager_secret"


def move(task: Task, moved: Sequence[Leak], world: World) -> Move | Refusal:
    """Where the values of a task in Terraform go."""
    folder = Folder(task, world)
    if task.owner is None or task.owner.style != "body":
        return Refusal("The task's resource isn't written in this folder; move the value where it is.")
    home = _Home(task, folder, world)
    databases = Databases(task, folder)
    sources: dict[int, Source | Refusal] = {leak.id: home.source(leak, databases) for leak in moved}
    there = {key: each for key, each in sources.items() if isinstance(each, Source)}
    going = [leak for leak in moved if leak.id in there]
    if not going:
        return Move(sources)
    grant = granted(task, home.label, list(there.values()), folder)
    if isinstance(grant, Refusal):
        return grant
    own = [leak for leak in going if there[leak.id].shown == home.shown]
    named = [leak for leak in going if not there[leak.id].shown.startswith("<")]
    creating = (*home.made(own, going, there), *raw_ecs.made(task, named, there, world.settings))
    found = raw_ecs.assemble(task, going, raw_ecs.Parts(there, grant, creating, raw_ecs.family_text(task)))
    if any(source.changes for source in there.values()):
        found = databases.told(found, list(there.values()), home.folder_name)
    changes = (*(home.secret() if own else ()), *found.changes)
    return replace(found, sources=sources, changes=changes, commands=(steps.PLAN,))


class _Home:
    """The secret of one task: its resource's name, its own name, and what refers to it."""

    def __init__(self, task: Task, folder: Folder, world: World) -> None:
        self.task = task
        self.folder = folder
        self.settings = world.settings
        labels = task.owner.labels if task.owner is not None else ()
        self.label = re.sub(r"\W", "_", labels[-1] if labels else task.name)
        self.resource = folder.free(_TYPE, self.label)
        self.arn = refer(_TYPE, self.resource, "arn")
        self.shown = f"<{self.arn.text}>"
        self.name = self._name()
        self.folder_name = task.path.rpartition("/")[0]

    def _name(self) -> Value:
        """The secret's name, its family in it as the file has it: a text, or a template of Terraform."""
        prefix = self.settings.secrets.prefix
        node = self.task.node.get("family") if self.task.node is not None else None
        source = self.folder.source(node) if node is not None and node.kind is Kind.CODE else ""
        parts = parts_of(source) if not re.search(r"\b(?:each|count)\.", source) else None
        if parts is None:
            return store_name(prefix, self.task.name)
        return fill(store_part(prefix), *parts)

    def source(self, leak: Leak, databases: Databases) -> Source | Refusal:
        """Where one value goes."""
        given = raw_ecs.given(leak, self.settings)
        if given is not None:
            return given
        shared = databases.source(leak)
        if shared is not None:
            return shared
        apart = leak.container.node.root.grammar.name != "hcl"
        if apart or self.settings.secrets.store == SSM:
            return raw_ecs.by_name(self.task, [leak], self.settings)[leak.id]
        kept = self._kept(leak)
        if kept is not None:
            return kept
        written = fill if leak.container.node.grammar.name == "hcl" else hosted
        return Source(
            written(self.arn, key_of("", leak.key)),
            f"key {code(leak.key)} of the new {code(f'{_TYPE}.{self.resource}')}",
            self.arn,
            self.shown,
        )

    def _kept(self, leak: Leak) -> Source | None:
        """A secret of the folder that is plainly this value's: named after it, and never filled with JSON."""
        word = re.sub(r"\W", "_", leak.name).lower()
        for block in self.folder.blocks(_TYPE):
            tail = word.removeprefix(block.name.lower())
            if tail not in ("", "_token", "_password", "_secret", "_key", "_api_key"):
                continue
            if any(block.node.get(key) is not None for key in ("count", "for_each")) or self._filled(
                block.address
            ):
                continue
            arn = refer(block.type, block.name, "arn")
            value: Value = arn if leak.container.node.grammar.name == "hcl" else hosted(arn)
            says = f"{code(block.address)}, which must hold this value alone"
            return Source(value, says, arn, f"<{arn.text}>")
        return None

    def _filled(self, address: str) -> bool:
        """Whether Terraform writes a version of the secret: what that holds is another matter."""
        versions = self.folder.blocks(f"{_TYPE}_version")
        return any(
            self.folder.index.mentions(each.text(each.node.get("secret_id")), address) for each in versions
        )

    def secret(self) -> tuple[Change, ...]:
        """The resource; its value is stored by a person, never by Terraform, whose state would show it."""
        owner = self.task.owner
        if owner is None:
            return ()
        block = Block((_TYPE, self.resource), {"name": self.name})
        return (Add(_root(owner), ("resource",), block, (".".join(owner.labels),)),)

    def made(
        self, own: Sequence[Leak], going: Sequence[Leak], there: Mapping[int, Source]
    ) -> tuple[Step, ...]:
        """The steps that fill the secrets: the task's own, and those that are here already."""
        kept = {
            there[leak.id].shown.strip("<>"): leak.name
            for leak in going
            if leak.way is None and leak not in own
        }
        found = [steps.fill_kept(arn, name) for arn, name in kept.items() if arn.startswith(f"{_TYPE}.")]
        if own:
            keys = list(dict.fromkeys(leak.key for leak in own))
            found.insert(0, steps.fill_resource(f"{_TYPE}.{self.resource}", keys))
        return tuple(found)


def _root(node: Node) -> Node:
    """The body of the file that a block stands in."""
    return node.root


def judge(task: Task, world: World) -> Judge:
    """Knows the values that Terraform fills in."""
    folder = Folder(task, world)

    def of(container: Container, variable: Variable) -> Source | Refusal | Manual | None:
        return judged(container, variable, folder)

    return of
