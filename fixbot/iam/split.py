"""Takes a statement of named actions apart: what knows tags is limited, the rest stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.outcome import Fate, New, Split
from fixbot.iam.parts import Plan, also_denied, free, grants_to_ask, on_request, on_resource, tag_stays
from fixbot.iam.reach import Item, groups

if TYPE_CHECKING:
    from fixbot.iam.outcome import Tag
    from fixbot.tree import Value

_Tests = tuple[tuple[str, str, "Value"], ...]


def split(plan: Plan) -> Split:
    """The original keeps its Sid and what knows no tags; if all knows them, it keeps the first kind."""
    existing = tuple(item for item in plan.items if item.fate is Fate.EXISTING)
    creating = tuple(item for item in plan.items if item.fate is Fate.CREATING)
    limited = [
        (existing, on_existing(plan.tag), "WithTag"),
        (creating, on_creating(plan.tag, creating), "OnCreate"),
    ]
    parts = [part for part in limited if part[0]]
    stay = tuple(item for item in plan.items if item not in existing and item not in creating)
    condition: _Tests = ()
    if not stay:
        stay, condition, _ = parts.pop(0)
    added, taken = [], set(plan.sids)
    for items, made, suffix in parts:
        sid = _sid(plan, suffix, taken)
        taken.add(sid)
        added.append(_statement(plan, items, made, sid))
    names = [name for item in existing + creating for name in item.existing + item.creating]
    added += tag_stays(plan, names)
    return Split(
        _original(plan, stay, condition),
        tuple(added),
        tuple(item.at for item in plan.items if item not in stay),
        condition,
        groups([(item.fate, (item.label,)) for item in plan.items]),
        grants_to_ask(plan, [name for item in creating for name in item.creating]),
        also_denied(plan, added),
    )


def on_existing(tag: Tag) -> _Tests:
    """What must hold of a thing that is there."""
    return (("StringEquals", on_resource(tag), tag.value),)


def on_creating(tag: Tag, items: tuple[Item, ...]) -> _Tests:
    """What must hold of a request that makes something.

    aws:TagKeys is case-sensitive where the condition key of a tag isn't: it asks for the exact spelling.
    """
    actions = [table.lookup(name) for item in items for name in item.creating]
    test = ("StringEquals", on_request(tag), tag.value)
    if all(action is not None and action.tag_keys for action in actions):
        return (test, ("ForAnyValue:StringEquals", "aws:TagKeys", [tag.key]))
    return (test,)


def _sid(plan: Plan, suffix: str, taken: set[str]) -> str:
    base = plan.statement.get("Sid")
    return free(base + suffix, taken) if isinstance(base, str) and base and "${" not in base else ""


def _original(plan: Plan, stay: tuple[Item, ...], condition: _Tests) -> New:
    made: New = dict(plan.statement)
    if len(stay) < len(plan.items):
        made["Action"] = [item.text for item in stay]
    if condition:
        made["Condition"] = _merged(plan, condition)
    return made


def _statement(plan: Plan, items: tuple[Item, ...], condition: _Tests, sid: str) -> New:
    made: New = {key: value for key, value in plan.statement.items() if key != "Sid"}
    made["Action"] = [item.text for item in items]
    made["Condition"] = _merged(plan, condition)
    return {"Sid": sid, **made} if sid else made


def _merged(plan: Plan, condition: _Tests) -> dict[str, Value]:
    """The statement's own Condition and some more: all of it must hold."""
    old = plan.statement.get("Condition")
    made: dict[str, Value] = dict(old) if isinstance(old, dict) else {}
    for operator, key, value in condition:
        block = made.get(operator)
        made[operator] = {**block, key: value} if isinstance(block, dict) else {key: value}
    return made
