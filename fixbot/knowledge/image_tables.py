"""What is known about public images: where they write, what they must be allowed, who watches them.

The facts stand in `fixbot/data/images.json`, each with its evidence. They are looked up by the parsed
reference: by the public repository itself, or by the name of somebody's own image (`RecognizedBy.NAME`). An
image called nginx in a private registry is taken for one built on nginx, and said to be a guess.
On public registries a name in another's namespace is a guess for volumes alone: `bitnami/nginx` isn't nginx.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from fixbot.edit.tree import ABSENT
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.needs import shell_words

_PUBLIC: Final = frozenset(
    {
        "docker.io",
        "public.ecr.aws",
        "quay.io",
        "registry.k8s.io",
        "k8s.gcr.io",
        "mcr.microsoft.com",
        "docker.elastic.co",
        "cgr.dev",
        "registry.access.redhat.com",
        "registry.redhat.io",
        "nvcr.io",
        "lscr.io",
        "ghcr.io",
        "gcr.io",
        "icr.io",
        "registry.gitlab.com",
    }
)
"""Registries where each publisher has a name of their own: the same name below another's is another image."""
_PUBLIC_HOSTS: Final = (".pkg.dev", ".gcr.io")
_REPACKAGERS: Final = frozenset({"bitnami", "bitnamilegacy", "bitnamisecure", "linuxserver", "chainguard"})
_GENERIC: Final = frozenset(
    ("node", "python", "golang", "openjdk", "php", "ruby", "maven", "gradle", "composer", "pause",
     "infrastructure", "all-in-one")
)  # fmt: skip
"""Names that many give to programs of their own."""
_BESIDE: Final = frozenset({"exporter", "operator", "ui", "dashboard", "sidekick"})


class RecognizedBy(Enum):
    """How an image was recognised."""

    REPOSITORY = "repository"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class WritePaths:
    """Where an image writes. `paths` is None where mounts alone don't help; `note` then says why.

    `verified` means that the publisher runs it so, or that its Dockerfile shows it; only then may a
    read-only root count as safe. `declared` are the paths that the image declares as VOLUME: on
    Fargate only these keep the image's owner, any other mount belongs to root with mode 0755.
    `user` is the image's default user, empty where unknown.
    """

    paths: tuple[str, ...] | None
    verified: bool
    evidence: str
    note: str = ""
    by: RecognizedBy = RecognizedBy.NAME
    user: str = ""
    declared: tuple[str, ...] = ()
    enough: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Paths below one of `paths` that do as well, where something is mounted there already."""
    ships: tuple[str, ...] = ()
    """Paths where the image keeps what it ships (configuration, plugins, web roots)."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Variables without which it doesn't start on a read-only root."""
    needs_as_user: Mapping[str, str] = field(default_factory=dict)
    """The same where another user than root runs it."""
    sticky: bool = False
    """Whether the program wants a sticky bit at a folder for temporary files."""
    workdir: str = ""
    surveyed: int = 0
    """In how many public repositories the image runs read-only so, where no publisher's word is known."""
    rules: Mapping[str, Any] = field(default_factory=dict)
    """The `switches` and `conditions` of the table (`fixbot.knowledge.switches`)."""


@dataclass(frozen=True, slots=True)
class NeedsPrivileged:
    """Why a container like this can't do without privileged mode; the alternative may be empty."""

    why: str
    alternative: str
    evidence: str
    inside: bool = False
    """Whether it runs containers, machines or a whole system, which it keeps on its own root."""


@dataclass(frozen=True, slots=True)
class ImageCapabilities:
    """The capabilities that an image's own programs need, in alphabetical order."""

    add: tuple[str, ...]
    by: RecognizedBy
    evidence: str
    note: str = ""
    device: str = ""
    """The host's device that its programs open beside them, empty where none is known."""
    device_when: Mapping[str, str] = field(default_factory=dict)
    """Variables, with their values, without which they don't open it."""


@dataclass(frozen=True, slots=True)
class RuntimeSensor:
    """A runtime sensor: a program that starts others in order to watch them."""

    name: str
    evidence: str


def find_write_paths(image: ImageReference) -> WritePaths | None:
    """Where containers of this image write; None where nothing is known."""
    surveyed = _find_surveyed(image)
    for row, by in _match_rows("write_paths", image, strangers=True):
        if by is RecognizedBy.NAME and surveyed is not None:
            return surveyed
        return WritePaths(
            paths=None if row["paths"] is None else tuple(row["paths"]),
            verified=bool(row.get("verified")) and by is RecognizedBy.REPOSITORY,
            evidence=row["evidence"],
            note=row.get("manual") or row.get("note", ""),
            by=by,
            user=row.get("user", ""),
            declared=tuple(row.get("declared", ())),
            enough=row.get("enough", {}),
            ships=tuple(row.get("ships", ())),
            needs=row.get("needs", {}),
            needs_as_user=row.get("needs_as_user", {}),
            sticky=bool(row.get("sticky")),
            workdir=row.get("workdir", ""),
            rules=row,
        )
    return surveyed


def _find_surveyed(image: ImageReference) -> WritePaths | None:
    """What public repositories let the image write, where no word of its publisher is known."""
    count, paths = _read_survey().get(image.public_origin or "", (0, ()))
    if not count:
        return None
    evidence = f"{count} of the public repositories of a survey run it read-only"
    return WritePaths(paths, verified=False, evidence=evidence, by=RecognizedBy.REPOSITORY, surveyed=count)


@cache
def _read_survey() -> dict[str, tuple[int, tuple[str, ...]]]:
    """By image: in how many public repositories it runs read-only, and what it may write there."""
    path = Path(__file__).parent.parent / "data" / "images_run_read_only.tsv"
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines()[1:])
    return {image: (int(count), () if paths == "-" else tuple(paths.split())) for image, count, paths in rows}


_ROOTLESS: Final = ("buildah", "buildkit", "buildkit-rootless", "docker", "img", "k3s", "podman")


@lru_cache(maxsize=4096)  # asked of one container by several rules, and again in each proof
def why_needs_privileged(image: ImageReference | None, name: str = "") -> NeedsPrivileged | None:
    """Why this image, or a container of that name, needs privileged mode; None if nothing says so.

    Taking the mode away from what needs it breaks nodes, so here a name is enough in any registry.
    """
    words = _split_name(name)
    for row in _read_table()["needs_privileged"]:
        if _matches_name(row, words) or (image is not None and _matches_loosely(row, image)):
            return NeedsPrivileged(row["why"], row["alternative"], row["evidence"], row.get("inside", False))
    return None


def is_rootless_runtime(image: ImageReference) -> bool:
    """Whether it runs containers without root, which takes setuid programs and calls that filters forbid.

    Source: moby/buildkit 048130d, docs/rootless.md (newuidmap, newgidmap).
    """
    tag = image.tag if isinstance(image.tag, str) else ""
    return image.name in _ROOTLESS and any("rootless" in each for each in (tag, *image.segments))


def why_name_asks(image: ImageReference | None, name: str) -> NeedsPrivileged | None:
    """Why a word in the name of an image, of its tag or of the container speaks for privileged mode.

    A hint and no knowledge: it is enough to leave the mode alone, and for nothing else.
    """
    called = (*image.segments[-2:], image.tag if isinstance(image.tag, str) else "") if image else ()
    words = [_split_name(each) for each in (name, *called)]
    for row in _read_table()["needs_privileged"]:
        if any(_matches_name(row, each, "words") for each in words):
            return NeedsPrivileged(row["why"], row["alternative"], row["evidence"])
    return None


def find_capabilities(image: ImageReference, name: str = "") -> ImageCapabilities | None:
    """What the image's own programs need beyond nothing at all; None where nothing is known."""
    for row, by in _match_rows("capabilities", image):
        if row.get("name") in (None, name):
            return ImageCapabilities(
                tuple(row["add"]),
                by,
                row["evidence"],
                row.get("note", ""),
                row.get("device", ""),
                row.get("device_when", {}),
            )
    return None


def find_sensor_launcher(words: Sequence[str]) -> RuntimeSensor | None:
    """The sensor whose launcher stands in an entry point or command, if any."""
    programs = [word for word in (*words, *shell_words(words)) if word]
    for row in _read_table()["sensors"]:
        prefixes, files = tuple(row["launchers"]), row.get("files", ())
        if any(word.startswith(prefixes) or word.rpartition("/")[2] in files for word in programs):
            return RuntimeSensor(row["name"], row["evidence"])
    return None


def find_sensor(image: ImageReference | str | None, name: str = "") -> RuntimeSensor | None:
    """The sensor that this image is, or a container of that name. A string may be either of them."""
    if isinstance(image, str):
        name, image = name or image, ImageReference.parse_reference(image)
    for row in _read_table()["sensors"]:
        if name.lower() in row["names"] or (image is not None and _matches_loosely(row, image)):
            return RuntimeSensor(row["name"], row["evidence"])
    return None


@cache
def _read_table() -> dict[str, list[dict[str, Any]]]:
    path = Path(__file__).parent.parent / "data" / "images.json"
    tables: dict[str, list[dict[str, Any]]] = json.loads(path.read_text("utf-8"))
    for row in (row for rows in tables.values() for row in rows):
        row["origins"] = frozenset(
            ImageReference.parse_reference(each).public_origin for each in row["images"]
        )
        whole = row.get("whole", False)
        names = row.get("named", [each if whole else each.rpartition("/")[2] for each in row["images"]])
        row["tails"] = tuple(tuple(each.split("/")) for each in names)
        row["prefixes"] = tuple(row.get("prefixes", ()))
        row["last"] = frozenset(tail[-1] for tail in row["tails"])
    return tables


@cache
def _index_rows(table: str) -> Mapping[str, Sequence[int]]:
    """The numbers of rows by origin and by last name; under an empty name those that only begin alike."""
    found: dict[str, list[int]] = {"": []}
    for number, row in enumerate(_read_table()[table]):
        for name in (*row["origins"], *row["last"], *([""] if row["prefixes"] else ())):
            found.setdefault(name or "", []).append(number)
    return found


def _match_rows(
    table: str, image: ImageReference, *, strangers: bool = False
) -> Iterator[tuple[dict[str, Any], RecognizedBy]]:
    """The rows of an image; with `strangers` those too of its name alone on a registry of many publishers.

    What such an image writes is a guess worth a volume, and nothing else.
    """
    origin = image.public_origin
    guess = not is_published(image) and not _REPACKAGERS.intersection(image.segments)
    guess = guess or (
        strangers and image.name not in _GENERIC and not _REPACKAGERS.intersection(image.segments)
    )
    rows, numbers = _read_table()[table], _index_rows(table)
    begun = (each for each in numbers[""] if (origin or "").startswith(rows[each]["prefixes"]))
    for number in sorted({*begun, *numbers.get(origin or "", ()), *numbers.get(image.name or "", ())}):
        row = rows[number]
        begins = bool(row["prefixes"]) and (origin or "").startswith(row["prefixes"])
        if not _matches_tag(row, image):
            continue
        if begins or (origin is not None and origin in row["origins"]):
            yield row, RecognizedBy.REPOSITORY
        elif _ends_in_row_name(row, image, 1 if guess else 2):
            yield row, RecognizedBy.NAME


def is_published(image: ImageReference) -> bool:
    """Whether the registry is one where everybody has a name of their own, so that it tells the maker."""
    registry = image.registry
    return isinstance(registry, str) and (registry in _PUBLIC or registry.endswith(_PUBLIC_HOSTS))


def _matches_loosely(row: dict[str, Any], image: ImageReference) -> bool:
    if not _matches_tag(row, image):
        return False
    name = image.name or ""
    return (
        image.public_origin in row["origins"]
        or (_ends_in_row_name(row, image) and not _is_official(image))
        or bool(name and name.endswith(tuple(row.get("suffixes", ()))))
        or any(segment in row.get("segments", ()) for segment in image.segments)
    )


def _is_official(image: ImageReference) -> bool:
    """Whether it is one of Docker's official images, whose names mean just that image."""
    return (image.public_origin or "").startswith("docker.io/library/")


def _ends_in_row_name(row: dict[str, Any], image: ImageReference, least: int = 1) -> bool:
    """Whether a repository ends in one of a row's names, of `least` segments or more."""
    return any(image.segments[-len(tail) :] == tail for tail in row["tails"] if len(tail) >= least)


def _matches_tag(row: dict[str, Any], image: ImageReference) -> bool:
    """Whether a row that is only about some tags is about this one; a tag left out is `latest`."""
    if "tag" not in row:
        return True
    tag = image.tag if isinstance(image.tag, str) else "latest" if image.tag is ABSENT else ""
    return re.fullmatch(row["tag"], tag) is not None


def _split_name(name: str) -> tuple[str, ...]:
    words = tuple(re.split(r"[^a-z0-9]+", name.lower()))
    return () if words[-1] in _BESIDE else words


def _matches_name(row: dict[str, Any], words: tuple[str, ...], key: str = "names") -> bool:
    for name in row.get(key, ()):
        wanted = tuple(name.split("-"))
        if any(words[at : at + len(wanted)] == wanted for at in range(len(words))):
            return True
    return False
