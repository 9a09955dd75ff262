"""How large AWS lets a policy be; IAM counts characters without blanks, of all inline policies of one owner.

Sources: IAM User Guide, "IAM and AWS STS quotas"; Amazon S3 User Guide, "Bucket policies" (20 KB); AWS KMS
Developer Guide, "Resource quotas" (32 KB); IAM Identity Center API, PutInlinePolicyToPermissionSet.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from fixbot.dialects.cloudformation import find_references
from fixbot.iam.policies.policy_data import read_document_data
from fixbot.lens import Policy, text_of

_MOST: Final = {
    "user": (2_048, "all inline policies of a user"),
    "group": (5_120, "all inline policies of a group"),
    "role": (10_240, "all inline policies of a role"),
    "managed": (6_144, "a managed policy"),
    "trust": (2_048, "a trust policy"),
    "bucket": (20_480, "a bucket policy"),
    "key": (32_768, "a key policy"),
    "set": (32_768, "the inline policy of a permission set"),
}
_OWN: Final = {
    "AWS::IAM::User": "user",
    "AWS::IAM::Group": "group",
    "AWS::IAM::Role": "role",
    "AWS::IAM::ManagedPolicy": "managed",
    "AWS::S3::BucketPolicy": "bucket",
    "AWS::KMS::Key": "key",
    "AWS::Serverless::Function": "role",
    "AWS::Serverless::StateMachine": "role",
    "AWS::SSO::PermissionSet": "set",
}
"""What holds its own policy."""
_INLINE: Final = {
    "AWS::IAM::Policy": ("user", "group", "role"),
    "AWS::IAM::UserPolicy": ("user",),
    "AWS::IAM::GroupPolicy": ("group",),
    "AWS::IAM::RolePolicy": ("role",),
}
"""What puts a policy into others: `Roles` of a list, `RoleName` of one."""


def find_oversized_policy(before: Iterable[Policy], after: Iterable[Policy]) -> str | None:
    """What has become larger than AWS takes, with the figures; None where nothing has."""
    large = {key: size for key, size in _measure_sizes(after).items() if size > _MOST[key[1]][0]}
    was = _measure_sizes(before) if large else {}
    for (path, kind, owner), size in large.items():
        if size > was.get((path, kind, owner), 0):
            most, what = _MOST[kind]
            named = owner.strip('"')
            return f"{named} would have {size:,} characters, and AWS takes {most:,} for {what}"
    return None


def _measure_sizes(policies: Iterable[Policy]) -> dict[tuple[str, str, str], int]:
    sizes: dict[tuple[str, str, str], int] = defaultdict(int)
    for policy in policies:
        carriers = policy.carriers or tuple(_find_carriers(policy))
        if carriers:
            text = json.dumps(read_document_data(policy), default=str, separators=(",", ":"))
            size = sum(map(len, text.split()))
            folder = policy.path.rpartition("/")[0] if policy.dialect == "terraform" else policy.path
            for kind, owner in carriers:
                sizes[folder, kind, owner] += size
    return sizes


def _find_carriers(policy: Policy) -> Iterator[tuple[str, str]]:
    """What takes a template's policy in."""
    written = (text_of(policy.owner.find_node("Type")) or "") if policy.owner is not None else ""
    own = policy.address.partition("/")[0]
    if written in _OWN:
        yield "trust" if policy.kind == "trust" and written == "AWS::IAM::Role" else _OWN[written], own
    properties = policy.owner.find_node("Properties") if policy.owner is not None else None
    for kind in _INLINE.get(written, ()) if properties is not None else ():
        for key in (f"{kind.title()}s", f"{kind.title()}Name"):
            given = properties.find_node(key) if properties is not None else None
            texts = (text_of(each) for each in (given.walk_tree() if given is not None else ()))
            named = {*find_references(given), *filter(None, texts)} if given is not None else ()
            yield from ((kind, name) for name in sorted(named))
