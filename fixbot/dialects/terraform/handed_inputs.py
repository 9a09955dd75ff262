"""What Terraform hands to something that isn't here: charts, manifests as text, modules that aren't known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from fixbot.dialects.handed_values import HandedValues, parse_values, read_handed_values
from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.edit.tree import Node, NodeKind
from fixbot.source.project import Inventory

_CHART: Final = "Not changed here: what the chart makes of it isn't known here. Change the value by hand."
_MANIFEST: Final = "Not changed here: the manifest is a text in Terraform. Change it there by hand."
_MODULE: Final = (
    "Not changed here: what the module makes of it isn't known here. Change the input by hand (a secret "
    "comes from a store, or from a variable that is marked `sensitive`)."
)
_OF_CHARTS: Final = ("values", "set", "set_sensitive", "set_list", "set_wo")
_TEXTS: Final = {
    "kubectl_manifest": "yaml_body",
    "kubernetes_manifest": "manifest",
    "k8s_manifest": "content",
}
_OF_CONTAINERS: Final = frozenset(
    ("privileged", "readonly_root_filesystem", "environment", "environment_variables", "env", "env_vars",
     "map_environment", "secrets", "security_context", "container_environment", "task_environment")
)  # fmt: skip
"""Inputs by whose names a module makes a container of them."""


def read_handed_inputs(indices: Iterable[FolderIndex], reading: Inventory) -> None:
    """Take in what says something outright, and say once a file that the rest is not known."""
    read = frozenset(id(each.node) for task in reading.tasks for each in task.containers)
    for index in indices:
        for block in index.blocks:
            if block.word == "module" and id(block.node) not in read:
                _read_module(block, read, reading)
            elif block.word == "resource" and block.type == "helm_release":
                for key in _OF_CHARTS:
                    _hand_on(block, _list_values(index, block, key), _CHART, read, reading)
            elif block.word == "resource" and block.type in _TEXTS:
                _hand_on(block, _list_values(index, block, _TEXTS[block.type]), _MANIFEST, read, reading)


def _read_module(block: TerraformBlock, read: frozenset[int], reading: Inventory) -> None:
    node = block.node
    given = next((entry for entry in node.entries if entry.key in _OF_CONTAINERS), None)
    handed = HandedValues(
        block.document, node, "module", block.name, _MODULE, node, "terraform", block.address, read
    )
    read_handed_values(handed, reading)
    known = any(id(each) in read for each in node.walk_tree())
    reason = "what a module that fixbot doesn't know makes of its inputs is not looked at"
    if given is not None and not known and (block.document.path, reason) not in reading.named:
        reading.named.add((block.document.path, reason))
        reading.add_unread(block.document, given.key_start, reason)


def _hand_on(
    block: TerraformBlock, nodes: Iterable[Node], why: str, read: frozenset[int], reading: Inventory
) -> None:
    for node in nodes:
        found = HandedValues(
            block.document, node, block.type, block.name, why, block.node, "terraform", block.address, read
        )
        read_handed_values(found, reading)


def _list_values(index: FolderIndex, block: TerraformBlock, key: str) -> Iterator[Node]:
    """The maps that stand at a key: blocks, objects, what `yamlencode` is given, YAML in a heredoc."""
    yield from block.node.list_items(key) if block.node.style == "body" else ()
    stack = [node for node in [index.resolve_local(block.node.find_node(key))] if node is not None]
    while stack:
        node = stack.pop()
        plain = all(item.kind is NodeKind.MAP for item in node.items)
        if node.kind is NodeKind.CALL or (node.kind is NodeKind.LIST and not plain):
            stack += reversed(node.items)
        elif node.style != "body" and (found := parse_values(block.document, node)) is not None:
            yield found
