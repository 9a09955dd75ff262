"""Containers, secrets and statements that are wrong, by the oracle's own plain criteria."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracle.boxes import Box, boxes
from tests.oracle.nodes import Place, Reading
from tests.oracle.policies import exempt, guarded, statements, wide

READONLY = "readonly-root-filesystem"
PRIVILEGED = "privileged-container"
SECRET = "secret-in-environment"
TAG = "tag-condition-missing"
_NAME = re.compile(r"(?i)(?:^|_)(?:password|passwd|secret|token|api_?key|secret_?key|access_?key)$")
_HARMLESS = re.compile(
    r"(?i)^(?:|true|false|yes|no|on|off|null|none|\d+|arn:.*|/.*|[a-z]+://[^@]*|.*[${<{%].*|.*change.?me.*|x+|\*+)$"
)


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


def sightings(reading: Reading) -> Iterator[Sighting]:
    """All that is wrong in a file."""
    for order, box in enumerate(boxes(reading)):
        yield from _of_box(box, order)
    for order, (statement, policy, around) in enumerate(statements(reading)):
        if wide(statement) and not exempt(around, reading) and not guarded(policy):
            lines = policy.first, policy.last
            yield Sighting(TAG, statement.first, statement.last, lines, "statement", order)


def _spelled(box: Box, key: str) -> str:
    return key[:1].upper() + key[1:] if box.spelling == "cfn" else key


def readonly(box: Box) -> Place | None:
    """The flag of a container, None where it isn't written."""
    if box.kind == "ecs":
        return box.place.get(_spelled(box, "readonlyRootFilesystem")) or box.place.get(
            "readonly_root_filesystem"
        )
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
        for each in ((listed := box.place.entries.get(key)) is not None and listed.items) or ():
            name = each.get("name") or each.get("Name")
            value = each.get("value") or each.get("Value")
            if name is not None and name.text and value is not None and _literal(name.text, value):
                yield name.text, value
    for way in (("logConfiguration", "options"), ("LogConfiguration", "Options")):
        for key, value in (((found := box.place.get(*way)) is not None and found.entries) or {}).items():
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
