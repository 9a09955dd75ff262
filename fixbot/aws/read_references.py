"""The values behind what the files of a repository refer to, to be compared and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.aws_gateway import AwsGateway
from fixbot.aws.stored_secrets import StoredSecret, read_stored
from fixbot.model.moved_secrets import SealedText, StoreReference


@dataclass(frozen=True, slots=True)
class ReferredValue:
    """What a reference stands for today; `reason` says why that isn't known."""

    reference: StoreReference
    value: SealedText | None = field(default=None, repr=False)
    reason: str = ""


def read_references(gateway: AwsGateway, references: Sequence[StoreReference]) -> list[ReferredValue]:
    """The value of each, every secret read once. Raises FixbotError where none can be read."""
    account = gateway.require_account()
    known: dict[tuple[str, str], StoredSecret | str] = {}
    rows = []
    for each in references:
        region = each.region or gateway.region
        if each.account not in (None, account):
            rows.append(ReferredValue(each, reason=f"It is in account {each.account}, not in {account}."))
            continue
        if (each.identity, region) not in known:
            known[each.identity, region] = _read_one(gateway, each, region)
        rows.append(_choose_value(each, known[each.identity, region]))
    return rows


def _read_one(gateway: AwsGateway, reference: StoreReference, region: str) -> StoredSecret | str:
    try:
        found = read_stored(gateway, reference.store, reference.identity, region)
    except AwsCallFailed as failed:
        return f"{failed}."
    return found if found is not None else "It does not exist."


def _choose_value(reference: StoreReference, found: StoredSecret | str) -> ReferredValue:
    if isinstance(found, str):
        return ReferredValue(reference, reason=found)
    if reference.store == "ssm" or (not reference.key and found.text is not None):
        return ReferredValue(reference, found.text, "" if found.text is not None else found.problem)
    value = found.read_keys().get(reference.key)
    reason = found.problem or "It has no such key."
    return ReferredValue(reference, value, "" if value is not None else reason)
