"""How a value leaves the file that makes its store: made anew, given from outside, or by an operator."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from fixbot.edit.change import Add, Change, Drop, Put
from fixbot.edit.tree import CannotEdit, CodeExpression, HclBlock, Node, Value
from fixbot.knowledge.secret_names import names_password
from fixbot.lens import Resource, text_of
from fixbot.secret_stores.aws_names import build_store_name
from fixbot.secret_stores.committed_values import WHOLE, CommittedValue
from fixbot.secret_stores.secret_operators import build_external_spec, find_store
from fixbot.text.command import OBJECT, SECRET

if TYPE_CHECKING:
    from fixbot.rules.context import Context

_BOUND: Final = re.compile(r"(>=|~>|>|=)?\s*(\d+)(?:\.(\d+))?")
_EPHEMERAL: Final = (1, 11)
"""The version of Terraform that has write-only arguments and ephemeral variables."""
_RESOLVES: Final = re.compile(r"resolve:secretsmanager|SecretTargetAttachment")


def generate_instead(secret: Resource, value: CommittedValue) -> list[Change]:
    """CloudFormation: a password is made anew where all else there is known; anything else just goes."""
    node = secret.slot("SecretString").found
    if node is None:
        raise CannotEdit("no SecretString stands there")
    made: list[Change] = [Drop(value.node)]
    others = {key: text for key, text in value.texts.items() if key not in value.secret}
    name = value.secret[0] or secret.name
    if len(value.secret) == 1 and names_password(name) and value.is_literal:
        wanted: dict[str, Value] = {"PasswordLength": 32, "ExcludeCharacters": '"@/\\'}
        if value.secret[0] != WHOLE:
            wanted = {"SecretStringTemplate": json.dumps(others), "GenerateStringKey": name, **wanted}
        made.append(secret.slot("GenerateSecretString", near=("SecretString", "Name")).set(wanted))
    return made


def is_resolved_here(secret: Resource, world: Context) -> bool:
    """Whether a template that makes a secret also hands its value to something when it is deployed."""
    text = world.project.documents[secret.path].text
    return _RESOLVES.search(text) is not None and secret.address in text


def give_from_outside(
    resource: Resource, value: CommittedValue, written: str, world: Context
) -> list[Change]:
    """Terraform: the argument's write-only twin, and an ephemeral variable. Raises CannotEdit."""
    root = resource.owner.root_node
    if not root.grammar.has_expressions:
        raise CannotEdit("a variable in .tf.json would stand in a file of its own")
    taken = {
        label
        for document in world.project.documents_in_folder(resource.path)
        for each in document.roots
        for block in (each.list_items("variable") if each.style == "body" else ())
        for label in block.labels
    }
    name = resource.address.rpartition(".")[2].replace("-", "_")
    name = name if name not in taken else f"{name}_value"
    if name in taken:
        raise CannotEdit(f"there are variables {name.removesuffix('_value')} and {name} already")
    block = HclBlock(("variable", name)[1:], {"type": CodeExpression("string"), "ephemeral": True})
    return [
        Drop(value.node),
        Put(resource.node, (f"{written}_wo",), CodeExpression(f"var.{name}"), (written,)),
        Put(resource.node, (f"{written}_wo_version",), 1, (f"{written}_wo", written)),
        Add(root, ("variable",), block),
    ]


def knows_ephemeral(resource: Resource, world: Context) -> bool:
    """Whether the folder asks for a Terraform that has write-only arguments."""
    return any(version >= _EPHEMERAL for version in _list_required(resource, world))


def _list_required(resource: Resource, world: Context) -> Iterator[tuple[int, int]]:
    for document in world.project.documents_in_folder(resource.path):
        for root in document.roots if document.syntax == "hcl" else ():
            for block in root.list_items("terraform"):
                asked = text_of(block.find_node("required_version")) or ""
                bounds = [_BOUND.match(part.strip()) for part in asked.split(",")]
                yield from ((int(b[2]), int(b[3] or 0)) for b in bounds if b is not None)


def is_patch(secret: Resource, world: Context) -> bool:
    """Whether the folder's kustomization takes the file for a patch of an object, and not for the object."""
    name = posixpath.basename(secret.path)
    return any(
        str(each.value) in (name, f"./{name}")
        for document in world.project.documents_in_folder(secret.path)
        if posixpath.basename(document.path).lower().startswith("kustomization")
        for root in document.roots
        for key in ("patches", "patchesStrategicMerge", "patchesJson6902")
        if (listed := root.find_node(key)) is not None
        for each in listed.walk_tree()
    )


def bring_by_operator(
    secret: Resource, value: CommittedValue, world: Context
) -> tuple[list[Change], str] | None:
    """Kubernetes: the object becomes an ExternalSecret of the same name; with the key in the store."""
    found, node = find_store(world), secret.node
    if found is None or (text_of(node.find_node("type")) or "Opaque") != "Opaque":
        return None
    version, store, kind = found
    space = text_of(node.find_node("metadata", "namespace")) or ""
    remote = build_store_name(world.settings.secrets.prefix, "/".join(filter(None, (space, secret.name))))
    if not OBJECT.is_fitting(secret.name) or not SECRET.is_fitting(remote):
        return None
    gone: list[Node] = [
        n for key in ("data", "stringData", "type", "immutable") if (n := node.find_node(key))
    ]
    spec = build_external_spec(secret.name, (store, kind), remote, list(value.texts))
    return [
        Put(node, ("apiVersion",), version), Put(node, ("kind",), "ExternalSecret"),
        *map(Drop, gone), Put(node, ("spec",), spec, ("metadata",)),
    ], remote  # fmt: skip
