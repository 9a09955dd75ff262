"""What is to be stored, one row a secret, and why some of it is not for fixbot to store; AWS isn't asked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fixbot.model.moved_secrets import MovedSecret, SealedText, SecretRow, StoreKey, join_reasons
from fixbot.text.command import REGION

_ACCOUNT: Final = re.compile(r"\d{12}")
_NAMES: Final = {
    "secretsmanager": re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}"),
    "ssm": re.compile(r"(?!/?(?:aws|ssm))/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){0,14}", re.IGNORECASE),
}
"""What is taken for a name. Sources: CreateSecret, `Name`; PutParameter, `Name`."""
_TEMPLATED: Final = re.compile(r"\$\{|\{\{|%\{|<%|\{%|@@\w+@@")
"""What languages of templates begin with: what a file says is then not what the container gets."""
_LONGEST_PARAMETER: Final = 900
"""Characters of a parameter's name, so that its whole ARN has no more than 1,011."""
_MOST_BYTES: Final = {"secretsmanager": 65_536, "ssm": 4_096}
"""Of a value. Sources: quotas of Secrets Manager; standard parameters of Parameter Store."""


@dataclass(frozen=True, slots=True)
class SecretPlan:
    """One row, and the values of its keys; none where fixbot is not to store it."""

    row: SecretRow
    values: Mapping[str, SealedText] = field(default_factory=dict, repr=False)

    @property
    def identity(self) -> StoreKey:
        """The place as the files say it, before AWS was asked."""
        row = self.row
        return row.store, row.name, row.account or "", row.region or ""

    def refuse_plan(self, reason: str) -> SecretPlan:
        """The same, as something that is left alone."""
        return SecretPlan(replace(self.row, outcome="refused", reason=reason))


def plan_secrets(moved: Sequence[MovedSecret], only: Sequence[str] = ()) -> list[SecretPlan]:
    """A plan for each secret, in the order of the findings; with `only`, of those names."""
    grouped: dict[StoreKey, list[MovedSecret]] = defaultdict(list)
    for each in moved:
        place = each.place
        grouped[place.identity].append(each)
    return [_plan_secret(each) for each in grouped.values() if not only or each[0].place.name in only]


def _plan_secret(moved: Sequence[MovedSecret]) -> SecretPlan:
    place = moved[0].place
    plan = SecretPlan(
        SecretRow(
            place.name, place.store, _unique(each.place.key for each in moved), place.account, place.region,
            next((each.place.role for each in moved if each.place.role), None),
            _unique(each.path for each in moved), _unique(each.finding for each in moved),
            _unique(each.rule for each in moved),
        )
    )  # fmt: skip
    reason = join_reasons(each.place.refusal for each in moved) or _why_unknown(plan.row)
    if reason:
        return plan.refuse_plan(reason)
    values: dict[str, SealedText] = {}
    for each in moved:
        if each.value is None:
            return plan.refuse_plan(f"The value of {each.place.key} is not written out in {each.path}.")
        if _TEMPLATED.search(each.value.reveal()):
            return plan.refuse_plan(
                f"What {each.place.key} holds in {each.path} may be filled in by a template; store the value "
                "that comes out of it by hand."
            )
        if values.setdefault(each.place.key, each.value) != each.value:
            return plan.refuse_plan(
                f"{each.place.key} has different values in {' and '.join(plan.row.paths)}. Give the tasks "
                "families of their own, or make the values one, and run again."
                if len(plan.row.paths) > 1
                else f"{each.place.key} has two values in {each.path}."
            )
    size = sum(len(value.reveal().encode("utf-8", "surrogatepass")) for value in values.values())
    if size > _MOST_BYTES[place.store]:
        return plan.refuse_plan("It is more than the store takes; store it elsewhere, or in parts.")
    return replace(plan, values=values)


def _why_unknown(row: SecretRow) -> str:
    """Why nobody can know yet where this is, or why AWS would refuse its name."""
    if row.store == "kubernetes":
        return ""
    filled = [
        what
        for what, text, is_one in (
            ("account", row.account, _ACCOUNT.fullmatch),
            ("Region", row.region, REGION.is_fitting),
        )
        if text is not None and not is_one(text)
    ]
    if filled:
        return f"Its {' and '.join(filled)} is filled in when the file is used, and so not known here."
    if re.search(r"[${}<>]", row.name):
        return "Its name is filled in when the file is used, and so not known here."
    too_long = row.store == "ssm" and len(row.name) > _LONGEST_PARAMETER
    if too_long or not _NAMES[row.store].fullmatch(row.name):
        return "AWS takes no such name; `secrets.prefix` in the settings, or the family, decides about it."
    return ""


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
