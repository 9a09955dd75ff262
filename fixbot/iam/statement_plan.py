"""What a split and a guard are both made of: conditions, Sids, the Deny that keeps the tag."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.policy_document import names_action
from fixbot.iam.tag_limits import allows_retagging, find_limiting_tags, tagging_actions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fixbot.edit.tree import Value
    from fixbot.iam.outcome import EnvironmentTag, New
    from fixbot.iam.reach import ActionItem

_ORDER = ("Sid", "Effect", "Action", "Resource", "Condition")


@dataclass(frozen=True, slots=True)
class StatementPlan:
    """A statement that is to be limited, in its document."""

    statements: Sequence[Mapping[str, Value]]
    index: int
    tag: EnvironmentTag
    items: tuple[ActionItem, ...]

    @property
    def statement(self) -> Mapping[str, Value]:
        """The statement itself."""
        return self.statements[self.index]

    @property
    def sids(self) -> frozenset[str]:
        """The Sids of the document, empty where it goes without."""
        return frozenset(sid for each in self.statements if isinstance(sid := each.get("Sid"), str) and sid)

    def build_statement(self, sid: str, effect: str, **elements: Value) -> New:
        """A statement in the order in which the author writes; without a Sid if the author does without."""
        made: New = {"Effect": effect, **elements}
        if sid:
            made["Sid"] = sid
        order = [*dict.fromkeys(key for key in (*self.statement, *_ORDER) if key != "Condition"), "Condition"]
        order.sort(key=lambda key: key != "Sid")
        return {key: made[key] for key in order if key in made}

    def free_sid(self, wanted: str) -> str:
        """That Sid, numbered if the document has it; empty where the document goes without."""
        return number_name(wanted, self.sids) if self.sids else ""


def number_name(wanted: str, taken: Iterable[str]) -> str:
    """That name, with the first number that makes it unlike all `taken`; letters and digits only."""
    base, used = re.sub(r"[^A-Za-z0-9]", "", wanted), set(taken)
    name, number = base, 2
    while name in used:
        name, number = f"{base}{number}", number + 1
    return name


def name_tag_prefix(tag: EnvironmentTag) -> str:
    """`OwnEnvironment`, or what else the tag tells apart."""
    return "OwnEnvironment" if tag.key.lower().startswith("env") else f"Own{tag.key[:1].upper()}{tag.key[1:]}"


def resource_tag_key(tag: EnvironmentTag) -> str:
    """The condition key of a thing's own tag."""
    return f"aws:ResourceTag/{tag.key}"


def request_tag_key(tag: EnvironmentTag) -> str:
    """The condition key of a tag that a request sets."""
    return f"aws:RequestTag/{tag.key}"


def services_of(actions: Iterable[str]) -> list[str]:
    """The services of some actions, sorted."""
    return sorted({action.partition(":")[0] for action in actions})


def protect_tag(plan: StatementPlan, actions: Iterable[str]) -> list[New]:
    """The Deny statements that keep the tag from being changed, where the document allows that.

    Where a service can tell it, tags given while creating stay allowed. Where it can't, a tag may
    still be given to what has none, and what carries another value can't be changed.
    """
    made = []
    for prefix in services_of(actions):
        limiting = find_limiting_tags(plan.statements, prefix)
        keys = [
            key
            for key in dict.fromkeys((plan.tag.key, *limiting))
            if any(allows_retagging(plan.statements, action, key) for action in tagging_actions(prefix))
        ]
        if plan.tag.key not in keys:
            continue
        sid = plan.free_sid("TagStays" if prefix == "ecs" else f"TagStays{prefix.capitalize()}")
        made.append(_protect_tag_of_service(plan, sid, prefix, keys))
    return made


def _protect_tag_of_service(plan: StatementPlan, sid: str, prefix: str, keys: Sequence[str]) -> New:
    service = table.find_service(prefix)
    actions = tagging_actions(prefix)
    condition: dict[str, Value]
    if service is not None and service.create_action:
        condition = {
            "ForAnyValue:StringEquals": {"aws:TagKeys": list(keys)},
            "Null": {f"{prefix}:CreateAction": "true"},
        }
    else:
        actions = [action for action in actions if action.resource_tag]
        key = resource_tag_key(plan.tag)
        condition = {"StringNotEquals": {key: plan.tag.value}, "Null": {key: "false"}}
    return plan.build_statement(
        sid, "Deny", Action=[str(action) for action in actions], Resource="*", Condition=condition
    )


def required_grants(plan: StatementPlan, creating: Iterable[str]) -> tuple[New, ...]:
    """What a person must grant before a thing can be made with a tag, where this document doesn't.

    Setting tags while creating needs the tagging action as well; a bot never grants.
    """
    asked = []
    for prefix in services_of(creating):
        service = table.find_service(prefix)
        tagging = next((action for action in tagging_actions(prefix) if action.request_tag), None)
        if service is None or not service.create_action or tagging is None or _is_allowed(plan, tagging):
            continue
        made: list[Value] = [name.partition(":")[2] for name in creating if name.startswith(f"{prefix}:")]
        condition: dict[str, Value] = {"StringEquals": {f"{prefix}:CreateAction": made}}
        resource = plan.statement["Resource"]
        asked.append(
            plan.build_statement("", "Allow", Action=str(tagging), Resource=resource, Condition=condition)
        )
    return tuple(asked)


def _is_allowed(plan: StatementPlan, action: table.IamAction) -> bool:
    allows = (each for each in plan.statements if each.get("Effect") == "Allow")
    return any(names_action(each, str(action)) for each in allows)


def find_also_denied(plan: StatementPlan, added: Iterable[New]) -> tuple[int, ...]:
    """The places of other Allow statements that a new Deny reaches too."""
    actions = [
        str(action)
        for each in added
        if each["Effect"] == "Deny" and isinstance(each["Action"], list)
        for action in each["Action"]
    ]
    return tuple(
        at
        for at, each in enumerate(plan.statements)
        if at != plan.index
        and each.get("Effect") == "Allow"
        and any(names_action(each, action) for action in actions)
    )
