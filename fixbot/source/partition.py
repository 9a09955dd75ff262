"""Cuts a repository into parts whose files may know of each other; parts can be examined side by side."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fixbot.model.joined_groups import JoinedGroups

_FILE = re.compile(rb"file(?:base64)?\s*\(\s*\"([^\"\n]{1,300})\"")
KUSTOMIZATIONS: Final = frozenset(("kustomization", "kustomization.yaml", "kustomization.yml"))
_NAMED = re.compile(
    rb"(?:-[ \t]++(?:path:[ \t]++)?+|[\[,][ \t]*+|\bpath[\"']?:[ \t]++)[\"']?+([^\s\"'#:,\]}]{1,300})"
)
_WORD = re.compile(rb"(?:^|\W)(?:template)?\Z", re.DOTALL)


def partition_files(files: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Paths by part: a folder, together with the folders of files that its Terraform reads.

    `files` are paths with what each of them reads.
    """
    folders = JoinedGroups[str]()
    for path, reads in files.items():
        for target in reads:
            if target in files:
                folders.join_keys(posixpath.dirname(path), posixpath.dirname(target))
    grouped: dict[str, list[str]] = defaultdict(list)
    for path in files:
        grouped[folders.find_leader(posixpath.dirname(path))].append(path)
    return list(grouped.values())


def find_file_references(path: str, data: bytes) -> Iterator[str]:
    """The files that a Terraform file reads by a name that is written out."""
    if path.endswith((".tf", ".tofu")) and b"file" in data:
        for found in _FILE.finditer(data):  # what is searched for begins with a literal, for speed
            if _WORD.search(data, max(0, found.start() - 10), found.start()) is None:
                continue
            resolved = resolve_reference(path, found[1].decode(errors="replace"))
            if resolved is not None:
                yield resolved


def list_kustomized(path: str, data: bytes) -> Iterator[str]:
    """The files that a kustomization may name: every item of a list, and every `path`."""
    if posixpath.basename(path).lower() in KUSTOMIZATIONS:
        for found in _NAMED.finditer(data):
            name = found[1].decode(errors="replace")
            if "://" not in name and not name.startswith("/"):
                yield posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


_BUILDS: Final = (b"argoproj.io/", b"kustomize.toolkit.fluxcd.io/")
_BUILT: Final = re.compile(rb"^[ \t-]*path:[ \t]*[\"']?([^\s\"'#{}]{1,300})", re.MULTILINE)


def list_built_folders(data: bytes) -> Iterator[str]:
    """The folders of this repository that an object of Argo CD or Flux may name."""
    if any(word in data for word in _BUILDS):
        for found in _BUILT.finditer(data):
            way = posixpath.normpath(found[1].decode(errors="replace").lstrip("/") or ".")
            yield "" if way == "." else way


def resolve_reference(path: str, reference: str) -> str | None:
    """The path that `file("…")` in the file `path` means, None where a template fills it in."""
    name = reference.removeprefix("${path.module}").lstrip("/") if "path.module" in reference else reference
    name = name.removeprefix("./")
    return (
        None
        if "${" in name or name.startswith("/")
        else posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    )
