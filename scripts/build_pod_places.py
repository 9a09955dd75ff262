"""Build the part of fixbot/data/pod_places.tsv that published schemas of custom resources give.

`python scripts/build_pod_places.py CHECKOUT`, a checkout of github.com/datreeio/CRDs-catalog: one folder a
group, one JSON schema a version. Rows with another source are kept. The same input gives the same bytes.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parent.parent / "fixbot" / "data" / "pod_places.tsv"
CATALOG = "datreeio/CRDs-catalog"
HEAD = "group\tkind\tplace\tcontainers\tvolumes\tsource"
OWN = ("image", "env", "volumeMounts", "securityContext")
LISTS = ("containers", "initContainers", "ephemeralContainers")
WHOLE = ("podTemplate", "podSpec", "brokerPodSpec")
"""Keys below which a schema leaves the whole of a pod's template, or a pod, to Kubernetes."""
DEEPEST = 14


def fields(schema: object) -> dict[str, Any]:
    """The properties of an object, none for anything else."""
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def is_container(schema: object) -> bool:
    """Whether an object takes all that a fix of a container may write."""
    own = fields(schema)
    if not all(key in own for key in OWN):
        return False
    return "readOnlyRootFilesystem" in fields(own["securityContext"])


def takes_volumes(own: dict[str, Any]) -> bool:
    """Whether `volumes` are a pod's, so that an `emptyDir` may be one."""
    listed = own.get("volumes")
    if not isinstance(listed, dict):
        return False
    items = listed.get("items")
    return "emptyDir" in fields(items) or any(isinstance(e, dict) and e.get(OPEN) for e in (listed, items))


OPEN = "x-kubernetes-preserve-unknown-fields"


def find_places(schema: object, place: str = "", depth: int = 0) -> Iterator[tuple[str, str, bool]]:
    """Where containers are: (place, the path from there to containers, whether it takes volumes).

    The path is `-` for lists that are only called so, whose items don't take what a container does.
    """
    own = fields(schema)
    if depth > DEEPEST:
        return
    for key, value in own.items():
        if not isinstance(value, dict) or (key == "status" and not place):
            continue
        inner = f"{place}.{key}".lstrip(".")
        if is_container(value):
            yield place, key, takes_volumes(own)
        elif key in WHOLE and value.get(OPEN) and not fields(value):
            yield f"{inner}.spec" if key == "podTemplate" else inner, "containers", True
            yield f"{inner}.spec" if key == "podTemplate" else inner, "initContainers", True
        elif key in LISTS and "image" in fields(value.get("items")) and not is_container(value["items"]):
            yield place, "-", False
        for mark, below in (("[]", value.get("items")), ("{}", value.get("additionalProperties"))):
            if is_container(below):
                yield place, f"{key}{mark}", takes_volumes(own)
            yield from find_places(below, inner + mark, depth + 1)
        yield from find_places(value, inner, depth + 1)


def rows_of(path: str, schema: object, commit: str) -> Iterator[tuple[str, str, str, str, str, str]]:
    """The rows of one file: `argoproj.io/rollout_v1alpha1.json`."""
    group, _, name = path.rpartition("/")
    places: dict[str, tuple[list[str], bool]] = {}
    for place, key, volumes in find_places(schema):
        listed, known = places.get(place, ([], False))
        plain = key.removesuffix("[]") if key.removesuffix("[]") in LISTS else key
        places[place] = ([*(each for each in listed if each != "-"), plain], known or volumes)
    for place, (listed, volumes) in places.items():
        if place:
            kind = name.partition("_")[0]
            words = " ".join(sorted(set(listed)))
            yield group, kind, place, words, "volumes" if volumes else "-", f"{CATALOG}@{commit[:12]}/{path}"


def main() -> int:
    """Write the table; 0 when done."""
    root = Path(sys.argv[1])
    git = ["git", "-C", str(root), "rev-parse", "HEAD"]
    commit = subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip()
    kept = (
        [line for line in TABLE.read_text().splitlines()[1:] if CATALOG not in line] if TABLE.exists() else []
    )
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for file in sorted(root.rglob("*.json")):
        path = file.relative_to(root).as_posix()
        if path.count("/") == 1 and not path.startswith("."):
            for row in rows_of(path, json.loads(file.read_bytes()), commit):
                found[row[:3]] = row
    lines = sorted({*kept, *("\t".join(row) for row in found.values())})
    TABLE.write_text("\n".join([HEAD, *lines]) + "\n")
    sys.stdout.write(f"{len(found)} places of {len({key[:2] for key in found})} kinds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
