"""A log group without a number keeps its lines for ever, and pays; one with a small one forgets too soon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.tree import CannotEdit
from fixbot.knowledge.log_retention import choose_retention
from fixbot.lens import ABSENT, Module, Resource, ResourceType, Slot
from fixbot.model.findings import Fix, Found, Outcome, Refusal, Severity
from fixbot.rules import SAME_CALLERS, Rule
from fixbot.rules.context import Context
from fixbot.rules.outcomes import find_hindrance, format_cell

DAYS: Final = "RetentionInDays"
GROUP = ResourceType("log group", "log groups", "AWS::Logs::LogGroup", "aws_cloudwatch_log_group",
                     name="LogGroupName", renamed={"LogGroupName": "name"})  # fmt: skip
MADE: Final = "LogGroupIsMade"
_INPUT: Final = Module({DAYS: "cloudwatch_log_group_retention_in_days"}, {DAYS: 90})
MODULE = ResourceType(
    "log group of", "log groups of",
    modules={
        **dict.fromkeys(("terraform-aws-modules/ecs/aws", "terraform-aws-modules/ecs/aws//modules/cluster",
                         "terraform-aws-modules/eks/aws"), _INPUT),
        "terraform-aws-modules/lambda/aws": Module(
            {DAYS: "cloudwatch_logs_retention_in_days"}, {DAYS: ABSENT}
        ),
        "terraform-aws-modules/vpc/aws": Module(
            {DAYS: "flow_log_cloudwatch_log_group_retention_in_days",
             MADE: "create_flow_log_cloudwatch_log_group"},
            {DAYS: ABSENT, MADE: False},
        ),
    },
)  # fmt: skip


def find_wrong_retention(group: Resource, world: Context) -> Iterator[Found]:
    """A group that never forgets, or forgets before the number of days in the settings."""
    slot, least = group.slot(DAYS), choose_retention(world.settings.log_retention_days)
    days = read_days(slot)
    if (days or 0) >= least or has_number_of_its_own(group, slot):
        return
    kept = {None: "may keep its lines too short, or for ever", 0: "keeps its lines for ever"}.get(days)
    yield Found(
        slot.node, group.title, group.address, DAYS,
        f"{group.title} {kept or f'forgets its lines after {days} days'}",
        partial(_choose_outcome, group, slot, days, world), subject=group.subject,
    )  # fmt: skip


def has_number_of_its_own(group: Resource, slot: Slot) -> bool:
    """A class that CloudWatch empties by itself, and modules that bring a number, or make no group."""
    if group.module is None:
        return group.slot("LogGroupClass").value == "DELIVERY"
    if MADE in group.module.inputs and group.slot(MADE).value is not True:
        return True
    return slot.found is None and slot.value is not ABSENT


def read_days(slot: Slot) -> int | None:
    """The days that stand there; 0 for ever, None where they can't be known."""
    if slot.value is ABSENT:
        return 0
    written = str(slot.value)
    return int(written) if written.isdecimal() else None


def _choose_outcome(group: Resource, slot: Slot, days: int | None, world: Context) -> Outcome:
    if days is None or slot.why_not:
        return find_hindrance(group, [slot]) or Refusal(f"{slot.written} of {group.title} is no number.")
    wanted = _choose_days(group, world)
    try:
        change = slot.set(wanted)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        (change,),
        who=group.called,
        before=format_cell(slot.written, slot.value),
        after=format_cell(slot.written, wanted),
        gist=f"{{who}} {{keeps its|keep their}} lines for {wanted} days.",
        effect="What is stored longer costs more; CloudWatch bills by volume and month."
        if days
        else f"Lines that are older than {wanted} days are deleted for good, within three days.",
        access=SAME_CALLERS if days else "",
        why="Intruders are found after months, and nobody can say any more what they did."
        if days
        else "Addresses, names and tokens that got into a line years ago are there for whoever may read the "
        "group, and every month is paid for.",
        unknown="" if days else "Whether somebody has to keep the lines of {who} longer isn't in the files.",
    )


def _choose_days(group: Resource, world: Context) -> int:
    """The number that most groups beside it have, if it is large enough; else that of the settings."""
    least = choose_retention(world.settings.log_retention_days)

    def count_numbers() -> Counter[int]:
        found = (read_days(each.slot(DAYS)) for each in world.resources_beside(group, group.type))
        return Counter(days for days in found if days is not None and days >= least)

    key = (find_wrong_retention, group.type, group.dialect, world.surroundings_of(group))
    numbers = world.compute_once(key, count_numbers)
    return max(numbers, key=lambda days: (numbers[days], -days), default=least)


rule = Rule(
    title="Let {subject} forget in time, and not too soon",
    topic="logging",
    severity=Severity.LOW,
    controls={"fsbp": ("CloudWatch.16",), "nist-800-190": ("4.4.5",),
              "nist-800-53": ("AU-10", "AU-11", "AU-6(3)", "AU-6(4)", "CA-7", "SI-12")},
    looks_at=(GROUP, MODULE),
    check=find_wrong_retention,
    peers={"checkov": ("CKV_AWS_66", "CKV_AWS_338")},
)  # fmt: skip
