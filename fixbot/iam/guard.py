"""Guards a statement that grants by wildcard: its bytes stay, Deny statements stand beside it.

A Deny on what exists also stops what carries no tag at all. What makes new things is limited only
where that is what the author wrote, by name or as `ecs:Run*`; under `ecs:*` it stays free, since a
new thing harms no other environment, and without the tag nobody here can touch it afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.outcome import ActionFate, GuardStatement
from fixbot.iam.reach import group_by_fate
from fixbot.iam.statement_plan import (
    StatementPlan,
    find_also_denied,
    name_tag_prefix,
    number_name,
    protect_tag,
    request_tag_key,
    required_grants,
    resource_tag_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fixbot.edit.tree import Value
    from fixbot.iam.outcome import ActionGroup, New


def plan_guard(plan: StatementPlan, earlier: Iterable[StatementPlan]) -> GuardStatement:
    """The Deny statements for this one; `earlier` are the other statements before it that need some."""
    taken = {str(body): sid for sid, body in _name_guards(earlier)}
    added = []
    for wanted, body in _build_bodies(plan):
        sid = taken.get(str(body)) or (
            number_name(wanted, {*plan.sids, *taken.values()}) if plan.sids else ""
        )
        added.append({"Sid": sid, **body} if sid else body)
    existing, creating = _limited_actions(plan)
    added += protect_tag(plan, existing + creating)
    return GuardStatement(
        tuple(added), _group_actions(plan), required_grants(plan, creating), find_also_denied(plan, added)
    )


def _name_guards(plans: Iterable[StatementPlan]) -> list[tuple[str, New]]:
    """The guards of other statements with the Sids that they get, equal ones once."""
    found: list[tuple[str, New]] = []
    for plan in plans:
        for wanted, body in _build_bodies(plan) if plan.sids else ():
            if all(str(body) != str(other) for _, other in found):
                found.append((number_name(wanted, {*plan.sids, *(sid for sid, _ in found)}), body))
    return found


def _limited_actions(plan: StatementPlan) -> tuple[list[str], list[str]]:
    """What exists and is limited, and what creates and is; each sorted."""
    existing = {name for item in plan.items for name in item.existing}
    creating = {name for item in plan.items for name in item.creating}
    return sorted(existing), sorted(creating)


def _build_bodies(plan: StatementPlan) -> list[tuple[str, New]]:
    """The Deny statements without their Sids, each with the Sid it would like."""
    existing, creating = _limited_actions(plan)
    wanted = [
        (f"{name_tag_prefix(plan.tag)}Only", existing, resource_tag_key(plan.tag)),
        (f"{name_tag_prefix(plan.tag)}OnCreate", creating, request_tag_key(plan.tag)),
    ]
    return [(sid, _build_deny(plan, list(actions), key)) for sid, actions, key in wanted if actions]


def _build_deny(plan: StatementPlan, actions: list[Value], key: str) -> New:
    condition: dict[str, Value] = {"StringNotEquals": {key: plan.tag.value}}
    return plan.build_statement(
        "", "Deny", Action=actions, Resource=plan.statement["Resource"], Condition=condition
    )


def _group_actions(plan: StatementPlan) -> tuple[ActionGroup, ...]:
    existing, creating = _limited_actions(plan)
    free_to_make = {name for item in plan.items for name in item.free} - set(creating)
    pairs: list[tuple[ActionFate, tuple[str, ...]]] = [
        *((item.fate, (item.label,)) for item in plan.items if not item.is_wildcard),
        (ActionFate.EXISTING, tuple(existing)),
        (ActionFate.CREATING, tuple(creating)),
        (ActionFate.UNTOUCHED, tuple(sorted(free_to_make))),
        (ActionFate.WITHOUT, _untaggable_changes(plan)),
    ]
    return group_by_fate(pairs)


def _untaggable_changes(plan: StatementPlan) -> tuple[str, ...]:
    """The changes that a wildcard reaches and that know no tags."""
    reached = {name for item in plan.items if item.is_wildcard for name in table.expand_pattern(item.label)}
    known = filter(None, map(table.find_action, sorted(reached)))
    return tuple(
        str(action)
        for action in known
        if action.level.is_changing and not (action.request_tag if action.creates else action.resource_tag)
    )
