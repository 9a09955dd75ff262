"""Build tests/data/github_rest.json.gz and github_schema.graphql: GitHub's API as far as tests/hub serves it.

The facts are GitHub's published descriptions as two npm packages (both MIT) carry them. Run
`npm pack @octokit/openapi @octokit/graphql-schema`, unpack both, and say where they are and the month:
`python scripts/build_github_schemas.py --openapi DIR --graphql DIR --date 2026-11`. Names, types, enums, what
may be null and what must be there are kept, no text. The same input gives the same bytes.
"""
# ruff: noqa: INP001, T201 - a script, not a package, that says what it wrote

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    print_ast,
)

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.hub.graph.served import SERVED  # noqa: E402
from tests.hub.rest import ROUTES  # noqa: E402

DATA = ROOT / "tests" / "data"
KEPT = (
    "type",
    "enum",
    "required",
    "additionalProperties",
    "items",
    "properties",
    "oneOf",
    "anyOf",
    "allOf",
    "not",
)
BOUNDS = (
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minProperties",
    "maxProperties",
)
REF = "#/components/schemas/"


def slim(schema: Any, wanted: set[str]) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema, without texts; the names it refers to go into `wanted`."""
    if isinstance(schema, bool):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REF)
        wanted.add(name)
        return {"$ref": f"#/$defs/{name}"}
    found: dict[str, Any] = {}
    for key in KEPT + BOUNDS:
        if key not in schema:
            continue
        value = schema[key]
        if key == "properties":
            found[key] = {name: slim(inner, wanted) for name, inner in value.items()}
        elif key in ("oneOf", "anyOf", "allOf"):
            found[key] = [slim(inner, wanted) for inner in value]
        elif key in ("items", "not", "additionalProperties"):
            found[key] = slim(value, wanted)
        else:
            found[key] = value
    if schema.get("nullable"):
        return nullable(found)
    return found


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, or null."""
    if isinstance(schema.get("type"), str) and not any(key in schema for key in ("oneOf", "anyOf", "allOf")):
        more = {"enum": [*schema["enum"], None]} if "enum" in schema and None not in schema["enum"] else {}
        return {**schema, "type": [schema["type"], "null"], **more}
    return {"anyOf": [schema, {"type": "null"}]}


def resolve(part: dict[str, Any], api: dict[str, Any]) -> dict[str, Any]:
    """What a reference to a parameter or an answer stands for."""
    if "$ref" not in part:
        return part
    found: Any = api
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def operation(api: dict[str, Any], path: str, verb: str, wanted: set[str]) -> dict[str, Any]:
    """One operation: parameters, body and answers."""
    described = api["paths"][path][verb.lower()]
    parameters = [resolve(part, api) for part in described.get("parameters", [])]
    body = described.get("requestBody", {}).get("content", {}).get("application/json")
    answers = {}
    for status, part in described["responses"].items():
        content = resolve(part, api).get("content", {})
        schema = next((content[kind].get("schema") for kind in content if kind.endswith("json")), None)
        answers[status] = None if schema is None else slim(schema, wanted)
    return {
        "parameters": [
            {
                "name": each["name"],
                "in": each["in"],
                "required": each.get("required", False),
                "schema": slim(each["schema"], wanted),
            }
            for each in parameters
        ],
        "body": None if body is None else slim(body["schema"], wanted),
        "body_required": described.get("requestBody", {}).get("required", False),
        "answers": answers,
    }


def rest(folder: Path, date: str) -> bytes:
    """The operations that the stand-in serves, as JSON."""
    api = json.loads((folder / "generated" / "api.github.com.json").read_text(encoding="utf-8"))
    version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    wanted: set[str] = set()
    operations = {
        f"{route.verb} {route.path}": operation(api, route.path, route.verb, wanted)
        for route in sorted(ROUTES, key=lambda each: (each.path, each.verb))
    }
    components: dict[str, Any] = {}
    while missing := sorted(wanted - set(components)):
        for name in missing:
            components[name] = slim(api["components"]["schemas"][name], wanted)
    said = {
        "source": f"GitHub's REST API description, npm package @octokit/openapi {version}",
        "date": date,
        "licence": "MIT",
        "operations": operations,
        "$defs": dict(sorted(components.items())),
    }
    return json.dumps(said, separators=(",", ":")).encode()


def needed(schema: GraphQLSchema) -> dict[str, tuple[str, ...]]:
    """The types to keep; for objects and interfaces with the fields that are served."""
    kept: dict[str, tuple[str, ...]] = {}
    queue: list[GraphQLNamedType] = []

    def want(kind: Any) -> None:
        named = get_named_type(kind)
        if named.name not in kept:
            kept[named.name] = SERVED.get(named.name, ())
            queue.append(named)

    for name in SERVED:
        want(schema.type_map[name])
    while queue:
        kind = queue.pop()
        if isinstance(kind, GraphQLInputObjectType):
            for inner in kind.fields.values():
                want(inner.type)
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name in kept[kind.name]:
                want(kind.fields[name].type)
                for argument in kind.fields[name].args.values():
                    want(argument.type)
    return kept


def definition(kind: GraphQLNamedType, kept: dict[str, tuple[str, ...]]) -> str:
    """One type in the schema language. An interface, a union: only what is left of it."""
    node = kind.ast_node
    if node is None:
        return ""
    lines = []
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        own = kept[kind.name]
        if not own:
            raise SystemExit(f"{kind.name} is reached, but SERVED names none of its fields")
        for name in own:
            arguments = ", ".join(shown(argument.ast_node) for argument in kind.fields[name].args.values())
            lines.append(f"  {name}{f'({arguments})' if arguments else ''}: {kind.fields[name].type}")
        faces = [
            face.name for face in kind.interfaces if face.name in kept and set(kept[face.name]) <= set(own)
        ]
        word = "type" if isinstance(kind, GraphQLObjectType) else "interface"
        implements = f" implements {' & '.join(faces)}" if faces else ""
        return f"{word} {kind.name}{implements} {{\n" + "\n".join(lines) + "\n}\n"
    if isinstance(kind, GraphQLUnionType):
        return f"union {kind.name} = {' | '.join(each.name for each in kind.types if each.name in kept)}\n"
    if isinstance(kind, GraphQLInputObjectType):
        inner = "\n".join(f"  {shown(each.ast_node)}" for each in kind.fields.values())
        return f"input {kind.name} {{\n{inner}\n}}\n"
    values = getattr(kind, "values", None)
    if values is not None:
        return f"enum {kind.name} {{\n" + "\n".join(f"  {name}" for name in values) + "\n}\n"
    return f"scalar {kind.name}\n"


def shown(node: Any) -> str:
    """An argument with its type and its default."""
    default = f" = {print_ast(node.default_value)}" if node.default_value is not None else ""
    return f"{node.name.value}: {print_ast(node.type)}{default}"


def graph(folder: Path, date: str) -> bytes:
    """The types and fields that the stand-in serves, in the schema language."""
    text = (folder / "schema.graphql").read_text(encoding="utf-8")
    version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    schema = build_schema(text, assume_valid=True)
    kept = needed(schema)
    own = sorted(name for name in kept if name not in ("String", "Int", "Boolean", "ID", "Float"))
    head = (
        f"# From GitHub's GraphQL schema: npm package @octokit/graphql-schema {version}, {date}, MIT.\n"
        "# Made by scripts/build_github_schemas.py: what tests/hub serves, without the texts.\n\n"
    )
    return (head + "\n".join(definition(schema.type_map[name], kept) for name in own)).encode()


def main() -> None:
    """Write both extracts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openapi", type=Path, required=True, help="@octokit/openapi, unpacked")
    parser.add_argument("--graphql", type=Path, required=True, help="@octokit/graphql-schema, unpacked")
    parser.add_argument("--date", required=True, help="the month of the data, for example 2026-11")
    options = parser.parse_args()
    if not re.fullmatch(r"\d{4}-\d\d", options.date):
        parser.error("--date is a year and a month: 2026-11")
    made = {
        "github_rest.json.gz": gzip.compress(rest(options.openapi, options.date), mtime=0),
        "github_schema.graphql": graph(options.graphql, options.date),
    }
    for name, data in made.items():
        (DATA / name).write_bytes(data)
        print(f"tests/data/{name}: {len(data):,} bytes")


if __name__ == "__main__":
    main()
