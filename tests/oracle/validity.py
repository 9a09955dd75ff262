"""What is wrong with a task or a pod by plain rules; only what a change brings along is held against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.oracle.boxes import Box, boxes
from tests.oracle.nodes import Place, Reading


def problems(reading: Reading) -> Iterator[str]:
    """Names written twice, mounts without their volume, variables that are both value and secret."""
    for box in boxes(reading):
        name = _text(box.place, "name")
        yield from (f"container {name}: {each}" for each in _of_box(box))


def _text(place: Place, key: str) -> str:
    found = place.get(key) or place.get(key.capitalize())
    return found.text or "?" if found is not None else "?"


def _key(box: Box, key: str) -> str:
    return key[:1].upper() + key[1:] if box.spelling == "cfn" else key


def _of_box(box: Box) -> Iterator[str]:
    hcl_pod = box.kind == "k8s" and box.spelling == "hcl"
    env, secrets = _names(box, "environment"), _names(box, "secrets")
    if box.kind == "k8s":
        env, secrets = _names(box, "env{}" if hcl_pod else "env"), []
    yield from (f"{name} twice in its environment" for name, n in Counter(env).items() if n > 1)
    yield from (f"{name} twice in its secrets" for name, n in Counter(secrets).items() if n > 1)
    yield from (f"{name} is both a value and a secret" for name in set(env) & set(secrets))
    listed = _list(
        box, "mountPoints" if box.kind == "ecs" else "volume_mount{}" if hcl_pod else "volumeMounts"
    )
    key = "containerPath" if box.kind == "ecs" else "mount_path" if hcl_pod else "mountPath"
    paths = [found.text for each in listed if (found := each.get(_key(box, key))) is not None and found.text]
    yield from (f"{path} is mounted twice" for path, n in Counter(paths).items() if n > 1)
    volumes = _volumes(box, hcl_pod)
    if volumes is None:
        return
    key = "sourceVolume" if box.kind == "ecs" else "name"
    for each in listed:
        name = each.get(_key(box, key))
        if name is not None and name.text and name.text not in volumes:
            yield f"the mount of {name.text} has no volume"
    yield from (f"two volumes are called {name}" for name, n in Counter(volumes).items() if n > 1)


def _list(box: Box, key: str) -> list[Place]:
    found = box.place.get(_key(box, key))
    return found.items if found is not None else []


def _names(box: Box, key: str) -> list[str]:
    return [_text(each, "name") for each in _list(box, key) if each.entries]


def _volumes(box: Box, hcl_pod: bool) -> list[str] | None:
    """The names of the volumes of the task; None where they stand elsewhere or are computed."""
    if box.kind == "k8s":
        return _pod_volumes(box, "volume{}" if hcl_pod else "volumes")
    if box.spelling == "hcl":
        listed = box.around.get("volume{}")
        computed = "dynamic{}" in box.around.entries or "container_definitions" not in box.around.entries
        return None if computed else [_text(each, "name") for each in (listed.items if listed else [])]
    if not box.around.entries:
        return None
    holders = [each for each in box.around.walk() if _key(box, "containerDefinitions") in each.entries]
    if not holders:
        return None
    found = holders[0].get(_key(box, "volumes"))
    if found is not None and not isinstance(found.value, list):
        return None
    return [_text(each, "name") for each in (found.items if found is not None else [])]


def _pod_volumes(box: Box, key: str) -> list[str] | None:
    pod = next(
        (
            each
            for each in box.around.walk()
            if any(box.place in listed.items for listed in each.entries.values())
        ),
        None,
    )
    if pod is None:
        return None
    found = pod.get(key)
    if found is not None and not isinstance(found.value, list):
        return None
    listed = [place.entries.get("volumeClaimTemplates") for place in box.around.walk()]
    claims = [each for claim in listed if claim is not None for each in claim.items]
    names = [_text(each, "name") for each in (found.items if found is not None else [])]
    metadata = [_text(found, "name") for each in claims if (found := each.get("metadata")) is not None]
    return names + metadata
