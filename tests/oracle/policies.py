"""Policy statements, and which of them let people change things of every environment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.oracle.nodes import Place, Reading

# What changes things of ECS and takes aws:ResourceTag, from AWS' service authorization reference.
_TAGGED = frozenset(
    f"ecs:{name}"
    for name in [
        "updateservice",
        "deleteservice",
        "stoptask",
        "executecommand",
        "updatecluster",
        "deletecluster",
    ]
)
_SERVICE = re.compile(r"(?:ecs|ecs-tasks|ec2|events|scheduler|(?:application-)?autoscaling)\.amazonaws")
_LIMITED = re.compile(r"(?i)(?:resourcetag|principaltag|requesttag)/|^ecs:cluster$")


def statements(reading: Reading) -> Iterator[tuple[Place, Place, Place]]:
    """Statements with the policy and the thing around it; in HCL objects and `statement` blocks."""
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
    if (effect is not None and effect.value != "Allow") or "*" not in resources or "*" in actions:
        return False
    if any(c is not None and any(_limits(each) for each in c.walk()) for c in conditions):
        return False
    return any(_TAGGED & {t for t in _TAGGED if _matches(a, t)} for a in actions)


def _matches(pattern: str, action: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), action) is not None


def _limits(place: Place) -> bool:
    keys = [*place.entries, str(place.value) if not place.items and not place.entries else ""]
    return any(_LIMITED.search(key) for key in keys)


def exempt(around: Place, reading: Reading) -> bool:
    """Roles of services that carry out what others decide. In HCL the trust stands in another block."""
    places = reading.roots if reading.syntax == "hcl" else [around]
    texts = (each.value for place in places for each in place.walk() if isinstance(each.value, str))
    return any(_SERVICE.search(text) for text in texts)


def guarded(policy: Place) -> bool:
    """Whether a Deny beside a statement holds its changes to a tag."""
    listed = policy.entries.get("Statement") or policy.entries.get("statement{}")
    for each in listed.items if listed is not None else ():
        effect = each.get("Effect") or each.get("effect")
        conditions = each.get("Condition") or each.get("condition{}")
        denies = effect is not None and effect.value == "Deny" and conditions is not None
        if denies and conditions is not None and any(_limits(inner) for inner in conditions.walk()):
            return True
    return False
