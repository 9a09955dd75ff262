"""What the Dockerfiles of the repository say of their images: the user, and whether they hold one program.

The latter is told from the last stage's base: `scratch`, distroless static, Chainguard's static. The image is
known by the folder or file name, as builds name it: `cmd/web/Dockerfile`, `web.Dockerfile`, `Dockerfile.web`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

_STATIC: Final = re.compile(
    r"scratch|(?:gcr\.io/distroless|cgr\.dev/chainguard|ghcr\.io/wolfi-dev)/static(?:-debian\d+)?(?:[:@]\S+)?"
)
_FROM: Final = re.compile(
    r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.MULTILINE | re.IGNORECASE
)
_VOLUME: Final = re.compile(r"^[ \t]*VOLUME\b", re.MULTILINE | re.IGNORECASE)
_USER: Final = re.compile(r"^[ \t]*USER[ \t]+(\S+)", re.MULTILINE | re.IGNORECASE)
_NAMED_USER: Final = re.compile(r"[a-z0-9_][a-z0-9_-]{0,31}(?::[a-z0-9_][a-z0-9_-]{0,31})?")
_VARIANTS: Final = frozenset({"dev", "debug", "test", "ci", "build", "local", "base", "builder", "tilt"})
_LONGEST: Final = 65_536
_MOST: Final = 500
"""No more are read of a repository."""


def select_dockerfiles(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of some paths, and no more than are read."""
    return tuple(islice((path for path in paths if is_dockerfile(path)), _MOST))


def is_dockerfile(path: str) -> bool:
    """Whether a file's name is a Dockerfile's."""
    last = path.rpartition("/")[2].lower()
    return ("dockerfile" in last or "containerfile" in last) and _split_name(path) is not None


def _split_name(path: str) -> tuple[str, str] | None:
    """The folder, and what stands before or behind `Dockerfile` in its name, in small letters."""
    above, _, last = path.lower().rpartition("/")
    for word in ("dockerfile", "containerfile"):
        parts = last.split(".")
        if word in parts:
            at = parts.index(word)
            return above.rpartition("/")[2], ".".join(parts[:at]) or ".".join(parts[at + 1 :])
    return None


def image_of_dockerfile(path: str) -> str:
    """The image's likely name, in small letters; empty where the path names none."""
    found = _split_name(path)
    if found is None:
        return ""
    folder, own = found
    return folder if own in ("", *_VARIANTS) else own


def is_variant(path: str) -> bool:
    """Whether the file is for development: it says nothing of the image that is deployed."""
    found = _split_name(path)
    return found is not None and found[1] in _VARIANTS


def find_image_user(dockerfile: str) -> str:
    """The user that the image starts as, where its last stage names one; empty where nobody can say."""
    text = dockerfile[:_LONGEST]
    stages = list(_FROM.finditer(text))
    said = _USER.findall(text, stages[-1].end()) if stages else []
    return said[-1] if said and _NAMED_USER.fullmatch(said[-1]) else ""


def holds_static_program(dockerfile: str) -> bool:
    """Whether the last stage holds nothing but what is copied onto a static base, and no VOLUME."""
    text = dockerfile[:_LONGEST]
    stages = list(_FROM.finditer(text))
    if not stages:
        return False
    named = {found[2].lower(): found[1] for found in stages if found[2]}
    last = stages[-1]
    base = last[1]
    for _ in stages:
        base = named.get(base.lower(), base)
    return _STATIC.fullmatch(base) is not None and _VOLUME.search(text[last.end() :]) is None
