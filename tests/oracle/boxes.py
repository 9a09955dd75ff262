"""Where the containers of a file are, found by walking everything that it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracle.nodes import Place, Reading

_K8S_LISTS = ("containers", "initContainers", "ephemeralContainers")
_ECS_TELLS = frozenset(
    [
        "essential",
        "portMappings",
        "environment",
        "logConfiguration",
        "mountPoints",
        "cpu",
        "memory",
        "memoryReservation",
        "secrets",
        "entryPoint",
        "command",
        "links",
        "volumesFrom",
        "privileged",
    ]
)
_ONLY_ECS = frozenset(
    [
        "essential",
        "portMappings",
        "logConfiguration",
        "mountPoints",
        "memoryReservation",
        "entryPoint",
        "volumesFrom",
    ]
)


@dataclass(frozen=True)
class Box:
    """A container: `kind` is `k8s` or `ecs`, spelled like `spelling` (`json`, `cfn`, `hcl`)."""

    place: Place
    kind: str
    spelling: str
    around: Place
    windows: bool = False


def boxes(reading: Reading) -> Iterator[Box]:
    """Every container of a file."""
    for root in reading.roots:
        seen: set[int] = set()
        for box in _boxes(reading, root):
            if id(box.place) not in seen:
                seen.add(id(box.place))
                yield box


def _boxes(reading: Reading, root: Place) -> Iterator[Box]:
    if reading.syntax == "hcl":
        yield from _hcl(root)
    elif "Resources" in root.entries:
        yield from _cloudformation(root)
    elif root.get("kind") is not None and root.get("apiVersion") is not None:
        yield from _kubernetes(root)
    else:
        yield from _ecs(root)


def _kubernetes(root: Place) -> Iterator[Box]:
    if root.get("kind") is not None and (root.get("kind") or root).text == "CustomResourceDefinition":
        return
    for item in root.walk():
        for key in _K8S_LISTS:
            listed = item.entries.get(key)
            for each in listed.items if listed is not None else ():
                if "image" in each.entries and "name" in each.entries:
                    yield Box(each, "k8s", "json", root, _on_windows(item))


def _on_windows(pod: Place) -> bool:
    system, chosen = pod.get("os", "name"), pod.get("nodeSelector")
    picks = [
        v.text
        for k, v in (chosen.entries if chosen is not None else {}).items()
        if k.endswith("kubernetes.io/os")
    ]
    return "windows" in [system.text if system is not None else None, *picks]


def _ecs(root: Place) -> Iterator[Box]:
    for item in root.walk():
        listed = item.entries.get("containerDefinitions")
        for each in listed.items if listed is not None else ():
            if "image" in each.entries:
                yield Box(
                    each, "ecs", "json", item, _windows(item, "runtimePlatform", "operatingSystemFamily")
                )
    if root.items and all(_bare(each) for each in root.items):
        for each in root.items:
            yield Box(each, "ecs", "json", root)


def _bare(place: Place) -> bool:
    keys = set(place.entries)
    return {"image", "name"} <= keys and bool(keys & _ECS_TELLS)


def _windows(task: Place, *way: str) -> bool:
    found = task.get(*way)
    return found is not None and (found.text or "").upper().startswith("WINDOWS")


def _cloudformation(root: Place) -> Iterator[Box]:
    for resource in (root.get("Resources") or root).entries.values():
        kind = (found.text if (found := resource.get("Type")) is not None else None) or ""
        if kind not in ("AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition"):
            continue
        properties = resource.get("Properties") or resource
        windows = _windows(properties, "RuntimePlatform", "OperatingSystemFamily")
        for item in properties.walk():
            for key in ("ContainerDefinitions", "Containers"):
                listed = item.entries.get(key)
                for each in _entries(listed):
                    if "Image" in each.entries:
                        yield Box(each, "ecs", "cfn", resource, windows)
            single = item.entries.get("ContainerProperties")
            if single is not None and "Image" in single.entries:
                yield Box(single, "ecs", "cfn", resource, windows)


def _entries(listed: Place | None) -> Iterator[Place]:
    """The maps of a list, those in the branches of an `Fn::If` too."""
    if listed is None:
        return
    for each in listed.items:
        if "Image" in each.entries:
            yield each
        else:
            yield from _entries(each)
            for inner in each.entries.values():
                yield from _entries(inner)
    for inner in listed.entries.values():
        yield from _entries(inner)


def _hcl(root: Place) -> Iterator[Box]:
    for top in (each for listed in root.entries.values() for each in listed.items):
        for item in top.walk():
            for key, listed in item.entries.items():
                if key in ("container{}", "init_container{}"):
                    yield from (Box(e, "k8s", "hcl", top) for e in listed.items if "image" in e.entries)
            keys = set(item.entries)
            if {"image", "name"} <= keys and keys & _ONLY_ECS and "(labels)" not in keys:
                first = next((e for k, e in item.entries.items() if k == "name"), item)
                if first.value is not None and not any("{}" in k for k in keys):
                    yield Box(item, "ecs", "hcl", top)
