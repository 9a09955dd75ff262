"""Whether Terraform makes a resource anew when one of its attributes changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final, Literal

from fixbot.lens import Resource, Slot, Update
from fixbot.lens.resource import CompanionSlot

Kind = Literal["always", "maybe", "never"]
_UPDATES: Final = {"always": Update.REPLACEMENT, "maybe": Update.UNKNOWN, "never": Update.NONE}


@cache
def read_replacements() -> Mapping[tuple[str, str], Update]:
    """What changing an attribute does, by resource type and dotted path; the table names its source."""
    text = (resources.files("fixbot") / "data" / "terraform_replacements.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {(name, path): _UPDATES[kind] for name, kind, paths in rows for path in paths.split()}


def find_update(resource: Resource, slot: Slot) -> Update:
    """What a change of that property does: CloudFormation's by its type, Terraform's by the table.

    What a module makes of its inputs is not known; nor is what the table lacks, or the provider decides. A
    companion that is yet to be made replaces nothing.
    """
    if isinstance(slot, CompanionSlot):
        return Update.NONE
    if resource.dialect != "terraform" or resource.module is not None:
        return slot.update
    kind, table, name = resource.type, read_replacements(), slot.canonical
    path, written = kind.path("terraform", name), resource.address.partition(".")[0]
    for beginning, companion in kind.companions.items():
        if f"{name}.".startswith(f"{beginning}.") and (written, ".".join(path)) not in table:
            written, path = companion.type, kind.path("terraform", name[len(beginning) :].lstrip("."))
    above = (table.get((written, ".".join(path[:size])), Update.NONE) for size in range(1, len(path)))
    found = {table.get((written, ".".join(path)), Update.UNKNOWN), *above}
    return next(each for each in (Update.REPLACEMENT, Update.UNKNOWN, Update.NONE) if each in found)
