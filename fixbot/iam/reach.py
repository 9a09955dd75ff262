"""Which actions a statement reaches, and what a tag condition would mean to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.outcome import ActionFate, ActionGroup
from fixbot.iam.pattern import is_wild
from fixbot.iam.policy_document import as_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixbot.edit.tree import Value
    from fixbot.iam.policy_document import Statement

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

EC2_BY_TAG = frozenset(
    f"ec2:{name}"
    for name in (
        "AttachVolume", "DeleteSnapshot", "DeleteVolume", "DetachVolume",
        "ModifySnapshotAttribute", "ModifyVolume", "RebootInstances", "StartInstances", "StopInstances",
        "TerminateInstances",
    )
)  # fmt: skip
"""What AWS's own guides limit by a resource's tag: instances, volumes, snapshots.

Sources: IAM User Guide, "Amazon EC2: start or stop instances a user has tagged" and "attach or detach EBS
volumes … based on tags"; Amazon EC2 User Guide, "Example policies to control access".
"""

_OF_ITS_OWN = frozenset({"iam:PassRole"})
"""Limited by iam:PassedToService, not by tags."""


@dataclass(frozen=True, slots=True)
class ActionItem:
    """One entry of an Action list: `existing` and `creating` are what a condition would limit.

    `free` is what a wildcard may make besides changing what exists: that stays without a condition.
    """

    at: int
    text: Value
    fate: ActionFate
    existing: tuple[str, ...] = ()
    creating: tuple[str, ...] = ()
    free: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What a reader sees of it."""
        return self.text if isinstance(self.text, str) else "(computed)"

    @property
    def is_wildcard(self) -> bool:
        """Whether it is a wildcard that reaches something to be limited."""
        return is_wild(self.label) and bool(self.existing or self.creating)


def find_reach(
    statement: Statement,
    services: frozenset[str],
    guarded: Callable[[table.IamAction], bool],
    *,
    by_default: bool = True,
) -> tuple[ActionItem, ...]:
    """Every entry of the statement's Action, with what it reaches in those services."""

    def decide(action: table.IamAction) -> ActionFate:
        if by_default and action.service == "ec2" and str(action) not in EC2_BY_TAG:
            return ActionFate.ELSEWHERE
        return _decide_fate(action, guarded)

    written = enumerate(as_list(statement.get("Action")))
    return tuple(_read_item(at, text, services, decide) for at, text in written)


def _read_item(
    at: int, text: Value, services: frozenset[str], decide: Callable[[table.IamAction], ActionFate]
) -> ActionItem:
    if not isinstance(text, str) or text.lower().partition(":")[0] not in services:
        return ActionItem(at, text, ActionFate.ELSEWHERE)
    fates: dict[ActionFate, list[str]] = {}
    changes = False
    for action in table.find_actions(text):
        fate = decide(action)
        fates.setdefault(fate, []).append(str(action))
        changes = changes or (fate in (ActionFate.EXISTING, ActionFate.GUARDED) and not action.creates)
    creating = tuple(fates.pop(ActionFate.CREATING, ())) if changes else ()
    fate = next((each for each in ActionFate if each in fates), ActionFate.NOT_IN_TABLE)
    return ActionItem(
        at,
        text,
        fate,
        tuple(fates.get(ActionFate.EXISTING, ())),
        tuple(fates.get(ActionFate.CREATING, ())),
        creating,
    )


def _decide_fate(action: table.IamAction, guarded: Callable[[table.IamAction], bool]) -> ActionFate:
    if str(action) in AGENT:
        return ActionFate.AGENT
    if action.level is table.AccessLevel.TAGGING:
        return ActionFate.TAGS
    if not action.level.is_changing:
        return ActionFate.READS
    if str(action) in _OF_ITS_OWN or not (action.request_tag if action.creates else action.resource_tag):
        return ActionFate.WITHOUT
    if guarded(action):
        return ActionFate.GUARDED
    return ActionFate.CREATING if action.creates else ActionFate.EXISTING


def is_of_agent(items: tuple[ActionItem, ...]) -> bool:
    """Whether the statement is the ECS agent's: it names agent actions, and no change that isn't its own."""
    reached = {name for item in items for name in item.existing + item.creating}
    return any(item.fate is ActionFate.AGENT for item in items) and reached <= _AGENT_TOO


def group_by_fate(pairs: list[tuple[ActionFate, tuple[str, ...]]]) -> tuple[ActionGroup, ...]:
    """One group a fate, each action once, in the order met."""
    found: dict[ActionFate, dict[str, None]] = {}
    for fate, names in pairs:
        found.setdefault(fate, {}).update(dict.fromkeys(names))
    return tuple(ActionGroup(fate, tuple(found[fate])) for fate in ActionFate if found.get(fate))
