"""What is measured on: copies of a corpus, or else of the examples, each a repository of its own."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_KINDS = {"Kubernetes": ("k8s-",), "Terraform": ("tf", "hcl-"), "CloudFormation": ("cfn-",), "ECS": ("ecs-",)}
"""The beginnings of what a corpus's `MANIFEST.tsv` calls a file, by what peers read."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder to be looked through; `kind` is what is in it, empty for everything."""

    name: str
    kind: str
    folder: Path
    files: int
    size: int


def corpus(root: Path) -> Path:
    """FIXBOT_CORPUS, the corpus beside the repository, or the repository's own examples."""
    named = os.environ.get("FIXBOT_CORPUS")
    folders = [Path(named)] if named else [root.parent / "shared" / "corpus", root / "examples"]
    return next(folder for folder in folders if folder.is_dir())


def places(source: Path, work: Path) -> Iterator[Place]:
    """The whole, and where a manifest tells the kinds of files apart, each kind by itself."""
    manifest = source / "MANIFEST.tsv"
    yield _copied("everything", "", source, _files(source), work / "everything")
    if manifest.is_file():
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = [(_path(row), row["kind"]) for row in csv.DictReader(file, delimiter="\t")]
        for name, beginnings in _KINDS.items():
            chosen = [path for path, kind in rows if kind.startswith(beginnings)]
            yield _copied(f"{name} alone", name, source, chosen, work / name)


def _path(row: dict[str, str]) -> Path:
    return Path(row["repo"].replace("/", "__", 1), row["path"])


def _files(source: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name != ".git"]
        yield from (Path(folder, name).relative_to(source) for name in names)


def _copied(name: str, kind: str, source: Path, files: Iterable[Path], target: Path) -> Place:
    count = size = 0
    for path in files:
        if (source / path).is_file() and not (source / path).is_symlink():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / path, target / path)
            count += 1
            size += (target / path).stat().st_size
    (target / ".gitattributes").write_text("* -text\n", encoding="utf-8")
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "corpus")):
        subprocess.run(["git", *words], cwd=target, check=True, capture_output=True)
    return Place(name, kind, target, count, size)
