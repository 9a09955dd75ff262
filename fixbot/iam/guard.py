"""Guards a statement that grants by wildcard: its bytes stay, Deny statements stand beside it.

A Deny on what exists also stops what carries no tag at all. What makes new things is limited only
where that is what the author wrote, by name or as `ecs:Run*`; under `ecs:*` it stays free, since a
new thing harms no other environment, and without the tag nobody here can touch it afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.outcome import Fate, Guard
from fixbot.iam.parts import (
    Plan,
    also_denied,
    free,
    grants_to_ask,
    on_request,
    on_resource,
    own,
    tag_stays,
)
from fixbot.iam.reach import groups

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fixbot.iam.outcome import Group, New
    from fixbot.tree import Value


def guard(plan: Plan, earlier: Iterable[Plan]) -> Guard:
    """The Deny statements for this one; `earlier` are the other statements before it that need some."""
    taken = {str(body): sid for sid, body in _named(earlier)}
    added = []
    for wanted, body in _bodies(plan):
        sid = taken.get(str(body)) or (free(wanted, {*plan.sids, *taken.values()}) if plan.sids else "")
        added.append({"Sid": sid, **body} if sid else body)
    existing, creating = _limited(plan)
    added += tag_stays(plan, existing + creating)
    return Guard(tuple(added), _groups(plan), grants_to_ask(plan, creating), also_denied(plan, added))


def _named(plans: Iterable[Plan]) -> list[tuple[str, New]]:
    """The guards of other statements with the Sids that they get, equal ones once."""
    found: list[tuple[str, New]] = []
    for plan in plans:
        for wanted, body in _bodies(plan) if plan.sids else ():
            if all(str(body) != str(other) for _, other in found):
                found.append((free(wanted, {*plan.sids, *(sid for sid, _ in found)}), body))
    return found


def _limited(plan: Plan) -> tuple[list[str], list[str]]:
    """What exists and is limited, and what creates and is; each sorted."""
    existing = {name for item in plan.items for name in item.existing}
    creating = {name for item in plan.items for name in item.creating}
    return sorted(existing), sorted(creating)


def _bodies(plan: Plan) -> list[tuple[str, New]]:
    """The Deny statements without their Sids, each with the Sid it would like."""
    existing, creating = _limited(plan)
    wanted = [
        (f"{own(plan.tag)}Only", existing, on_resource(plan.tag)),
        (f"{own(plan.tag)}OnCreate", creating, on_request(plan.tag)),
    ]
    return [(sid, _deny(plan, list(actions), key)) for sid, actions, key in wanted if actions]


def _deny(plan: Plan, actions: list[Value], key: str) -> New:
    condition: dict[str, Value] = {"StringNotEquals": {key: plan.tag.value}}
    return plan.new("", "Deny", Action=actions, Resource=plan.statement["Resource"], Condition=condition)


def _groups(plan: Plan) -> tuple[Group, ...]:
    existing, creating = _limited(plan)
    free_to_make = {name for item in plan.items for name in item.free} - set(creating)
    pairs: list[tuple[Fate, tuple[str, ...]]] = [
        *((item.fate, (item.label,)) for item in plan.items if not item.wild),
        (Fate.EXISTING, tuple(existing)),
        (Fate.CREATING, tuple(creating)),
        (Fate.UNTOUCHED, tuple(sorted(free_to_make))),
        (Fate.WITHOUT, _never(plan)),
    ]
    return groups(pairs)


def _never(plan: Plan) -> tuple[str, ...]:
    """The changes that a wildcard reaches and that know no tags."""
    reached = {name for item in plan.items if item.wild for name in table.expand(item.label)}
    known = filter(None, map(table.lookup, sorted(reached)))
    return tuple(
        str(action)
        for action in known
        if action.level.changes and not (action.request_tag if action.creates else action.resource_tag)
    )
