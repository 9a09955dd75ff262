"""Without access logs the requests of an attack leave no trace where all of them come through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Add, Change, Put
from fixbot.edit.tree import CannotEdit, Value
from fixbot.lens import (
    ABSENT,
    Module,
    Resource,
    ResourceType,
    Slot,
    build_reference,
)
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import SAME_CALLERS, Rule
from fixbot.rules.context import Context
from fixbot.rules.outcomes import find_hindrance
from fixbot.secret_stores.cloudformation_functions import build_substitution
from fixbot.text.markdown_escape import mark_code

_NOUNS: Final = ("load balancer", "load balancers")
BALANCER = ResourceType(*_NOUNS, "AWS::ElasticLoadBalancingV2::LoadBalancer", name="Name")
IN_TERRAFORM = ResourceType(*_NOUNS, terraform="aws_lb", name="Name")
CLASSIC = ResourceType(*_NOUNS, "AWS::ElasticLoadBalancing::LoadBalancer", name="LoadBalancerName")
CLASSIC_IN_TERRAFORM = ResourceType(*_NOUNS, terraform="aws_elb", name="Name")
MODULE = ResourceType(
    *_NOUNS,
    modules={"terraform-aws-modules/alb/aws": Module({"Logs": "access_logs"}, {"Logs": ABSENT}),
             "cloudposse/alb/aws": Module({"Logs": "access_logs_enabled"}, {"Logs": True})},
)  # fmt: skip
BUCKETS = (
    ResourceType("S3 bucket", "S3 buckets", "AWS::S3::Bucket"),
    ResourceType("S3 bucket", "S3 buckets", terraform="aws_s3_bucket"),
)
POLICIES = (
    ResourceType("bucket policy", "bucket policies", "AWS::S3::BucketPolicy", "aws_s3_bucket_policy"),
)
_ATTRIBUTES: Final = "LoadBalancerAttributes"
_KEYS: Final = ("access_logs.s3.enabled", "access_logs.s3.bucket")
_WRITER: Final = re.compile(
    r"logdelivery\.elasticloadbalancing\.amazonaws\.com|aws_elb_service_account|ELBAccountId"
)


def find_silent_balancers(balancer: Resource, world: Context) -> Iterator[Found]:
    """A load balancer that keeps no record of requests."""
    if balancer.type == MODULE:
        yield from _find_in_module(balancer)
        return
    kind = "LoadBalancerType" if balancer.type == IN_TERRAFORM else "Type"
    if balancer.type in (BALANCER, IN_TERRAFORM) and balancer.slot(kind).value in ("gateway", "network"):
        return
    flag, bucket = _read_logs(balancer)
    if flag is None or str(flag.value).lower() == "true":
        return
    yield Found(
        flag.node, balancer.title, balancer.address, "access logs",
        f"{balancer.title} keeps no record of requests",
        partial(_choose_outcome, balancer, flag, bucket, world), subject=balancer.subject,
    )  # fmt: skip


def _read_logs(balancer: Resource) -> tuple[Slot | None, Slot | None]:
    """Where the switch and the bucket stand; no switch where nobody can say."""
    if balancer.type != BALANCER:
        above = "AccessLoggingPolicy." if balancer.type == CLASSIC else "AccessLogs."
        flag = balancer.slot(f"{above}Enabled")
        bucket = balancer.slot(f"{above}{'S3BucketName' if balancer.type == CLASSIC else 'Bucket'}")
        by_default = balancer.type == CLASSIC_IN_TERRAFORM and bucket.found is not None
        return (None if by_default and flag.value is ABSENT else flag), bucket
    listed = balancer.slot(_ATTRIBUTES)
    if listed.why_not or (listed.found is not None and not listed.found.is_known):
        return None, None
    said: dict[object, Slot] = {}
    for entry in listed.items:
        key = balancer.slot_in(entry, f"{_ATTRIBUTES}.Key").value
        if key in _KEYS:
            said[key] = balancer.slot_in(entry, f"{_ATTRIBUTES}.Value")
    return said.get(_KEYS[0], listed), said.get(_KEYS[1])


def _choose_outcome(balancer: Resource, flag: Slot, bucket: Slot | None, world: Context) -> Outcome:
    if flag.canonical != _ATTRIBUTES and (hindrance := find_hindrance(balancer, [flag])) is not None:
        return hindrance
    there = bucket is not None and bucket.value is not ABSENT
    target = None if there else _find_bucket(balancer, world)
    if not there and target is None:
        return Manual(
            f"{balancer.title} needs a bucket in its Region whose policy lets "
            f"logdelivery.elasticloadbalancing"
            ".amazonaws.com write, encrypted by S3's own keys. Where there is one, `lb_log_bucket` in the "
            "settings names it."
        )
    try:
        changes = _switch_on(balancer, flag, target)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    where = "the bucket that stands there" if target is None else f"the bucket {mark_code(target[0])}"
    return Fix(
        changes,
        who=balancer.called,
        before="no record of requests",
        after=f"access logs in {where}",
        gist=f"Requests to {{who}} are written down in {where}.",
        effect="Nothing that runs notices. Files come every five minutes; storage costs, so the bucket "
        "wants a "
        "lifecycle rule.",
        access=SAME_CALLERS,
        why="Nobody can say afterwards which requests led to a break-in behind {who}, from where, and "
        "when the "
        "first of them came.",
        unknown="Whether that bucket is in the Region of {who} and takes its logs, the deployment shows: it "
        "fails with `Access Denied for bucket` where not.",
    )


def _find_bucket(balancer: Resource, world: Context) -> tuple[str, Value] | None:
    """The bucket of the settings, or the one here whose policy lets load balancers write."""
    if world.settings.lb_log_bucket is not None:
        return world.settings.lb_log_bucket, world.settings.lb_log_bucket
    texts = world.project.documents
    (policy,) = POLICIES
    writers = [
        each
        for each in world.resources_beside(balancer, policy)
        if _WRITER.search(texts[each.path].text[each.owner.start : each.owner.end])
    ]
    kind = BUCKETS[0] if balancer.dialect == "cloudformation" else BUCKETS[1]
    found = [
        bucket
        for bucket in world.resources_beside(balancer, kind)
        for each in writers
        if (at := each.slot("Bucket").found) is not None and world.mentions(at, bucket.address)
    ]
    if len(found) != 1 or "aws:kms" in texts[found[0].path].text:
        return None
    (bucket,) = found
    if balancer.dialect == "cloudformation":
        json = not balancer.node.root_node.grammar.has_tags
        return bucket.address, build_substitution(f"${{{bucket.address}}}", json=json)
    return bucket.address, build_reference(*bucket.address.split("."), "id")


def _switch_on(balancer: Resource, flag: Slot, target: tuple[str, Value] | None) -> tuple[Change, ...]:
    if balancer.type != BALANCER:
        block = "AccessLoggingPolicy" if balancer.type == CLASSIC else "access_logs"
        if target is None:
            return (flag.set(value=True),)
        names = ("S3BucketName", "Enabled") if balancer.type == CLASSIC else ("bucket", "enabled")
        if balancer.node.find_node(block) is not None:
            raise CannotEdit(f"{block} says something else already")
        return (Put(balancer.node, (block,), {names[0]: target[1], names[1]: True}),)
    if flag.canonical != _ATTRIBUTES:
        return (flag.set("true"), *(_add_attribute(balancer, _KEYS[1], target[1]) if target else ()))
    enabled = _add_attribute(balancer, _KEYS[0], "true")
    return (*enabled, *_add_attribute(balancer, _KEYS[1], target[1] if target else ""))


def _add_attribute(balancer: Resource, key: str, value: Value) -> tuple[Change, ...]:
    path = (*balancer.prefix, _ATTRIBUTES)
    return (Add(balancer.node, path, {"Key": key, "Value": value}, last=True),)


def _find_in_module(balancer: Resource) -> Iterator[Found]:
    slot = balancer.slot("Logs")
    if slot.value is not ABSENT and slot.value is not False:
        return
    yield Found(
        slot.node, balancer.title, balancer.address, "access logs",
        f"{balancer.title} keeps no record of requests",
        Manual(
            f"Give {balancer.title} a bucket for its logs (`access_logs = {{ bucket = … }}`): the module "
            "s3-bucket makes one with attach_lb_log_delivery_policy."
        ),
        subject=balancer.subject,
    )  # fmt: skip


rule = Rule(
    title="Write down the requests to {subject}",
    topic="load-balancer",
    severity=Severity.LOW,
    controls={"fsbp": ("ELB.5",), "cis-aws": ("4.10",),
              "nist-800-53": ("AC-4(26)", "AU-2", "AU-3", "AU-10", "AU-12", "AU-6(3)", "AU-6(4)", "CA-7",
                              "SC-7(9)", "SI-7(8)")},
    looks_at=(BALANCER, IN_TERRAFORM, CLASSIC, CLASSIC_IN_TERRAFORM, MODULE),
    beside=(*BUCKETS, *POLICIES),
    check=find_silent_balancers,
    peers={"checkov": ("CKV_AWS_91", "CKV_AWS_92")},
)  # fmt: skip
