"""Which actions a statement reaches, and what a tag condition would mean to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.outcome import Fate, Group
from fixbot.iam.pattern import is_wild
from fixbot.iam.policy import many

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixbot.iam.policy import Statement
    from fixbot.tree import Value

AGENT = frozenset(
    {
        "ecs:DiscoverPollEndpoint",
        "ecs:Poll",
        "ecs:PutSystemLogEvents",
        "ecs:RegisterContainerInstance",
        "ecs:StartTelemetrySession",
        "ecs:SubmitAttachmentStateChanges",
        "ecs:SubmitContainerStateChange",
        "ecs:SubmitTaskStateChange",
    }
)
"""What only the ECS agent calls (AWS managed policy AmazonEC2ContainerServiceforEC2Role)."""

_AGENT_TOO = frozenset(
    {
        "ecs:CreateCluster",
        "ecs:DeregisterContainerInstance",
        "ecs:PutAttributes",
        "ecs:StartTask",
        "ecs:UpdateContainerInstancesState",
    }
)
"""What instance roles hold besides: the same managed policy, and AWS's guides to starting tasks at boot."""

_OF_ITS_OWN = frozenset({"iam:PassRole"})
"""Limited by iam:PassedToService, not by tags."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of an Action list: `existing` and `creating` are what a condition would limit.

    `free` is what a wildcard may make besides changing what exists: that stays without a condition.
    """

    at: int
    text: Value
    fate: Fate
    existing: tuple[str, ...] = ()
    creating: tuple[str, ...] = ()
    free: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What a reader sees of it."""
        return self.text if isinstance(self.text, str) else "(computed)"

    @property
    def wild(self) -> bool:
        """Whether it is a wildcard that reaches something to be limited."""
        return is_wild(self.label) and bool(self.existing or self.creating)


def reach(
    statement: Statement, services: frozenset[str], guarded: Callable[[table.Action], bool]
) -> tuple[Item, ...]:
    """Every entry of the statement's Action, with what it reaches in those services."""
    written = enumerate(many(statement.get("Action")))
    return tuple(_item(at, text, services, guarded) for at, text in written)


def _item(at: int, text: Value, services: frozenset[str], guarded: Callable[[table.Action], bool]) -> Item:
    if not isinstance(text, str) or text.lower().partition(":")[0] not in services:
        return Item(at, text, Fate.ELSEWHERE)
    fates: dict[Fate, list[str]] = {}
    changes = False
    for action in filter(None, map(table.lookup, table.expand(text))):
        fate = _fate(action, guarded)
        fates.setdefault(fate, []).append(str(action))
        changes = changes or (fate in (Fate.EXISTING, Fate.GUARDED) and not action.creates)
    creating = tuple(fates.pop(Fate.CREATING, ())) if changes else ()
    fate = next((each for each in Fate if each in fates), Fate.NOT_IN_TABLE)
    return Item(
        at, text, fate, tuple(fates.get(Fate.EXISTING, ())), tuple(fates.get(Fate.CREATING, ())), creating
    )


def _fate(action: table.Action, guarded: Callable[[table.Action], bool]) -> Fate:
    if str(action) in AGENT:
        return Fate.AGENT
    if action.level is table.Level.TAGGING:
        return Fate.TAGS
    if not action.level.changes:
        return Fate.READS
    if str(action) in _OF_ITS_OWN or not (action.request_tag if action.creates else action.resource_tag):
        return Fate.WITHOUT
    if guarded(action):
        return Fate.GUARDED
    return Fate.CREATING if action.creates else Fate.EXISTING


def of_agent(items: tuple[Item, ...]) -> bool:
    """Whether the statement is the ECS agent's: it names agent actions, and no change that isn't its own."""
    reached = {name for item in items for name in item.existing + item.creating}
    return any(item.fate is Fate.AGENT for item in items) and reached <= _AGENT_TOO


def groups(pairs: list[tuple[Fate, tuple[str, ...]]]) -> tuple[Group, ...]:
    """One group a fate, each action once, in the order met."""
    found: dict[Fate, dict[str, None]] = {}
    for fate, names in pairs:
        found.setdefault(fate, {}).update(dict.fromkeys(names))
    return tuple(Group(fate, tuple(found[fate])) for fate in Fate if found.get(fate))
