"""The table of what Terraform replaces: for each resource that a rule looks at, which changes make it anew.

It is read from the Go source of the providers: the modules `github.com/hashicorp/terraform-provider-aws` and
`…/terraform-provider-kubernetes` (MPL-2.0), as `go mod download -json MODULE@VERSION` brings them. Only names
of attributes and what their change does are kept, facts of the providers' interface.

    .venv/bin/pip install tree-sitter-go
    .venv/bin/python scripts/terraform_replacements.py FOLDER [FOLDER…]

An attribute is `always` one whose change replaces (`ForceNew: true`, `RequiresReplace()`), `maybe` where the
provider decides it (`ForceNewIf`, `RequiresReplaceIf…`) or statements change the schema, else `never`. A
resource whose schema can't be read is left out: nothing is known of it.
"""  # noqa: INP001 - a script, no package

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import tree_sitter_go
from tree_sitter import Language, Node, Parser

from fixbot.rules import load_rules
from fixbot.rules.rule import resource_types

TABLE = Path(__file__).parent.parent / "fixbot" / "data" / "terraform_replacements.tsv"
DECLARED = re.compile(r'@(?:SDK|Framework)Resource\("(\w+)"')
REGISTERED = re.compile(r'"(kubernetes_\w+)":\s+(resource\w+)\(')
CONSTANT = re.compile(r'^\s*(\w+)\s*=\s*"([\w-]*)"', re.MULTILINE)
SCHEMA_BUILDERS = ("schema.Schema", "schema.Resource")
KINDS = ("always", "maybe", "never")
DEEPEST = 12
FUNCTIONS = ("function_declaration", "method_declaration", "func_literal")

PARSER = Parser(Language(tree_sitter_go.language()))


class Computed(ValueError):
    """A schema that is made by statements: nothing can be read from it."""


class Changed(ValueError):
    """A schema that statements make of another one."""

    def __init__(self, base: Node) -> None:
        """Of which one."""
        super().__init__(text(base))
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
                    found[text(each.child_by_field_name("name"))] = each
                if each.type == "var_declaration":
                    for spec in walk(each, "var_spec"):
                        found[text(spec.child_by_field_name("name"))] = spec
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
        said = text(key)
        if said.startswith('"'):
            return said.strip('"')
        owner, _, name = said.rpartition(".")
        value = (self.constants if owner == "names" else self.own_constants).get(name)
        if value is None:
            raise Computed(f"key {said}")
        return value


@dataclass
class Table:
    """What the change of each attribute of one resource does, by its dotted path."""

    kinds: dict[str, str] = field(default_factory=dict)

    def note(self, path: str, kind: str) -> None:
        """Say of one attribute; what is said `maybe` stays at least that."""
        self.kinds[path] = min(kind, self.kinds.get(path, kind), key=KINDS.index)

    def note_condition(self, name: str) -> None:
        """The provider may replace for a change of this attribute."""
        path = name.replace(".0.", ".").replace(".#", "")
        if self.kinds.get(path) == "never":
            self.kinds[path] = "maybe"


def main(folders: list[str]) -> None:
    """Write the table of the providers in these folders."""
    types = resource_types(load_rules())
    wanted = {name for each in types for name in each.terraform_names}
    wanted |= {companion.type for each in types for companion in each.companions.values()}
    lines, versions, missing = [], [], set(wanted)
    for folder in map(Path, folders):
        versions.append(folder.name.partition("terraform-provider-")[2] or folder.name)
        for resource, declared in find_resources(folder, wanted):
            try:
                table = read_resource(*declared)
            except Computed as why:
                sys.stderr.write(f"{resource}: not read, {why}\n")
                continue
            missing.discard(resource)
            lines += [
                f"{resource}\t{kind}\t{' '.join(sorted(paths))}"
                for kind in KINDS
                if (paths := [path for path, told in table.kinds.items() if told == kind])
            ]
    told = ", ".join(versions)
    head = f"# What a change replaces, from the source of {told}; see scripts/terraform_replacements.py."
    TABLE.write_text("\n".join([head, *sorted(lines)]) + "\n", encoding="utf-8")
    sys.stderr.write(f"{TABLE}: {len(lines)} lines; not known: {', '.join(sorted(missing))}\n")


def find_resources(module: Path, wanted: set[str]) -> Iterator[tuple[str, tuple[Package, Node]]]:
    """The resources that a rule looks at, each with its package and the function that makes it."""
    names = module / "names" / "attr_consts_gen.go"
    constants = dict(CONSTANT.findall(names.read_text(encoding="utf-8"))) if names.is_file() else {}
    for folder in sorted({each.parent for each in module.rglob("*.go") if "vendor" not in each.parts}):
        package = Package(folder, constants)
        texts = {each: each.read_text(encoding="utf-8") for each in folder.glob("*.go")}
        for said in texts.values():
            for resource, function in REGISTERED.findall(said):
                if resource in wanted and function in package.named:
                    yield resource, (package, package.named[function])
        if any(name in wanted for said in texts.values() for name in DECLARED.findall(said)):
            yield from find_declared(package, wanted)


def find_declared(package: Package, wanted: set[str]) -> Iterator[tuple[str, tuple[Package, Node]]]:
    """Resources whose annotation stands above the function that makes them."""
    for root in package.roots.values():
        said: list[str] = []
        for each in root.children:
            if each.type == "comment":
                said += DECLARED.findall(text(each))
            elif each.type == "function_declaration":
                for resource in said:
                    if resource in wanted:
                        yield resource, (package, find_maker(package, root, each))
                said = []


def find_maker(package: Package, root: Node, function: Node) -> Node:
    """The function itself, or in the newer framework the method `Schema` of what it makes."""
    if "framework" not in text(root) or "*schema.Resource" in text(function.child_by_field_name("result")):
        return function
    receivers = set(re.findall(r"&(\w+)\{", text(function))) | set(re.findall(r":= (\w+)\{", text(function)))
    embedded = {
        name
        for other in package.roots.values()
        for spec in walk(other, "type_spec")
        if text(spec.child_by_field_name("name")) in receivers
        for name in re.findall(r"^\s+(\w+)$", text(spec), re.MULTILINE)
    }
    for owners in (receivers, embedded):
        for other in package.roots.values():
            for method in walk(other, "method_declaration"):
                told = set(re.findall(r"\w+", text(method.child_by_field_name("receiver"))))
                if text(method.child_by_field_name("name")) == "Schema" and told & owners:
                    return method
    raise SystemExit(f"no schema for {text(function)[:80]}")


def read_resource(package: Package, maker: Node) -> Table:
    """What one resource's schema says, and what its diff is customised by."""
    table = Table()
    try:
        read_block(package, maker, "", table, 0)
    except Changed as changed:
        read_block(package, changed.base, "", table, 0)
        table.kinds = dict.fromkeys(table.kinds, "maybe")
    if not table.kinds:
        raise Computed("no attributes are written")
    for name in find_conditions(package, maker):
        table.note_condition(name)
    forget_overwritten(package, maker, table)
    return table


def forget_overwritten(package: Package, maker: Node, table: Table) -> None:
    """Of what a statement sets again, nothing is known."""
    for each in walk(maker, "assignment_statement"):
        left = each.child_by_field_name("left")
        for at in walk(left, "index_expression") if left is not None else ():
            key = at.child_by_field_name("index")
            if key is not None and text(key).startswith(('"', "names.")):
                table.kinds.pop(package.name_of(key), None)


def find_conditions(package: Package, maker: Node) -> Iterator[str]:
    """Attributes for which the diff asks whether to replace, in the functions that it names as well."""
    bodies = [value for key, value in entries_of(first_literal(maker)) if key == "CustomizeDiff"]
    for _ in range(2):
        called = {text(each) for body in bodies for each in walk(body, "identifier")}
        bodies += [package.named[name] for name in sorted(called) if name in package.named]
    pattern = re.compile(r"ForceNew(?:If\w*)?\(\s*([\w.\"#]+)")
    for said in (text(each) for each in bodies):
        for name in pattern.findall(said):
            if name.startswith(('"', "names.")):
                value = name.strip('"')
                yield package.constants.get(value.removeprefix("names."), value)


def first_literal(node: Node) -> Node:
    """The literal that a function returns, through functions that only call another."""
    for each in walk(node, "composite_literal"):
        if text(each.child_by_field_name("type")) in SCHEMA_BUILDERS:
            return each
    raise Computed(f"{text(node)[:60]!r} makes no literal")


def read_block(package: Package, node: Node, above: str, table: Table, depth: int) -> None:
    """All attributes below one block; `node` is a literal, a call, or the function that is called."""
    if depth > DEEPEST:
        return
    node = resolve(package, node)
    if node.type in FUNCTIONS:
        node = returned(package, node)
    kind = text(node.child_by_field_name("type"))
    if kind.startswith("map["):
        for key, value in pairs(node):
            try:
                read_attribute(package, value, f"{above}{package.name_of(key)}", table, depth + 1)
            except Computed:
                continue  # of this attribute nothing is known
        return
    found = False
    for key, value in entries_of(node):
        if key in ("Schema", "SchemaFunc", "Attributes", "Blocks", "NestedObject"):
            found = True
            read_block(package, value, above, table, depth + 1)
    if not found and depth == 0:
        raise Computed(f"{text(node)[:60]!r} has no schema")


def read_attribute(package: Package, value: Node, path: str, table: Table, depth: int) -> None:
    """One attribute, and where it is a block what lies in it."""
    if depth > DEEPEST:
        return
    if value.type == "call_expression" and not text(value).startswith(("schema.", "&schema.")):
        name = text(value.child_by_field_name("function"))
        if name.split("[")[0] not in package.named:
            table.note(path, "maybe" if "ForceNew" in name or "Replace" in name else "never")
            return
        value = returned(package, resolve(package, value))
    if value.type in ("identifier", "selector_expression"):
        value = resolve(package, value)
    kind = "never"
    for key, said in entries_of(value):
        if key == "ForceNew" and text(said) != "false":
            kind = "always" if text(said) == "true" else "maybe"
        if key == "PlanModifiers" and "RequiresReplace" in text(said):
            kind = "always" if "RequiresReplace()" in text(said) else "maybe"
    table.note(path, kind)
    for key, said in entries_of(value):
        block = key == "Elem" and "schema.Schema{" not in text(said)[:20]
        if block or key in ("NestedObject", "Attributes", "Blocks"):
            read_block(package, said, f"{path}.", table, depth + 1)


def resolve(package: Package, node: Node) -> Node:
    """What a name or a call stands for in its package; a literal stands for itself."""
    while node.type in ("unary_expression", "literal_element", "parenthesized_expression"):
        node = node.named_children[-1]
    if node.type == "call_expression":
        name = text(node.child_by_field_name("function")).split("[")[0]
        if name not in package.named:
            raise Computed(f"{name} stands elsewhere")
        return package.named[name]
    if node.type == "identifier":
        named = package.named.get(text(node))
        if named is None:
            return resolve(package, find_variable(node))
        value = named.child_by_field_name("value") if named.type == "var_spec" else None
        return resolve(package, value.named_children[0]) if value is not None else named
    return node


def find_variable(node: Node) -> Node:
    """What a variable of the function is made as; what else is added to it stays unread."""
    above: Node | None = node
    while above is not None and above.type not in FUNCTIONS:
        above = above.parent
    for each in walk(above, "short_var_declaration") if above is not None else ():
        if text(each.child_by_field_name("left")) == text(node):
            right = each.child_by_field_name("right")
            if right is not None:
                return right.named_children[0]
    raise Computed(f"{text(node)} stands elsewhere")


def returned(package: Package, function: Node) -> Node:
    """The literal that a function returns, or that it gives its response."""
    body = function.child_by_field_name("body")
    if any(
        text(each.child_by_field_name("left")).endswith(".ForceNew")
        for each in walk(function, "assignment_statement")
        if not inside(each, function, "func_literal")
    ):
        for each in walk(function, "return_statement"):
            value = each.named_children[0].named_children[0]
            if value.type == "identifier" and not inside(value, function, "func_literal"):
                raise Changed(find_variable(value))
        raise Computed("statements change it")
    given = [
        (text(each.child_by_field_name("left")), each.child_by_field_name("right"))
        for each in walk(function, "assignment_statement")
    ]
    values = [value for name, value in given if name in ("response.Schema", "resp.Schema")]
    last = [each for each in statements_of(body) if each.type == "return_statement"] if body else []
    for value in (*values, *(each.named_children[0] for each in last if each.named_children)):
        if value is not None:
            return unwrap(package, value.named_children[0])
    raise Computed("it returns nothing that is written")


def unwrap(package: Package, node: Node) -> Node:
    """The literal behind an address and behind functions of the package."""
    node = resolve(package, node)
    return returned(package, node) if node.type == "function_declaration" else node


def statements_of(body: Node) -> Iterator[Node]:
    """The statements of a function's body, not of what lies in them."""
    for each in body.named_children:
        if each.type == "statement_list":
            yield from each.named_children
        else:
            yield each


def pairs(literal: Node) -> Iterator[tuple[Node, Node]]:
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
    for key, value in pairs(literal):
        yield text(key), value


def inside(node: Node, top: Node, kind: str) -> bool:
    """Whether a node of that kind stands between the two."""
    above = node.parent
    while above is not None and above != top:
        if above.type == kind:
            return True
        above = above.parent
    return False


def walk(node: Node, kind: str) -> Iterator[Node]:
    """All nodes of one kind in a tree."""
    if node.type == kind:
        yield node
    for each in node.children:
        yield from walk(each, kind)


def text(node: Node | None) -> str:
    """The source of a node."""
    return node.text.decode() if node is not None and node.text is not None else ""


if __name__ == "__main__":
    main(sys.argv[1:])
