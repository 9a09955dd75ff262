"""HCL through tree-sitter, straight from its concrete tree; JSON in heredocs is read as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import tree_sitter
import tree_sitter_hcl

from tests.oracle import read_json
from tests.oracle.nodes import Broken, Place, Reading

_LANGUAGE = tree_sitter.Language(tree_sitter_hcl.language())


def read(text: str) -> Reading:
    """The body: attributes by name, blocks as lists by type; labels in `(labels)`. Raises Broken."""
    tree = tree_sitter.Parser(_LANGUAGE).parse(text.encode())
    if tree.root_node.has_error:
        raise Broken("HCL that doesn't parse")
    reading = Reading("hcl", [], [])
    bodies = [each for each in tree.root_node.children if each.type == "body"]
    reading.roots = [_body(bodies[0], reading)] if bodies else []
    reading.comments = _comments(tree.root_node)
    return reading


def _comments(root: Any) -> list[str]:
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.type == "comment":
            found.append((node.start_byte, node.text.decode().strip()))
        stack.extend(node.children)
    return [text for _, text in sorted(found)]


def _place(node: Any, value: Any, **more: Any) -> Place:
    last = node.end_point.row + 1
    return Place(value, node.start_point.row + 1, last, column=node.start_point.column + 1, **more)


def _body(node: Any, reading: Reading) -> Place:
    made: dict[str, Place] = {}
    for child in node.children:
        if child.type == "attribute":
            key = child.children[0].text.decode()
            if key in made:
                reading.twice.append(f"{key} (line {child.start_point.row + 1})")
            made[key] = _value(child.children[-1], reading)
        elif child.type == "block":
            _block(child, made, reading)
    return _place(node, made)


def _block(node: Any, made: dict[str, Place], reading: Reading) -> None:
    kind = node.children[0].text.decode()
    labels = [
        _place(each, each.text.decode().strip('"'))
        for each in node.children[1:]
        if each.type in ("string_lit", "identifier")
    ]
    inner = next((each for each in node.children if each.type == "body"), None)
    body = _body(inner, reading) if inner is not None else _place(node, {})
    body.first, body.last = node.start_point.row + 1, node.end_point.row + 1
    body.column = node.start_point.column + 1
    if labels:
        body.value["(labels)"] = _place(node, labels)
    listed = made.setdefault(f"{kind}{{}}", _place(node, []))
    listed.value.append(body)


def _value(node: Any, reading: Reading) -> Place:
    while (
        node.type in ("expression", "literal_value", "collection_value", "template_expr")
        and len(node.children) == 1
    ):
        node = node.children[0]
    match node.type:
        case "object":
            return _object(node, reading)
        case "tuple":
            return _place(
                node, [_value(each, reading) for each in node.children if each.type == "expression"]
            )
        case "string_lit" | "quoted_template":
            return _string(node)
        case "numeric_lit" | "bool_lit" | "null_lit" | "true" | "false":
            return (
                _place(node, json.loads(node.text))
                if _is_json(node.text)
                else _place(node, node.text.decode())
            )
        case "heredoc_template":
            return _heredoc(node, reading)
        case "function_call":
            return _call(node, reading)
        case "conditional":
            parts = [_value(each, reading) for each in node.children if each.type == "expression"]
            return _place(node, {"(if)": _place(node, parts)})
        case _:
            return _place(node, " ".join(node.text.decode().split()), opaque=True)


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _object(node: Any, reading: Reading) -> Place:
    made: dict[str, Place] = {}
    for child in node.children:
        if child.type == "object_elem":
            key_node, value_node = child.children[0], child.children[-1]
            key = key_node.text.decode().strip()
            key = key[1:-1] if key.startswith('"') and key.endswith('"') and "${" not in key else key
            if key in made:
                reading.twice.append(f"{key} (line {child.start_point.row + 1})")
            made[key] = _value(value_node, reading)
    return _place(node, made)


def _string(node: Any) -> Place:
    text = node.text.decode()[1:-1]
    if re.search(r"(?<!\$)\$\{|(?<!%)%\{", text):
        return _place(node, text, opaque=True)
    try:
        decoded = json.loads(f'"{text}"', strict=False)
    except ValueError:
        decoded = text
    return _place(node, decoded.replace("$${", "${").replace("%%{", "%{"))


def _heredoc(node: Any, reading: Reading) -> Place:
    whole = node.text.decode()
    lines = whole.split("\n")
    inner = "\n".join(lines[1:-1])
    if inner.lstrip().startswith(("[", "{")):
        try:
            found = read_json.read(inner, node.start_point.row + 2)
        except Broken:
            return _place(node, inner, opaque=True)
        reading.twice += found.twice
        return _place(node, {f"{lines[0].strip()}json": found.roots[0]})
    return _place(node, inner, opaque="${" in inner)


def _call(node: Any, reading: Reading) -> Place:
    name = node.children[0].text.decode()
    arguments = next((each for each in node.children if each.type == "function_arguments"), None)
    given = (
        [each for each in arguments.children if each.type == "expression"] if arguments is not None else []
    )
    if name in ("jsonencode", "tolist", "tomap", "concat", "merge", "flatten", "toset") and given:
        return _place(node, {f"{name}()": _place(node, [_value(each, reading) for each in given])})
    return _place(node, " ".join(node.text.decode().split()), opaque=True)
