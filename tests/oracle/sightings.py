"""Containers, secrets and statements that are wrong, by the oracle's own plain criteria."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracle.nodes import Place, Reading

READONLY = "readonly-root-filesystem"
PRIVILEGED = "privileged-container"
SECRET = "secret-in-environment"
TAG = "tag-condition-missing"

_K8S_LISTS = ("containers", "initContainers", "ephemeralContainers")
_ECS_TELLS = frozenset(
    "essential portMappings environment logConfiguration mountPoints cpu memory memoryReservation secrets "
    "entryPoint command links volumesFrom privileged".split()
)
_NAME = re.compile(r"(?i)(?:^|_)(?:password|passwd|secret|token|api_?key|secret_?key|access_?key)$")
_HARMLESS = re.compile(r"(?i)^(?:|true|false|yes|no|on|off|null|none|\d+|arn:.*|/.*|[a-z]+://[^@]*|.*[${<{%].*|.*change.?me.*|x+|\*+)$")


@dataclass(frozen=True)
class Sighting:
    """Something wrong: which rule, between which lines, and the outermost thing that it is part of."""

    rule: str
    first: int
    last: int
    within: tuple[int, int]
    """The lines of the task, the workload or the policy: a place left unread there covers it."""
    what: str
    order: int
    """Which container or statement of the file it is, counted from 0."""


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
    picks = [v.text for k, v in (chosen.entries if chosen is not None else {}).items() if k.endswith("kubernetes.io/os")]
    return "windows" in [system.text if system is not None else None, *picks]


def _ecs(root: Place) -> Iterator[Box]:
    for item in root.walk():
        listed = item.entries.get("containerDefinitions")
        for each in listed.items if listed is not None else ():
            if "image" in each.entries:
                yield Box(each, "ecs", "json", item, _windows(item, "runtimePlatform", "operatingSystemFamily"))
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
            if {"image", "name"} <= keys and keys & _ECS_TELLS and "(labels)" not in keys:
                first = next((e for k, e in item.entries.items() if k == "name"), item)
                if first.value is not None and not any("{}" in k for k in keys):
                    yield Box(item, "ecs", "hcl", top)


def sightings(reading: Reading) -> Iterator[Sighting]:
    """All that is wrong in a file."""
    for order, box in enumerate(boxes(reading)):
        yield from _of_box(box, order)
    for order, (statement, policy, around) in enumerate(statements(reading)):
        if wide(statement) and not _exempt(around) and not _guarded(policy):
            lines = policy.first, policy.last
            yield Sighting(TAG, statement.first, statement.last, lines, "statement", order)


def _guarded(policy: Place) -> bool:
    """Whether a Deny beside a statement holds its changes to a tag."""
    listed = policy.entries.get("Statement") or policy.entries.get("statement{}")
    for each in listed.items if listed is not None else ():
        effect = each.get("Effect") or each.get("effect")
        conditions = each.get("Condition") or each.get("condition{}")
        if effect is not None and effect.value == "Deny" and conditions is not None:
            if any(_limits(inner) for inner in conditions.walk()):
                return True
    return False


def _spelled(box: Box, key: str) -> str:
    return key[:1].upper() + key[1:] if box.spelling == "cfn" else key


def readonly(box: Box) -> Place | None:
    """The flag of a container, None where it isn't written."""
    if box.kind == "ecs":
        return box.place.get(_spelled(box, "readonlyRootFilesystem")) or box.place.get("readonly_root_filesystem")
    return _in_context(box, "readOnlyRootFilesystem", "read_only_root_filesystem")


def privileged(box: Box) -> Place | None:
    """The same of the privileged mode."""
    if box.kind == "ecs":
        return box.place.get(_spelled(box, "privileged"))
    return _in_context(box, "privileged", "privileged")


def _in_context(box: Box, key: str, snake: str) -> Place | None:
    if box.spelling != "hcl":
        return box.place.get("securityContext", key)
    context = box.place.get("security_context{}")
    return context.items[0].get(snake) if context is not None and context.items else None


def _true(place: Place | None) -> bool:
    return place is not None and (place.value is True or str(place.value).lower() == "true")


def _of_box(box: Box, order: int) -> Iterator[Sighting]:
    around = box.around.first, box.around.last
    name = (found.text if (found := box.place.get(_spelled(box, "name"))) is not None else None) or "?"
    if not _true(readonly(box)) and not box.windows:
        yield Sighting(READONLY, box.place.first, box.place.last, around, f"container {name}", order)
    if _true(privileged(box)):
        yield Sighting(PRIVILEGED, box.place.first, box.place.last, around, f"container {name}", order)
    for key, value in secrets(box):
        yield Sighting(SECRET, value.first, value.last, around, f"container {name}, {key}", order)


def secrets(box: Box) -> Iterator[tuple[str, Place]]:
    """Literal values under names that hold secrets."""
    for key in ("env", "environment", "Environment", "env{}"):
        for each in (listed := box.place.entries.get(key)) is not None and listed.items or ():
            name = each.get("name") or each.get("Name")
            value = each.get("value") or each.get("Value")
            if name is not None and name.text and value is not None and _literal(name.text, value):
                yield name.text, value
    for way in (("logConfiguration", "options"), ("LogConfiguration", "Options")):
        for key, value in ((found := box.place.get(*way)) is not None and found.entries or {}).items():
            if _literal(key.replace("-", "_"), value):
                yield key, value


def _literal(name: str, value: Place) -> bool:
    text = value.text
    upper = name.upper().replace("-", "_")
    return (
        text is not None
        and _NAME.search(name) is not None
        and _HARMLESS.match(text) is None
        and upper not in text.upper().replace("-", "_")
        and not re.fullmatch(r"[A-Z]+(_[A-Z]+)+|.", text)
    )


# What changes things of ECS and takes aws:ResourceTag, from AWS' service authorization reference.
_TAGGED = frozenset(
    f"ecs:{name}"
    for name in "updateservice deleteservice stoptask executecommand updatecluster deletecluster runtask".split()
)
_LIMITED = re.compile(r"(?i)(?:resourcetag|principaltag|requesttag)/|^ecs:cluster$")


def statements(reading: Reading) -> Iterator[tuple[Place, Place, Place]]:
    """Statements with the policy and the thing around it. In HCL: objects with Effect, and statement blocks."""
    for root in reading.roots:
        tops = [root]
        if reading.syntax == "hcl":
            tops = [each for listed in root.entries.values() for each in listed.items]
        elif "Resources" in root.entries:
            tops = list((root.get("Resources") or root).entries.values())
        for top in tops:
            for item in top.walk():
                for key in ("Statement", "statement{}"):
                    listed = item.entries.get(key)
                    if listed is not None:
                        for each in listed.items or [listed]:
                            if each.entries and "Principal" not in each.entries:
                                yield each, item, top


def _words(place: Place | None) -> list[str]:
    if place is None:
        return []
    return [each.text for each in (place.items or [place]) if each.text is not None]


def wide(statement: Place) -> bool:
    """Whether it allows a tagged change on everything, and no condition tells tags apart."""
    effect = statement.get("Effect") or statement.get("effect")
    actions = [a.lower() for a in _words(statement.get("Action") or statement.get("actions"))]
    resources = _words(statement.get("Resource") or statement.get("resources"))
    conditions = statement.get("Condition"), statement.get("condition{}")
    if effect is not None and effect.value != "Allow" or "*" not in resources or "*" in actions:
        return False
    if any(c is not None and any(_limits(each) for each in c.walk()) for c in conditions):
        return False
    return any(_TAGGED & {t for t in _TAGGED if _matches(a, t)} for a in actions)


def _matches(pattern: str, action: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), action) is not None


def _limits(place: Place) -> bool:
    keys = [*place.entries, str(place.value) if not place.items and not place.entries else ""]
    return any(_LIMITED.search(key) for key in keys)


def _exempt(around: Place) -> bool:
    """Roles that a service of AWS takes on to run containers and instances for people, not people's own."""
    return any(
        isinstance(each.value, str) and re.search(r"(?:ecs|ecs-tasks|ec2|autoscaling|application-autoscaling)\.amazonaws", each.value)
        for each in around.walk()
    )
