"""A trail of one Region misses the others; without digests nobody sees that its files were changed."""

from __future__ import annotations

from dataclasses import replace

from fixbot.lens import Module, Resource, ResourceType
from fixbot.model.findings import Fix, Refusal, Safety, Severity
from fixbot.rules import SAME_CALLERS, Rule, Words, each_of, must_be
from fixbot.rules.context import Context

REGIONS, DIGESTS, GLOBAL = "IsMultiRegionTrail", "EnableLogFileValidation", "IncludeGlobalServiceEvents"
ON = "IsLogging"
_INPUTS = {
    REGIONS: "is_multi_region_trail", DIGESTS: "enable_log_file_validation",
    GLOBAL: "include_global_service_events", ON: "enable_logging",
}  # fmt: skip
TRAIL = ResourceType(
    "trail", "trails", "AWS::CloudTrail::Trail", "aws_cloudtrail", name="TrailName",
    renamed={"TrailName": "name", ON: "enable_logging"},
    modules={"cloudposse/cloudtrail/aws": Module(_INPUTS, dict.fromkeys(_INPUTS, True))},
)  # fmt: skip


def spare_beside_whole(trail: Resource, world: Context) -> bool:
    """A second trail, for data events mostly, beside one that sees all Regions."""
    return any(
        other is not trail and all(other.slot(each).value is True for each in (REGIONS, DIGESTS))
        for other in world.resources_beside(trail, TRAIL)
    )


def refuse_several(trail: Resource, world: Context) -> Refusal | None:
    """Which of several is to see all Regions: each would write, and cost, the same again."""
    if trail.slot(REGIONS).value is True or len(world.resources_beside(trail, TRAIL)) < 2:
        return None
    return Refusal(
        f"{trail.title} is one of several here, and none sees all Regions. Choose one that is to; a second "
        "copy of all events costs."
    )


def complete_fix(fix: Fix, trail: Resource, _world: Context) -> Fix:
    """CloudTrail takes no trail of all Regions without global services; digests alone change nothing else."""
    if trail.slot(REGIONS).value is True:
        return replace(fix, safety=Safety.SAFE, effect="Once an hour a small file with digests is written "
                       "beside the logs.", unknown="")  # fmt: skip
    services = trail.slot(GLOBAL)
    return replace(fix, changes=(*fix.changes, services.set(value=True))) if services.value is False else fix


def weigh_digests(trail: Resource, _world: Context) -> Severity | None:
    """Where only the digests are missing."""
    return Severity.MEDIUM if trail.slot(REGIONS).value is True else None


WORDS = Words(
    problem="misses Regions, or its files can be changed unnoticed",
    change="{who} {records|record} what is done in every Region, and {signs|sign} {its|their} files.",
    effect="Events of all Regions are written to the same bucket. The first copy of management events is "
    "free, a second trail's is not.",
    access=SAME_CALLERS,
    why="Someone with stolen credentials works in a Region where nobody looks, and takes the lines that tell "
    "of it out of the files afterwards.",
    unknown="Whether another trail, of the organization or of another stack, writes the same already, "
    "`aws cloudtrail describe-trails` says.",
)
_STOPPED = replace(
    WORDS, problem="records nothing",
    change="{who} {records|record} again.",
    effect="Calls are recorded again, and billed where another trail writes them too.",
)  # fmt: skip
rule = Rule(
    title="Let {subject} record every Region and prove it",
    topic="logging",
    severity=Severity.HIGH,
    controls={"fsbp": ("CloudTrail.1", "CloudTrail.4"), "cis-aws": ("4.1", "4.2"),
              "nist-800-190": ("4.4.5",),
              "nist-800-53": ("AC-2(4)", "AC-4(26)", "AC-6(9)", "AU-2", "AU-3", "AU-10", "AU-12", "AU-14(1)",
                              "AU-6(3)", "AU-6(4)", "CA-7", "SC-7(9)", "SI-3(8)", "SI-4(20)", "SI-7(8)",
                              "SA-8(22)")},
    looks_at=TRAIL,
    check=each_of(
        must_be({REGIONS: True, DIGESTS: True}, words=WORDS, unwritten=False, spares=spare_beside_whole,
                unless=refuse_several, finish=complete_fix, weigh=weigh_digests),
        must_be({ON: True}, words=_STOPPED, unwritten=True),
    ),
    peers={"checkov": ("CKV_AWS_67", "CKV_AWS_36", "CKV_AWS_251"),
           "trivy": ("AWS-0014", "AWS-0016", "AWS-0171", "AWS-0172")},
)  # fmt: skip
