"""The Terraform files around a task, looked at only when something must be known of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property

from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock, index_folders
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Task
from fixbot.rules.context import Context

_WHOLE = re.compile(r'"\$\{((?:[^{}"]|"[^"]*")*)\}"')
_LOCAL = re.compile(r"local\.([\w-]+)(.*)", re.DOTALL)
_WRAPPED = re.compile(r"(?:non)?sensitive\((.*)\)", re.DOTALL)


class TerraformFolder:
    """The blocks of the folder of a task's Terraform file."""

    def __init__(self, task: Task, world: Context) -> None:
        self._here = posixpath.dirname(task.path)
        self.world = world

    @cached_property
    def index(self) -> FolderIndex:
        """The blocks by address, and the locals."""
        for each in index_folders(self.world.project):
            if posixpath.dirname(each.documents[0].path) == self._here:
                return each
        return FolderIndex([])

    def source_of(self, node: Node) -> str:
        """The text of a value in any file of the project."""
        document = self.world.project.documents.get(node.root_node.source)
        return "" if document is None else document.text[node.start : node.end]

    def expression_of(self, node: Node) -> str:
        """A value as an expression: locals followed, the quotes of `"${x}"` and `sensitive()` taken off."""
        text = self.source_of(node).strip()
        # In HCL itself a string without a template has `${` only where its source writes `$${`.
        template = node.kind is NodeKind.SCALAR and not node.grammar.has_expressions
        if template and isinstance(node.value, str) and "${" in node.value:
            text = f'"{node.value}"'
        for _ in range(10):
            found = _WHOLE.fullmatch(text) or _WRAPPED.fullmatch(text)
            local = _LOCAL.fullmatch(text)
            if found is not None:
                text = found[1].strip()
            elif local is not None and local[1] in self.index.locals:
                text = self.source_of(self.index.locals[local[1]][1]).strip() + local[2]
            else:
                break
        return text

    def find_block(self, address: str) -> TerraformBlock | None:
        """The block of that address."""
        return self.index.by_address.get(address)

    def find_blocks(self, *types: str) -> Iterator[TerraformBlock]:
        """The resources of some types."""
        return (each for each in self.index.blocks if each.word == "resource" and each.type in types)

    def find_free_name(self, type_: str, name: str) -> str:
        """The name, or one with a number behind it that no resource of the type has."""
        taken = {each.name for each in self.find_blocks(type_)}
        names = [name, *(f"{name}_{n}" for n in range(2, len(taken) + 3))]
        return next(each for each in names if each not in taken)

    def format_line(self, node: Node) -> str:
        """`main.tf:12`, where a value stands."""
        document = self.world.project.documents[node.root_node.source]
        return f"{posixpath.basename(document.path)}:{document.locate_offset(node.start)[0]}"
