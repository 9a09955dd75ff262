"""The table by which tests hold rules against Terraform's AWS provider: what arguments each resource takes.

It is made from the assembly in a wheel of `cdktn-provider-aws` (MPL-2.0), which is generated from the
provider's own schema: `pip download --no-deps cdktn-provider-aws`, then this, with the wheel's path. Only
names and kinds are kept, facts of the provider's interface.
"""  # noqa: INP001 - a script, no package

from __future__ import annotations

import gzip
import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent.parent / "tests" / "data" / "terraform_attributes.json.gz"
LINK = re.compile(r"hashicorp/aws/([\d.]+)/docs/resources/(\w+)#(\w+)")
KINDS = {"string": "string", "number": "number", "boolean": "boolean"}
DEEPEST = 6

Json = Mapping[str, Any]


def main(wheel: str) -> None:
    """Write the table of a wheel."""
    types: Json = read_assembly(Path(wheel))["types"]
    table: dict[str, Any] = {}
    version = ""
    for each in types.values():
        if "cdktn.TerraformMetaArguments" in each.get("interfaces", ()):
            for attribute, found in find_arguments(types, each):
                version, resource = found[1], found[2]
                owner = table.setdefault(f"aws_{resource}", {})
                owner[attribute] = describe(types, found[0], 1)
    text = json.dumps({"provider": version, "resources": dict(sorted(table.items()))}, separators=(",", ":"))
    TABLE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def read_assembly(wheel: Path) -> Json:
    """The description of all types that is packed inside a wheel."""
    with zipfile.ZipFile(wheel) as files:
        (name,) = (each for each in files.namelist() if each.endswith(".jsii.tgz"))
        packed = files.read(name)
    with tarfile.open(fileobj=io.BytesIO(packed)) as members:
        (member,) = (each for each in members.getmembers() if each.name.endswith("/.jsii"))
        opened = members.extractfile(member)
        if opened is None:
            raise SystemExit(f"{wheel} holds no description of its types")
        assembly: Json = json.load(opened)
    return assembly


def find_arguments(types: Json, interface: Json) -> Iterator[tuple[str, tuple[Json, str, str]]]:
    """The arguments of an interface as the provider calls them: each with its type, version and resource."""
    for each in interface.get("properties", ()):
        said = " ".join(str(text) for text in each.get("docs", {}).values())
        if found := LINK.search(said):
            yield found[3], (each["type"], found[1], found[2])
    for base in interface.get("interfaces", ()):
        if base in types:
            yield from find_arguments(types, types[base])


def describe(types: Json, kind: Json, depth: int) -> Any:
    """A kind: `string`, `number`, `boolean`, `list`, `map`, or the arguments of a block."""
    if "primitive" in kind:
        return KINDS.get(kind["primitive"], "any")
    if "union" in kind:
        told = [
            describe(types, each, depth) for each in kind["union"]["types"] if "Resolvable" not in str(each)
        ]
        return told[0] if told else "any"
    if "collection" in kind:
        inner = describe(types, kind["collection"]["elementtype"], depth)
        if isinstance(inner, dict):
            return inner
        return "list" if kind["collection"]["kind"] == "array" else "map"
    interface = types.get(kind.get("fqn", ""))
    if interface is None:
        return "boolean" if kind.get("fqn", "").endswith("IResolvable") else "any"
    if depth > DEEPEST:
        return {}
    return {name: describe(types, found[0], depth + 1) for name, found in find_arguments(types, interface)}


if __name__ == "__main__":
    main(sys.argv[1])
