"""How large IAM lets a policy be: characters without blanks, of all inline policies of one owner together.

Source: IAM User Guide, "IAM and AWS STS quotas".
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from fixbot.iam.policies.policy_data import read_document_data
from fixbot.lens import Policy, text_of

_INLINE: Final = {"user": 2_048, "group": 5_120, "role": 10_240}
_MANAGED: Final = 6_144
_TRUST: Final = 2_048
_OWNERS: Final = {
    **dict.fromkeys(("AWS::IAM::User", "AWS::IAM::UserPolicy", "aws_iam_user_policy"), "user"),
    **dict.fromkeys(("AWS::IAM::Group", "AWS::IAM::GroupPolicy", "aws_iam_group_policy"), "group"),
    **dict.fromkeys(
        ("AWS::IAM::Role", "AWS::IAM::RolePolicy", "aws_iam_role_policy", "aws_iam_role"), "role"
    ),
    **dict.fromkeys(("AWS::IAM::ManagedPolicy", "aws_iam_policy"), "managed"),
}


def find_oversized_policy(before: Iterable[Policy], after: Iterable[Policy]) -> str | None:
    """What has become larger than IAM takes, with the figures; None where nothing has."""
    large = {key: size for key, size in _measure_sizes(after).items() if size > _limit_of(key[2])}
    was = _measure_sizes(before) if large else {}
    for (path, owner, kind), size in large.items():
        if size > was.get((path, owner, kind), 0):
            most = _limit_of(kind)
            what = {"managed": "a managed policy", "trust": "a trust policy"}.get(
                kind, f"all inline policies of a {kind}"
            )
            return f"{owner} would have {size:,} characters, and IAM takes {most:,} for {what}"
    return None


def _limit_of(kind: str) -> int:
    return _MANAGED if kind == "managed" else _TRUST if kind == "trust" else _INLINE[kind]


def _measure_sizes(policies: Iterable[Policy]) -> dict[tuple[str, str, str], int]:
    sizes: dict[tuple[str, str, str], int] = defaultdict(int)
    for policy in policies:
        kind = _kind_of(policy)
        if kind:
            owner = policy.address if kind == "managed" else policy.address.partition("/")[0]
            text = json.dumps(read_document_data(policy), default=str, separators=(",", ":"))
            sizes[policy.path, owner, kind] += sum(not char.isspace() for char in text)
    return sizes


def _kind_of(policy: Policy) -> str:
    if policy.owner is None:
        return ""
    written = policy.owner.labels[:1] or (text_of(policy.owner.find_node("Type")) or "",)
    kind = _OWNERS.get(written[0], "")
    if written[0] == "AWS::IAM::Policy":
        kind = _attached_to(policy)
    return "trust" if policy.kind == "trust" and kind == "role" else kind


def _attached_to(policy: Policy) -> str:
    """The narrowest of those that a policy of CloudFormation is put into."""
    properties = policy.owner.find_node("Properties") if policy.owner is not None else None
    given = (kind for kind in ("user", "group", "role") if properties is not None)
    return next(
        (kind for kind in given if properties and properties.find_node(f"{kind.title()}s") is not None), ""
    )
