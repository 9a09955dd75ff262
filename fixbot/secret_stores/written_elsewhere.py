"""Values that reach a container from another place of the repository, where they are written out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fixbot.edit.tree import Node
from fixbot.knowledge.classify_secrets import classify_value
from fixbot.knowledge.classify_variables import classify_variable
from fixbot.model.findings import Manual
from fixbot.rules.context import Context

_HOLE = re.compile(r"\$\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class WrittenValue:
    """A literal one step away: its text, where it stands, and what it is to a reader.

    `name` is the one it has there, `what` says the place: `the default of the parameter DbPassword`.
    """

    text: str
    node: Node
    name: str
    what: str


Lookup = Callable[[str], WrittenValue | None]
"""What an expression (`var.password`, a parameter's name) stands for, where that is written out."""


def find_written_secret(name: str, text: str, look_up: Lookup) -> WrittenValue | None:
    """The literal that makes a value a secret. `text` has `${…}` for each part that is filled in."""
    found = [each for part in _HOLE.findall(text) if (each := look_up(part.strip())) is not None]
    if not found:
        return None
    by_name = next((each for each in found if classify_value(each.name, each.text).is_secret), None)
    if by_name is not None:
        return by_name

    def fill_hole(hole: re.Match[str]) -> str:
        value = look_up(hole[1].strip())
        return hole[0] if value is None else value.text

    filled = _HOLE.sub(fill_hole, text)
    return found[0] if classify_variable(name, filled).is_secret else None


def choose_written(name: str, values: Iterator[WrittenValue]) -> WrittenValue | None:
    """The first of several values that is a secret under that name."""
    return next((each for each in values if classify_variable(name, each.text).is_secret), None)


def explain_written(name: str, found: WrittenValue, world: Context, then: str) -> Manual:
    """Say where the literal stands, that it is in Git, and what to do."""
    document = world.project.documents[found.node.root_node.source]
    line = document.locate_offset(found.node.start)[0]
    return Manual(
        f"{name} gets {found.what}, which is a secret in clear ({posixpath.basename(document.path)}:{line}). "
        f"It is in Git, so change it where it was issued. Store the new value in Secrets Manager, {then}"
    )
