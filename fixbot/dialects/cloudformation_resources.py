"""Resources of a CloudFormation or SAM template that rules look at, with what their values stand for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fixbot.edit.tree import ABSENT, NO_VALUE, UNKNOWN, Node, NodeKind
from fixbot.lens import (
    FollowedValue,
    Resource,
    ResourceType,
    condition_branches,
    text_of,
    value_of,
)
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project

_GLOBALS = "AWS::Serverless::"


def read_template_resources(project: Project, document: Document, root: Node, reading: Inventory) -> None:
    """Every resource of the types that are looked at."""
    wanted = project.types_called("cloudformation")
    listed = root.find_node("Resources")
    if not wanted or listed is None:
        return
    follower = partial(follow_value, root)
    for entry in listed.entries:
        owner = entry.value
        kinds = wanted.get(text_of(owner.find_node("Type")) or "", ()) if owner.kind is NodeKind.MAP else ()
        properties = owner.find_node("Properties") if kinds else None
        if properties is not None and (not properties.is_known or properties.kind is not NodeKind.MAP):
            reading.add_unread(document, properties.start, f"the properties of {entry.key} are computed")
            continue
        node, prefix = (owner, ("Properties",)) if properties is None else (properties, ())
        for kind in kinds:
            named = node.find_node(kind.name) if kind.name and properties is not None else None
            reading.resources.append(
                Resource(
                    kind,
                    document.path,
                    "cloudformation",
                    text_of(named) or entry.key,
                    entry.key,
                    node,
                    owner,
                    prefix,
                    follow=follower,
                    inherited=_inherited_properties(root, kind),
                )
            )


def _inherited_properties(root: Node, kind: ResourceType) -> Mapping[str, Node]:
    """What SAM's `Globals` section gives to all resources of a serverless type."""
    if not kind.cloudformation.startswith(_GLOBALS):
        return {}
    shared = root.find_node("Globals", kind.cloudformation.removeprefix(_GLOBALS))
    return {entry.key: entry.value for entry in shared.entries} if shared is not None else {}


def follow_value(root: Node, node: Node) -> FollowedValue:
    """A literal, the default of the parameter that `Ref` names, or what all branches of `Fn::If` agree on."""
    name = _referenced_name(node)
    if name == NO_VALUE:
        return FollowedValue(ABSENT, node)
    if name is not None:
        default = root.find_node("Parameters", name, "Default")
        if default is None:
            return FollowedValue(UNKNOWN, node, f"the parameter {name} decides it, and has no default")
        return FollowedValue(value_of(default), node, f"the default of the parameter {name} decides it")
    chosen = condition_branches(node)
    values = {
        ABSENT if _referenced_name(each) == NO_VALUE else FollowedValue.from_literal(each).value
        for each in chosen
    }
    if len(values) == 1:
        return FollowedValue(values.pop(), node, "a condition decides it")
    return FollowedValue.from_literal(node)


def _referenced_name(node: Node) -> str | None:
    """The name behind `!Ref X` or `{"Ref": "X"}`."""
    if node.tag == "!Ref" and isinstance(node.value, str):
        return node.value
    if node.kind is NodeKind.MAP and len(node.entries) == 1 and node.entries[0].key == "Ref":
        return text_of(node.entries[0].value)
    return None
