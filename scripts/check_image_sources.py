"""Reads again at its source what the table of images says of USER, VOLUME and WORKDIR; prints what differs.

`python scripts/check_image_sources.py FOLDER`: the folder holds clones of the publishers' repositories, as
`OWNER/NAME`, `OWNER+NAME` or with `/repo` or `.git` behind it. Each row of `fixbot/data/images.json` names
repository, commit and file. A row whose clone or commit isn't there is counted, not guessed.
"""  # noqa: INP001 - a script, no package

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent.parent / "fixbot" / "data" / "images.json"
CONTINUED = re.compile(r"\\[ \t]*\n")
COMMENT = re.compile(r"(?m)^[ \t]*#.*\n")
ASSIGNED = re.compile(r'([A-Za-z_]\w*)=("[^"]*"|\S*)')
REFERENCE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}|\$(\w+)")
DOCKERFILE = re.compile(r"(?:^|[/.])(?:dockerfile|containerfile)(?:$|[.-])", re.IGNORECASE)
DEEPEST = 5


@dataclass
class Stage:
    """What a build stage leaves behind, as far as its own instructions say."""

    base: str
    user: str = ""
    workdir: str = ""
    volumes: list[str] = field(default_factory=list)


def main(folder: str) -> None:
    """Print each difference, and a count."""
    rows = json.loads(TABLE.read_text("utf-8"))["write_paths"]
    differences = missing = read = 0
    for row in rows:
        source = row["source"]
        if not DOCKERFILE.search(source.get("file", "")):
            continue  # a manifest or an entry point says nothing of these
        text = read_file(Path(folder), source)
        if text is None:
            missing += 1
            continue
        read += 1
        for difference in compare(row, text):
            differences += 1
            print(f"{row['images'][0]}: {difference} ({source['repository']} {source['file']})")  # noqa: T201
    print(f"{read} read, {differences} differences, {missing} without a clone of that commit")  # noqa: T201
    raise SystemExit(1 if differences else 0)


def read_file(folder: Path, source: Mapping[str, str]) -> str | None:
    """The file as it was at the source's commit; None where no clone has it."""
    owner, _, name = source["repository"].partition("/")
    for below in (f"{owner}/{name}", f"{owner}+{name}"):
        for clone in (folder / below, folder / below / "repo", folder / f"{below}.git"):
            if clone.is_dir():
                spec = f"{source['commit']}:{source['file']}"
                words = ["git", "-C", str(clone), "show", spec]
                done = subprocess.run(words, capture_output=True, check=False)
                if done.returncode == 0:
                    return done.stdout.decode("utf-8", "replace")
    return None


def compare(row: Mapping[str, Any], dockerfile: str) -> Iterator[str]:
    """What a row says otherwise than a Dockerfile's last stage."""
    stage, known = read_last_stage(dockerfile)
    user = substitute(stage.user, known)
    if user and "$" not in user and row.get("user") not in (user, user.partition(":")[0]):
        yield f"USER is {user}, the table says {row.get('user') or 'nothing'}"
    volumes = [substitute(each, known) for each in stage.volumes]
    if sorted(volumes) != sorted(row.get("declared", ())):
        yield f"VOLUME is {volumes}, the table says {row.get('declared', [])}"
    workdir = substitute(stage.workdir, known)
    if workdir not in ("", "/") and row.get("workdir") != workdir:
        yield f"WORKDIR is {workdir}, the table says {row.get('workdir') or 'nothing'}"


def read_last_stage(dockerfile: str) -> tuple[Stage, dict[str, str]]:
    """The last stage, with what it takes over from the ones before, and all variables that have a value."""
    stages: dict[str, Stage] = {}
    known: dict[str, str] = {}
    stage = Stage("")
    for line in CONTINUED.sub(" ", COMMENT.sub("", dockerfile)).splitlines():
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        match word.upper():
            case "FROM":
                words = [each for each in rest.split() if not each.startswith("--")]
                before = stages.get(words[0])
                stage = Stage(words[0])
                if before is not None:
                    stage = Stage(before.base, before.user, before.workdir, list(before.volumes))
                if len(words) > 2:
                    stages[words[2]] = stage
            case "USER":
                stage.user = rest
            case "WORKDIR":
                stage.workdir = rest
            case "VOLUME":
                stage.volumes += json.loads(rest) if rest.startswith("[") else rest.split()
            case "ENV" | "ARG":
                known = {**dict(read_variables(rest)), **known}
    return stage, known


def read_variables(rest: str) -> Iterator[tuple[str, str]]:
    """The names and values of an ENV or ARG instruction, in both of its spellings."""
    name, _, value = rest.partition(" ")
    if "=" not in name:
        if value:
            yield name, value.strip()
        return
    for name, value in ASSIGNED.findall(rest):
        yield name, value.strip('"')


def substitute(text: str, known: Mapping[str, str]) -> str:
    """The text with its variables replaced, as far as the file gives them a value."""
    for _ in range(DEEPEST):
        text = REFERENCE.sub(lambda found: known.get(found[1] or found[3], found[2] or found[0]), text)
    return text.strip('"')


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python scripts/check_image_sources.py FOLDER")
    main(sys.argv[1])
