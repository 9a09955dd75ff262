"""What the Terraform files of one folder know of each other: their blocks by address, and their locals."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from fixbot.edit.tree import Node, NodeKind
from fixbot.source.discover import GIVEN
from fixbot.source.document import Document
from fixbot.source.project import Project

_LOCAL = re.compile(r"local\.([\w-]+)")
_USE = re.compile(r"\blocal\.([\w-]+)")
_ADDRESS = re.compile(r"(?<![\w.-])(?:data\.)?[\w-]+\.[\w-]+")
_TAKE = ("resource", "data", "module")
_COMMENT = re.compile(r"^[^\S\n]*+(?:#|//).*$", re.MULTILINE)
_LABELS = {"resource": 2, "data": 2, "module": 1, "provider": 1, "variable": 1}


@dataclass(frozen=True, slots=True)
class TerraformBlock:
    """One top-level block and the file it stands in."""

    document: Document
    word: str
    """`resource`, `data`, `module`, `locals`, …"""
    type: str
    name: str
    node: Node

    @property
    def address(self) -> str:
        """What Terraform calls it: `aws_iam_role.web`, `data.aws_iam_policy_document.web`, `module.web`."""
        if self.word == "resource" and self.type and self.name:
            return f"{self.type}.{self.name}"
        word = "" if self.word == "resource" else self.word
        return ".".join(filter(None, (word, self.type, self.name)))

    def source_of(self, node: Node | None) -> str:
        """The source of a value that stands in this block."""
        return "" if node is None else self.document.text[node.start : node.end]


_LOADED = tuple(f"{name}{ending}" for name in ("terraform", ".auto") for ending in GIVEN)
"""Names of files that Terraform reads without being told."""


@dataclass(slots=True)
class FolderIndex:
    """The blocks of a folder, in the order of its files."""

    documents: list[Document]
    blocks: list[TerraformBlock] = field(default_factory=list)
    by_address: dict[str, TerraformBlock] = field(default_factory=dict)
    locals: dict[str, tuple[Document, Node]] = field(default_factory=dict)
    _named: dict[str, frozenset[str]] = field(default_factory=dict)
    _takers: dict[str, list[tuple[TerraformBlock, str]]] | None = None
    _by_type: dict[tuple[str, str], list[TerraformBlock]] = field(default_factory=lambda: defaultdict(list))
    _used: Counter[str] = field(default_factory=Counter)

    def enter_block(self, block: TerraformBlock) -> None:
        """Take one more block in, behind the others."""
        self.blocks.append(block)
        self._by_type[block.type, block.word].append(block)
        self.by_address.setdefault(block.address, block)

    def find_by_type(self, type_: str, word: str = "resource") -> Iterator[TerraformBlock]:
        """The resources, or data sources, of a type."""
        return iter(self._by_type.get((type_, word), ()))

    def resolve_local(self, node: Node | None) -> Node | None:
        """A value, or what a `local.x` that it consists of stands for."""
        for _ in range(10):
            found = (
                _LOCAL.fullmatch(str(node.value)) if node is not None and node.kind is NodeKind.CODE else None
            )
            if found is None or found[1] not in self.locals:
                break
            node = self.locals[found[1]][1]
        return node

    def given_values(self, variable: str) -> Iterator[Node]:
        """What the folder's files of values give a variable, those first that Terraform reads unasked."""
        given = [each for each in self.documents if each.path.endswith(GIVEN)]
        for document in sorted(given, key=lambda each: not each.path.endswith(_LOADED)):
            for root in document.roots:
                if (node := root.find_node(variable)) is not None:
                    yield node

    def is_mentioned(self, text: str, address: str) -> bool:
        """Whether an expression names a block, itself or by a local."""
        return address in self._find_addresses(text)

    def find_takers(self, address: str) -> list[tuple[TerraformBlock, str]]:
        """The blocks with a value that names that one, each with the attribute."""
        if self._takers is None:
            self._takers = defaultdict(list)
            for block in self.blocks:
                for entry in block.node.entries if block.word in _TAKE else ():
                    for each in self._find_addresses(block.source_of(entry.value)):
                        self._takers[each].append((block, entry.key))
        return self._takers.get(address, [])

    def _find_addresses(self, text: str) -> frozenset[str]:
        """What looks like an address in an expression, or in the locals that it names."""
        found = self._named.get(text)
        if found is None:
            texts = [
                text,
                *(self._local_source(name) for name in _LOCAL.findall(text) if name in self.locals),
            ]
            found = self._named[text] = frozenset(name for each in texts for name in _ADDRESS.findall(each))
        return found

    def _local_source(self, name: str) -> str:
        document, node = self.locals[name]
        return document.text[node.start : node.end]

    def count_uses(self, name: str) -> int:
        """How often the folder's files say `local.name`, comments left out."""
        if not self._used:
            for document in self.documents:
                self._used.update(_USE.findall(_COMMENT.sub("", document.text)))
        return self._used[name]

    def provider_region(self) -> str | None:
        """The region of the folder's `provider "aws"`, where one is written out."""
        found = {
            self.resolve_local(each.node.find_node("region"))
            for each in self.blocks
            if each.word == "provider" and each.name == "aws" and each.node.find_entry("alias") is None
        }
        node = found.pop() if len(found) == 1 else None
        return node.text if node is not None else None


def index_folders(project: Project) -> list[FolderIndex]:
    """One index for each folder that holds Terraform files."""
    folders: dict[str, list[Document]] = defaultdict(list)
    for document in project.documents.values():
        if document.syntax == "hcl" or document.path.endswith(GIVEN):
            folders[posixpath.dirname(document.path)].append(document)
    return [_index_folder(documents) for documents in folders.values()]


def _index_folder(documents: list[Document]) -> FolderIndex:
    index = FolderIndex(documents)
    for document in documents:
        for root in document.roots:
            for entry in root.entries:
                if entry.value.style == "body":
                    _read_block(index, document, entry.key, entry.value)
    return index


def _read_block(index: FolderIndex, document: Document, word: str, node: Node) -> None:
    if word == "locals":
        for entry in node.entries:
            index.locals.setdefault(entry.key, (document, entry.value))
    labels = node.labels if len(node.labels) == _LABELS.get(word, 0) else ()
    type_, name = labels if len(labels) == 2 else ("", labels[0] if labels else "")
    block = TerraformBlock(document, word, type_, name, node)
    index.enter_block(block)
