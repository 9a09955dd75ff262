"""`fixbot run --aws`: what AWS knows of the places that proposals name, before they are made once more."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixbot.aws.plan_secrets import plan_secrets
from fixbot.cli.effective_settings import select_fixers
from fixbot.cli.options import Options
from fixbot.cli.secrets_job import ask_all, open_aws
from fixbot.engine.collect_moved import collect_moved_secrets
from fixbot.engine.collect_policies import collect_changed_policies
from fixbot.model.findings import KnownFact, Report
from fixbot.model.moved_secrets import SecretRow, StoreFact

if TYPE_CHECKING:
    from fixbot.aws.aws_gateway import AwsGateway
    from fixbot.checkout import RepositoryFiles
    from fixbot.cli.scan_checkout import ScannedCheckout
    from fixbot.rules.rule import Rule
    from fixbot.settings import Settings


@dataclass(slots=True)
class AwsFacts:
    """What was asked for a run, and what was answered."""

    options: Options
    environment: Mapping[str, str]
    rows: tuple[SecretRow, ...] = ()
    remarks: tuple[str, ...] = ()
    gateway: AwsGateway | None = None

    def learn_places(
        self, checkout: RepositoryFiles, chosen: tuple[Rule, ...], settings: Settings, report: Report
    ) -> Settings:
        """The settings with what AWS says of every place that these proposals name. Raises FixbotError."""
        gateway = self.gateway = open_aws(self.options.aws_profile, self.options.aws_region, self.environment)
        from fixbot.aws.write_secrets import SecretMaker  # noqa: PLC0415 - boto3 costs 200 ms

        plans = plan_secrets(collect_moved_secrets(checkout, chosen, settings, report.findings))
        asked = ask_all(plans, SecretMaker(gateway, ""))
        self.rows, self.remarks = asked.secrets, asked.remarks
        known = {
            plan.identity: fact
            for plan, row in zip(plans, asked.secrets, strict=True)
            if (fact := _build_fact(row)) is not None
        }
        return replace(settings, stored=known)

    def attach_facts(self, looked: ScannedCheckout) -> Report:
        """The report with the facts of each proposal, and a remark for each call that was refused."""
        report = looked.report
        policies = self._ask_about_policies(looked)
        proposals = tuple(
            replace(each, facts=(*self._list_facts(frozenset(each.findings)), *policies.get(each.key, ())))
            for each in report.proposals
        )
        return replace(report, proposals=proposals, remarks=self.remarks)

    def _ask_about_policies(self, looked: ScannedCheckout) -> dict[str, list[KnownFact]]:
        """By proposal, what AWS says of the policies that it changes."""
        chosen = select_fixers(looked.fixers, looked.settings)
        changed = collect_changed_policies(looked.checkout, chosen, looked.settings, looked.report.proposals)
        if not changed or self.gateway is None:
            return {}
        from fixbot.aws.ask_policies import open_questions  # noqa: PLC0415 - boto3 costs 200 ms

        questions = open_questions(self.gateway)
        found: dict[str, list[KnownFact]] = defaultdict(list)
        for each in changed:
            found[each.proposal] += questions.list_facts(each)
        self.remarks = (*self.remarks, *questions.remarks)
        return found

    def _list_facts(self, findings: frozenset[str]) -> Iterator[KnownFact]:
        for row in self.rows:
            if row.exists is not None and not findings.isdisjoint(row.findings):
                data: dict[str, str | bool | None] = {"name": row.name, "exists": row.exists}
                data["role_may_read"] = row.role_may_read
                yield KnownFact("secret", _describe_secret(row), data)


def _build_fact(row: SecretRow) -> StoreFact | None:
    """What a proposal may rely on; nothing where AWS did not say, or something else stands there."""
    if row.exists is None or row.keys_missing is None:
        return None
    held = tuple(key for key in row.keys if key not in row.keys_missing) if row.same_value else ()
    roles = (row.role,) if row.role is not None else ()
    readers, barred = (roles if row.role_may_read is may else () for may in (True, False))
    begin = f"secretsmanager:{row.region}:{row.account}:secret:{row.name}"
    full = re.compile(rf"arn:[a-z-]+:{re.escape(begin)}-[A-Za-z0-9]{{6}}")
    return StoreFact(row.arn if row.arn and full.fullmatch(row.arn) else "", held, readers, barred)


def _describe_secret(row: SecretRow) -> str:
    if not row.exists:
        said = f"{row.name} does not exist yet"
    elif row.outcome in {"differs", "refused"}:
        said = f"{row.name} exists, and is not what this needs: {(row.reason or '').rstrip('.')}"
    else:
        missing = ", ".join(row.keys_missing or ())
        said = f"{row.name} exists" + (f", without {missing}" if missing else ", with the same value")
    if row.role_may_read is None:
        return f"{said}."
    return f"{said}; its role may {'' if row.role_may_read else 'not '}read it."
