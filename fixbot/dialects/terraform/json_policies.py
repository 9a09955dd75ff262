"""Policies of `.tf.json` files: read, so that what is wrong in them is seen, and never changed.

Source: Terraform's JSON configuration syntax (blocks are objects, or lists of them; texts are templates).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from fixbot.dialects import iam
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import text_of
from fixbot.lens.partial import hold_in_list, hold_in_map, hold_text
from fixbot.source.document import Document
from fixbot.source.project import Inventory

_HOLDERS: Final = re.compile(
    r"aws_iam_(?:user_|group_|role_)?policy|aws_iam_role|aws_ssoadmin_permission_set_inline_policy"
)
_PLACES: Final = ("policy", "inline_policy", "assume_role_policy")
_WHY: Final = (
    "Not changed here: it stands in a .tf.json file, where fixbot writes no policies. Change it by hand, or "
    "in the program that makes the file."
)


def read_json_policies(
    document: Document, blocks: Iterable[tuple[str, Node]], reading: Inventory
) -> Iterator[str]:
    """Take in the policies of these blocks; the addresses of those that were read wholly."""
    for address, written in blocks:
        node = written.items[0] if written.items else written
        if address.startswith("data.aws_iam_policy_document."):
            held = hold_in_map([("Statement", _build_statements(node))], node)
            _add_policy(document, address, node, held, reading)
            listed = node.find_node("statement")
            if listed is None or listed.kind is not NodeKind.SCALAR:
                yield address
        elif _HOLDERS.fullmatch(address.partition(".")[0]):
            places = list(_list_texts(node))
            found = [(place, iam.read_quoted_policy(text)) for place, text in places]
            for place, policy in found:
                if policy is not None:
                    own = address if place == "policy" else f"{address}/{place}"
                    _add_policy(document, own, node, policy, reading)
            if all(policy is not None for _, policy in found):
                yield address


def _add_policy(document: Document, address: str, owner: Node, node: Node, reading: Inventory) -> None:
    name = text_of(owner.find_node("name")) or address.partition("/")[0].rpartition(".")[2]
    found = iam.build_policy(document, node, "terraform", name, address)
    found.owner, found.uneditable = owner, _WHY
    found.holders = (address.partition(".")[0],)
    found.escape, found.unescape = iam.escape_template, iam.unescape_template
    if address.endswith("/assume_role_policy"):
        found.kind = "trust"
    trust = owner.find_node("assume_role_policy")
    found.principals = iam.trusted_services(iam.read_quoted_policy(trust) if trust is not None else None)
    reading.policies.append(found)


def _list_texts(node: Node) -> Iterator[tuple[str, Node]]:
    for place in _PLACES:
        held = node.find_node(place)
        inner = held.items if held is not None and held.kind is NodeKind.LIST else [held]
        for each in inner:
            text = each.find_node("policy") if each is not None and each.kind is NodeKind.MAP else each
            if text is not None and "data.aws_iam_policy_document." not in str(text.value):
                yield place, text


def _build_statements(node: Node) -> Node:
    listed = node.find_node("statement")
    items = [] if listed is None else listed.items if listed.kind is NodeKind.LIST else [listed]
    return hold_in_list((_build_statement(each) for each in items if each.kind is NodeKind.MAP), node)


def _build_statement(node: Node) -> Node:
    effect = node.find_node("effect")
    entries = [("Effect", hold_text("Allow", node) if effect is None else effect)]
    entries += [
        (iam.ELEMENTS[entry.key], entry.value)
        for entry in node.entries
        if entry.key in iam.ELEMENTS and entry.key != "effect"
    ]
    tests: dict[str, list[tuple[str, Node]]] = {}
    condition = node.find_node("condition")
    items = [] if condition is None else condition.items or [condition]
    for each in items:
        test, variable, values = map(each.find_node, ("test", "variable", "values"))
        if test is not None and variable is not None and values is not None:
            tests.setdefault(text_of(test) or "", []).append((text_of(variable) or "", values))
    if items:
        held = [(test, hold_in_map(pairs, node)) for test, pairs in tests.items()]
        entries.append(("Condition", hold_in_map(held, node)))
    return hold_in_map(entries, node)
