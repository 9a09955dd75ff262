"""Resources of a CloudFormation or SAM template that rules look at, with what their values stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from fixbot.document import Document
from fixbot.lens import Followed, Resource, ResourceType, branches, text_of, value_of
from fixbot.project import Reading
from fixbot.tree import ABSENT, NO_VALUE, UNKNOWN, Kind, Node

_GLOBALS = "AWS::Serverless::"


def read_resources(document: Document, root: Node, types: Iterable[ResourceType], reading: Reading) -> None:
    """Every resource of these types."""
    wanted = {each.cloudformation: each for each in types if each.cloudformation}
    listed = root.get("Resources")
    if not wanted or listed is None:
        return
    follower = partial(follow, root)
    for entry in listed.entries:
        owner = entry.value
        kind = wanted.get(text_of(owner.get("Type")) or "") if owner.kind is Kind.MAP else None
        if kind is None:
            continue
        properties = owner.get("Properties")
        if properties is not None and (not properties.known or properties.kind is not Kind.MAP):
            reading.skip(document, properties.start, f"the properties of {entry.key} are computed")
            continue
        node, prefix = (owner, ("Properties",)) if properties is None else (properties, ())
        named = node.get(kind.name) if kind.name and properties is not None else None
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
                inherited=_inherited(root, kind),
            )
        )


def _inherited(root: Node, kind: ResourceType) -> Mapping[str, Node]:
    """What SAM's `Globals` section gives to all resources of a serverless type."""
    if not kind.cloudformation.startswith(_GLOBALS):
        return {}
    shared = root.get("Globals", kind.cloudformation.removeprefix(_GLOBALS))
    return {entry.key: entry.value for entry in shared.entries} if shared is not None else {}


def follow(root: Node, node: Node) -> Followed:
    """A literal, the default of the parameter that `Ref` names, or what all branches of `Fn::If` agree on."""
    name = _referred(node)
    if name == NO_VALUE:
        return Followed(ABSENT, node)
    if name is not None:
        default = root.get("Parameters", name, "Default")
        if default is None:
            return Followed(UNKNOWN, node, f"the parameter {name} decides it, and has no default")
        return Followed(value_of(default), node, f"the default of the parameter {name} decides it")
    chosen = branches(node)
    values = {ABSENT if _referred(each) == NO_VALUE else Followed.literal(each).value for each in chosen}
    if len(values) == 1:
        return Followed(values.pop(), node, "a condition decides it")
    return Followed.literal(node)


def _referred(node: Node) -> str | None:
    """The name behind `!Ref X` or `{"Ref": "X"}`."""
    if node.tag == "!Ref" and isinstance(node.value, str):
        return node.value
    if node.kind is Kind.MAP and len(node.entries) == 1 and node.entries[0].key == "Ref":
        return text_of(node.entries[0].value)
    return None
