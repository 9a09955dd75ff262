"""What vendors say of properties: CloudFormation's schemas as cfn-lint ships them, Terraform's arguments."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

SCHEMAS = Path(str(resources.files("cfnlint"))) / "data" / "schemas"
TERRAFORM = Path(__file__).parent / "data" / "terraform_attributes.json.gz"
REGION = "us-east-1"
Json = Mapping[str, Any]


@cache
def cloudformation_types() -> Mapping[str, str]:
    names: dict[str, str] = json.loads((SCHEMAS / "providers" / f"{REGION}.json").read_text())
    return names


@cache
def cloudformation_schema(name: str) -> Json:
    schema: dict[str, Any] = json.loads(
        (SCHEMAS / "resources" / f"{cloudformation_types()[name]}.json").read_text()
    )
    return schema


@cache
def terraform_resources() -> Mapping[str, Json]:
    table: dict[str, Any] = json.loads(gzip.decompress(TERRAFORM.read_bytes()))
    resources_of: dict[str, Json] = table["resources"]
    return resources_of


def cloudformation_property(name: str, path: Sequence[str]) -> Json | None:
    """The schema of a property, through references, alternatives and lists of one kind."""
    schema = cloudformation_schema(name)

    def resolved(at: Json) -> Json:
        while "$ref" in at:
            part: Any = schema
            for step in at["$ref"].removeprefix("#/").split("/"):
                part = part[step]
            at = part
        return at

    def below(at: Json, key: str) -> Json | None:
        at = resolved(at)
        if "items" in at:
            return below(at["items"], key)
        if key in at.get("properties", {}):
            return resolved(at["properties"][key])
        for choice in (*at.get("anyOf", ()), *at.get("oneOf", ()), *at.get("allOf", ())):
            if (found := below(choice, key)) is not None:
                return found
        return None

    here: Json | None = schema
    for key in path:
        here = below(here, key) if here is not None else None
    return here


def is_created_only(name: str, path: Sequence[str]) -> bool:
    """Whether a change of a property, or of what it lies in, replaces the resource."""
    told = cloudformation_schema(name).get("createOnlyProperties", ())
    fixed = {tuple(each.removeprefix("/properties/").split("/")) for each in told}
    return any(tuple(path[:size]) in fixed for size in range(1, len(path) + 1))


def terraform_attribute(name: str, path: Sequence[str]) -> Any:
    """What an argument takes; None where the provider knows none of that name."""
    here: Any = terraform_resources().get(name)
    for key in path:
        here = here.get(key) if isinstance(here, dict) else None
    return here
