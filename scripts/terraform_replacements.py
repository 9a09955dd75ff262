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
from pathlib import Path

from go_source import (
    CONSTANT,
    FUNCTIONS,
    Changed,
    Computed,
    Package,
    entries_of,
    find_returned,
    list_pairs,
    resolve_name,
    source_of,
    walk_kind,
)
from tree_sitter import Node

from fixbot.rules import load_rules
from fixbot.rules.rule import resource_types

TABLE = Path(__file__).parent.parent / "fixbot" / "data" / "terraform_replacements.tsv"
DECLARED = re.compile(r'@(?:SDK|Framework)Resource\("(\w+)"')
REGISTERED = re.compile(r'"(kubernetes_\w+)":\s+(resource\w+)\(')
SCHEMA_BUILDERS = ("schema.Schema", "schema.Resource")
KINDS = ("always", "maybe", "never")
DEEPEST = 12


@dataclass
class Table:
    """What the change of each attribute of one resource does, by its dotted path."""

    kinds: dict[str, str] = field(default_factory=dict)

    def note_kind(self, path: str, kind: str) -> None:
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
                said += DECLARED.findall(source_of(each))
            elif each.type == "function_declaration":
                for resource in said:
                    if resource in wanted:
                        yield resource, (package, find_maker(package, root, each))
                said = []


def find_maker(package: Package, root: Node, function: Node) -> Node:
    """The function itself, or in the newer framework the method `Schema` of what it makes."""
    made = source_of(function.child_by_field_name("result"))
    if "framework" not in source_of(root) or "*schema.Resource" in made:
        return function
    said = source_of(function)
    receivers = set(re.findall(r"&(\w+)\{", said)) | set(re.findall(r":= (\w+)\{", said))
    embedded = {
        name
        for other in package.roots.values()
        for spec in walk_kind(other, "type_spec")
        if source_of(spec.child_by_field_name("name")) in receivers
        for name in re.findall(r"^\s+(\w+)$", source_of(spec), re.MULTILINE)
    }
    for owners in (receivers, embedded):
        for other in package.roots.values():
            for method in walk_kind(other, "method_declaration"):
                told = set(re.findall(r"\w+", source_of(method.child_by_field_name("receiver"))))
                if source_of(method.child_by_field_name("name")) == "Schema" and told & owners:
                    return method
    raise SystemExit(f"no schema for {source_of(function)[:80]}")


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
    for each in walk_kind(maker, "assignment_statement"):
        left = each.child_by_field_name("left")
        for at in walk_kind(left, "index_expression") if left is not None else ():
            key = at.child_by_field_name("index")
            if key is not None and source_of(key).startswith(('"', "names.")):
                table.kinds.pop(package.name_of(key), None)


def find_conditions(package: Package, maker: Node) -> Iterator[str]:
    """Attributes for which the diff asks whether to replace, in the functions that it names as well."""
    bodies = [value for key, value in entries_of(first_literal(maker)) if key == "CustomizeDiff"]
    for _ in range(2):
        called = {source_of(each) for body in bodies for each in walk_kind(body, "identifier")}
        bodies += [package.named[name] for name in sorted(called) if name in package.named]
    pattern = re.compile(r"ForceNew(?:If\w*)?\(\s*([\w.\"#]+)")
    for said in (source_of(each) for each in bodies):
        for name in pattern.findall(said):
            if name.startswith(('"', "names.")):
                value = name.strip('"')
                yield package.constants.get(value.removeprefix("names."), value)


def first_literal(node: Node) -> Node:
    """The literal that a function returns, through functions that only call another."""
    for each in walk_kind(node, "composite_literal"):
        if source_of(each.child_by_field_name("type")) in SCHEMA_BUILDERS:
            return each
    raise Computed(f"{source_of(node)[:60]!r} makes no literal")


def read_block(package: Package, node: Node, above: str, table: Table, depth: int) -> None:
    """All attributes below one block; `node` is a literal, a call, or the function that is called."""
    if depth > DEEPEST:
        return
    node = resolve_name(package, node)
    if node.type in FUNCTIONS:
        node = find_returned(package, node)
    kind = source_of(node.child_by_field_name("type"))
    if kind.startswith("map["):
        for key, value in list_pairs(node):
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
        raise Computed(f"{source_of(node)[:60]!r} has no schema")


def read_attribute(package: Package, value: Node, path: str, table: Table, depth: int) -> None:
    """One attribute, and where it is a block what lies in it."""
    if depth > DEEPEST:
        return
    if value.type == "call_expression" and not source_of(value).startswith(("schema.", "&schema.")):
        name = source_of(value.child_by_field_name("function"))
        if name.split("[")[0] not in package.named:
            table.note_kind(path, "maybe" if "ForceNew" in name or "Replace" in name else "never")
            return
        value = find_returned(package, resolve_name(package, value))
    if value.type in ("identifier", "selector_expression"):
        value = resolve_name(package, value)
    kind = "never"
    for key, said in entries_of(value):
        if key == "ForceNew" and source_of(said) != "false":
            kind = "always" if source_of(said) == "true" else "maybe"
        if key == "PlanModifiers" and "RequiresReplace" in source_of(said):
            kind = "always" if "RequiresReplace()" in source_of(said) else "maybe"
    table.note_kind(path, kind)
    for key, said in entries_of(value):
        block = key == "Elem" and "schema.Schema{" not in source_of(said)[:20]
        if block or key in ("NestedObject", "Attributes", "Blocks"):
            read_block(package, said, f"{path}.", table, depth + 1)


if __name__ == "__main__":
    main(sys.argv[1:])
