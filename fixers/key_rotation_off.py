"""A key that keeps its material for ever has more and more data under one secret; KMS renews it when told."""

from __future__ import annotations

from fixbot.lens import ABSENT, UNKNOWN, Module, Resource, ResourceType
from fixbot.model.findings import Refusal, Safety, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, must_be
from fixbot.rules.context import Context

_MODULE = Module(
    {"EnableKeyRotation": "enable_key_rotation", "KeySpec": "customer_master_key_spec"},
    {"EnableKeyRotation": True, "KeySpec": "SYMMETRIC_DEFAULT"},
)
KEY = ResourceType(
    "KMS key", "KMS keys", "AWS::KMS::Key", "aws_kms_key", renamed={"KeySpec": "customer_master_key_spec"},
    modules={"terraform-aws-modules/kms/aws": _MODULE, "cloudposse/kms-key/aws": _MODULE},
)  # fmt: skip
_ROTATED = {"KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "CustomKeyStoreId": ABSENT}
"""What KMS must hold a key as, so that it can rotate it."""


def spare_others(key: Resource, _world: Context) -> bool:
    """Asymmetric and HMAC keys, imported material and key stores of one's own: KMS rotates none of them."""
    return any(value not in (wanted, ABSENT, UNKNOWN) for value, wanted in _list_kind(key))


def refuse_unknown(key: Resource, _world: Context) -> Refusal | None:
    """Rotation makes the creation of a key fail where it isn't symmetric."""
    if UNKNOWN not in [value for value, _ in _list_kind(key)]:
        return None
    return Refusal(f"Whether {key.title} is one that KMS can rotate (symmetric, made by KMS) is computed.")


def _list_kind(key: Resource) -> list[tuple[object, object]]:
    names = ("KeySpec",) if key.module is not None else _ROTATED
    return [(key.slot(name).value, _ROTATED[name]) for name in names]


rule = Rule(
    title="Rotate {subject} every year",
    topic="keys",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("KMS.4",), "cis-aws": ("4.6",), "pci-dss": ("3.7.4",),
              "nist-800-53": ("SC-12", "SC-12(2)", "SC-28(3)")},
    looks_at=KEY,
    check=must_be(
        {"EnableKeyRotation": True},
        unwritten=False,
        spares=spare_others,
        unless=refuse_unknown,
        words=Words(
            problem="keeps the same key material for ever",
            change="{who} {gets|get} new key material every year; what the old one encrypted stays readable.",
            effect="Nothing is encrypted anew; id, ARN and grants stay. AWS bills the first two rotations.",
            why="All that was ever encrypted with {who} hangs on one secret that is worth more each year.",
        ),
        safety=Safety.SAFE,
    ),
    peers={"checkov": ("CKV_AWS_7",), "trivy": ("AWS-0065",)},
    profiles=ESSENTIAL,
)  # fmt: skip
