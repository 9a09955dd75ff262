"""Secrets made and completed. What exists is never changed: a missing key is added, another value is said.

Each write is one call that has all of it, or nothing: name, value, key and tags of a new secret together. So
a run that is cut off anywhere goes on where it was when it is started again.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fixbot.aws.aws_failures import AwsCallFailed, CredentialsRejected
from fixbot.aws.aws_gateway import AwsGateway
from fixbot.aws.plan_secrets import SecretPlan
from fixbot.aws.stored_secrets import StoredSecret, add_keys, read_stored
from fixbot.model.moved_secrets import SealedText, SecretRow

_NOT_IN_TAGS: Final = re.compile(r"[^A-Za-z0-9 +=._:/@-]")
_ROLE: Final = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
_LONGEST_TAG: Final = 256
_THERE_ALREADY: Final = frozenset(("ResourceExistsException", "ParameterAlreadyExists"))
_SOMEBODY_WROTE: Final = "Somebody else wrote it meanwhile; look at it, then run again."


@dataclass(frozen=True, slots=True)
class SecretMaker:
    """How secrets are made: with which key, where any is named, and for which repository.

    `trusted_key` says that the key comes from whoever runs this, and from no file of a repository.
    """

    gateway: AwsGateway
    repository: str
    kms_key: str = ""
    trusted_key: bool = False

    def inspect_plan(self, plan: SecretPlan) -> tuple[SecretPlan, StoredSecret | None]:
        """The row with what AWS knows. Raises AwsCallFailed, FixbotError."""
        if plan.row.outcome != "planned":
            return plan, None
        account = self.gateway.find_account()
        if plan.row.account not in (None, account):
            reason = f"The files name account {plan.row.account}, and the credentials are of {account}."
            return plan.refuse_plan(reason), None
        row = replace(plan.row, account=account, region=plan.row.region or self.gateway.region)
        plan = replace(plan, row=row)
        if (reason := self._why_not_that_key(row)) != "":
            return plan.refuse_plan(reason), None
        found = read_stored(self.gateway, row.store, row.name, row.region or "")
        return _judge_plan(plan, found), found

    def _why_not_that_key(self, row: SecretRow) -> str:
        parts = self.kms_key.split(":")
        if self.trusted_key or len(parts) < 6 or (parts[3], parts[4]) == (row.region, row.account):
            return ""
        return "`secrets.kms_key` names a key of another account or Region; --kms-key may do that."

    def create_all(self, plans: Sequence[SecretPlan]) -> list[SecretRow]:
        """Make or complete each. Raises CredentialsRejected where the first call says that none can be."""
        self.gateway.require_account()
        rows: list[SecretRow] = []
        ended = ""
        for plan in plans:
            if plan.row.outcome != "planned":
                rows.append(plan.row)
                continue
            try:
                rows.append(_fail(plan.row, ended) if ended else self._create_one(plan))
            except AwsCallFailed as failed:
                rows.append(_fail(plan.row, f"{failed}."))
            except CredentialsRejected as why:
                ended = f"{why}."
                rows.append(_fail(plan.row, ended))
        return rows

    def _create_one(self, plan: SecretPlan) -> SecretRow:
        plan, found = self.inspect_plan(plan)
        row = plan.row
        if row.outcome != "planned":
            return row
        if found is None:
            return self._make_secret(plan)
        if not row.keys_missing:
            return replace(row, outcome="unchanged")
        return self._complete_secret(plan, found)

    def _make_secret(self, plan: SecretPlan) -> SecretRow:
        row = plan.row
        try:
            arn = self._send_new(row, plan.values)
        except AwsCallFailed as failed:
            if failed.code not in _THERE_ALREADY:
                raise
            # Another run was quicker, or a try of ours had happened: what is there decides.
            again, found = self.inspect_plan(plan)
            if found is None or again.row.outcome != "planned" or again.row.keys_missing:
                return again.row if again.row.outcome != "planned" else _fail(row, _SOMEBODY_WROTE)
            return replace(again.row, outcome="unchanged")
        made = replace(row, exists=True, keys_missing=(), same_value=True, arn=arn)
        return replace(made, outcome="created")

    def _send_new(self, row: SecretRow, values: Mapping[str, SealedText]) -> str:
        tags = [
            {"Key": f"fixbot:{key}", "Value": _NOT_IN_TAGS.sub("-", text)[:_LONGEST_TAG]}
            for key, text in (("repository", self.repository), ("rule", " ".join(row.rules)))
        ]
        if row.store == "ssm":
            key = {"KeyId": self.kms_key} if self.kms_key else {}
            (value,) = values.values()
            self.gateway.call_service(
                "ssm", "put_parameter",
                {"Name": row.name, "Value": value.reveal(), "Type": "SecureString", "Overwrite": False,
                 "Tags": tags, **key},
                row.region or "",
            )  # fmt: skip
            found = read_stored(self.gateway, row.store, row.name, row.region or "")
            return found.arn if found is not None else ""
        key = {"KmsKeyId": self.kms_key} if self.kms_key else {}
        answer: dict[str, Any] = self.gateway.call_service(
            "secretsmanager", "create_secret",
            {"Name": row.name, "SecretString": _write_object(values), "Tags": tags,
             "ClientRequestToken": str(uuid.uuid4()), **key},
            row.region or "",
        )  # fmt: skip
        return str(answer.get("ARN", ""))

    def _complete_secret(self, plan: SecretPlan, found: StoredSecret) -> SecretRow:
        """Add the missing keys, where nobody writes meanwhile: AWS has no way to ask for that in one call."""
        row, region = plan.row, plan.row.region or ""
        missing = {key: plan.values[key] for key in row.keys_missing or ()}
        text = add_keys(found.text.reveal(), missing) if found.text is not None else _write_object(missing)
        now = read_stored(self.gateway, row.store, row.name, region)
        if now is None or (now.version, now.text, now.problem) != (found.version, found.text, ""):
            return _fail(row, _SOMEBODY_WROTE)
        ours = str(uuid.uuid4())
        self.gateway.call_service(
            "secretsmanager", "put_secret_value",
            {"SecretId": found.arn, "SecretString": text, "ClientRequestToken": ours}, region,
        )  # fmt: skip
        after = read_stored(self.gateway, row.store, row.name, region)
        if after is None or (after.version, after.text) != (ours, SealedText(text)):
            return _fail(row, _SOMEBODY_WROTE)
        if found.version and not self._replaced(found, region):
            return _fail(row, f"{_SOMEBODY_WROTE} What they wrote is its version AWSPREVIOUS.")
        return replace(row, outcome="completed", keys_missing=(), same_value=True)

    def _replaced(self, before: StoredSecret, region: str) -> bool:
        """Whether what we wrote came right after what we read."""
        seen = self.gateway.call_service(
            "secretsmanager", "describe_secret", {"SecretId": before.arn}, region
        )
        stages = seen.get("VersionIdsToStages") or {}
        return "AWSPREVIOUS" in stages.get(before.version, ())


def may_role_read(gateway: AwsGateway, row: SecretRow) -> bool | None:
    """Whether IAM would let the role read it; None without a role. Raises AwsCallFailed."""
    if row.role is None or row.outcome == "refused" or not _ROLE.fullmatch(row.role):
        return None
    partition = row.role.split(":")[1]
    service, kind = ("ssm", "parameter/") if row.store == "ssm" else ("secretsmanager", "secret:")
    suffix = "" if row.store == "ssm" else "-AbCdEf"
    arn = f"arn:{partition}:{service}:{row.region}:{row.account}:{kind}{row.name.lstrip('/')}{suffix}"
    action = "ssm:GetParameters" if row.store == "ssm" else "secretsmanager:GetSecretValue"
    asked = {"PolicySourceArn": row.role, "ActionNames": [action], "ResourceArns": [row.arn or arn]}
    answer = gateway.call_service("iam", "simulate_principal_policy", asked, row.region or "")
    results = answer.get("EvaluationResults") or []
    return bool(results) and all(each.get("EvalDecision") == "allowed" for each in results)


def _judge_plan(plan: SecretPlan, found: StoredSecret | None) -> SecretPlan:
    """The row with what is there beside what should be."""
    row = plan.row
    if found is None:
        return replace(plan, row=replace(row, exists=False, keys_missing=row.keys))
    row = replace(row, exists=True, arn=found.arn or None)
    if found.problem:
        return SecretPlan(replace(row, outcome="refused", reason=found.problem))
    if row.store == "ssm":
        (key,) = row.keys
        there = {key: found.text} if found.text is not None else {}
    else:
        there = dict(found.read_keys())
    missing = tuple(key for key in row.keys if key not in there)
    other = [key for key in row.keys if key in there and there[key] != plan.values[key]]
    same = None if len(missing) == len(row.keys) else not other
    row = replace(row, keys_missing=missing, same_value=same)
    if other:
        reason = f"It exists with another value for {', '.join(other)}; nothing was written."
        row = replace(row, outcome="differs", reason=reason)
    return replace(plan, row=row)


def _write_object(values: Mapping[str, SealedText]) -> str:
    return json.dumps({key: value.reveal() for key, value in values.items()}, ensure_ascii=False)


def _fail(row: SecretRow, reason: str) -> SecretRow:
    return replace(row, outcome="failed", reason=reason)
