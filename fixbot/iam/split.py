"""Takes a statement of named actions apart: what knows tags is limited, the rest stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.outcome import ActionFate, New, SplitStatement
from fixbot.iam.reach import ActionItem, group_by_fate
from fixbot.iam.statement_plan import (
    StatementPlan,
    find_also_denied,
    number_name,
    protect_tag,
    request_tag_key,
    required_grants,
    resource_tag_key,
)

if TYPE_CHECKING:
    from fixbot.edit.tree import Value
    from fixbot.iam.outcome import EnvironmentTag

_Tests = tuple[tuple[str, str, "Value"], ...]


def split_statement(plan: StatementPlan) -> SplitStatement:
    """The original keeps its Sid and what knows no tags; if all knows them, it keeps the first kind."""
    existing = tuple(item for item in plan.items if item.fate is ActionFate.EXISTING)
    creating = tuple(item for item in plan.items if item.fate is ActionFate.CREATING)
    limited = [
        (existing, tests_on_existing(plan.tag), "WithTag"),
        (creating, tests_on_creating(plan.tag, creating), "OnCreate"),
    ]
    parts = [part for part in limited if part[0]]
    stay = tuple(item for item in plan.items if item not in existing and item not in creating)
    condition: _Tests = ()
    if not stay:
        stay, condition, _ = parts.pop(0)
    added, taken = [], set(plan.sids)
    for items, made, suffix in parts:
        sid = _choose_sid(plan, suffix, taken)
        taken.add(sid)
        added.append(_build_statement(plan, items, made, sid))
    names = [name for item in existing + creating for name in item.existing + item.creating]
    added += protect_tag(plan, names)
    return SplitStatement(
        _rewrite_original(plan, stay, condition),
        tuple(added),
        tuple(item.at for item in plan.items if item not in stay),
        condition,
        group_by_fate([(item.fate, (item.label,)) for item in plan.items]),
        required_grants(plan, [name for item in creating for name in item.creating]),
        find_also_denied(plan, added),
    )


def tests_on_existing(tag: EnvironmentTag) -> _Tests:
    """What must hold of a thing that is there."""
    return (("StringEquals", resource_tag_key(tag), tag.value),)


def tests_on_creating(tag: EnvironmentTag, items: tuple[ActionItem, ...]) -> _Tests:
    """What must hold of a request that makes something.

    aws:TagKeys is case-sensitive where the condition key of a tag isn't: it asks for the exact spelling.
    """
    actions = [table.find_action(name) for item in items for name in item.creating]
    test = ("StringEquals", request_tag_key(tag), tag.value)
    if all(action is not None and action.tag_keys for action in actions):
        return (test, ("ForAnyValue:StringEquals", "aws:TagKeys", [tag.key]))
    return (test,)


def _choose_sid(plan: StatementPlan, suffix: str, taken: set[str]) -> str:
    base = plan.statement.get("Sid")
    return number_name(base + suffix, taken) if isinstance(base, str) and base and "${" not in base else ""


def _rewrite_original(plan: StatementPlan, stay: tuple[ActionItem, ...], condition: _Tests) -> New:
    made: New = dict(plan.statement)
    if len(stay) < len(plan.items):
        made["Action"] = [item.text for item in stay]
    if condition:
        made["Condition"] = _merge_conditions(plan, condition)
    return made


def _build_statement(plan: StatementPlan, items: tuple[ActionItem, ...], condition: _Tests, sid: str) -> New:
    made: New = {key: value for key, value in plan.statement.items() if key != "Sid"}
    made["Action"] = [item.text for item in items]
    made["Condition"] = _merge_conditions(plan, condition)
    return {"Sid": sid, **made} if sid else made


def _merge_conditions(plan: StatementPlan, condition: _Tests) -> dict[str, Value]:
    """The statement's own Condition and some more: all of it must hold."""
    old = plan.statement.get("Condition")
    made: dict[str, Value] = dict(old) if isinstance(old, dict) else {}
    for operator, key, value in condition:
        block = made.get(operator)
        made[operator] = {**block, key: value} if isinstance(block, dict) else {key: value}
    return made
