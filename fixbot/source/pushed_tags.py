"""Tags of images that a pipeline pushes again and again, told from the bytes of what it runs."""

from __future__ import annotations

import re
from typing import Final

_RUN: Final = (".sh", ".yml", ".yaml", "makefile", ".ps1", ".py", "jenkinsfile", ".tf", ".json", ".template")
_PUSHES = re.compile(
    rb"(?:docker|podman|nerdctl|buildah|crane)[\"', ]{1,4}(?:image[\"', ]{1,4})?push\b"
    rb"|build-push-action|--push\b|kaniko|\bpush:[ ]*true"
)
_MOVING = re.compile(rb"[\w})\"']:(latest|stable|edge|buildcache)(?![\w.-])")


def find_moving_tags(path: str, data: bytes) -> tuple[str, ...]:
    """The tags that always name the newest image, where a file pushes such ones to ECR."""
    if b"push" not in data or not path.lower().endswith(_RUN):
        return ()
    if _PUSHES.search(data) is None or b"ecr" not in data.lower():
        return ()
    return tuple(dict.fromkeys(found[1].decode() for found in _MOVING.finditer(data)))
