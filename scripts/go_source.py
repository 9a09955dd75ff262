"""Reads Go source: what the functions, variables and constants of a package are called, and stand for."""  # noqa: INP001 - beside scripts

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import tree_sitter_go
from tree_sitter import Language, Node, Parser

CONSTANT = re.compile(r'^\s*(\w+)\s*=\s*"([\w-]*)"', re.MULTILINE)
FUNCTIONS = ("function_declaration", "method_declaration", "func_literal")

PARSER = Parser(Language(tree_sitter_go.language()))


class Computed(ValueError):
    """A schema that is made by statements: nothing can be read from it."""


class Changed(ValueError):
    """A schema that statements make of another one."""

    def __init__(self, base: Node) -> None:
        """Of which one."""
        super().__init__(source_of(base))
        self.base = base


@dataclass
class Package:
    """One folder of Go, and what its functions, variables and constants are called."""

    folder: Path
    constants: dict[str, str]

    @cached_property
    def roots(self) -> dict[str, Node]:
        """Its files, parsed, by name."""
        paths = sorted(
            each for each in self.folder.glob("*.go") if not each.name.endswith(("_test.go", "_gen.go"))
        )
        return {each.name: PARSER.parse(each.read_bytes()).root_node for each in paths}

    @cached_property
    def named(self) -> dict[str, Node]:
        """Functions and package variables by name."""
        found = {}
        for root in self.roots.values():
            for each in root.children:
                if each.type == "function_declaration":
                    found[source_of(each.child_by_field_name("name"))] = each
                if each.type == "var_declaration":
                    for spec in walk_kind(each, "var_spec"):
                        found[source_of(spec.child_by_field_name("name"))] = spec
        return found

    @cached_property
    def own_constants(self) -> dict[str, str]:
        """Constants of the package that hold a text."""
        return {
            name: value
            for path in self.folder.glob("*.go")
            for name, value in CONSTANT.findall(path.read_text(encoding="utf-8"))
        }

    def name_of(self, key: Node) -> str:
        """What a key of a map says: a text, or a constant."""
        said = source_of(key)
        if said.startswith('"'):
            return said.strip('"')
        owner, _, name = said.rpartition(".")
        value = (self.constants if owner == "names" else self.own_constants).get(name)
        if value is None:
            raise Computed(f"key {said}")
        return value


def resolve_name(package: Package, node: Node) -> Node:
    """What a name or a call stands for in its package; a literal stands for itself."""
    while node.type in ("unary_expression", "literal_element", "parenthesized_expression"):
        node = node.named_children[-1]
    if node.type == "call_expression":
        name = source_of(node.child_by_field_name("function")).split("[")[0]
        if name not in package.named:
            raise Computed(f"{name} stands elsewhere")
        return package.named[name]
    if node.type == "identifier":
        named = package.named.get(source_of(node))
        if named is None:
            return resolve_name(package, find_variable(node))
        value = named.child_by_field_name("value") if named.type == "var_spec" else None
        return resolve_name(package, value.named_children[0]) if value is not None else named
    return node


def find_variable(node: Node) -> Node:
    """What a variable of the function is made as; what else is added to it stays unread."""
    above: Node | None = node
    while above is not None and above.type not in FUNCTIONS:
        above = above.parent
    for each in walk_kind(above, "short_var_declaration") if above is not None else ():
        if source_of(each.child_by_field_name("left")) == source_of(node):
            right = each.child_by_field_name("right")
            if right is not None:
                return right.named_children[0]
    raise Computed(f"{source_of(node)} stands elsewhere")


def find_returned(package: Package, function: Node) -> Node:
    """The literal that a function returns, or that it gives its response."""
    body = function.child_by_field_name("body")
    if any(
        source_of(each.child_by_field_name("left")).endswith(".ForceNew")
        for each in walk_kind(function, "assignment_statement")
        if not stands_inside(each, function, "func_literal")
    ):
        for each in walk_kind(function, "return_statement"):
            value = each.named_children[0].named_children[0]
            if value.type == "identifier" and not stands_inside(value, function, "func_literal"):
                raise Changed(find_variable(value))
        raise Computed("statements change it")
    given = [
        (source_of(each.child_by_field_name("left")), each.child_by_field_name("right"))
        for each in walk_kind(function, "assignment_statement")
    ]
    values = [value for name, value in given if name in ("response.Schema", "resp.Schema")]
    last = [each for each in statements_of(body) if each.type == "return_statement"] if body else []
    for value in (*values, *(each.named_children[0] for each in last if each.named_children)):
        if value is not None:
            return unwrap_literal(package, value.named_children[0])
    raise Computed("it returns nothing that is written")


def unwrap_literal(package: Package, node: Node) -> Node:
    """The literal behind an address and behind functions of the package."""
    node = resolve_name(package, node)
    return find_returned(package, node) if node.type == "function_declaration" else node


def statements_of(body: Node) -> Iterator[Node]:
    """The statements of a function's body, not of what lies in them."""
    for each in body.named_children:
        if each.type == "statement_list":
            yield from each.named_children
        else:
            yield each


def list_pairs(literal: Node) -> Iterator[tuple[Node, Node]]:
    """Keys and values of a literal as nodes."""
    body = literal.child_by_field_name("body") or literal
    for each in body.named_children:
        if each.type == "keyed_element":
            key, value = (child.named_children[0] for child in each.named_children[:2])
            yield key, value


def entries_of(literal: Node) -> Iterator[tuple[str, Node]]:
    """Keys and values of a literal; of an address its literal's."""
    while literal.type in ("unary_expression", "literal_element"):
        literal = literal.named_children[-1]
    for key, value in list_pairs(literal):
        yield source_of(key), value


def stands_inside(node: Node, top: Node, kind: str) -> bool:
    """Whether a node of that kind stands between the two."""
    above = node.parent
    while above is not None and above != top:
        if above.type == kind:
            return True
        above = above.parent
    return False


def walk_kind(node: Node, kind: str) -> Iterator[Node]:
    """All nodes of one kind in a tree."""
    if node.type == kind:
        yield node
    for each in node.children:
        yield from walk_kind(each, kind)


def source_of(node: Node | None) -> str:
    """The source of a node."""
    return node.text.decode() if node is not None and node.text is not None else ""
