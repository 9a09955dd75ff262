"""Resources of Terraform that rules look at: their companions, the modules that make them, and `.tf.json`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.edit.tree import UNKNOWN, Node, NodeKind, UnsetValue
from fixbot.lens import Companion, FollowedValue, Resource, ResourceType, text_of, value_of
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project

_VARIABLE = re.compile(r"var\.([\w-]+)")
_LOCAL = re.compile(r"local\.([\w-]+)")
_ALONE = re.compile(r"\$\{[ \t]*((?:var|local)\.[\w-]+)[ \t]*\}")
"""A whole value that is one reference, as a text that Terraform fills in has it."""
_MANY = ("count", "for_each")
_ELSEWHERE = ("each.", "var.", "local.", "module.", "data.")


def read_folder_resources(project: Project, index: FolderIndex, reading: Inventory) -> None:
    """Every resource of the types that are looked at in a folder, and the calls of modules that make one."""
    wanted = project.types_called("terraform")
    made_by: dict[str, list[ResourceType]] = {}
    for each in project.resource_types:
        for source in each.modules:
            made_by.setdefault(source, []).append(each)
    follower = partial(follow_value, index)
    for block in index.blocks:
        if value_of(block.node.find_node("count")) == 0:
            if block.type in wanted:
                reason = f"{block.address} is made nowhere (count = 0), and was not judged"
                reading.add_unread(block.document, block.node.start, reason)
        elif block.word == "resource":
            for kind in wanted.get(block.type, ()):
                named = block.node.find_node(*kind.path("terraform", kind.name)) if kind.name else None
                reading.resources.append(
                    Resource(
                        kind,
                        block.document.path,
                        "terraform",
                        text_of(index.resolve_local(named)) or block.name,
                        block.address,
                        block.node,
                        block.node,
                        lone=_is_lone(block.node),
                        follow=follower,
                        companion_name=block.name,
                        companions=dict(_find_companions(index, block, kind)),
                    )
                )
        elif block.word == "module" and made_by:
            source = text_of(block.node.find_node("source")) or ""
            for kind in made_by.get(source, ()):
                reading.resources.append(
                    Resource(
                        kind,
                        block.document.path,
                        "terraform",
                        block.name,
                        block.address,
                        block.node,
                        block.node,
                        lone=_is_lone(block.node),
                        follow=follower,
                        companion_name=block.name,
                        module=kind.modules[source],
                    )
                )


def read_json_resources(project: Project, reading: Inventory) -> None:
    """The same of `.tf.json` files, each read by itself: a companion in another file makes it unknown."""
    wanted = project.types_called("terraform")
    for document in project.documents.values() if wanted else ():
        if document.path.endswith((".tf.json", ".tofu.json")) and document.syntax == "json":
            for kind, address, label, node in _list_json_blocks(document, wanted):
                named = node.find_node(*kind.path("terraform", kind.name)) if kind.name else None
                reading.resources.append(
                    Resource(
                        kind,
                        document.path,
                        "terraform",
                        text_of(named) or label,
                        address,
                        node,
                        node,
                        lone=_is_lone(node),
                        companion_name=label,
                        companions=dict.fromkeys(kind.companions, UNKNOWN),
                    )
                )


def _list_json_blocks(
    document: Document, wanted: Mapping[str, Sequence[ResourceType]]
) -> Iterator[tuple[ResourceType, str, str, Node]]:
    for root in document.roots:
        for types in _list_maps(root.find_node("resource")):
            for entry in types.entries:
                for names in _list_maps(entry.value) if entry.key in wanted else ():
                    for each in names.entries:
                        for node in _list_maps(each.value):
                            address = f"{entry.key}.{each.key}"
                            yield from ((kind, address, each.key, node) for kind in wanted[entry.key])


def _list_maps(node: Node | None) -> list[Node]:
    """One object, or those of a list: JSON syntax allows either everywhere."""
    items = node.items if node is not None and node.kind is NodeKind.LIST else [node]
    return [item for item in items if item is not None and item.kind is NodeKind.MAP]


def _is_lone(node: Node) -> bool:
    return not any(node.find_entry(key) is not None for key in _MANY)


def _find_companions(
    index: FolderIndex, block: TerraformBlock, kind: ResourceType
) -> Iterator[tuple[str, Node | UnsetValue]]:
    """The companion that names a resource; UNKNOWN where several do, one of a set, or none can be told."""
    for canonical, companion in kind.companions.items():
        takers = [
            taker
            for taker, key in index.find_takers(block.address)
            if taker.word == "resource" and taker.type == companion.type and key == companion.refers_by
        ]
        if len(takers) == 1 and _is_lone(takers[0].node) and _is_lone(block.node):
            yield canonical, takers[0].node
        elif takers or any(
            _names_unknown_owner(each, companion) for each in index.find_by_type(companion.type)
        ):
            yield canonical, UNKNOWN


def _names_unknown_owner(block: TerraformBlock, companion: Companion) -> bool:
    """Whether no address tells whose companion it is (`each.value`, `var.bucket`, a name written out)."""
    written = block.node.find_node(companion.refers_by)
    text = block.source_of(written)
    return any(mark in text for mark in _ELSEWHERE) or text_of(written) is not None


def _follow_given(given: Sequence[Node], node: Node, variable: str) -> FollowedValue:
    """What files of values give a variable; UNKNOWN where they disagree: each may be of an environment."""
    values = [value_of(each) for each in given]
    names = list(dict.fromkeys(each.root_node.source.rpartition("/")[2] for each in given))
    if any(each != values[0] or type(each) is not type(values[0]) for each in values):
        why = f"{', '.join(names)} give it different values by the variable {variable}"
        return FollowedValue(UNKNOWN, node, why)
    return FollowedValue(values[0], node, f"{names[0]} gives it by the variable {variable}")


def follow_value(index: FolderIndex, node: Node) -> FollowedValue:
    """A literal, what `local.x` stands for, or the default of the variable that `var.x` names."""
    text = str(node.value) if node.kind in (NodeKind.CODE, NodeKind.SCALAR) else ""
    if (alone := _ALONE.fullmatch(text)) is not None:
        text = alone[1]
    elif node.kind is NodeKind.SCALAR:
        text = ""
    if (found := _VARIABLE.fullmatch(text)) is not None:
        block = index.by_address.get(f"variable.{found[1]}")
        if given := list(index.given_values(found[1])):
            return _follow_given(given, node, found[1])
        default = block.node.find_node("default") if block is not None else None
        if default is None or not default.is_known:
            return FollowedValue(
                UNKNOWN, node, f"the variable {found[1]} decides it, and has no default here"
            )
        return FollowedValue(value_of(default), node, f"the default of the variable {found[1]} decides it")
    if (found := _LOCAL.fullmatch(text)) is not None and found[1] in index.locals:
        settled = index.resolve_local(node)
        if settled is None or not settled.is_known:
            return FollowedValue(UNKNOWN, node, f"local.{found[1]} is computed")
        shared = index.count_uses(found[1]) > 1
        why = f"local.{found[1]} decides it, for others too" if shared else ""
        return FollowedValue(value_of(settled), settled, why)
    return FollowedValue.from_literal(node)
