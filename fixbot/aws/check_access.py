"""What Access Analyzer says of a policy that changes: a second opinion beside fixbot's own proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fixbot.aws.list_pages import PagedCall, iterate_rows
from fixbot.aws.plain_policy import write_policy
from fixbot.model.findings import KnownFact
from fixbot.text.characters import fold_to_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fixbot.aws.aws_gateway import AwsGateway
    from fixbot.aws.plain_policy import LivePlace
    from fixbot.model.changed_policies import ChangedPolicy

_VALIDATE: Final = PagedCall("accessanalyzer", "validate_policy", "findings")
_BAD: Final = frozenset(("ERROR", "SECURITY_WARNING"))
_LONGEST: Final = 200


def check_new_access(gateway: AwsGateway, policy: ChangedPolicy, place: LivePlace) -> KnownFact:
    """Whether the policy allows what it did not allow before. Raises AwsCallFailed, FilledInLater."""
    type_ = "IDENTITY_POLICY" if policy.kind == "identity" else "RESOURCE_POLICY"
    answer = gateway.call_service(
        "accessanalyzer", "check_no_new_access",
        {"existingPolicyDocument": write_policy(policy.before, place),
         "newPolicyDocument": write_policy(policy.after, place), "policyType": type_},
    )  # fmt: skip
    result = "PASS" if answer.get("result") == "PASS" else "FAIL"
    data: dict[str, Any] = {"check": "CheckNoNewAccess", "result": result, "policy": policy.name}
    if result == "PASS":
        return KnownFact(
            "access-check",
            f"IAM Access Analyzer finds no new access in policy {policy.name} (CheckNoNewAccess).",
            data,
        )
    reasons = [str(each.get("description", "")) for each in answer.get("reasons") or ()]
    data["reasons"] = [fold_to_line(each)[:_LONGEST] for each in reasons]
    said = f"IAM Access Analyzer finds new access in policy {policy.name} (CheckNoNewAccess)"
    return KnownFact("access-check", ": ".join([said, *data["reasons"][:1]]).rstrip(".") + ".", data)


def validate_change(gateway: AwsGateway, policy: ChangedPolicy, place: LivePlace) -> KnownFact:
    """What Access Analyzer finds wrong with the changed policy. Raises AwsCallFailed, FilledInLater."""
    found = list(_list_problems(gateway, policy, policy.after, place))
    data: dict[str, Any] = {"check": "ValidatePolicy", "result": "FAIL" if found else "PASS"}
    data |= {"policy": policy.name, "findings": found}
    if not found:
        said = f"IAM Access Analyzer finds nothing wrong with policy {policy.name} (ValidatePolicy)."
        return KnownFact("access-check", said, data)
    before = set(_list_problems(gateway, policy, policy.before, place))
    new = [each for each in found if each not in before]
    data["new"] = new
    shown = ", ".join((new or found)[:3])
    said = "as it finds today" if not new else "which it does not find today"
    return KnownFact(
        "access-check",
        f"IAM Access Analyzer finds {shown} in policy {policy.name}, {said} (ValidatePolicy).",
        data,
    )


def _list_problems(
    gateway: AwsGateway, policy: ChangedPolicy, document: Mapping[str, Any], place: LivePlace
) -> Iterator[str]:
    """The codes of errors and security warnings, each once."""
    asked: dict[str, Any] = {"policyDocument": write_policy(document, place), "policyType": "RESOURCE_POLICY"}
    if policy.kind == "identity":
        asked["policyType"] = "IDENTITY_POLICY"
    elif policy.kind == "trust":
        asked["validatePolicyResourceType"] = "AWS::IAM::AssumeRolePolicyDocument"
    rows = iterate_rows(gateway, _VALIDATE, asked)
    codes = (str(each.get("issueCode", "")) for each in rows if each.get("findingType") in _BAD)
    yield from dict.fromkeys(fold_to_line(code)[:_LONGEST] for code in codes)
